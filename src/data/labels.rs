//! Labels that tell signal from background, and values that do not.

use std::fmt;

/// The most values beside those of labels that are counted one by one.
const MOST: usize = 12;

/// The values of a column of labels, with how often each occurs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelValues {
    /// How often 0, 1 and −1 occur.
    zero: usize,
    one: usize,
    minus_one: usize,
    /// Other values, in the order of the file.
    others: Vec<(f64, usize)>,
    /// How many events have labels beyond those that are listed.
    further: usize,
}

/// What a column of labels means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LabelKind {
    /// There is background, with or without signal.
    Labels,
    /// All is signal.
    AllSignal,
    /// The values are those of something else.
    Other,
}

impl LabelValues {
    /// Counts a finite value.
    pub(super) fn add(&mut self, value: f64) {
        let is = |known: f64| value.to_bits() == known.to_bits();
        if value == 0.0 {
            self.zero += 1;
        } else if is(1.0) {
            self.one += 1;
        } else if is(-1.0) {
            self.minus_one += 1;
        } else if let Some((_, count)) = self.others.iter_mut().find(|(known, _)| is(*known)) {
            *count += 1;
        } else if self.others.len() < MOST {
            self.others.push((value, 1));
        } else {
            self.further += 1;
        }
    }

    /// What the column means: 0 and 1, or −1 and 1, are labels, and nothing else.
    pub(super) fn kind(&self) -> LabelKind {
        if !self.others.is_empty() || (self.zero > 0 && self.minus_one > 0) {
            LabelKind::Other
        } else if self.one > 0 && self.zero == 0 && self.minus_one == 0 {
            LabelKind::AllSignal
        } else {
            LabelKind::Labels
        }
    }

    /// How often 1 occurs.
    pub(super) fn ones(&self) -> usize {
        self.one
    }
}

impl fmt::Display for LabelValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usual = [(-1.0, self.minus_one), (0.0, self.zero), (1.0, self.one)];
        let mut values: Vec<(f64, usize)> = usual.into_iter().filter(|(_, count)| *count > 0).collect();
        values.extend(&self.others);
        values.sort_by(|one, next| one.0.total_cmp(&next.0));
        let mut words: Vec<String> = values
            .iter()
            .enumerate()
            .map(|(place, (value, count))| match place {
                0 => format!("{value} in {count} {}", if *count == 1 { "row" } else { "rows" }),
                _ => format!("{value} in {count}"),
            })
            .collect();
        if self.further > 0 {
            words.push(format!("others in {}", self.further));
        }
        f.write_str(&words.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(values: &[f64]) -> LabelValues {
        let mut found = LabelValues::default();
        for value in values {
            found.add(*value);
        }
        found
    }

    #[test]
    fn two_values_are_labels() {
        for labels in [vec![0.0, 1.0], vec![-1.0, 1.0], vec![0.0], vec![-0.0, 1.0], vec![-1.0], vec![]] {
            assert_eq!(values(&labels).kind(), LabelKind::Labels, "{labels:?}");
        }
        assert_eq!(values(&[1.0, 1.0]).kind(), LabelKind::AllSignal);
        for labels in
            [vec![0.0, 1.0, 2.0], vec![1.0, 2.0], vec![-1.0, 0.0, 1.0], vec![0.0, 0.999], vec![34.0]]
        {
            assert_eq!(values(&labels).kind(), LabelKind::Other, "{labels:?}");
        }
    }

    #[test]
    fn values_are_listed_with_their_counts_and_never_without_end() {
        assert_eq!(values(&[2.0, 0.0, 1.0, 0.0]).to_string(), "0 in 2 rows, 1 in 1, 2 in 1");
        let many: Vec<f64> = (2..1000).map(f64::from).collect();
        let text = values(&many).to_string();
        assert!(text.starts_with("2 in 1 row, 3 in 1, ") && text.ends_with(", others in 986"), "{text}");
        assert!(text.len() < 200, "{text}");
    }
}
