//! `run --dry-run`: everything that can be wrong before the first task, and what there would be to do; nothing is written.

use drapes_analysis::cli::{answer, duration, inform, wrapped};
use drapes_analysis::dispatch::{Graph, Known, Shard, makespan};
use drapes_analysis::error::Exit;
use drapes_analysis::figures::Figure;
use drapes_analysis::job::Chip;
use drapes_analysis::machine::{Memory, Shown, device_of};
use drapes_analysis::plan::device_kind::{ANY_GPU, CORE, chip_of};
use drapes_analysis::plan::price::demand::size;
use drapes_analysis::plan::price::{EventCounts, Price, bytes};
use drapes_analysis::plan::rates::Rates;
use drapes_analysis::plan::{Plan, Stage};
use drapes_analysis::store::{Foreseen, RecordState, Store, StoredJob};

use super::Run;
use super::demands::{self, Supply};
use super::grouping::{Begun, Surveyed, note_of_apart};
use super::kernels;
use super::leader::tell_of;
use super::prepare::inputs;
use super::world::World;
use crate::device::{self, DeviceChoice};
use crate::error::Error;
use crate::sample::repeats;
use crate::task;

/// Tasks that are named.
const LISTED: usize = 20;

/// What `run` would do, as `--dry-run` prints it.
struct DryRun {
    name: String,
    plan: Plan,
    known: Vec<Known>,
    /// Seconds of each task on one rank.
    price: Price,
    /// Seconds that tables and pictures take after the last task.
    ending: f64,
    ranks: usize,
    /// What each has, in words.
    device: &'static str,
    /// Bytes that open tasks store.
    bytes: f64,
}

impl Run {
    /// Checks all that [`Run::run`] would, and says what it would do.
    pub(super) fn dry_run(&self) -> Result<Exit, Error> {
        let (rank, launched) = World::announced();
        if rank > 0 {
            return Ok(Exit::Done);
        }
        let ranks = self.ranks.map_or(Ok(launched), |ranks| self.count(ranks))?;
        let (file, job) = self.job()?;
        let hardware = device::detect(World::host(), DeviceChoice::Cpu);
        demands::check_threads(&job, std::slice::from_ref(&hardware))?;
        Plan::of(&self.foreseen(&job)).selected(&self.only)?;
        let directory = self.directory(&job);
        Store::claim(&directory)?;
        let data_directory = self.data_dir.clone().map_or_else(|| file.data_directory(), Ok)?;
        let inputs = inputs(&job, &data_directory)?;
        repeats::check_files(&job, &inputs)?;
        let Foreseen { store, stored } =
            Store::foresee(&directory, &StoredJob { job, inputs }, self.shard())?;
        let plan = Plan::of(&stored.job);
        let (stored, plan, states) = if let Some(store) = &store {
            let found = self.set_apart(store, Surveyed::of(store, stored, plan));
            found.able.map(note_of_apart).iter().for_each(inform);
            (found.stored, found.plan, found.survey.states)
        } else {
            let states = vec![RecordState::Missing; plan.tasks.len()];
            (stored, plan, states)
        };
        let estimated = Price::of(&stored.job, &plan, EventCounts::estimated(&stored.job), &Rates::CPU_CORE);
        let owners = self.shard().owners(&Graph::of(&plan), &estimated.seconds);
        let known = self.known(&states, &owners, &plan.selected(&self.only)?);
        let sample = task::load(&stored.job, &data_directory)?;
        let counts = sample.counts(&stored.job);
        let open: Vec<bool> = known.iter().map(|known| *known == Known::Open).collect();
        let supply = Supply { ranks, chip: self.chip(), memory: hardware.free_memory, folder: &directory };
        let warning = demands::check(&stored.job, &plan, counts, &open, &supply)?;
        let of_open = plan.tasks.iter().zip(&open).filter(|(_, open)| **open);
        let bytes = of_open.map(|(task, _)| bytes(&stored.job, task, counts)).sum();
        let memory = Memory::of_user();
        let core = memory.of(&device_of(CORE, stored.job.compute.threads)).0;
        let (rates, shown, device) = self.pace(&memory, &core)?;
        let price = Price::of(&stored.job, &plan, counts, &rates).at_pace(&plan, &shown.pace());
        let draws = open.contains(&true) && self.shard() == Shard::WHOLE;
        let ending = if draws { core.drawing(Figure::count_of(&stored.job, &plan)) } else { 0.0 };
        if self.chip() == Chip::Core {
            kernels::tell_of_slower(&stored.job);
        }
        let _ = tell_of(&stored.job, &sample);
        let begun = store.as_ref().map_or(Begun::Now, Begun::of);
        self.note_of_grouping(&file, &stored.job, &plan, begun)?.iter().for_each(inform);
        answer(DryRun { name: stored.job.name.clone(), plan, known, price, ending, ranks, device, bytes });
        if let Some(warning) = warning {
            answer(wrapped(&format!("warning: {warning}")));
        }
        answer(format_args!(
            "nothing was written; without --dry-run the same command does it, in {}\n",
            directory.display()
        ));
        Ok(Exit::Done)
    }

    /// The rates of what ranks will probably have, what it has shown in earlier runs, and what it is in words.
    fn pace(&self, memory: &Memory, core: &Shown) -> Result<(Rates, Shown, &'static str), Error> {
        if self.chip() == Chip::Core {
            return Ok((Rates::CPU_CORE, core.clone(), "processor cores"));
        }
        let given = self.rates.iter().map(|path| Rates::read(path)).collect::<Result<Vec<_>, _>>()?;
        // What has been measured needs no pace.
        if let Some(rates) = given.into_iter().find(|rates| chip_of(&rates.device) == Chip::Gpu) {
            return Ok((rates, Shown::default(), "GPUs"));
        }
        // Which of several it will be is known when ranks have started.
        if let Some((kind, shown)) = memory.gpus().into_iter().next() {
            return Ok((Rates::of_kind(&kind, &[]).0, shown, "GPUs"));
        }
        let guessed = Rates::of_kind(ANY_GPU, &[]).0;
        Ok((guessed, Shown::default(), "GPUs (as an H100 would take; none was measured here)"))
    }
}

impl DryRun {
    fn count(&self, wanted: Known) -> usize {
        self.known.iter().filter(|known| **known == wanted).count()
    }

    fn open(&self) -> impl Iterator<Item = &drapes_analysis::plan::Task> {
        let all = self.plan.tasks.iter().zip(&self.known);
        all.filter(|(_, known)| **known == Known::Open).map(|(task, _)| task)
    }
}

impl std::fmt::Display for DryRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let settled: Vec<bool> = self.known.iter().map(|known| *known != Known::Open).collect();
        let time = duration(makespan(&self.plan, &self.price.seconds, &settled, self.ranks) + self.ending);
        let ranks = if self.ranks == 1 { "one rank".to_owned() } else { format!("{} ranks", self.ranks) };
        let (open, total) = (self.count(Known::Open), self.plan.tasks.len());
        let Self { name, device, .. } = self;
        writeln!(f, "{name}: {open} of {total} tasks to do, about {time} on {ranks} of {device}")?;
        let stages = Stage::ALL.map(|stage| {
            let count = self.open().filter(|task| task.work.stage() == stage).count();
            format!("{} {count}", stage.word())
        });
        let parts = [
            (Known::Done, "done"),
            (Known::Failed, "failed before (--retry-failed tries them again)"),
            (Known::Elsewhere, "left to others or to another time"),
        ];
        let parts = parts.map(|(known, word)| (self.count(known), word));
        let others =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
        f.write_str(&wrapped(&stages.into_iter().chain(others).collect::<Vec<_>>().join(", ")))?;
        for task in self.open().take(LISTED) {
            writeln!(f, "  {}", task.id)?;
        }
        if open > LISTED {
            writeln!(f, "  and {} more", open - LISTED)?;
        }
        writeln!(f, "disk: about {}", size(self.bytes))
    }
}
