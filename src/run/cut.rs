//! How the work of a scan is cut: for the device that it is begun on, unless its job or its directory says.

use std::path::Path;

use drapes_analysis::cli::inform;
use drapes_analysis::job::{Chip, Cut, Job, JobFile};
use drapes_analysis::store::Store;

use super::Run;
use crate::device::DeviceChoice;
use crate::error::Error;

impl Run {
    /// The job file with what the command line changes of it, and the job: what it leaves to the device is as its directory has
    /// it, or suits the device that ranks will probably have.
    pub(super) fn job(&self) -> Result<(JobFile, Job), Error> {
        let file = JobFile::open(&self.job)?.with(self.changes.clone());
        let job = file.check()?;
        let begun = Store::open(&self.directory(&job)).ok().and_then(|store| store.cut());
        let cut = begun.map_or_else(|| Cut::For(self.chip()), Cut::AsIn);
        // For cores it has been checked already.
        if cut == Cut::For(Chip::Core) {
            return Ok((file, job));
        }
        let file = file.cut(cut);
        let job = file.check()?;
        Ok((file, job))
    }

    /// The kind of device that ranks will probably have; which GPUs there are is asked when all ranks are there.
    pub(super) fn chip(&self) -> Chip {
        match self.device {
            DeviceChoice::Cuda => Chip::Gpu,
            DeviceChoice::Auto if Path::new("/dev/nvidiactl").exists() => Chip::Gpu,
            DeviceChoice::Auto | DeviceChoice::Cpu => Chip::Core,
        }
    }

    /// Says that a scan that is begun is cut for GPUs, where its job leaves that open.
    pub(super) fn tell_of_cut(&self, file: &JobFile, job: &Job) -> Result<(), Error> {
        let is_open = self.chip() == Chip::Gpu
            && file.clone().cut(Cut::For(Chip::Core)).check()?.compute != job.compute;
        if is_open {
            inform(format_args!(
                "note: cut for GPUs, as the job leaves open ([compute]): {}; {} keeps that wherever it goes on",
                job.compute,
                self.directory(job).display()
            ));
        }
        Ok(())
    }
}
