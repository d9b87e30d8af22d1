//! What a user should know about columns that are read as they are: values that look like missing ones, and weights.

use super::wording::printable;

/// Numbers that programs write where there is none.
const USUAL: [f64; 8] = [1.0, 9.0, 10.0, 99.0, 999.0, 9_999.0, 99_999.0, 999_999.0];

/// Names of columns of weights, in small letters and without `_` and `-`.
const WEIGHTS: [&str; 5] = ["w", "wt", "wgt", "weight", "weights"];

/// The ends of a column's values, and how often the outermost occur.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extremes {
    low: f64,
    low_count: usize,
    /// The smallest value above `low`.
    next_low: f64,
    high: f64,
    high_count: usize,
    /// The largest value below `high`.
    next_high: f64,
    negative: usize,
    count: usize,
    /// Values that are no whole numbers.
    fractional: usize,
}

impl Default for Extremes {
    fn default() -> Self {
        Self {
            low: f64::INFINITY,
            low_count: 0,
            next_low: f64::INFINITY,
            high: f64::NEG_INFINITY,
            high_count: 0,
            next_high: f64::NEG_INFINITY,
            negative: 0,
            count: 0,
            fractional: 0,
        }
    }
}

impl Extremes {
    /// Looks at a value; NaN and infinities are passed over.
    pub fn add(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        self.count += 1;
        self.negative += usize::from(value < 0.0);
        self.fractional += usize::from(value.fract() != 0.0);
        if value < self.low {
            self.next_low = self.low;
            (self.low, self.low_count) = (value, 1);
        } else if value <= self.low {
            self.low_count += 1;
        } else if value < self.next_low {
            self.next_low = value;
        }
        if value > self.high {
            self.next_high = self.high;
            (self.high, self.high_count) = (value, 1);
        } else if value >= self.high {
            self.high_count += 1;
        } else if value > self.next_high {
            self.next_high = value;
        }
    }

    /// Values that stand far outside of the rest and repeat exactly, with how often they do: physics does not do that.
    fn repeated(&self) -> Vec<(f64, usize)> {
        let often = |count: usize| count >= 10 || (count >= 3 && 100 * count >= self.count);
        let mut found = Vec::new();
        let (low, high) = (often(self.low_count), often(self.high_count));
        // The rest lies between the two, without those of them that are suspects themselves.
        let rest = [
            if low { self.next_low } else { self.low },
            if high && is_usual(self.high) { self.next_high } else { self.high },
        ];
        if low && self.is_outside(self.low, rest, self.next_low - self.low) {
            found.push((self.low, self.low_count));
        }
        let rest = [
            if low && is_usual(self.low) { self.next_low } else { self.low },
            if high { self.next_high } else { self.high },
        ];
        if high && self.is_outside(self.high, rest, self.high - self.next_high) {
            found.push((self.high, self.high_count));
        }
        found
    }

    fn is_outside(&self, value: f64, rest: [f64; 2], gap: f64) -> bool {
        let width = rest[1] - rest[0];
        // A zero is usually a value, not a placeholder for a missing one.
        if value == 0.0 || !(gap > 0.0 && width > 0.0) {
            return false;
        }
        // Counts may have gaps, so that only numbers that are known as placeholders are suspects among whole numbers.
        let is_continuous = self.fractional > 0;
        let is_odd_one = value < 0.0 && rest[0] >= 0.0;
        if is_usual(value) && is_continuous {
            gap > 0.1 * width || is_odd_one
        } else {
            gap > width && (is_continuous || is_usual(value) && gap > 10.0)
        }
    }

    /// What to say about values of a used column that may stand for missing ones.
    pub fn missing(&self, column: &str) -> Vec<String> {
        let column = printable(column);
        let count = self.count;
        self.repeated()
            .into_iter()
            .map(|(value, times)| {
                let value = plain(value);
                format!(
                    "column {column} is {value} in {times} of {count} rows ({}), far outside of the rest: if that stands for \
                     a missing value, write missing = {value} in [data] of the job; else it counts as a value like any other",
                    share(times, count)
                )
            })
            .collect()
    }

    /// What to say about a column of weights.
    pub fn weights(&self, column: &str) -> Option<String> {
        (looks_like_weights(column) && self.low < self.high).then(|| {
            format!(
                "column {} looks like weights ({} to {}, {} negative): drapes uses none, each event counts once",
                printable(column),
                plain(self.low),
                plain(self.high),
                share(self.negative, self.count)
            )
        })
    }
}

/// Whether a column has the name of weights.
pub(super) fn looks_like_weights(name: &str) -> bool {
    let plain = name.to_lowercase().replace(['_', '-', ' ', '.'], "");
    WEIGHTS.contains(&plain.as_str())
        || plain.ends_with("weight")
        || plain.ends_with("weights")
        || plain.starts_with("weight")
}

/// What to say about columns that share a name.
pub(super) fn repeated_names(names: &[String]) -> Option<String> {
    let mut repeated: Vec<String> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for name in names {
        if !seen.insert(name) && !repeated.contains(name) {
            repeated.push(name.clone());
        }
    }
    let shown = super::wording::shortened(&repeated);
    (!repeated.is_empty()).then(|| {
        format!("several columns share a name, {shown}: a job cannot use it before it is one column's")
    })
}

/// Whether a number is one that programs write where there is none.
fn is_usual(value: f64) -> bool {
    USUAL.contains(&value.abs()) || (value.abs() - 999.9).abs() < 1.0 || value.abs() >= 1e30
}

fn share(part: usize, all: usize) -> String {
    let percent = 100.0 * part as f64 / all.max(1) as f64;
    if percent > 0.0 && percent < 1.0 { format!("{percent:.2}%") } else { format!("{percent:.0}%") }
}

/// A number as short as it may be: one that was stored in single precision has the digits of that.
fn plain(value: f64) -> String {
    let single = value as f32;
    if f64::from(single).to_bits() == value.to_bits() && value.abs() < 1e7 {
        single.to_string()
    } else {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(values: impl IntoIterator<Item = f64>) -> Vec<String> {
        let mut extremes = Extremes::default();
        values.into_iter().for_each(|value| extremes.add(value));
        extremes.missing("b")
    }

    /// Values from 0 to 1, each once.
    fn usual() -> impl Iterator<Item = f64> {
        (0..500).map(|index| (f64::from(index) * 0.618_034).fract())
    }

    #[test]
    fn repeated_values_far_outside_are_named() {
        assert_eq!(
            found(usual().chain([-999.0; 500])),
            [
                "column b is -999 in 500 of 1000 rows (50%), far outside of the rest: if that stands for a missing value, write \
              missing = -999 in [data] of the job; else it counts as a value like any other"
            ]
        );
        for missing in [-1.0, -9.0, 9999.0, -999.900_024_414_062_5, 1e30] {
            assert_eq!(found(usual().chain([missing; 20])).len(), 1, "{missing}");
        }
        assert!(found(usual().chain([-999.900_024_414_062_5; 20]))[0].contains("missing = -999.9 in"));
        // Momenta of up to 2000 with -1 for none.
        assert_eq!(found(usual().map(|x| 200.0 + 1800.0 * x).chain([-1.0; 20])).len(), 1);
        // Both at once.
        assert_eq!(found(usual().chain([-999.0; 20]).chain([9999.0; 30])).len(), 2);
    }

    #[test]
    fn physics_is_not_suspected() {
        assert!(found(usual()).is_empty());
        // One event far outside, labels, charges, counts, and a column that is mostly zero.
        assert!(found(usual().chain([1e30])).is_empty());
        assert!(found([0.0, 1.0].into_iter().cycle().take(500)).is_empty());
        assert!(found([-1.0, 0.0, 1.0].into_iter().cycle().take(500)).is_empty());
        assert!(found((0..500).map(|index| f64::from(index % 7))).is_empty());
        assert!(found(usual().map(|x| if x > 0.9 { 10.0 * x } else { 0.0 })).is_empty());
        assert!(found([0.7; 500]).is_empty());
        // Values that are cut at an edge pile up there.
        assert!(found(usual().map(|x| x.clamp(0.2, 0.8))).is_empty());
    }

    #[test]
    fn weights_are_known_by_name_and_values() {
        for name in ["weight", "Event_Weight", "mcWeight", "genWeight", "w", "weights", "weight_mc"] {
            assert!(looks_like_weights(name), "{name}");
        }
        assert!(!looks_like_weights("m_jj") && !looks_like_weights("width"));
        let mut extremes = Extremes::default();
        for value in [1.3, 1.3, 1.3, -1.0] {
            extremes.add(value);
        }
        assert_eq!(
            extremes.weights("weight").expect("weights"),
            "column weight looks like weights (-1 to 1.3, 25% negative): drapes uses none, each event counts once"
        );
        assert_eq!(extremes.weights("x"), None);
        let mut equal = Extremes::default();
        for value in [1.0; 4] {
            equal.add(value);
        }
        assert_eq!(equal.weights("weight"), None);
    }

    #[test]
    fn names_that_repeat_are_listed_once() {
        let names = ["a", "b", "a", "a", "c"].map(str::to_owned);
        assert!(repeated_names(&names).expect("two names").contains("share a name, a:"));
        assert_eq!(repeated_names(&names[..2]), None);
    }
}
