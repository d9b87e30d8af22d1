//! A bar and some rows at the foot of a terminal, below what scrolls.
//!
//! Others write on the same terminal: the launcher, other ranks, libraries. So the cursor rests on an empty row above the
//! bar. Whatever somebody says lands there, and the next picture is drawn below it; a bar that is drawn from its own end, as
//! is usual, would wipe it away. Of two lines between two pictures, the second is written over the bar: it stays too, with what
//! the bar has left behind it.

use std::fmt::{self, Debug};
use std::fs::File;
use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use super::scene::Scene;
use super::terminal;
use super::voice::{Loudness, coloured, colours_terminal, loudness};

/// Resolution of the bar.
const LENGTH: u64 = 10_000;
/// Goes to the begin of the row, and wipes it and all below.
const WIPE: &str = "\r\x1b[J";
/// Pictures a second beyond those that are asked for: none.
const LEAST: u8 = 1;

/// The progress bar that this process shows now, if it shows one.
struct Shown {
    terminal: File,
    /// The picture, from the empty row and back to it.
    picture: String,
}

static SHOWN: Mutex<Option<Shown>> = Mutex::new(None);

fn shown() -> MutexGuard<'static, Option<Shown>> {
    SHOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Prints a line above the bar; false if no bar is shown, or the terminal is gone.
pub(super) fn say(line: &str) -> bool {
    let shown = shown();
    let Some(Shown { terminal, picture }) = shown.as_ref() else { return false };
    let line = if colours_terminal() { coloured(line) } else { line.to_owned() };
    let mut terminal = terminal;
    terminal.write_all(format!("{WIPE}{line}\n{picture}").as_bytes()).is_ok()
}

/// The foot of the user's terminal.
#[derive(Debug)]
pub struct Screen {
    bar: ProgressBar,
}

impl Screen {
    /// The foot of the user's terminal; none if there is no terminal, or the user wants no bar.
    pub fn open() -> Option<Self> {
        if loudness() == Loudness::Quiet {
            return None;
        }
        let mut shown = shown();
        if shown.is_some() {
            return None;
        }
        *shown = Some(Shown { terminal: terminal::find()?, picture: String::new() });
        let colour = colours_terminal();
        // That standard error of a rank is a pipe says nothing about the terminal.
        console::set_colors_enabled(colour);
        console::set_colors_enabled_stderr(colour);
        let style = ProgressStyle::with_template("  {bar:30.cyan/dim} {msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━━─");
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(Canvas::default()), LEAST);
        Some(Self { bar: ProgressBar::with_draw_target(Some(LENGTH), target).with_style(style) })
    }

    /// Draws the progress of a scan.
    pub fn show(&self, scene: &Scene<'_>) {
        let Some((columns, rows)) = shown().as_ref().map(|shown| terminal::size(&shown.terminal)) else {
            return;
        };
        self.bar.set_position((scene.share.clamp(0.0, 1.0) * LENGTH as f64) as u64);
        self.bar.set_message(scene.text(columns, rows));
        self.bar.force_draw();
    }

    /// Removes the bar.
    pub fn close(self) {
        drop(self);
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        // What was drawn is wiped even if nothing is drawn any more while a panic unwinds.
        if let Some(Shown { terminal, .. }) = shown().take().as_mut() {
            let _ = terminal.write_all(WIPE.as_bytes());
        }
    }
}

/// Takes what indicatif writes, and puts it below the cursor.
#[derive(Default)]
struct Canvas {
    written: Mutex<String>,
}

impl Debug for Canvas {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Canvas")
    }
}

impl Canvas {
    fn write(&self, text: &str) {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).push_str(text);
    }

    fn size() -> (usize, usize) {
        shown().as_ref().map_or((80, 24), |shown| terminal::size(&shown.terminal))
    }
}

/// A picture of rows that were filled up to the width: an empty row, the rows, and the way back.
fn picture(text: &str, columns: usize) -> String {
    let rows = console::measure_text_width(text).div_ceil(columns.max(1));
    if rows == 0 { String::new() } else { format!("\n{text}\r\x1b[{rows}A") }
}

impl TermLike for Canvas {
    fn width(&self) -> u16 {
        Self::size().0 as u16
    }

    fn height(&self) -> u16 {
        Self::size().1 as u16
    }

    // Where the cursor is, and what is wiped, is decided here.
    fn move_cursor_up(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_down(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_right(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_left(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.write(text);
        Ok(())
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.write(text);
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        let text = std::mem::take(&mut *self.written.lock().unwrap_or_else(PoisonError::into_inner));
        let mut shown = shown();
        let Some(Shown { terminal, picture: drawn }) = shown.as_mut() else { return Ok(()) };
        *drawn = picture(&text, terminal::size(terminal).0);
        terminal.write_all(format!("{WIPE}{drawn}").as_bytes())
    }
}
