//! A terminal with somebody who looks at it.

use std::io::Read;
use std::path::Path;
use std::process::Command;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

/// Rows of the terminal: so few that lines scroll out at its top while a bar stands at its foot.
const ROWS: u16 = 16;
const COLUMNS: u16 = 110;
/// Rows that have left the terminal and are remembered.
const REMEMBERED: usize = 1000;

/// What was seen of a program on a terminal.
pub struct Seen {
    /// Its exit code.
    pub code: u32,
    /// All that it wrote, as it was written.
    pub written: String,
    /// The terminal at each moment.
    pub moments: Vec<String>,
    /// What is there at the end, with what has scrolled out at the top.
    pub left: Vec<String>,
}

impl Seen {
    /// Whether there was a moment that showed all of these at once.
    pub fn showed(&self, expected: &[&str]) -> bool {
        self.moments.iter().any(|moment| expected.iter().all(|text| moment.contains(text)))
    }

    /// Lines that are still there and contain a text.
    pub fn lines(&self, text: &str) -> Vec<&str> {
        self.left.iter().map(String::as_str).filter(|line| line.contains(text)).collect()
    }
}

/// Runs a command on a terminal of its own.
pub fn on_terminal(command: &Command) -> Seen {
    let size = PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).expect("a terminal");
    let mut builder = CommandBuilder::new(command.get_program());
    builder.args(command.get_args());
    builder.env("TERM", "xterm-256color");
    builder.env_remove("NO_COLOR");
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => builder.env(name, value),
            None => builder.env_remove(name),
        }
    }
    builder.cwd(command.get_current_dir().unwrap_or(Path::new(".")));
    let mut child = pair.slave.spawn_command(builder).expect("it starts");
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().expect("the other end");
    let mut parser = vt100::Parser::new(ROWS, COLUMNS, REMEMBERED);
    let (mut written, mut moments) = (vec![], vec![]);
    let mut bytes = [0; 512];
    // A terminal that nobody has open any more reads as an error.
    while let Ok(count @ 1..) = reader.read(&mut bytes) {
        parser.process(&bytes[..count]);
        written.extend_from_slice(&bytes[..count]);
        moments.push(parser.screen().contents());
    }
    let code = child.wait().expect("a child").exit_code();
    Seen { code, written: String::from_utf8_lossy(&written).into_owned(), moments, left: rows(&mut parser) }
}

/// All rows, those that have scrolled out first.
fn rows(parser: &mut vt100::Parser) -> Vec<String> {
    let screen = parser.screen_mut();
    screen.set_scrollback(usize::MAX);
    let gone = screen.scrollback();
    let mut rows = vec![];
    for above in (1..=gone).rev() {
        screen.set_scrollback(above);
        rows.extend(screen.rows(0, COLUMNS).next());
    }
    screen.set_scrollback(0);
    rows.extend(screen.rows(0, COLUMNS));
    rows
}
