//! What a search asks of its events beyond what templates ask for.

use drapes_analysis::job::axis_headings::distinct;
use drapes_analysis::job::injection::Injection;
use drapes_analysis::job::point::{Comparison, ScanPoint};
use drapes_analysis::job::quantities::Gev;
use drapes_analysis::job::regions::{MassWindow, Region};
use drapes_analysis::job::template_spec::{Scope, Start};
use drapes_analysis::job::{Injected, Job, Sensitivity};
use drapes_analysis::statistics::closure::LEAST_PASSING;
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
    /// The sample with simulated signal of files: their signal events, or all of their events where none is labelled.
    ///
    /// # Errors
    /// A window has fewer of them than the job puts among its pseudo-data, whether they are of a file or of the data's own.
    pub fn with_simulated(mut self, job: &Job, simulated: &[Events]) -> Result<Self, Error> {
        for file in simulated {
            self.events.remarks.extend(file.remarks.iter().cloned());
            let is_simulated = file.is_simulated();
            self.simulated.push(select(file, (0..file.len()).filter(|event| is_simulated(*event))));
        }
        let Some((search, sensitivity)) =
            job.search.as_ref().and_then(|search| Some((search, search.sensitivity.as_ref()?)))
        else {
            return Ok(self);
        };
        let files = 0..=sensitivity.further.len();
        let middles: Vec<f64> =
            files.map(|file| self.middle_of_signal(file, search.injected.added().into())).collect();
        self.remark_of_masses(sensitivity, &middles, job);
        let strongest = sensitivity.strengths.iter().copied().fold(0.0, f64::max);
        let mut problems = Vec::new();
        for point in job.points.iter().filter(|point| point.is_searched()) {
            let Some(template) = point.template() else { continue };
            let regions = job.regions_of(&template.sample);
            let data = self.chosen(template.sample.injection, &regions, Region::Signal)?.len();
            let mean = strongest * (data as f64).sqrt();
            let needed = (mean + ROOM * mean.sqrt()).ceil() as usize;
            let found =
                self.signal_in(sensitivity, search.injected.added().into(), regions.signal).features.nrows();
            if found < needed {
                problems.push(Error::TooFew {
                    region: format!(
                        "the window {} {} (simulated signal lies around {:.6})",
                        regions.signal,
                        job.unit,
                        middles[sensitivity.nearest(regions.signal)] + sensitivity.shift(regions.signal)
                    ),
                    what: "simulated signal events for search.sensitivity",
                    found,
                    needed,
                    advice: format!(
                        "lower the strength {strongest} of search.sensitivity, say at which mass the signal was simulated in \
                         search.signal_mass_gev, or {}",
                        match sensitivity.files()[..] {
                            [] => "inject fewer of the labelled ones",
                            _ => "name a larger file in search.signal_events",
                        }
                    ),
                });
            }
        }
        Error::of_all(problems).map(|()| self)
    }

    /// The median mass of the simulated signal of a file.
    fn middle_of_signal(&self, file: usize, used: Injection) -> f64 {
        let mut masses: Vec<f64> = if let Some(simulated) = self.simulated.get(file) {
            simulated.masses.clone()
        } else {
            let unused = self.beyond(used);
            unused.iter().map(|event| self.mass(*event)).collect()
        };
        let middle = masses.len() / 2;
        if masses.is_empty() { f64::NAN } else { *masses.select_nth_unstable_by(middle, f64::total_cmp).1 }
    }

    /// Says where simulated signal does not lie where the job has it: it would be shifted past the middle of windows.
    fn remark_of_masses(&mut self, sensitivity: &Sensitivity, middles: &[f64], job: &Job) {
        /// The share of a window by which the two may differ.
        const NEAR: f64 = 0.1;
        let narrowest = job.searched_windows().iter().map(MassWindow::width).fold(f64::INFINITY, f64::min);
        for (file, middle) in middles.iter().enumerate() {
            let is_far = |named: &Gev| (named.0 - middle).abs() > NEAR * narrowest;
            let Some(named) = sensitivity.mass_of(file).filter(is_far) else { continue };
            self.events.remarks.push(format!(
                "simulated signal lies around {middle:.6} {}, and search.signal_mass_gev says {named}: it is shifted past the middle \
                 of the windows",
                job.unit
            ));
        }
    }

    /// Simulated signal in a window: of the file, or that of the data which the injection `used` does not contain.
    pub fn signal_in(&self, sensitivity: &Sensitivity, used: Injection, window: MassWindow) -> WindowSignal {
        let shift = sensitivity.shift(window);
        let inside = |mass: f64| window.contains(mass + shift);
        let (features, all) = if let Some(simulated) = self.simulated.get(sensitivity.nearest(window)) {
            let chosen: Vec<usize> =
                (0..simulated.len()).filter(|event| inside(simulated.masses[*event])).collect();
            (simulated.features.select(Axis(0), &chosen), simulated.len())
        } else {
            let unused = self.beyond(used);
            let chosen: Vec<u32> = unused.iter().copied().filter(|event| inside(self.mass(*event))).collect();
            (self.features(&chosen), unused.len())
        };
        WindowSignal { share: features.nrows() as f64 / all.max(1) as f64, features }
    }

    /// Windows beside which fewer events lie than a denoiser's batch has: their training would fail when all before it is done.
    fn too_few_to_train(&self, job: &Job) -> Vec<Error> {
        let windows = job.points.iter().filter(|point| point.is_window()).filter_map(ScanPoint::template);
        let by_denoisers = windows.filter(|template| {
            template.method.flow().is_none() && template.method.scope() == Scope::SideBands
        });
        let mut problems = vec![];
        let samples = by_denoisers.map(|template| template.sample.of_first_template_seed());
        for sample in distinct(samples) {
            let regions = job.regions_of(&sample);
            // Signal that is missing is told by who injects it.
            let Ok(beside) = self.chosen(sample.injection, &regions, Region::SideBand) else { continue };
            let all = beside.len();
            let found = all - (job.denoiser.validation_fraction * all as f64) as usize;
            if found < job.denoiser.batch {
                problems.push(Error::TooFew {
                    region: format!(
                        "the training part of the side-bands of the window {} {}",
                        regions.signal, job.unit
                    ),
                    what: "events",
                    found,
                    needed: job.denoiser.batch,
                    advice: "lower denoiser.batch, or widen the side-bands".to_owned(),
                });
            }
        }
        problems
    }

    /// The sample with the remark that fewer than ten events of a template will pass a cut, which is known before it is made: it will have no
    /// numbers.
    pub fn noting_small_cuts(mut self, job: &Job) -> Self {
        let Some(search) = &job.search else { return self };
        for efficiency in &search.efficiencies {
            let few = |point: &&ScanPoint| {
                let template =
                    point.template().filter(|template| template.method.starts() == Start::SignalRegion);
                template.is_some_and(|template| {
                    let regions = job.regions_of(&template.sample);
                    let data = self.chosen(template.sample.injection, &regions, Region::Signal);
                    let copies = point.oversampling().map_or(1.0, |factor| f64::from(factor.0));
                    data.is_ok_and(|data| (data.len() as f64 * copies * efficiency).round() < LEAST_PASSING)
                })
            };
            let windows: Vec<String> = job
                .points
                .iter()
                .filter(|point| point.is_window())
                .filter(few)
                .map(|point| job.signal_region_of(point).to_string())
                .collect();
            if !windows.is_empty() {
                self.events.remarks.push(format!(
                    "fewer than ten template events will pass the cut of {efficiency} in {} {}: it has no numbers there (take a larger \
                     efficiency, or more search.oversampling)",
                    windows.join(", "),
                    job.unit
                ));
            }
        }
        self
    }

    /// Signal events that nobody has said to be data or not, and side-bands of windows that are empty on one side: the fit of
    /// the others would extrapolate.
    pub(super) fn check_search(&self, job: &Job) -> Vec<Error> {
        let Some(search) = &job.search else { return vec![] };
        let mut problems = Vec::new();
        if search.injected == Injected::Unlabelled && !self.signal.first().is_empty() {
            problems.push(Error::LabelledSearch {
                signal: self.signal.first().len(),
                label: job.data.label.clone(),
            });
        }
        problems.extend(self.too_few_to_train(job));
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
