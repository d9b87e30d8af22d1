//! Distributions of a template's features beside those of the true events that it stands for.

use drapes_analysis::job::injection::Injection;
use drapes_analysis::job::noise_grid::NoiseGrid;
use drapes_analysis::job::regions::Region;
use drapes_analysis::job::template_spec::{TemplateMethod, TemplateSpec};
use drapes_analysis::plan::work::template_summary::{
    Displacement, FeatureSpectra, PairDensity, TemplateSummary,
};
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

use super::Workplace;
use super::distance::distance;
use super::spectrum::{bin, edges, shares};
use crate::arrays::ArrayReader;
use crate::error::Error;
use crate::sample::scaler::Scaler;
use crate::sample::split::RegionEvents;

/// The table of a template's events.
pub const FEATURES: &str = "features";

/// Bins of a feature's spectrum.
const BINS: usize = 40;
/// Bins of each side of a pair's density.
const PAIR_BINS: usize = 24;

/// A template with the model, the noise strengths and the events that it was made from.
pub struct Made<'a> {
    /// The template; none for the data of GenSR.
    pub template: Option<TemplateSpec>,
    /// The noise strengths that were visited; none where a flow was at work.
    pub grid: Option<&'a NoiseGrid>,
    /// Row `i` of the features began as event `i` modulo their number, where the method starts from events.
    pub starts: &'a RegionEvents,
    /// The file of the events made, which need not fit into memory: it is read column by column.
    pub features: &'a ArrayReader,
}

pub fn summarise(place: &Workplace, made: &Made<'_>) -> Result<TemplateSummary, Error> {
    let events = place.sample()?;
    let regions = made.template.map_or(place.job.regions, |template| place.job.regions_of(&template.sample));
    let background = events.features(&events.chosen(Injection::default(), &regions, Region::Signal)?);
    let signal = events.features(&events.unused_signal(Injection::default(), regions.signal));
    let method = made.template.map(|template| template.method);
    let partial = method == Some(TemplateMethod::SignalRegion);
    let from = |wanted: bool, count: usize| -> Vec<usize> {
        let began = |row: &usize| made.starts.is_signal[row % made.starts.len()] == wanted;
        if partial { (0..count).filter(began).collect() } else { vec![] }
    };
    let count = made.count()?;
    let (from_background, from_signal) = (from(false, count), from(true, count));
    let unit = Scaler::of(background.view()).deviation;
    let (mut spectra, mut means, mut deviations, mut distances) = (vec![], vec![], vec![], vec![]);
    let mut moved = Displacement { background: vec![], signal: vec![] };
    for (feature, unit) in unit.iter().enumerate() {
        let column = |events: &Array2<f32>| events.index_axis(Axis(1), feature).to_vec();
        let (background, signal, generated) = (column(&background), column(&signal), made.column(feature)?);
        let scaler = Scaler::of(ArrayView2::from_shape((count, 1), &generated).expect("a value an event"));
        means.push(scaler.mean[0]);
        deviations.push(scaler.deviation[0]);
        // Copies of one event are no independent events.
        distances.push(distance(&background, &generated, made.starts.len()));
        if partial {
            let before = made.starts.features.column(feature);
            let moved_by = |rows: &[usize]| displacement(before, &generated, rows).map(|far| far / unit);
            moved.background.extend(moved_by(&from_background));
            moved.signal.extend(moved_by(&from_signal));
        }
        let edges = edges(&[&background, &signal], BINS);
        let of = |rows: &[usize]| -> Vec<f64> {
            let values: Vec<f32> = rows.iter().map(|row| generated[*row]).collect();
            if values.is_empty() { vec![] } else { shares(&values, &edges) }
        };
        spectra.push(FeatureSpectra {
            background: shares(&background, &edges),
            signal: shares(&signal, &edges),
            generated: shares(&generated, &edges),
            from_background: of(&from_background),
            from_signal: of(&from_signal),
            edges,
        });
    }
    let plain = |template: TemplateSpec| template.sigma_prime.is_none() && template.integration.is_none();
    let corner = method == Some(TemplateMethod::Noise) && made.template.is_some_and(plain);
    Ok(TemplateSummary {
        template: made.template,
        n_events: count,
        sigma_used: made.grid.map(NoiseGrid::start),
        steps: made.grid.map(|grid| grid.sigmas.len()),
        in_tails: None,
        means,
        deviations,
        spectra,
        pairs: if corner { pairs(&background, made)? } else { vec![] },
        displacement: partial.then_some(moved),
        distances,
    })
}

impl Made<'_> {
    fn column(&self, feature: usize) -> Result<Vec<f32>, Error> {
        self.features.column(FEATURES, feature)
    }

    fn count(&self) -> Result<usize, Error> {
        self.features.rows_of(FEATURES)
    }
}

/// Mean |after − before| of these rows of a feature; none if there are no rows.
fn displacement(before: ArrayView1<'_, f32>, after: &[f32], rows: &[usize]) -> Option<f64> {
    let distance = |row: &usize| f64::from((after[*row] - before[row % before.len()]).abs());
    (!rows.is_empty()).then(|| rows.iter().map(distance).sum::<f64>() / rows.len() as f64)
}

fn pairs(background: &Array2<f32>, made: &Made<'_>) -> Result<Vec<PairDensity>, Error> {
    let columns = background.ncols();
    let edges: Vec<Vec<f64>> = (0..columns)
        .map(|column| edges(&[&background.index_axis(Axis(1), column).to_vec()], PAIR_BINS))
        .collect();
    let pairs = (0..columns).flat_map(|x| (x + 1..columns).map(move |y| (x, y)));
    let density = |(x, y): (usize, usize)| {
        let shares = |a, b| pair_shares(a, b, &edges[x], &edges[y]);
        let (made_x, made_y) = (made.column(x)?, made.column(y)?);
        Ok(PairDensity {
            x,
            y,
            x_edges: edges[x].clone(),
            y_edges: edges[y].clone(),
            background: shares(background.column(x), background.column(y)),
            generated: shares(ArrayView1::from(&made_x), ArrayView1::from(&made_y)),
        })
    };
    pairs.map(density).collect()
}

fn pair_shares(x: ArrayView1<'_, f32>, y: ArrayView1<'_, f32>, x_edges: &[f64], y_edges: &[f64]) -> Vec<f64> {
    let across = x_edges.len() - 1;
    let mut shares = vec![0.0; across * (y_edges.len() - 1)];
    let share = 1.0 / x.len().max(1) as f64;
    for (x, y) in x.iter().zip(y) {
        if let (Some(column), Some(row)) = (bin(x_edges, *x), bin(y_edges, *y)) {
            shares[row * across + column] += share;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_count_every_event_once() {
        let values = [0.0_f32, 0.5, 1.0, 1.5, 2.0, 9.0];
        let edges = [0.0, 1.0, 2.0];
        assert_eq!(shares(&values, &edges), [2.0 / 6.0, 3.0 / 6.0], "the upper edge is inside, 9 is not");
        let (x, y) = (ArrayView1::from(&values), ArrayView1::from(&[0.5_f32, 0.5, 0.5, 1.5, 1.5, 1.5]));
        let found = pair_shares(x, y, &edges, &edges);
        let expected = [2.0, 1.0, 0.0, 2.0].map(|count: f64| count / 6.0);
        assert!(found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-12));
    }
}
