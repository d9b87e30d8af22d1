//! Maps of a column to a unit normal through the ranks of its values; a value that many events share is given an interval of
//! its own, in which they are spread.

use super::{ColumnMap, KNOT_SPACING, normal_quantile, normal_share};
use crate::data::columns::{Column, Lattice, Nature};

/// How far beyond the outermost events their values reach, in standard deviations of the mapped column.
const BEYOND: f64 = 1.0;

/// The map of a column in rising order.
pub fn map(sorted: &[f32], column: &Column) -> ColumnMap {
    let knots = Knots::of(sorted.len());
    match &column.nature {
        Nature::Lattice(lattice) => knots.of_lattice(sorted, *lattice),
        Nature::Discrete(_) => knots.with_atoms(sorted, &|_| true),
        Nature::Mixed(atoms) => knots
            .with_atoms(sorted, &|value| atoms.binary_search_by(|atom| atom.value.total_cmp(&value)).is_ok()),
        Nature::Smooth | Nature::Constant(_) => knots.with_atoms(sorted, &|_| false),
    }
}

/// A map in the making.
struct Knots {
    own: Vec<f64>,
    mapped: Vec<f64>,
    count: usize,
    /// Where the outermost events stand, for half an event's share each.
    outermost: f64,
}

impl Knots {
    fn of(count: usize) -> Self {
        let outermost = normal_quantile(1.0 - 0.5 / count.max(2) as f64);
        Self { own: vec![], mapped: vec![], count, outermost }
    }

    fn push(&mut self, own: f64, mapped: f64) {
        self.own.push(own);
        self.mapped.push(mapped);
    }

    /// Where the first `events` events end.
    fn end_of(&self, events: usize) -> f64 {
        match events {
            0 => -self.outermost,
            _ if events == self.count => self.outermost,
            _ => normal_quantile(events as f64 / self.count as f64).clamp(-self.outermost, self.outermost),
        }
    }

    /// Atoms with their intervals, and stretches of other values between them.
    fn with_atoms(mut self, sorted: &[f32], is_atom: &dyn Fn(f64) -> bool) -> ColumnMap {
        // Beyond the outermost events nothing is known: their values go on, so that no slope leads out of all bounds.
        self.push(f64::from(sorted[0]) + 0.0, -self.outermost - BEYOND);
        let mut first = 0;
        let runs: Vec<&[f32]> = sorted.chunk_by(|one, other| one >= other).collect();
        for stretch in runs
            .chunk_by(|one, other| !is_atom(f64::from(one[0]) + 0.0) && !is_atom(f64::from(other[0]) + 0.0))
        {
            let events: usize = stretch.iter().map(|run| run.len()).sum();
            let ends = (self.end_of(first), self.end_of(first + events));
            self.stretch(&sorted[first..first + events], first, ends);
            first += events;
        }
        self.push(f64::from(sorted[sorted.len() - 1]) + 0.0, self.outermost + BEYOND);
        ColumnMap { own: self.own, mapped: self.mapped, lattice: None }
    }

    /// From the least to the largest value of a stretch, with knots at equal steps between; both are one for an atom.
    fn stretch(&mut self, values: &[f32], first: usize, (low, high): (f64, f64)) {
        let value = |place: usize| f64::from(values[place]) + 0.0;
        let (least, most) = (value(0), value(values.len() - 1));
        self.push(least, low);
        let steps = ((high - low) / KNOT_SPACING).ceil().max(1.0);
        for step in 1..steps as usize {
            let z = low + (high - low) * step as f64 / steps;
            let at = normal_share(z) * self.count as f64 - 0.5 - first as f64;
            let at = at.clamp(0.0, (values.len() - 1) as f64);
            let below = at.floor() as usize;
            let above = (below + 1).min(values.len() - 1);
            let x = value(below) + (at - below as f64) * (value(above) - value(below));
            if x > self.own[self.own.len() - 1] && x < most {
                self.push(x, z);
            }
        }
        self.push(most, high);
    }

    /// Each value stands for the step around it.
    fn of_lattice(mut self, sorted: &[f32], lattice: Lattice) -> ColumnMap {
        let half = lattice.step / 2.0;
        self.push(f64::from(sorted[0]) - half, -self.outermost);
        let mut events = 0;
        for run in sorted.chunk_by(|one, other| one >= other) {
            let value = f64::from(run[0]);
            for (edge, events) in [(value - half, events), (value + half, events + run.len())] {
                let z = self.end_of(events);
                let last = self.own.len() - 1;
                if edge > self.own[last] && z >= self.mapped[last] + KNOT_SPACING / 2.0 && events < self.count
                {
                    self.push(edge, z);
                }
            }
            events += run.len();
        }
        self.push(f64::from(sorted[sorted.len() - 1]) + half, self.outermost);
        ColumnMap { own: self.own, mapped: self.mapped, lattice: Some(lattice) }
    }
}
