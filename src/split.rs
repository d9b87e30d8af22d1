//! Which events are data: injection, signal region and side-bands, and what is kept apart.

use drapes_analysis::axes::distinct;
use drapes_analysis::generated::{Generated, Start, TemplateMethod};
use drapes_analysis::job::Job;
use drapes_analysis::point::{Contest, ScanPoint};
use drapes_analysis::quantities::SignalCount;
use drapes_analysis::regions::{MassWindow, Region, Regions};
use drapes_analysis::stream::Stream;
use ndarray::{Array2, Axis, concatenate};
use rand::seq::SliceRandom;

use crate::data::Events;
use crate::error::Error;

/// All events of a job, and who plays which part.
///
/// Signal is injected in one fixed random order: a larger injection contains every smaller one, so that the
/// points of a scan differ by the added signal alone. (Our decision; the paper draws without saying how.)
pub struct Sample {
    events: Events,
    /// Background outside of the data.
    independent: Array2<f32>,
    /// Events of the data file that are kept out of the data.
    withheld: Vec<usize>,
    /// Background of another sample, wherever its mass.
    other: Option<RegionEvents>,
    /// Background that is data, wherever its mass.
    background: Vec<usize>,
    /// Signal in the order of its injection.
    signal: Vec<usize>,
}

/// Events of one region, with their truth.
#[derive(Clone)]
pub struct RegionEvents {
    /// `(events, features)`
    pub features: Array2<f32>,
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
        events: Events,
        further: Option<&Events>,
        other: Option<&Events>,
    ) -> Result<Self, Error> {
        let of_class = |signal: bool| -> Vec<usize> {
            (0..events.mass.len()).filter(|event| events.is_signal[*event] == signal).collect()
        };
        let (mut background, mut signal) = (of_class(false), of_class(true));
        let stream = Stream::of_job(job.seed);
        signal.shuffle(&mut stream.branch("injection").generator());
        let window = job.regions.signal;
        let mut withheld = Vec::new();
        if let Some(fraction) = job.independent_background.withheld() {
            let (mut inside, outside): (Vec<usize>, Vec<usize>) =
                background.iter().partition(|event| window.contains(events.mass[**event]));
            inside.shuffle(&mut stream.branch("withheld background").generator());
            let kept = inside.split_off((fraction * inside.len() as f64).round() as usize);
            withheld = inside;
            background = [outside, kept].concat();
            // The order of the file, so that nothing later depends on the shuffle.
            background.sort_unstable();
            withheld.sort_unstable();
        }
        let background_of = |file: &Events| {
            let inside = |event: &usize| window.contains(file.mass[*event]) && !file.is_signal[*event];
            (0..file.mass.len()).filter(inside).collect::<Vec<_>>()
        };
        let kept_out = events.features.select(Axis(0), &withheld);
        let independent = match further {
            Some(further) => {
                let inside = further.features.select(Axis(0), &background_of(further));
                concatenate(Axis(0), &[kept_out.view(), inside.view()]).expect("files of the same columns")
            }
            None => kept_out,
        };
        let other = other.map(|other| {
            let all = (0..other.mass.len()).filter(|event| !other.is_signal[*event]);
            select(other, all)
        });
        let sample = Self { events, independent, withheld, other, background, signal };
        sample.check(job)?;
        Ok(sample)
    }

    /// Everything that the points of a job ask for and the events do not give.
    fn check(&self, job: &Job) -> Result<(), Error> {
        let mut problems = Vec::new();
        let scanned = job.points.iter().filter_map(ScanPoint::template);
        let regions = scanned.map(|template| job.regions_of(&template.sample)).chain([job.regions]);
        let regions = distinct(regions);
        let outer = distinct(regions.iter().map(|regions| regions.outer));
        problems.extend(outer.into_iter().filter_map(|outer| self.check_reach(outer).err()));
        problems.extend(regions.iter().filter_map(|regions| self.check_regions(regions).err()));
        let templates = || job.points.iter().filter_map(ScanPoint::template);
        let from_other = templates().filter(|template| template.method.starts() == Start::OtherSample);
        let of =
            |template: Generated| (job.regions_of(&template.sample), template.method == TemplateMethod::Feta);
        for (regions, is_feta) in distinct(from_other.map(of)) {
            problems.extend(self.other_in(&regions, Region::Signal).err());
            if is_feta {
                problems.extend(self.other_in(&regions, Region::SideBand).err());
            }
        }
        let needed = job.points.iter().filter_map(ScanPoint::n_signal).max();
        problems.extend(self.injected(needed.unwrap_or(SignalCount(0))).err());
        let inside = |event: &&usize| job.regions.signal.contains(self.events.mass[**event]);
        let background = self.background.iter().filter(inside).count();
        let factors = job.points.iter().filter_map(|point| match point.contest {
            Contest::Idealised { .. } => Some(1),
            Contest::OverIdealised { oversampling, .. } => Some(oversampling.0 as usize),
            _ => None,
        });
        problems.extend(factors.max().and_then(|factor| self.reference_size(background, factor).err()));
        Error::of_all(problems)
    }

    /// That the data reach both ends of the side-bands.
    fn check_reach(&self, outer: MassWindow) -> Result<(), Error> {
        let masses = || self.background.iter().map(|event| self.events.mass[*event]);
        let (low, high) =
            masses().fold((f64::INFINITY, 0.0), |(low, high), mass| (mass.min(low), mass.max(high)));
        if low - outer.low.0 > 0.02 * outer.width() || cut_short(masses(), outer) {
            return Err(Error::OutsideData {
                wanted: outer.to_string(),
                found: format!("{low:.0}-{high:.0}"),
            });
        }
        Ok(())
    }

    /// That no region is empty.
    fn check_regions(&self, regions: &Regions) -> Result<(), Error> {
        let masses = || self.background.iter().map(|event| self.events.mass[*event]);
        for (name, wanted) in [("signal region", Region::Signal), ("side-bands", Region::SideBand)] {
            let found = masses().filter(|mass| regions.region(*mass) == wanted).count();
            if found == 0 {
                return Err(Error::TooFew {
                    region: format!("the {name} of {} GeV around {}", regions.outer, regions.signal),
                    what: "background events",
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
        let (needed, found) = (factor * background, self.independent.nrows());
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

    fn injected(&self, count: SignalCount) -> Result<&[usize], Error> {
        self.signal.get(..count.0 as usize).ok_or_else(|| Error::TooFew {
            region: "the data file".to_owned(),
            what: "signal events",
            found: self.signal.len(),
            needed: count.0 as usize,
            advice: "lower n_signal".to_owned(),
        })
    }

    /// The data with an injection, of one region.
    ///
    /// # Errors
    /// There are fewer signal events.
    pub fn data(
        &self,
        n_signal: SignalCount,
        regions: &Regions,
        wanted: Region,
    ) -> Result<RegionEvents, Error> {
        let all = self.background.iter().chain(self.injected(n_signal)?);
        let chosen = all.copied().filter(|event| regions.region(self.events.mass[*event]) == wanted);
        Ok(self.select(chosen))
    }

    /// Masses of all background and an injection (GeV), whether or not the references keep some of it for
    /// themselves: a spectrum with a gap in the signal region would help nobody.
    ///
    /// # Errors
    /// There are fewer signal events.
    pub fn masses(&self, n_signal: SignalCount) -> Result<Vec<f64>, Error> {
        let all = self.background.iter().chain(&self.withheld).chain(self.injected(n_signal)?);
        Ok(all.map(|event| self.events.mass[*event]).collect())
    }

    /// Signal of the signal region that no injection up to `n_signal` contains.
    pub fn unused_signal(&self, n_signal: SignalCount, window: MassWindow) -> RegionEvents {
        let unused = self.signal.iter().skip(n_signal.0 as usize);
        self.select(unused.copied().filter(|event| window.contains(self.events.mass[*event])))
    }

    /// Background of the other sample in a region.
    ///
    /// # Errors
    /// There is none.
    pub fn other_in(&self, regions: &Regions, wanted: Region) -> Result<RegionEvents, Error> {
        let inside = self.other.as_ref().map(|all| {
            let chosen: Vec<usize> =
                (0..all.len()).filter(|event| regions.region(all.masses[*event]) == wanted).collect();
            RegionEvents {
                features: all.features.select(Axis(0), &chosen),
                masses: chosen.iter().map(|event| all.masses[*event]).collect(),
                is_signal: vec![false; chosen.len()],
            }
        });
        let name = if wanted == Region::Signal { "signal region" } else { "side-bands" };
        inside.filter(|other| !other.is_empty()).ok_or_else(|| no_other(name))
    }

    /// Background of the signal region outside of the data.
    ///
    /// # Shapes
    /// `(events, features)`.
    pub fn independent(&self) -> &Array2<f32> {
        &self.independent
    }

    fn select(&self, chosen: impl Iterator<Item = usize>) -> RegionEvents {
        select(&self.events, chosen)
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

    /// Features and mass side by side.
    ///
    /// # Shapes
    /// `(events, features + 1)`.
    pub fn with_mass(&self) -> Array2<f32> {
        let features = self.features.ncols();
        Array2::from_shape_fn((self.len(), features + 1), |(event, column)| {
            if column < features { self.features[[event, column]] } else { self.masses[event] as f32 }
        })
    }
}

#[cfg(test)]
mod tests;
