//! `data edge`: the lines of a job that let an edge stand still which moves with the mass.

use std::path::PathBuf;

use drapes_analysis::cli::answer;
use drapes_analysis::error::Exit;
use drapes_analysis::job::regions::{MassWindow, Regions};
use drapes_analysis::job::{Change, Job, JobFile};

use crate::data::{Label, read_events};
use crate::error::Error;
use crate::sample::moving_edge::{EdgeProblem, MovingEdge, WantedEdge};

/// Finds an edge of a feature that moves with the mass, and prints the lines of a job in which it stands still.
///
/// A selection often cuts a feature where the mass says: a threshold on transverse momentum cuts distances of jets at a value
/// that grows with their mass. Templates blur such an edge. A quantile of the side-bands, as a parabola of the logarithm of
/// the mass, follows it: models that generate how far an event is from a fixed value to the edge see it stand still.
#[derive(Debug, clap::Args)]
#[command(after_help = "EXAMPLES\n  \
    drapes data edge jobs/closure_sim.toml dr_jj --from 3.14159      the crest of ΔR does not move; its edge does\n  \
    drapes data edge jobs/mine.toml pt2_over_pt1 --from 1 --share 0.01      a lower edge\n\n\
    Add the lines to the job, or to what its blocks of the same name have.")]
pub struct Edge {
    /// The job file, whose side-bands are looked at: background where events have labels, all events where they have none.
    job: PathBuf,
    /// A feature of the job.
    feature: String,
    /// A value of the feature that does not move: a crest, or an edge on the other side.
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true, value_parser = finite)]
    from: f64,
    /// The share of the events below the edge.
    #[arg(long, default_value_t = 0.99, value_parser = share)]
    share: f64,
    /// Change a key of the job, as `run` does.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    changes: Vec<Change>,
    /// Where the data files lie (the job's own data.directory by default).
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

impl Edge {
    /// Prints the lines.
    ///
    /// # Errors
    /// Job or data are bad, or there is no such edge.
    pub fn run(&self) -> Result<Exit, Error> {
        let file = JobFile::open(&self.job)?.with(self.changes.clone());
        let job = file.check()?;
        let data = &job.data;
        let column = data.features.iter().position(|feature| *feature == self.feature).ok_or_else(|| {
            EdgeProblem::NoFeature { name: self.feature.clone(), features: data.features.clone() }
        })?;
        let directory = self.data_dir.clone().map_or_else(|| file.data_directory(), Ok)?;
        let label = if job.is_unlabelled() { Label::Unused } else { Label::Optional };
        let events = read_events(&directory.join(&data.events), data, label)?;
        let background: Vec<usize> = (0..events.len()).filter(|event| !events.is_signal[*event]).collect();
        let masses: Vec<f64> = background.iter().map(|event| events.mass[*event]).collect();
        let value = |event: usize| f64::from(events.features[[background[event], column]]);
        let wanted = WantedEdge { from: self.from, share: self.share };
        let edge = MovingEdge::find(&masses, value, &regions(&job), wanted)?;
        // A job whose coordinates stand for this feature already gets this one in their place.
        let columns = data.generated.columns();
        let columns = if columns.contains(&self.feature) { columns } else { &data.features };
        let lines = edge.lines(&self.feature, &data.resonant, columns);
        answer(format_args!("{}\n{lines}", edge.told(&self.feature, &job.unit.to_string())));
        Ok(Exit::Done)
    }
}

/// The regions of the job; of a search all windows together.
fn regions(job: &Job) -> Regions {
    let windows = job.searched_windows();
    let whole = windows.into_iter().reduce(|one, other| MassWindow {
        low: if one.low.0 < other.low.0 { one.low } else { other.low },
        high: if one.high.0 > other.high.0 { one.high } else { other.high },
    });
    Regions { signal: whole.unwrap_or(job.regions.signal), ..job.regions }
}

fn finite(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "it is no number")?;
    if value.is_finite() { Ok(value) } else { Err("it must be a finite number".to_owned()) }
}

fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "it is no number")?;
    if share > 0.0 && share < 1.0 { Ok(share) } else { Err("it must lie between 0 and 1".to_owned()) }
}
