//! What the finite number of evaluation events leaves open of a figure of merit, and of the difference of two: the bootstrap.
//!
//! In each replica of the evaluation events an event counts as often as a Poisson number with a mean of one says. The numbers of an
//! event are the same for all classifiers, methods and tasks: what events that are common to two methods do to both of them goes
//! out in their difference, and what only one of them has stays.
//!
//! Sources: B. Efron, Ann. Stat. 7 (1979) 1; with Poisson numbers that an event has for good, ATLAS Collaboration,
//! ATL-PHYS-PUB-2021-011.

use rand_pcg::rand_core::Rng;
use serde::{Deserialize, Serialize};

use super::metrics::QUOTED_REJECTIONS;

/// Replicas of the evaluation events: more of them would leave open less than the tenth, 1/√(2 · 64), by which these few let a
/// standard deviation scatter, though not what the few events of a tail leave open of it.
pub const REPLICAS: usize = 64;

/// How often an event counts in each replica. They fill a line of the processor's cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(64))]
pub struct Counts(pub [u8; REPLICAS]);

/// Those of an event that is not drawn anew.
pub const ONCE: Counts = Counts([1; REPLICAS]);

/// A whole number for each replica.
type Sums = [u32; REPLICAS];

/// Draws how often an event counts.
pub fn draw_counts(generator: &mut impl Rng) -> Counts {
    let count = |_| {
        let uniform = f64::from(generator.next_u32()) / f64::from(u32::MAX);
        let (mut count, mut probability) = (0, (-1.0_f64).exp());
        let mut reached = probability;
        // The probabilities of more than twenty together are far below the steps of a 32 bit number.
        while uniform > reached && count < 20 {
            count += 1;
            probability /= f64::from(count);
            reached += probability;
        }
        count
    };
    Counts(std::array::from_fn(count))
}

/// Scores of a kind of events, from the most to the least signal-like, each with how often its event counts.
pub struct Ranked<'a> {
    events: Vec<(f32, &'a Counts)>,
    /// How often they count together.
    all: Sums,
}

impl<'a> Ranked<'a> {
    /// Ranks scores; scores that are not numbers count as the least signal-like.
    pub fn new(scores: &[f32], counts: &[&'a Counts]) -> Self {
        let number = |score: f32| if score.is_nan() { f32::NEG_INFINITY } else { score };
        let mut events: Vec<_> =
            scores.iter().zip(counts).map(|(score, counts)| (number(*score), *counts)).collect();
        events.sort_unstable_by(|(one, _), (other, _)| other.total_cmp(one));
        Self { all: total(&events), events }
    }

    /// Of no events.
    pub fn empty() -> Self {
        Self { events: vec![], all: [0; REPLICAS] }
    }
}

/// Figures of merit in each replica; none where a replica lacks it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Replicas {
    /// The significance improvement at a rejection of 1,000.
    pub sic_at_1e3: Option<Vec<f32>>,
    /// The significance improvement at a rejection of 5,000.
    pub sic_at_5e3: Option<Vec<f32>>,
    /// The area of signal against background.
    pub auc: Option<Vec<f32>>,
    /// The area of true background against the template.
    pub background_closure_auc: Option<Vec<f32>>,
}

impl Replicas {
    /// What one classifier achieves.
    ///
    /// `closing` is the true background that `template` is told apart from; the template is empty where nothing says how well it
    /// closes.
    pub fn of(background: &Ranked<'_>, signal: &Ranked<'_>, [template, closing]: [&Ranked<'_>; 2]) -> Self {
        let [sic_at_1e3, sic_at_5e3] =
            QUOTED_REJECTIONS.map(|rejection| improvements(background, signal, rejection));
        Self {
            sic_at_1e3,
            sic_at_5e3,
            auc: areas(background, signal),
            background_closure_auc: areas(template, closing),
        }
    }

    /// The mean of several with their weights: of classifiers, or of tasks with a number of classifiers each; none where there are
    /// none. A number that one lacks, or has of another number of replicas, the mean lacks, too.
    pub fn mean<'a>(several: impl Iterator<Item = (f64, &'a Self)> + Clone) -> Option<Self> {
        let all: f64 = several.clone().map(|(weight, _)| weight).sum();
        let mean = |of: fn(&Self) -> &Option<Vec<f32>>| {
            let mut sum = vec![0.0; REPLICAS];
            for (weight, one) in several.clone() {
                let values = of(one).as_ref().filter(|values| values.len() == REPLICAS)?;
                for (sum, value) in sum.iter_mut().zip(values) {
                    *sum += weight * f64::from(*value);
                }
            }
            Some(sum.into_iter().map(|sum| (sum / all) as f32).collect())
        };
        (all > 0.0).then(|| Self {
            sic_at_1e3: mean(|one| &one.sic_at_1e3),
            sic_at_5e3: mean(|one| &one.sic_at_5e3),
            auc: mean(|one| &one.auc),
            background_closure_auc: mean(|one| &one.background_closure_auc),
        })
    }
}

/// The standard deviation of a number over replicas; none for fewer than two.
pub fn spread(values: &[f64]) -> Option<f64> {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt())
}

/// Goes through background and signal from the most to the least signal-like: all events of one score at a time.
struct ByScore<'r, 'a> {
    background: &'r [(f32, &'a Counts)],
    signal: &'r [(f32, &'a Counts)],
}

impl<'r, 'a> ByScore<'r, 'a> {
    fn of(background: &'r Ranked<'a>, signal: &'r Ranked<'a>) -> Self {
        Self { background: &background.events, signal: &signal.events }
    }
}

impl<'r, 'a> Iterator for ByScore<'r, 'a> {
    type Item = [&'r [(f32, &'a Counts)]; 2];

    fn next(&mut self) -> Option<Self::Item> {
        let first = |side: &[(f32, &Counts)]| side.first().map(|(score, _)| *score);
        let score = match (first(self.background), first(self.signal)) {
            (Some(one), Some(other)) => one.max(other),
            (one, other) => one.or(other)?,
        };
        let both = [&mut self.background, &mut self.signal].map(|side| {
            // None is above it.
            let count = side.iter().take_while(|(other, _)| *other >= score).count();
            let (these, rest) = side.split_at(count);
            *side = rest;
            these
        });
        Some(both)
    }
}

/// How often events count together.
fn total(events: &[(f32, &Counts)]) -> Sums {
    let mut sums = [0; REPLICAS];
    for (_, counts) in events {
        add(&mut sums, &counts.0.map(u32::from));
    }
    sums
}

fn add(sums: &mut Sums, more: &Sums) {
    for (sum, more) in sums.iter_mut().zip(more) {
        *sum += more;
    }
}

/// The area of signal against background in each replica, ties counted half.
fn areas(background: &Ranked<'_>, signal: &Ranked<'_>) -> Option<Vec<f32>> {
    let (all_background, all_signal) = (background.all, signal.all);
    if all_background.contains(&0) || all_signal.contains(&0) {
        return None;
    }
    let mut not_above = all_background;
    let mut twice_below = [0_u64; REPLICAS];
    for [background, signal] in ByScore::of(background, signal) {
        let tied = total(background);
        if !signal.is_empty() {
            let passing = total(signal);
            for replica in 0..REPLICAS {
                let twice = 2 * not_above[replica] - tied[replica];
                twice_below[replica] += u64::from(passing[replica]) * u64::from(twice);
            }
        }
        if !background.is_empty() {
            for (left, tied) in not_above.iter_mut().zip(tied) {
                *left -= tied;
            }
        }
    }
    let area = |replica: usize| {
        let pairs = f64::from(all_background[replica]) * f64::from(all_signal[replica]);
        (twice_below[replica] as f64 / 2.0 / pairs) as f32
    };
    Some((0..REPLICAS).map(area).collect())
}

/// The significance improvement at a background rejection in each replica, as
/// [`RankedScores::efficiency_at`](super::metrics::RankedScores::efficiency_at) has it for the events themselves.
fn improvements(background: &Ranked<'_>, signal: &Ranked<'_>, rejection: f64) -> Option<Vec<f32>> {
    let (all_background, all_signal) = (background.all, signal.all);
    let passing = all_background.map(|count| f64::from(count) / rejection);
    if all_signal.contains(&0) || passing.iter().any(|passing| *passing < 1.0) {
        return None;
    }
    let below = passing.map(|passing| passing.floor() as u32);
    let above: Sums = std::array::from_fn(|replica| (below[replica] + 1).min(all_background[replica]));
    let [lower, upper] = [below, above].map(|count| passed(background, signal, &count));
    let improvement = |replica: usize| {
        let part = passing[replica] - f64::from(below[replica]);
        let passed = lower[replica] + part * (upper[replica] - lower[replica]);
        (passed / f64::from(all_signal[replica]) * rejection.sqrt()) as f32
    };
    Some((0..REPLICAS).map(improvement).collect())
}

/// Signal that passes in each replica where so many of the most signal-like background events do; signal and background of one
/// score pass in proportion.
fn passed(background: &Ranked<'_>, signal: &Ranked<'_>, needed: &Sums) -> [f64; REPLICAS] {
    let mut found = [0.0; REPLICAS];
    let (mut above, mut signal_above) = ([0; REPLICAS], [0; REPLICAS]);
    let mut open = REPLICAS;
    for [background, signal] in ByScore::of(background, signal) {
        let tied_signal = total(signal);
        if !background.is_empty() {
            let tied = total(background);
            for replica in 0..REPLICAS {
                let missing = needed[replica].saturating_sub(above[replica]);
                if (1..=tied[replica]).contains(&missing) {
                    let share = f64::from(missing) / f64::from(tied[replica]);
                    found[replica] =
                        f64::from(signal_above[replica]) + share * f64::from(tied_signal[replica]);
                    open -= 1;
                }
            }
            add(&mut above, &tied);
        }
        if open == 0 {
            break;
        }
        add(&mut signal_above, &tied_signal);
    }
    found
}

#[cfg(test)]
mod tests;
