//! The launchers of both kinds of MPI, with the program that is built for each.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A kind of MPI.
#[derive(Clone, Debug)]
pub enum Mpi {
    Open,
    /// With the program that is built with it.
    Mpich(PathBuf),
}

impl Mpi {
    /// Those that can be tried here: Open MPI, and MPICH where `DRAPES_MPICH` names a program.
    pub fn all() -> Vec<Self> {
        std::iter::once(Self::Open).chain(Self::mpich()).collect()
    }

    /// MPICH, where `make test` gives the path of a program in `DRAPES_MPICH`.
    pub fn mpich() -> Option<Self> {
        let path = std::env::var_os("DRAPES_MPICH").filter(|path| !path.is_empty()).map(PathBuf::from);
        if path.is_none() {
            eprintln!(
                "MPICH skipped: DRAPES_MPICH does not name a drapes built with it (setup/mpich.sh makes one)"
            );
        }
        path.map(Self::Mpich)
    }

    pub fn program(&self) -> &Path {
        match self {
            Self::Open => Path::new(env!("CARGO_BIN_EXE_drapes")),
            Self::Mpich(program) => program,
        }
    }

    /// A program under this launcher, with so many ranks.
    pub fn launch(&self, ranks: usize, program: &Path) -> Command {
        let (launcher, options) = match self {
            Self::Open => ("mpirun.openmpi", &["--oversubscribe", "--bind-to", "none"][..]),
            Self::Mpich(_) => ("mpiexec.mpich", &[][..]),
        };
        let mut command = Command::new(launcher);
        command.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
        command.env("XDG_CACHE_HOME", super::cache());
        command.args(["-n", &ranks.to_string()]).args(options).arg(program);
        command
    }
}
