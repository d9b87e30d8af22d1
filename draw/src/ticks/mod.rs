//! Where an axis has ticks, and what is written at them.

mod decades;
mod steps;

use super::{Axis, Scale, Ticks, label, scale::Interval, sizes};

/// One tick of an axis.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    pub value: f64,
    /// Text at a major tick; minor ticks are short and have none.
    pub label: Option<String>,
    pub rank: Rank,
}

/// The importance of a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rank {
    Major,
    Minor,
}

impl Tick {
    fn major(value: f64, label: String) -> Self {
        Self { value, label: Some(label), rank: Rank::Major }
    }

    fn minor(value: f64) -> Self {
        Self { value, label: None, rank: Rank::Minor }
    }
}

/// The direction of an axis and its length in points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Along {
    X(f64),
    Y(f64),
}

impl Along {
    /// Whether the labels of these ticks stay clear of each other.
    fn fits(self, interval: &Interval, ticks: &[Tick]) -> bool {
        let mut end = f64::NEG_INFINITY;
        for tick in ticks {
            let (Some(label), Some(fraction)) = (&tick.label, interval.fraction(tick.value)) else {
                continue;
            };
            let (centre, half) = match self {
                Self::X(length) => (fraction * length, 0.5 * label::width(label, sizes::TICK) + 6.0),
                Self::Y(length) => (fraction * length, 0.75 * sizes::TICK),
            };
            if centre - half < end {
                return false;
            }
            end = centre + half;
        }
        true
    }
}

/// The ticks of an axis as its description asks for them.
pub(crate) fn along(axis: &Axis, interval: &Interval, along: Along) -> Vec<Tick> {
    match &axis.ticks {
        Ticks::Numbers => ticks(interval, along),
        Ticks::Bare => {
            let unlabelled = |tick: Tick| Tick { label: None, ..tick };
            ticks(interval, along).into_iter().map(unlabelled).collect()
        }
        Ticks::Names(names) => {
            let shown = names.iter().filter(|(value, _)| interval.shows(*value));
            shown.map(|(value, name)| Tick::major(*value, name.clone())).collect()
        }
    }
}

/// Ticks at round numbers, in rising order.
fn ticks(interval: &Interval, along: Along) -> Vec<Tick> {
    let fits = |ticks: &[Tick]| along.fits(interval, ticks);
    match interval.scale {
        Scale::Linear => steps::ticks(interval, fits),
        Scale::Log => decades::ticks(interval, fits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().filter_map(|tick| tick.label.as_deref()).collect()
    }

    #[test]
    fn labels_never_crowd() {
        let interval = Interval { low: 2_500_000.0, high: 5_000_000.0, scale: Scale::Linear };
        let wide = ticks(&interval, Along::X(900.0));
        let narrow = ticks(&interval, Along::X(180.0));
        assert!(labels(&narrow).len() < labels(&wide).len());
        assert!(Along::X(180.0).fits(&interval, &narrow));
        assert!(!Along::X(180.0).fits(&interval, &wide));
    }

    #[test]
    fn an_axis_may_have_names_or_nothing_at_its_ticks() {
        let interval = Interval { low: 0.0, high: 2.0, scale: Scale::Linear };
        let names = vec![(0.5, "two".to_owned()), (1.5, "five".to_owned()), (7.0, "outside".to_owned())];
        let of = |axis: Axis| along(&axis, &interval, Along::X(200.0));
        assert_eq!(labels(&of(Axis::linear("").named(names))), ["two", "five"]);
        let bare = of(Axis::linear("").bare());
        assert!(labels(&bare).is_empty() && bare.len() == of(Axis::linear("")).len());
    }

    #[test]
    fn ticks_rise_and_stay_inside() {
        for (low, high, scale) in [
            (0.0, 1.0, Scale::Linear),
            (-3.7, 4.2, Scale::Linear),
            (1e-9, 3e-9, Scale::Linear),
            (1e6, 1.000_001e6, Scale::Linear),
            (0.3, 7e7, Scale::Log),
            (2.0, 3.0, Scale::Log),
            (1e-100, 1e100, Scale::Log),
        ] {
            let interval = Interval { low, high, scale };
            let ticks = ticks(&interval, Along::Y(300.0));
            assert!(ticks.windows(2).all(|pair| pair[0].value < pair[1].value), "{low} {high}");
            assert!(ticks.iter().all(|tick| interval.shows(tick.value)), "{low} {high}");
            assert!((2..=12).contains(&labels(&ticks).len()), "{low} {high}: {:?}", labels(&ticks));
        }
    }
}
