//! Samples whose events have weights: events are drawn by them, and count once then.

use std::path::Path;

use drapes_analysis::job::Data;
use drapes_analysis::text::number::short;
use ndarray::{Axis, s};
use rand::{Rng, RngExt};

use super::error::DataError;
use super::events::{Events, Label, read_events};
use super::wording::printable;

/// The share of events whose weights are not looked at to say what the largest ones cost.
const TAIL: f64 = 0.001;

/// The largest weight is told as an extreme one where it exceeds those of all others so many times.
const EXTREME: f64 = 3.0;

/// Reads a file whose events have weights, as [`read_events`] does, and keeps each event with a probability of its weight over
/// the largest one.
///
/// # Errors
/// As [`read_events`]; a weight is negative; all are zero.
pub fn read_unweighted(
    path: &Path,
    data: &Data,
    weight: &str,
    generator: &mut impl Rng,
) -> Result<Events, DataError> {
    // Rows without a weight are no events, and formulae may give weights: all that holds for features.
    let features = [&data.features[..], &[weight.to_owned()]].concat();
    let with_weights = Data { features, ..data.clone() };
    let mut events = read_events(path, &with_weights, Label::Optional)?;
    let last = events.features.ncols() - 1;
    let weights: Vec<f64> = events.features.column(last).iter().map(|weight| f64::from(*weight)).collect();
    events.features = events.features.slice(s![.., ..last]).to_owned();
    let drawn = Weights::of(path, weight, &weights)?;
    // Each event takes one number, so that an event more changes no other's fate before it.
    let kept: Vec<usize> = (0..weights.len())
        .filter(|event| generator.random::<f64>() * drawn.largest < weights[*event])
        .collect();
    let mut events = events.only(&kept);
    let name = path.file_name().unwrap_or(path.as_os_str()).display();
    events.remarks.push(format!("{name}: {}", drawn.told(weight, kept.len())));
    debug_assert_eq!(events.features.len_of(Axis(1)), data.features.len());
    Ok(events)
}

/// What is known of the weights of a sample.
struct Weights {
    count: usize,
    mean: f64,
    largest: f64,
    /// The largest but for a small share of all.
    usual: f64,
}

impl Weights {
    fn of(path: &Path, column: &str, weights: &[f64]) -> Result<Self, DataError> {
        let negative = weights.iter().filter(|weight| **weight < 0.0).count();
        if negative > 0 {
            return Err(DataError::NegativeWeights {
                path: path.to_owned(),
                column: column.to_owned(),
                negative,
                events: weights.len(),
            });
        }
        let mut sorted = weights.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let beyond = (TAIL * weights.len() as f64).ceil() as usize;
        let found = Self {
            count: weights.len(),
            mean: weights.iter().sum::<f64>() / weights.len() as f64,
            largest: sorted[sorted.len() - 1],
            usual: sorted[(sorted.len() - 1).saturating_sub(beyond)],
        };
        if found.largest > 0.0 {
            Ok(found)
        } else {
            Err(DataError::NoWeight { path: path.to_owned(), column: column.to_owned() })
        }
    }

    fn told(&self, column: &str, kept: usize) -> String {
        let share = |of: f64| format!("{:.1}%", 100.0 * of);
        let mut text = format!(
            "of {} events {kept} are kept ({}), each with a probability of its weight {} over the largest, {}",
            self.count,
            share(kept as f64 / self.count as f64),
            printable(column),
            short(self.largest)
        );
        if self.usual > 0.0 && self.largest > EXTREME * self.usual {
            text.push_str(&format!(
                ": few extreme weights cost most of the sample, for {} of the events lie below {}, and {} would be kept of \
                 those alone; leave the others out by `select`",
                share(1.0 - TAIL),
                short(self.usual),
                share((self.mean / self.usual).min(1.0))
            ));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use drapes_analysis::plan::random_stream::Stream;

    use super::super::tests::table;
    use super::*;

    fn read(weights: &str, formula: Option<&str>) -> Result<Events, DataError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("other.csv");
        let rows = weights.split(' ').cycle().take(3000).enumerate();
        let lines: Vec<String> = rows.map(|(row, weight)| format!("{},{row},{weight}", 3000 + row)).collect();
        std::fs::write(&path, format!("m_jj,x,w\n{}\n", lines.join("\n"))).expect("a writable folder");
        let mut data = table(&path, "events", &["x"]);
        if let Some(formula) = formula {
            let formula = drapes_analysis::expression::Expression::parse(formula).expect("a formula");
            data.columns = data.columns.with("product", formula);
        }
        let column = if formula.is_some() { "product" } else { "w" };
        read_unweighted(&path, &data, column, &mut Stream::of_job(7).branch("weights").generator())
    }

    #[test]
    fn events_are_kept_by_their_weights() {
        let events = read("0 1 2 4", None).expect("a good file");
        assert_eq!(events.features.dim(), (events.len(), 1));
        let kept = |rest: usize| events.rows.iter().filter(|row| **row as usize % 4 == rest).count();
        // 750 events each, with probabilities of 0, 1/4, 1/2 and 1: within four standard deviations.
        assert_eq!([kept(0), kept(3)], [0, 750]);
        assert!(kept(1).abs_diff(188) < 48 && kept(2).abs_diff(375) < 55, "{} {}", kept(1), kept(2));
        let expected = format!("other.csv: of 3000 events {} are kept (", events.len());
        let [told] = &events.remarks[..] else { panic!("{:?}", events.remarks) };
        assert!(told.starts_with(&expected) && told.ends_with("its weight w over the largest, 4"), "{told}");
        assert_eq!(read("0 1 2 4", None).expect("a good file"), events, "the seed decides");
        // Scales do not matter, and a formula may make the weights.
        let scaled = read("0 1 2 4", Some("w*8")).expect("a good file");
        assert_eq!(scaled.rows, events.rows);
    }

    #[test]
    fn extreme_weights_are_told_with_what_they_cost() {
        let many = "1 ".repeat(1499) + "100";
        let events = read(&many, None).expect("a good file");
        let told = &events.remarks[0];
        assert!(
            told.contains("few extreme weights cost most of the sample, for 99.9% of the events lie below 1"),
            "{told}"
        );
        assert!(told.contains("and 100.0% would be kept of those alone"), "{told}");
    }

    #[test]
    fn weights_by_which_nothing_can_be_drawn_are_refused() {
        let refused = |weights: &str| read(weights, None).expect_err(weights).to_string();
        let message = refused("1 -0.5 2 1");
        assert!(message.contains("750 of 3000 events (25.0%) have negative weights w"), "{message}");
        let message = refused("0");
        assert!(message.contains("all weights w are zero"), "{message}");
    }
}
