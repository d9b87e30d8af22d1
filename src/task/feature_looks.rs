//! Histograms of each feature for a window of a search: the template before a cut, template and data behind it.

use drapes_analysis::plan::work::{FeatureBehind, FeatureLook};
use ndarray::{ArrayView1, ArrayView2};

use super::distance::distance;

/// Shares of the template below the inner edges of bins: fine in the tails, which cuts often select, and coarse elsewhere, as tens of
/// events behind a cut are.
const SHARES: [f64; 17] =
    [0.002, 0.01, 0.03, 0.06, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.94, 0.97, 0.99, 0.998];
/// How far the outermost bins reach at most beyond those shares, in the distance between these: some values lie far away.
const BEYOND: f64 = 0.1;

/// The events of a window that pass a cut, by their rows.
pub struct Behind {
    pub template: Vec<usize>,
    pub data: Vec<usize>,
}

/// A look at each feature; `cuts` are what passes each of them, where that is told.
///
/// # Shapes
/// Both tables: (events, features).
pub fn looks(
    template: ArrayView2<'_, f32>,
    data: ArrayView2<'_, f32>,
    cuts: &[Option<Behind>],
) -> Vec<FeatureLook> {
    let of = |(template, data): (ArrayView1<'_, f32>, ArrayView1<'_, f32>)| {
        let before = template.to_vec();
        let edges = edges(&before);
        let behind = |rows: &Behind| {
            let selected: Vec<f32> = rows.template.iter().map(|row| template[*row]).collect();
            let found: Vec<f32> = rows.data.iter().map(|row| data[*row]).collect();
            let moved = |values: &[f32]| distance(&before, values, values.len()).cumulative;
            FeatureBehind {
                template: counts(&selected, &edges),
                data: counts(&found, &edges),
                template_moved: rounded(moved(&selected)),
                data_moved: (!found.is_empty()).then(|| rounded(moved(&found))),
            }
        };
        FeatureLook {
            template: counts(&before, &edges),
            cuts: cuts.iter().map(|cut| cut.as_ref().map(behind)).collect(),
            edges,
        }
    };
    if template.is_empty() {
        return vec![];
    }
    template.columns().into_iter().zip(data.columns()).map(of).collect()
}

/// Edges of bins for the values of a feature: by their quantiles, or between the values where there are few.
fn edges(values: &[f32]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    let last = sorted.len() - 1;
    let mut distinct = sorted.clone();
    distinct.dedup();
    let distinct: Vec<f64> = distinct.into_iter().map(f64::from).collect();
    let edges = match distinct[..] {
        [value] => vec![value - 0.5, value + 0.5],
        [first, second, ..] if distinct.len() <= SHARES.len() => {
            let between = distinct.windows(2).map(|pair| f64::midpoint(pair[0], pair[1]));
            let end = distinct[distinct.len() - 1];
            let gap = end - distinct[distinct.len() - 2];
            std::iter::once(first - 0.5 * (second - first)).chain(between).chain([end + 0.5 * gap]).collect()
        }
        _ => {
            let quantile = |share: &f64| f64::from(sorted[(share * last as f64).round() as usize]);
            let inner: Vec<f64> = SHARES.iter().map(quantile).collect();
            let reach = BEYOND * (inner[inner.len() - 1] - inner[0]);
            let low = f64::from(sorted[0]).max(inner[0] - reach);
            let high = f64::from(sorted[last]).min(inner[inner.len() - 1] + reach);
            std::iter::once(low).chain(inner).chain([high]).collect()
        }
    };
    let mut edges: Vec<f64> = edges.into_iter().map(rounded).collect();
    edges.dedup_by(|one, other| *one <= *other);
    if edges.len() < 2 { vec![edges[0] - 0.5, edges[0] + 0.5] } else { edges }
}

/// Seven digits, which is what single precision has: a record is text.
fn rounded(value: f64) -> f64 {
    format!("{value:.6e}").parse().unwrap_or(value)
}

/// The values in each bin; the outermost hold those beyond them, too.
fn counts(values: &[f32], edges: &[f64]) -> Vec<u32> {
    let mut counts = vec![0; edges.len() - 1];
    let inner = &edges[1..edges.len() - 1];
    for value in values {
        counts[inner.partition_point(|edge| *edge <= f64::from(*value))] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn bins_hold_the_quantiles_of_the_template_and_all_events() {
        let values: Vec<f32> = (0..=10_000_u16).map(f32::from).chain([9e6]).collect();
        let found = edges(&values);
        assert_eq!(found.len(), SHARES.len() + 2);
        assert!((found[1] - 20.0).abs() < 2.0 && found[SHARES.len() + 1] < 12_000.0, "{found:?}");
        let counts = counts(&values, &found);
        assert_eq!(counts.iter().sum::<u32>(), 10_002);
        assert!((995..=1005).contains(&counts[8]), "a tenth: {counts:?}");
    }

    #[test]
    fn few_values_have_a_bin_each_and_a_constant_has_one() {
        assert_eq!(edges(&[1.0, -1.0, 1.0, 3.0]), [-2.0, 0.0, 2.0, 4.0]);
        assert_eq!(counts(&[1.0, -1.0, 1.0, 3.0], &[-2.0, 0.0, 2.0, 4.0]), [1, 2, 1]);
        assert_eq!(edges(&[7.0, 7.0]), [6.5, 7.5]);
        // Nearly all events have one value.
        let mut values = vec![5.0_f32; 10_000];
        values.extend((0..30_u8).map(f32::from));
        assert!(edges(&values).is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn a_feature_that_a_cut_selects_by_is_told_from_one_that_it_does_not_see() {
        let template = Array2::from_shape_fn((1000, 2), |(row, column)| match column {
            0 => row as f32,
            _ => (row % 7) as f32,
        });
        let rows: Vec<usize> = (900..1000).collect();
        let cut = Behind { template: rows.clone(), data: rows };
        let found = looks(template.view(), template.view(), &[Some(cut), None]);
        assert_eq!((found.len(), found[0].cuts[1].is_none()), (2, true));
        let moved = |feature: usize| {
            let behind = found[feature].cuts[0].as_ref().expect("a cut");
            (behind.data_moved.expect("data"), behind.template_moved, behind.data.iter().sum::<u32>())
        };
        assert_eq!(moved(0), (0.9, 0.9, 100));
        assert!(moved(1).0 < 0.02);
        let none = Behind { template: vec![1], data: vec![] };
        let found = looks(template.view(), template.view(), &[Some(none)]);
        assert_eq!(found[0].cuts[0].as_ref().and_then(|behind| behind.data_moved), None);
    }
}
