//! The identity of a process, by which another process finds out whether it still lives.

use std::fs;

use serde::{Deserialize, Serialize};

/// A process of some machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its host.
    pub host: String,
    /// Its number there.
    pub pid: u32,
    /// When it started, in clock ticks since the machine booted. It tells the process from a later one that got the same number.
    started: Option<u64>,
    /// The boot of the machine and its namespace of process numbers; the numbers of processes count within one of these.
    space: Option<String>,
}

impl Process {
    /// This process.
    pub fn this() -> Self {
        let pid = std::process::id();
        let host = gethostname::gethostname().to_string_lossy().into_owned();
        Self { host, pid, started: started(pid), space: space() }
    }

    /// Whether the process lives; none if it ran on another machine or in another container.
    pub fn is_alive(&self) -> Option<bool> {
        let here = self.space.is_some() && self.space == space();
        here.then(|| self.started.is_some() && started(self.pid) == self.started)
    }
}

/// When a process started; none if there is no such process.
fn started(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    // Dead, but its parent has not looked yet.
    if matches!(state, "Z" | "X") { None } else { fields.nth(18)?.parse().ok() }
}

fn space() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let space = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", boot.trim(), space.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_living_are_told_from_the_dead_and_from_those_out_of_sight() {
        let this = Process::this();
        assert_eq!(this.is_alive(), Some(true));
        let earlier = Process { started: this.started.map(|started| started - 1), ..this.clone() };
        assert_eq!(earlier.is_alive(), Some(false), "another process had this number before");
        let mut child = std::process::Command::new("true").spawn().expect("a child");
        let dead = Process { pid: child.id(), started: Some(1), ..this.clone() };
        child.wait().expect("an end");
        assert_eq!(dead.is_alive(), Some(false));
        let elsewhere = Process { space: Some("another machine".to_owned()), ..this };
        assert_eq!(elsewhere.is_alive(), None);
    }
}
