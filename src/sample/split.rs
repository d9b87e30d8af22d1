//! Which events are data: injection, signal region and side-bands, and what is kept apart.

mod columns;
mod digest;
mod injection;
mod search;

pub use search::WindowSignal;

use injection::SignalOrders;

use drapes_analysis::job::Job;
use drapes_analysis::job::axis_headings::distinct;
use drapes_analysis::job::injection::Injection;
use drapes_analysis::job::point::{Comparison, ScanPoint};
use drapes_analysis::job::quantities::MassUnit;
use drapes_analysis::job::regions::{MassWindow, Region, Regions};
use drapes_analysis::job::template_spec::{Start, TemplateMethod, TemplateSpec};
use drapes_analysis::plan::price::EventCounts;
use drapes_analysis::plan::random_stream::Stream;
use ndarray::{Array2, ArrayView2, Axis};
use rand::seq::SliceRandom;

use crate::data::{Dropped, Events};
use crate::error::Error;
use crate::sample::jets::Jets;
use crate::sample::repeats::Repeat;

/// All events of a job, and which are data, independent background, unused signal or of another sample.
pub struct Sample {
    /// Those of the data file, then those of a file of independent background.
    events: Events,
    /// Background of the signal region outside of the data.
    independent: Vec<u32>,
    /// Events of the data file that are kept out of the data.
    withheld: Vec<u32>,
    /// Background of another sample, wherever its mass.
    other: Option<RegionEvents>,
    /// Background that is data, wherever its mass.
    background: Vec<u32>,
    /// Signal in the orders of its injection.
    signal: SignalOrders,
    /// Events that occur more than once.
    repeats: Vec<Repeat>,
    /// Simulated signal of files of its own, wherever its mass.
    simulated: Vec<RegionEvents>,
}

/// Events of one region, with their truth.
#[derive(Clone)]
pub struct RegionEvents {
    /// `(events, features)`
    pub features: Array2<f32>,
    /// What models generate in their place, where a job names it, `(events, columns)`.
    pub generated: Option<Array2<f32>>,
    /// Masses (GeV).
    pub masses: Vec<f64>,
    /// Whether an event is simulated signal.
    pub is_signal: Vec<bool>,
}

impl Sample {
    /// Assigns the events of a job; `further` are the events of a file of independent background, `other` those of
    /// another sample.
    ///
    /// # Errors
    /// A region of the job is empty, the side-bands leave the range of the data, or a method lacks its events.
    ///
    /// # Panics
    /// If the files were not read for the same features.
    pub fn new(
        job: &Job,
        mut events: Events,
        further: Option<&Events>,
        other: Option<&Events>,
    ) -> Result<Self, Error> {
        let of_class = |signal: bool| -> Vec<u32> {
            (0..events.len())
                .filter(|event| events.is_signal[*event] == signal)
                .map(|event| event as u32)
                .collect()
        };
        let (mut background, signal) = (of_class(false), of_class(true));
        let stream = Stream::of_job(job.seed);
        let window = job.regions.signal;
        let mut withheld = Vec::new();
        if let Some(fraction) = job.independent_background.withheld() {
            let (mut inside, outside): (Vec<u32>, Vec<u32>) =
                background.iter().partition(|event| window.contains(events.mass[**event as usize]));
            inside.shuffle(&mut stream.branch("withheld background").generator());
            let kept = inside.split_off((fraction * inside.len() as f64).round() as usize);
            withheld = inside;
            background = [outside, kept].concat();
            // The order of the file, so that nothing later depends on the shuffle.
            background.sort_unstable();
            withheld.sort_unstable();
        }
        let mut independent = withheld.clone();
        if let Some(further) = further {
            let inside = |event: &usize| window.contains(further.mass[*event]) && !further.is_signal[*event];
            let further = further.only(&(0..further.len()).filter(inside).collect::<Vec<_>>());
            let first = events.len() as u32;
            independent.extend(first..first + further.len() as u32);
            events.append(&further);
        }
        let other = other.map(|other| {
            events.remarks.extend(other.remarks.iter().cloned());
            let all = (0..other.len()).filter(|event| !other.is_signal[*event]);
            select(other, all)
        });
        let sample = Self {
            events,
            independent,
            withheld,
            other,
            background,
            signal: SignalOrders::of(job, &signal),
            repeats: vec![],
            simulated: vec![],
        };
        sample.check(job)?;
        Ok(sample)
    }

    /// The sample with the finding that these events occur more than once.
    pub fn noting(self, repeats: Vec<Repeat>) -> Self {
        Self { repeats, ..self }
    }

    /// Events that occur more than once, as few as the job allows.
    pub fn repeats(&self) -> &[Repeat] {
        &self.repeats
    }

    /// Everything that the points of a job ask for and the events do not give.
    fn check(&self, job: &Job) -> Result<(), Error> {
        let mut problems = Vec::new();
        let scanned = job.points.iter().filter_map(ScanPoint::template);
        let regions = scanned.map(|template| job.regions_of(&template.sample)).chain([job.regions]);
        let regions = distinct(regions);
        let outer = distinct(regions.iter().map(|regions| regions.outer));
        problems.extend(outer.into_iter().filter_map(|outer| self.check_reach(outer, &job.unit).err()));
        problems.extend(regions.iter().filter_map(|regions| self.check_regions(regions, job).err()));
        problems.extend(self.check_columns(job, &regions));
        problems.extend(self.check_search(job));
        let templates = || job.points.iter().filter_map(ScanPoint::template);
        let from_other = templates().filter(|template| template.method.starts() == Start::OtherSample);
        let of = |template: TemplateSpec| {
            (job.regions_of(&template.sample), template.method == TemplateMethod::Feta)
        };
        for (regions, is_feta) in distinct(from_other.map(of)) {
            problems.extend(self.other_in(&regions, Region::Signal).err());
            if is_feta {
                problems.extend(self.other_in(&regions, Region::SideBand).err());
            }
        }
        problems.extend(self.check_injections(job));
        let inside = |event: &&u32| job.regions.signal.contains(self.mass(**event));
        let background = self.background.iter().filter(inside).count();
        let factors = job.points.iter().filter_map(|point| match point.comparison {
            Comparison::Idealised { .. } => Some(1),
            Comparison::OverIdealised { oversampling, .. } => Some(oversampling.0 as usize),
            _ => None,
        });
        problems.extend(factors.max().and_then(|factor| self.reference_size(background, factor).err()));
        Error::of_all(problems)
    }

    /// Checks that the data reach both ends of the side-bands.
    fn check_reach(&self, outer: MassWindow, unit: &MassUnit) -> Result<(), Error> {
        let masses = || self.background.iter().map(|event| self.mass(*event));
        let (low, high) =
            masses().fold((f64::INFINITY, 0.0), |(low, high), mass| (mass.min(low), mass.max(high)));
        if low - outer.low.0 > 0.02 * outer.width() || cut_short(masses(), outer) {
            return Err(Error::OutsideData {
                wanted: outer.to_string(),
                found: format!("{low:.0}-{high:.0}"),
                unit: unit.clone(),
                is_mev: unit.is_usual()
                    && low > outer.high.0
                    && outer.contains(masses().sum::<f64>() / 1e3 / masses().count() as f64),
            });
        }
        Ok(())
    }

    /// Checks that no region is empty.
    fn check_regions(&self, regions: &Regions, job: &Job) -> Result<(), Error> {
        let unit = &job.unit;
        let masses = || self.background.iter().map(|event| self.mass(*event));
        for (name, wanted) in [("signal region", Region::Signal), ("side-bands", Region::SideBand)] {
            let found = masses().filter(|mass| regions.region(*mass) == wanted).count();
            if found == 0 {
                return Err(Error::TooFew {
                    region: format!("the {name} of {} {unit} around {}", regions.outer, regions.signal),
                    what: if job.is_unlabelled() { "events" } else { "background events" },
                    found,
                    needed: 1,
                    advice: "check the regions against `drapes data describe`".to_owned(),
                });
            }
        }
        Ok(())
    }

    /// Events of a template of true background, `factor` times the background of the data.
    ///
    /// # Errors
    /// The independent background has fewer.
    pub fn reference_size(&self, background: usize, factor: usize) -> Result<usize, Error> {
        let (needed, found) = (factor * background, self.independent.len());
        // Half of the background withheld is the same number as the other half, give or take the odd event.
        if needed <= found + factor {
            return Ok(needed.min(found));
        }
        Err(Error::TooFew {
            region: "the independent background".to_owned(),
            what: "events",
            found,
            needed,
            advice: format!(
                "lower oversampling of the references (the data hold {background} background events), withhold a \
                 larger fraction, or add a file of further events"
            ),
        })
    }

    /// Which events are the data with an injection, of one region.
    ///
    /// # Errors
    /// There are fewer signal events.
    pub fn chosen(&self, injection: Injection, regions: &Regions, wanted: Region) -> Result<Vec<u32>, Error> {
        let all = self.background.iter().chain(self.injected(injection)?);
        Ok(all.copied().filter(|event| regions.region(self.mass(*event)) == wanted).collect())
    }

    /// The data with an injection, of one region.
    ///
    /// # Errors
    /// There are fewer signal events.
    pub fn data(
        &self,
        injection: Injection,
        regions: &Regions,
        wanted: Region,
    ) -> Result<RegionEvents, Error> {
        Ok(self.events(&self.chosen(injection, regions, wanted)?))
    }

    /// Masses of all background and an injection (GeV), whether or not the references keep some of it for
    /// themselves: a spectrum with a gap in the signal region would help nobody.
    ///
    /// # Errors
    /// There are fewer signal events.
    pub fn masses(&self, injection: Injection) -> Result<Vec<f64>, Error> {
        let all = self.background.iter().chain(&self.withheld).chain(self.injected(injection)?);
        Ok(all.map(|event| self.mass(*event)).collect())
    }

    /// Background of the other sample in a region.
    ///
    /// # Errors
    /// There is none.
    pub fn other_in(&self, regions: &Regions, wanted: Region) -> Result<RegionEvents, Error> {
        let inside = self.other.as_ref().map(|all| {
            let chosen: Vec<usize> =
                (0..all.len()).filter(|event| regions.region(all.masses[*event]) == wanted).collect();
            all.only(&chosen)
        });
        let name = if wanted == Region::Signal { "signal region" } else { "side-bands" };
        inside.filter(|other| !other.is_empty()).ok_or_else(|| no_other(name))
    }

    /// Which events are background of the signal region outside of the data.
    pub fn independent(&self) -> &[u32] {
        &self.independent
    }

    /// Some events: features, masses and truth.
    ///
    /// # Panics
    /// If there is no such event.
    pub fn events(&self, chosen: &[u32]) -> RegionEvents {
        select(&self.events, chosen.iter().map(|event| *event as usize))
    }

    /// The features of some events.
    ///
    /// # Shapes
    /// `(events, features)`.
    ///
    /// # Panics
    /// If there is no such event.
    pub fn features(&self, chosen: &[u32]) -> Array2<f32> {
        let chosen: Vec<usize> = chosen.iter().map(|event| *event as usize).collect();
        self.events.features.select(Axis(0), &chosen)
    }

    /// Where in the file of the data an event lies, counted from 0.
    ///
    /// # Panics
    /// If there is no such event.
    pub fn row(&self, event: u32) -> u32 {
        self.events.rows[event as usize]
    }

    /// Whether an event is simulated signal.
    ///
    /// # Panics
    /// If there is no such event.
    pub fn is_signal(&self, event: u32) -> bool {
        self.events.is_signal[event as usize]
    }

    /// The jets of all events.
    ///
    /// # Panics
    /// If the job has nothing to do with constituents.
    pub fn jets(&self) -> &Jets {
        self.events.jets.as_ref().expect("jets are read for jobs with constituents")
    }

    /// Keeps those of some events whose jets can be used.
    ///
    /// # Panics
    /// As [`Sample::jets`].
    pub fn with_jets(&self, mut events: Vec<u32>) -> Vec<u32> {
        let jets = self.jets();
        events.retain(|event| jets.count(2 * *event as usize) > 0);
        events
    }

    /// The event numbers that prices and needs follow from, now that the data are there.
    pub fn counts(&self, job: &Job) -> EventCounts {
        let none = Injection::default();
        let count = |wanted| self.chosen(none, &job.regions, wanted).map_or(0, |events| events.len());
        EventCounts {
            side_band: count(Region::SideBand),
            signal_region: count(Region::Signal),
            other_sample: self.other_in(&job.regions, Region::Signal).map_or(0, |events| events.len()),
            independent: self.independent.len(),
            signal: self.unused_signal(none, job.regions.signal).len(),
        }
    }

    /// What of the files is left out.
    pub fn dropped(&self) -> Dropped {
        self.events.dropped
    }

    /// What the user should know about the columns of the files.
    pub fn remarks(&self) -> &[String] {
        &self.events.remarks
    }

    /// The resonant mass of an event (GeV).
    ///
    /// # Panics
    /// If there is no such event.
    pub fn mass(&self, event: u32) -> f64 {
        self.events.mass[event as usize]
    }
}

fn no_other(region: &str) -> Error {
    Error::TooFew {
        region: format!("the {region} of the other sample"),
        what: "events",
        found: 0,
        needed: 1,
        advice: "name a file that has some in other_sample.events".to_owned(),
    }
}

fn select(events: &Events, chosen: impl Iterator<Item = usize>) -> RegionEvents {
    let chosen: Vec<usize> = chosen.collect();
    RegionEvents {
        features: events.features.select(Axis(0), &chosen),
        generated: events.generated.as_ref().map(|generated| generated.select(Axis(0), &chosen)),
        masses: chosen.iter().map(|event| events.mass[*event]).collect(),
        is_signal: chosen.iter().map(|event| events.is_signal[*event]).collect(),
    }
}

/// Whether the data end below the upper edge, other than by the spectrum's own fall.
///
/// The uppermost events are taken as the tail of an exponential. Where the data thin out, about one event is expected
/// above the last; where they are cut off, about a seventh of the tail.
fn cut_short(masses: impl Iterator<Item = f64>, outer: MassWindow) -> bool {
    const TAIL: usize = 200;
    const TOO_MANY: f64 = 8.0;
    let mut inside: Vec<f64> = masses.filter(|mass| outer.contains(*mass)).collect();
    if inside.len() <= TAIL {
        return false;
    }
    inside.sort_unstable_by(f64::total_cmp);
    let tail = &inside[inside.len() - TAIL..];
    let (start, last) = (tail[0], tail[TAIL - 1]);
    let slope = tail.iter().map(|mass| mass - start).sum::<f64>() / TAIL as f64;
    let above = |mass: f64| TAIL as f64 * (-(mass - start) / slope).exp();
    above(last) - above(outer.high.0) > TOO_MANY
}

impl RegionEvents {
    /// Events of the region.
    pub fn len(&self) -> usize {
        self.masses.len()
    }

    /// Whether the region is empty.
    pub fn is_empty(&self) -> bool {
        self.masses.is_empty()
    }

    /// Some of them, in this order; one may come several times.
    ///
    /// # Panics
    /// If there is no such event.
    pub fn only(&self, chosen: &[usize]) -> Self {
        Self {
            features: self.features.select(Axis(0), chosen),
            generated: self.generated.as_ref().map(|generated| generated.select(Axis(0), chosen)),
            masses: chosen.iter().map(|event| self.masses[*event]).collect(),
            is_signal: chosen.iter().map(|event| self.is_signal[*event]).collect(),
        }
    }

    /// What models learn of them and move: the features, or what a job names in their place.
    pub fn generated(&self) -> ArrayView2<'_, f32> {
        self.generated.as_ref().unwrap_or(&self.features).view()
    }

    /// What models learn and the mass side by side.
    ///
    /// # Shapes
    /// `(events, columns + 1)`.
    pub fn with_mass(&self) -> Array2<f32> {
        let generated = self.generated();
        let columns = generated.ncols();
        Array2::from_shape_fn((self.len(), columns + 1), |(event, column)| {
            if column < columns { generated[[event, column]] } else { self.masses[event] as f32 }
        })
    }
}

#[cfg(test)]
mod tests;
