//! Ticks of logarithmic axes: powers of ten, and multiples of them on short axes.

use super::{Interval, Rank, Tick, steps};
use crate::number;

/// Axes shorter than this many decades have labels between the powers of ten.
const SHORT: f64 = 1.5;
/// More decades than this have no ticks between the powers of ten.
const LONG: f64 = 12.0;
/// Most powers of ten that are labelled.
const LABELS: usize = 9;

/// Ticks with as many labels as fit.
pub(super) fn ticks(interval: &Interval, fits: impl Fn(&[Tick]) -> bool) -> Vec<Tick> {
    let decades = (interval.high / interval.low).log10();
    if decades >= SHORT {
        return powers(interval, decades, fits);
    }
    let fine = [&[1, 2, 3, 4, 5, 6, 7, 8, 9][..], &[1, 2, 3, 5, 7], &[1, 2, 5], &[1, 3], &[1]];
    // Few labels are easier to read where they are enough.
    let from = if decades > 0.7 { 2 } else { 0 };
    let chosen = fine[from..].iter().map(|digits| multiples(interval, digits)).find(|ticks| fits(ticks));
    match chosen {
        Some(ticks) if count(&ticks) >= 3 || decades > 0.7 => ticks,
        _ => steps::ticks(interval, fits),
    }
}

/// Labels at powers of ten, or at every second, third and so on where they would crowd.
fn powers(interval: &Interval, decades: f64, fits: impl Fn(&[Tick]) -> bool) -> Vec<Tick> {
    let (first, last) = exponents(interval);
    // Small numbers need no powers: 0.1, 1, 10 and 100 are read faster.
    let small = interval.low >= 0.009 && interval.high <= 1100.0;
    let spacings = (1..=last - first + 1).map(|every| {
        let label = |exponent: i32| match exponent.rem_euclid(every) {
            0 if small => Some(number::short(10f64.powi(exponent))),
            0 => Some(number::power(exponent)),
            _ => None,
        };
        let tick = |exponent| Tick { value: 10f64.powi(exponent), label: label(exponent), rank: Rank::Major };
        (first..=last).map(tick).collect::<Vec<_>>()
    });
    let mut spacings = spacings.filter(|ticks| count(ticks) <= LABELS && fits(ticks));
    let mut ticks = spacings.next().unwrap_or_default();
    if decades <= LONG {
        ticks.extend(between(interval));
    }
    ticks.sort_by(|a, b| a.value.total_cmp(&b.value));
    ticks
}

/// Labels at some multiples of every power of ten, short ticks at the others.
fn multiples(interval: &Interval, digits: &[i32]) -> Vec<Tick> {
    let (first, last) = exponents(interval);
    let mut ticks = Vec::new();
    for exponent in first - 1..=last {
        for digit in 1..10 {
            let value = f64::from(digit) * 10f64.powi(exponent);
            if digits.contains(&digit) {
                ticks.push(Tick::major(value, number::short(value)));
            } else {
                ticks.push(Tick::minor(value));
            }
        }
    }
    ticks.retain(|tick| interval.shows(tick.value));
    ticks
}

/// The multiples of all powers of ten, without the powers.
fn between(interval: &Interval) -> impl Iterator<Item = Tick> {
    multiples(interval, &[]).into_iter().filter(|tick| {
        let exponent = tick.value.log10();
        (exponent - exponent.round()).abs() > 1e-6
    })
}

/// The first and the last power of ten inside an interval.
fn exponents(interval: &Interval) -> (i32, i32) {
    let near = 1e-6;
    ((interval.low.log10() - near).ceil() as i32, (interval.high.log10() + near).floor() as i32)
}

fn count(ticks: &[Tick]) -> usize {
    ticks.iter().filter(|tick| tick.label.is_some()).count()
}

#[cfg(test)]
mod tests {
    use super::{super::tests::labels, *};
    use crate::Scale;

    fn of(low: f64, high: f64) -> Vec<Tick> {
        ticks(&Interval { low, high, scale: Scale::Log }, |_| true)
    }

    #[test]
    fn long_axes_have_powers_of_ten() {
        assert_eq!(labels(&of(1.0, 1e5)), ["10^{0}", "10^{1}", "10^{2}", "10^{3}", "10^{4}", "10^{5}"]);
        assert_eq!(of(1.0, 1e5).len(), 6 + 5 * 8);
    }

    #[test]
    fn small_numbers_are_written_out() {
        assert_eq!(labels(&of(0.09, 500.0)), ["0.1", "1", "10", "100"]);
    }

    #[test]
    fn short_axes_have_labels_between_the_powers() {
        assert_eq!(labels(&of(1.0, 20.0)), ["1", "2", "5", "10", "20"]);
        assert_eq!(
            labels(&of(4000.0, 60_000.0)),
            ["5000", "10\u{2009}000", "20\u{2009}000", "50\u{2009}000"]
        );
    }

    #[test]
    fn very_short_axes_are_labelled_like_linear_ones() {
        assert_eq!(labels(&of(3.1, 3.6)), ["3.1", "3.2", "3.3", "3.4", "3.5", "3.6"]);
        assert_eq!(labels(&of(2.0, 6.0)), ["2", "3", "4", "5", "6"]);
    }

    #[test]
    fn many_decades_are_labelled_sparsely() {
        let ticks = of(1e-20, 1e20);
        assert!(labels(&ticks).len() <= LABELS);
        assert!(ticks.iter().all(|tick| tick.rank == Rank::Major));
    }
}
