//! What a column of numbers is: smooth, of few values, mixed, constant, or ruled by outliers.
//!
//! Diffusion models and flows make smooth numbers. Where data stand on certain values, a tree sees at once which events
//! were made: such columns are found here, so that models treat them as what they are and users are told.

mod outliers;
mod words;

pub use outliers::Outliers;
pub use words::notes;

/// A value is an atom where it holds at least this share of the events: less than that helps no classifier much.
const ATOM_SHARE: f64 = 0.01;
/// And at least so many events: fewer may be equal by chance.
const ATOM_EVENTS: usize = 10;
/// Up to so many different values each is kept for itself, also where they lie on a lattice.
const FEW: usize = 256;
/// Up to so many different values each is kept for itself where they lie on no lattice.
const MANY: usize = 4096;

/// A column of numbers in single precision, as models and classifiers see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Events behind it.
    pub events: usize,
    /// Different values.
    pub distinct: usize,
    /// The smallest and the largest value.
    pub range: (f64, f64),
    /// How its values are distributed.
    pub nature: Nature,
    /// What lies so far out that it rules the standard deviation, if anything does.
    pub outliers: Option<Outliers>,
}

/// How the values of a column are distributed.
#[derive(Clone, Debug, PartialEq)]
pub enum Nature {
    /// All events have this value.
    Constant(f64),
    /// Values hardly ever repeat.
    Smooth,
    /// Some values hold many events each, the others hardly ever repeat.
    Mixed(Vec<Atom>),
    /// All values repeat.
    Discrete(Vec<Atom>),
    /// All values repeat and are multiples of a step, too many for each to be kept for itself.
    Lattice(Lattice),
}

/// A value that holds many events.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Atom {
    /// The value.
    pub value: f64,
    /// Its events.
    pub events: usize,
}

/// Values at equal distances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lattice {
    /// One of its values.
    pub origin: f64,
    /// The distance of neighbours.
    pub step: f64,
}

impl Lattice {
    /// The value of the lattice that is nearest.
    pub fn nearest(&self, value: f64) -> f64 {
        self.origin + ((value - self.origin) / self.step).round() * self.step
    }
}

impl Column {
    /// Describes a column of finite values; none where there are no values.
    pub fn of(values: impl IntoIterator<Item = f32>) -> Option<Self> {
        let mut sorted: Vec<f32> = values.into_iter().collect();
        sorted.sort_unstable_by(f32::total_cmp);
        Self::of_sorted(&sorted)
    }

    /// As [`Column::of`], of values in rising order.
    pub fn of_sorted(sorted: &[f32]) -> Option<Self> {
        let (first, last) = (*sorted.first()?, *sorted.last()?);
        let runs: Vec<Atom> = sorted.chunk_by(|one, other| one >= other).map(atom).collect();
        Some(Self {
            events: sorted.len(),
            distinct: runs.len(),
            range: (f64::from(first), f64::from(last)),
            nature: nature(sorted.len(), &runs),
            outliers: Outliers::of_sorted(sorted),
        })
    }

    /// Whether a model must see it through its ranks, whatever the job says of marginals.
    pub fn needs_ranks(&self) -> bool {
        self.outliers.is_some() || !matches!(self.nature, Nature::Constant(_) | Nature::Smooth)
    }
}

fn atom(run: &[f32]) -> Atom {
    // Minus zero is zero.
    Atom { value: f64::from(run[0]) + 0.0, events: run.len() }
}

fn nature(events: usize, runs: &[Atom]) -> Nature {
    if let [only] = runs {
        return Nature::Constant(only.value);
    }
    let enough = ATOM_EVENTS.max((ATOM_SHARE * events as f64).ceil() as usize);
    let rest = || runs.iter().filter(|run| run.events < enough);
    let (others, repeated) = rest().fold((0, 0), |(all, repeated), run| {
        (all + run.events, repeated + if run.events > 1 { run.events } else { 0 })
    });
    // Equal values among the others are rare by chance, and the rule where values are rounded or counted.
    if 2 * runs.len() <= events && 2 * repeated >= others {
        if runs.len() <= FEW {
            return Nature::Discrete(runs.to_vec());
        }
        // In single precision, multiples of a fractional step are rounded: values that are few enough are kept as they are
        // instead of being computed from the step.
        let lattice = lattice(events, runs);
        if let Some(lattice) = lattice.filter(|lattice| lattice.step.fract() == 0.0 || runs.len() > MANY) {
            return Nature::Lattice(lattice);
        }
        if runs.len() <= MANY {
            return Nature::Discrete(runs.to_vec());
        }
    }
    let atoms: Vec<Atom> = runs.iter().filter(|run| run.events >= enough).copied().collect();
    if atoms.is_empty() { Nature::Smooth } else { Nature::Mixed(atoms) }
}

/// The lattice of whole numbers, or one of as few places as there are events.
fn lattice(events: usize, runs: &[Atom]) -> Option<Lattice> {
    let origin = runs.first()?.value;
    if runs.iter().all(|run| run.value.fract() == 0.0) {
        return Some(Lattice { origin, step: 1.0 });
    }
    let gaps = runs.windows(2).map(|pair| pair[1].value - pair[0].value);
    let smallest = gaps.fold(f64::INFINITY, f64::min);
    // The smallest gap has a large relative rounding error in single precision; distances to values further away give the
    // step more precisely.
    let step = runs[1..].iter().fold(smallest, |step, run| {
        let distance = run.value - origin;
        distance / (distance / step).round().max(1.0)
    });
    let places = (runs.last()?.value - origin) / step;
    let is_on = |run: &Atom| {
        let place = (run.value - origin) / step;
        (place - place.round()).abs() < 0.05
    };
    (places < events as f64 && runs.iter().all(is_on)).then_some(Lattice { origin, step })
}

#[cfg(test)]
mod tests;
