//! Lets whoever reads standard error see the last message before the process is killed: MPI ends ranks without flushing pipes.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::fs::{FileType, fstat};
use rustix::io::ioctl_fionread;

/// A reader that has not read for so long will not.
const PATIENCE: Duration = Duration::from_secs(2);
/// Time between two checks.
const POLL: Duration = Duration::from_millis(5);

/// Waits until whoever reads standard error has read all that was written, where that is a pipe, as under every launcher of
/// MPI: at an abort, launchers end without reading what their pipes still hold, and the line that says why the run has ended
/// would be lost.
pub fn wait_until_read() {
    wait_for_reader(std::io::stderr(), PATIENCE);
}

/// Waits until a pipe is empty, or for as long as `patience`.
fn wait_for_reader(pipe: impl AsFd, patience: Duration) {
    let is_pipe = |stat: rustix::fs::Stat| FileType::from_raw_mode(stat.st_mode) == FileType::Fifo;
    if !fstat(&pipe).is_ok_and(is_pipe) {
        return;
    }
    let start = Instant::now();
    while ioctl_fionread(&pipe).is_ok_and(|unread| unread > 0) && start.elapsed() < patience {
        std::thread::sleep(POLL);
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    #[test]
    fn what_a_slow_reader_has_not_read_is_waited_for() {
        let (mut reader, mut writer) = std::io::pipe().expect("a pipe");
        writer.write_all(b"the reason\n").expect("a pipe");
        let read = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(300));
            let mut text = [0; 11];
            reader.read_exact(&mut text).expect("a pipe");
            (reader, text)
        });
        let start = Instant::now();
        wait_for_reader(&writer, Duration::from_secs(60));
        assert!(start.elapsed() >= Duration::from_millis(250), "{:?}", start.elapsed());
        assert_eq!(ioctl_fionread(&writer).expect("a pipe"), 0);
        let (_reader, text) = read.join().expect("a reader");
        assert_eq!(&text, b"the reason\n");
    }

    #[test]
    fn a_reader_that_never_reads_is_not_waited_for_for_long() {
        let (_reader, mut writer) = std::io::pipe().expect("a pipe");
        writer.write_all(b"the reason\n").expect("a pipe");
        let start = Instant::now();
        wait_for_reader(&writer, Duration::from_millis(100));
        assert!(start.elapsed() >= Duration::from_millis(100));
    }
}
