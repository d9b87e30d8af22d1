//! A sample whose events are compared with each other and with those of other samples.

use std::cmp::Ordering;

use drapes_analysis::job::regions::MassWindow;

use super::{Agreement, Repeat};
use crate::data::{Events, row_hash};

/// Events that play one part.
pub struct Group<'a> {
    name: String,
    events: &'a Events,
    chosen: Vec<usize>,
    /// Where all of them lie, if they are restricted.
    window: Option<MassWindow>,
    /// Numbers of their rows, in ascending order.
    rows: Vec<u64>,
}

impl<'a> Group<'a> {
    /// The events that are used.
    pub fn new(name: String, events: &'a Events, is_used: impl Fn(usize) -> bool) -> Self {
        let chosen: Vec<usize> = (0..events.len()).filter(|event| is_used(*event)).collect();
        let rows = sorted(chosen.iter().map(|event| row(events, *event)));
        Self { name, events, chosen, window: None, rows }
    }

    /// The group restricted to a mass window.
    pub fn within(self, window: MassWindow) -> Self {
        Self { window: Some(window), ..self }
    }

    /// Events that are copies of others of this sample.
    pub fn repeats(&self) -> Option<Repeat> {
        let repeated = self.rows.windows(2).filter(|pair| pair[0] == pair[1]).count();
        if repeated == 0 {
            return None;
        }
        let (masses, features) = (self.masses(), self.features());
        let agreement = Agreement {
            all: pairs(self.rows.len()),
            in_all: pairs_within(&self.rows),
            in_mass: pairs_within(&masses),
            in_features: pairs_within(&features),
        };
        let events = agreement.unexplained(repeated);
        (events > 0).then(|| Repeat { sample: self.name.clone(), other: None, events, of: self.rows.len() })
    }

    /// Events of the smaller of two samples that the other holds, too.
    pub fn shares_with(&self, other: &Self) -> Option<Repeat> {
        let window = self.window.or(other.window);
        let sizes = (self.size_in(window), other.size_in(window));
        let (small, large, of) =
            if sizes.0 <= sizes.1 { (self, other, sizes.0) } else { (other, self, sizes.1) };
        let (shared, in_all) = matches(&small.rows, &large.rows);
        if shared == 0 {
            return None;
        }
        let agreement = Agreement {
            all: small.rows.len() as f64 * large.rows.len() as f64,
            in_all,
            in_mass: matches(&small.masses(), &large.masses()).1,
            in_features: matches(&small.features(), &large.features()).1,
        };
        let events = agreement.unexplained(shared);
        (events > 0).then(|| Repeat {
            sample: small.name.clone(),
            other: Some(large.name.clone()),
            events,
            of,
        })
    }

    fn size_in(&self, window: Option<MassWindow>) -> usize {
        let Some(window) = window else { return self.chosen.len() };
        self.chosen.iter().filter(|event| window.contains(self.events.mass[**event])).count()
    }

    fn masses(&self) -> Vec<u64> {
        sorted(self.chosen.iter().map(|event| row_hash([self.events.mass[*event] as f32])))
    }

    fn features(&self) -> Vec<u64> {
        sorted(self.chosen.iter().map(|event| row_hash(self.events.features.row(*event).iter().copied())))
    }
}

/// The number of an event's row.
fn row(events: &Events, event: usize) -> u64 {
    row_hash(std::iter::once(events.mass[event] as f32).chain(events.features.row(event).iter().copied()))
}

fn sorted(numbers: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut numbers: Vec<u64> = numbers.collect();
    numbers.sort_unstable();
    numbers
}

fn pairs(count: usize) -> f64 {
    count as f64 * (count as f64 - 1.0) / 2.0
}

/// Pairs of equal numbers.
fn pairs_within(sorted: &[u64]) -> f64 {
    sorted.chunk_by(|a, b| a == b).map(|equal| pairs(equal.len())).sum()
}

/// How many of the first numbers are among the others, and pairs of equal numbers.
fn matches(first: &[u64], second: &[u64]) -> (usize, f64) {
    let runs = |numbers: &'_ [u64]| -> Vec<(u64, usize)> {
        numbers.chunk_by(|a, b| a == b).map(|equal| (equal[0], equal.len())).collect()
    };
    let (first, second) = (runs(first), runs(second));
    let (mut shared, mut pairs) = (0, 0.0);
    let mut rest = second.iter().peekable();
    for (number, count) in first {
        while rest.next_if(|(other, _)| other.cmp(&number) == Ordering::Less).is_some() {}
        if let Some((_, others)) = rest.next_if(|(other, _)| *other == number) {
            shared += count;
            pairs += count as f64 * *others as f64;
        }
    }
    (shared, pairs)
}
