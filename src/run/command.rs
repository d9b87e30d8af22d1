//! The command that goes on with a run, as `provenance.json` and `status` tell it.

use std::path::Path;

use clap::ValueEnum;

use super::Run;
use super::launch::STARTED_ITSELF;
use super::prepare::Prepared;
use crate::device::{DeviceChoice, GpuKernels};

/// The launcher that has started the ranks of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Starter {
    /// The program, told by --ranks.
    Itself,
    Srun,
    Mpirun,
}

impl Run {
    /// This command with whole paths and as many ranks: all that decides where work is done. What limits a run (its
    /// deadline, its shard) is left out: another run of the same directory may have other limits.
    pub(super) fn command(&self, prepared: &Prepared, ranks: usize) -> String {
        let paths = [self.job.as_path(), &prepared.data_directory, prepared.store.directory()].map(quoted);
        let mut command = format!("drapes run {} --data-dir {} --out {}", paths[0], paths[1], paths[2]);
        for change in &self.changes {
            command += &format!(" --set {}", in_quotes(&change.to_string()));
        }
        if self.device != DeviceChoice::Auto {
            let choice = self.device.to_possible_value();
            command += &choice.map_or(String::new(), |choice| format!(" --device {}", choice.get_name()));
        }
        if self.gpu_kernels != GpuKernels::Deterministic {
            let choice = self.gpu_kernels.to_possible_value();
            command +=
                &choice.map_or(String::new(), |choice| format!(" --gpu-kernels {}", choice.get_name()));
        }
        match self.share_gpus {
            None => {}
            Some(None) => command += " --share-gpus",
            Some(Some(ranks)) => command += &format!(" --share-gpus={ranks}"),
        }
        let said = |name: &str| std::env::var_os(name).is_some();
        let starter = match () {
            () if said(STARTED_ITSELF) => Starter::Itself,
            () if said("OMPI_COMM_WORLD_SIZE") || !said("SLURM_STEP_NUM_TASKS") => Starter::Mpirun,
            () => Starter::Srun,
        };
        started(&command, ranks, starter)
    }
}

/// A command with its ranks.
fn started(command: &str, ranks: usize, starter: Starter) -> String {
    match starter {
        _ if ranks == 1 => command.to_owned(),
        Starter::Itself => format!("{command} --ranks {ranks}"),
        Starter::Srun => format!("srun -n {ranks} {command}"),
        Starter::Mpirun => format!("mpirun -n {ranks} {command}"),
    }
}

/// A word of a command, in quotes where a shell would read more into it.
fn in_quotes(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.,=/:+".contains(c);
    if word.chars().all(is_plain) { word.to_owned() } else { shell_words::quote(word).into_owned() }
}

fn quoted(path: &Path) -> String {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned()).display().to_string();
    shell_words::quote(&path).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_a_change_as_it_was_given() {
        for word in ["denoiser.epochs=100", "scan.0.n_signal=[0, 500]", "name='it''s $HOME'", "name=\"a\nb\""]
        {
            let command = format!("printf %s {}", shell_words::quote(word));
            let shell = std::process::Command::new("sh").arg("-c").arg(command).output().expect("a shell");
            assert_eq!(String::from_utf8_lossy(&shell.stdout), word);
        }
    }

    #[test]
    fn a_path_is_read_by_a_shell_as_it_is() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("it's $HOME");
        let mut shell = std::process::Command::new("sh");
        let output = shell.arg("-c").arg(format!("printf %s {}", quoted(&path))).output().expect("a shell");
        assert_eq!(String::from_utf8_lossy(&output.stdout), path.display().to_string());
    }

    #[test]
    fn ranks_are_started_as_they_were() {
        let started = |ranks, starter| started("drapes run a", ranks, starter);
        assert_eq!(started(1, Starter::Mpirun), "drapes run a");
        assert_eq!(started(4, Starter::Mpirun), "mpirun -n 4 drapes run a");
        assert_eq!(started(4, Starter::Srun), "srun -n 4 drapes run a");
        assert_eq!(started(2, Starter::Itself), "drapes run a --ranks 2");
    }
}
