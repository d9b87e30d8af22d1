//! The processor of this machine by name.

use std::fs;

/// The processor as it names itself, with the kind of build of this program: both decide how fast it works.
pub fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = model(&text).unwrap_or(std::env::consts::ARCH);
    let build = if cfg!(debug_assertions) { ", unoptimised build" } else { "" };
    format!("{name}{build}")
}

fn model(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(':').map(|(_, name)| name.trim()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_has_its_name_or_none() {
        let text = "processor\t: 0\nmodel name\t: Some Processor 7 @ 2 GHz\nflags\t: fpu\n";
        assert_eq!(model(text), Some("Some Processor 7 @ 2 GHz"));
        assert_eq!(model("processor\t: 0\nmodel name\t:\n"), None);
        assert_eq!(model("CPU implementer\t: 0x41\n"), None);
        assert!(!processor().is_empty());
    }
}
