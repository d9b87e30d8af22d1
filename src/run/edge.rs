//! `data edge`: the lines of a job that let an edge stand still which moves with the mass.

use std::path::PathBuf;

use drapes_analysis::cli::answer;
use drapes_analysis::error::Exit;
use drapes_analysis::job::regions::{MassWindow, Regions};
use drapes_analysis::job::{Change, Job, JobFile, Marginals, ScanPoint};

use crate::data::columns::Column;
use crate::data::{Label, read_events};
use crate::error::{EdgeProblem, Error};
use crate::sample::moving_edge::{MovingEdge, WantedEdge, to_edge};

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
        let values: Vec<f32> = background.iter().map(|event| events.features[[*event, column]]).collect();
        if Column::of(values.iter().copied())
            .is_some_and(|column| column.distinct > 1 && column.needs_ranks())
        {
            return Err(EdgeProblem::NotSmooth { name: self.feature.clone() }.into());
        }
        let values: Vec<f64> = values.into_iter().map(f64::from).collect();
        let wanted = WantedEdge { from: self.from, share: self.share };
        let edge = MovingEdge::find(&masses, &values, &regions(&job), wanted)?;
        let columns = data.generated.columns();
        let is_there = |column: &String| *column == self.feature || *column == to_edge(&self.feature);
        let instead = if data.generated.is_empty() || columns.iter().any(is_there) {
            ""
        } else {
            "# In place of the coordinates of the job, from which this feature follows already.\n"
        };
        let columns = if columns.iter().any(is_there) { columns } else { &data.features };
        let lines = edge.lines(&self.feature, &data.resonant, columns)?;
        let marginals = match job.denoiser.marginals {
            Marginals::Gaussian => "",
            Marginals::Standardised => "\n[denoiser]\nmarginals = \"gaussian\"\n",
        };
        answer(format_args!(
            "{}{instead}\n{lines}{marginals}",
            edge.told(&self.feature, &job.unit.to_string())
        ));
        Ok(Exit::Done)
    }
}

/// The widest side-bands of the job around its signal region; of a search around all windows together.
fn regions(job: &Job) -> Regions {
    let whole = job.searched_windows().into_iter().reduce(MassWindow::and);
    let samples = job.points.iter().filter_map(ScanPoint::template);
    let outer = samples.map(|template| template.sample.side_bands).fold(job.regions.outer, MassWindow::and);
    Regions { signal: whole.unwrap_or(job.regions.signal), outer, ..job.regions }
}

fn finite(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "it is no number")?;
    if value.is_finite() { Ok(value) } else { Err("it must be a finite number".to_owned()) }
}

fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "it is no number")?;
    if share > 0.0 && share < 1.0 { Ok(share) } else { Err("it must lie between 0 and 1".to_owned()) }
}
