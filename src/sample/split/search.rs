//! What a search asks of its events beyond what templates ask for.

use drapes_analysis::job::axis_headings::distinct;
use drapes_analysis::job::point::Comparison;
use drapes_analysis::job::quantities::SignalCount;
use drapes_analysis::job::regions::{MassWindow, Region};
use drapes_analysis::job::{Injected, Job, Sensitivity};
use ndarray::{Array2, Axis};

use super::{Sample, select};
use crate::data::Events;
use crate::error::Error;

/// Standard deviations by which a Poisson number of signal events may exceed its mean; there are so many to draw from.
const ROOM: f64 = 5.0;

/// Simulated signal whose mass lies in a window.
pub struct WindowSignal {
    /// `(events, features)`
    pub features: Array2<f32>,
    /// Its share of all simulated signal.
    pub share: f64,
}

impl Sample {
    /// The sample with simulated signal of a file: its signal events, or all of its events where none is labelled.
    ///
    /// # Errors
    /// A window has fewer of them than the job puts among its pseudo-data, whether they are of a file or of the data's own.
    pub fn with_simulated(mut self, job: &Job, simulated: Option<&Events>) -> Result<Self, Error> {
        self.simulated = simulated.map(|simulated| {
            self.events.remarks.extend(simulated.remarks.iter().cloned());
            let is_simulated = simulated.is_simulated();
            select(simulated, (0..simulated.len()).filter(|event| is_simulated(*event)))
        });
        let Some((search, sensitivity)) =
            job.search.as_ref().and_then(|search| Some((search, search.sensitivity.as_ref()?)))
        else {
            return Ok(self);
        };
        let strongest = sensitivity.strengths.iter().copied().fold(0.0, f64::max);
        let mut problems = Vec::new();
        for point in job.points.iter().filter(|point| point.is_searched()) {
            let Some(template) = point.template() else { continue };
            let regions = job.regions_of(&template.sample);
            let data = self.chosen(template.sample.n_signal, &regions, Region::Signal)?.len();
            let mean = strongest * (data as f64).sqrt();
            let needed = (mean + ROOM * mean.sqrt()).ceil() as usize;
            let found = self.signal_in(sensitivity, search.injected.added(), regions.signal).features.nrows();
            if found < needed {
                problems.push(Error::TooFew {
                    region: format!("the window {} {}", regions.signal, job.unit),
                    what: "simulated signal events for search.sensitivity",
                    found,
                    needed,
                    advice: format!(
                        "lower the strength {strongest} of search.sensitivity, say at which mass the signal was simulated in \
                         search.signal_mass_gev, or {}",
                        match sensitivity.file() {
                            Some(_) => "name a larger file in search.signal_events",
                            None => "inject fewer of the labelled ones",
                        }
                    ),
                });
            }
        }
        Error::of_all(problems).map(|()| self)
    }

    /// Simulated signal in a window: of the file, or that of the data which no injection up to `used` contains.
    pub fn signal_in(
        &self,
        sensitivity: &Sensitivity,
        used: SignalCount,
        window: MassWindow,
    ) -> WindowSignal {
        let shift = sensitivity.shift(window);
        let inside = |mass: f64| window.contains(mass + shift);
        let (features, all) = if let Some(simulated) = &self.simulated {
            let chosen: Vec<usize> =
                (0..simulated.len()).filter(|event| inside(simulated.masses[*event])).collect();
            (simulated.features.select(Axis(0), &chosen), simulated.len())
        } else {
            let unused = self.signal.get(used.0 as usize..).unwrap_or_default();
            let chosen: Vec<u32> = unused.iter().copied().filter(|event| inside(self.mass(*event))).collect();
            (self.features(&chosen), unused.len())
        };
        WindowSignal { share: features.nrows() as f64 / all.max(1) as f64, features }
    }

    /// Signal events that nobody has said to be data or not, and side-bands of windows that are empty on one side: the fit of
    /// the others would extrapolate.
    pub(super) fn check_search(&self, job: &Job) -> Vec<Error> {
        let Some(search) = &job.search else { return vec![] };
        let mut problems = Vec::new();
        if search.injected == Injected::Unlabelled && !self.signal.is_empty() {
            problems.push(Error::LabelledSearch { signal: self.signal.len(), label: job.data.label.clone() });
        }
        let windows = job.points.iter().filter_map(|point| match point.comparison {
            Comparison::Window { template, .. } => Some(job.regions_of(&template.sample)),
            _ => None,
        });
        for regions in distinct(windows) {
            for band in regions.side_bands() {
                let inside = |event: &&u32| band.contains(self.mass(**event));
                if !self.background.iter().any(|event| inside(&event)) {
                    problems.push(Error::TooFew {
                        region: format!("the side-band {band} {} of the window {}", job.unit, regions.signal),
                        what: "events",
                        found: 0,
                        needed: 1,
                        advice: "move the window, or widen its side-bands".to_owned(),
                    });
                }
            }
        }
        problems
    }
}
