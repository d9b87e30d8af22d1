//! Completions of the shell and manual pages, from the same source as the help texts.

use std::path::PathBuf;

use clap::Command;
use clap_complete::Shell;

use super::{answer, tell};
use crate::error::{Error, Exit};

/// Prints what a shell needs to complete verbs and options.
#[derive(Debug, clap::Args)]
#[command(after_help = "EXAMPLES\n  \
    drapes completions bash > ~/.local/share/bash-completion/completions/drapes\n  \
    drapes completions zsh > ~/.zfunc/_drapes\n  \
    drapes completions fish > ~/.config/fish/completions/drapes.fish\n\n\
    `make install` does this for all three.")]
pub struct Completions {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    /// Prints the completions of a program.
    ///
    /// # Errors
    /// None so far.
    pub fn run(&self, mut program: Command) -> Result<Exit, Error> {
        let (name, mut script) = (program.get_name().to_owned(), Vec::new());
        clap_complete::generate(self.shell, &mut program, name, &mut script);
        answer(String::from_utf8_lossy(&script));
        Ok(Exit::Done)
    }
}

/// Prints the manual page of the program, or writes those of all verbs into a folder.
#[derive(Debug, clap::Args)]
#[command(after_help = "EXAMPLES\n  drapes man | man -l -\n  drapes man ~/.local/share/man/man1")]
pub struct Man {
    /// Where drapes.1, drapes-run.1 and so on go.
    folder: Option<PathBuf>,
}

impl Man {
    /// Prints or writes the pages of a program.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn run(&self, program: Command) -> Result<Exit, Error> {
        let Some(folder) = &self.folder else {
            let mut page = Vec::new();
            let cannot_write = |source| Error::CannotWrite { path: "the page".into(), source };
            clap_mangen::Man::new(program).render(&mut page).map_err(cannot_write)?;
            answer(String::from_utf8_lossy(&page));
            return Ok(Exit::Done);
        };
        let cannot_write = |source| Error::CannotWrite { path: folder.clone(), source };
        std::fs::create_dir_all(folder).map_err(cannot_write)?;
        // `help` repeats what the pages say.
        clap_mangen::generate_to(program.disable_help_subcommand(true), folder).map_err(cannot_write)?;
        tell(format_args!("manual pages are in {}", folder.display()));
        Ok(Exit::Done)
    }
}
