//! The distance between the distributions of a feature in a template and in true background.

use drapes_analysis::plan::work::template_summary::{FeatureDistance, ValueShares};

/// √(−½ ln ½α) for α = 0.001: the distance of Kolmogorov and Smirnov in units of √(1/n + 1/m) that chance exceeds so rarely.
const ONCE_IN_A_THOUSAND: f64 = 1.95;
/// Values are looked at that hold at least this share of one of the samples.
const LEAST_SHARE: f64 = 0.005;

/// The distance of a template from true background; `independent` of the template's events are no copies of others.
///
/// Source: N. Smirnov, Ann. Math. Stat. 19 (1948) 279, for the cumulative shares.
pub fn distance(background: &[f32], template: &[f32], independent: usize) -> FeatureDistance {
    let sorted = |values: &[f32]| {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f32::total_cmp);
        sorted
    };
    let (background, template) = (sorted(background), sorted(template));
    let size = |events: usize| events.max(1) as f64;
    let (n, m) = (size(background.len()), size(template.len()));
    // Sampling errors, 1/n + 1/m with events that are independent.
    let error = 1.0 / n + 1.0 / size(template.len().min(independent));
    let (mut cumulative, mut value): (f64, Option<ValueShares>) = (0.0, None);
    let (mut below, mut below_too) = (0, 0);
    while below < background.len() || below_too < template.len() {
        let next = [background.get(below), template.get(below_too)].into_iter().flatten().copied();
        let at = next.fold(f32::INFINITY, f32::min);
        let run =
            |sorted: &[f32], from: usize| sorted[from..].iter().take_while(|value| **value <= at).count();
        let (here, here_too) = (run(&background, below), run(&template, below_too));
        if here + here_too == 0 {
            break;
        }
        below += here;
        below_too += here_too;
        cumulative = cumulative.max((below as f64 / n - below_too as f64 / m).abs());
        let shares = (here as f64 / n, here_too as f64 / m);
        if shares.0.max(shares.1) >= LEAST_SHARE && here.max(here_too) > 10 {
            let mean = (here + here_too) as f64 / (n + m);
            let deviations = (shares.0 - shares.1).abs() / (mean * (1.0 - mean) * error).sqrt().max(1e-9);
            if value.is_none_or(|known| deviations > known.deviations) {
                let (background, template) = shares;
                value = Some(ValueShares { value: f64::from(at), background, template, deviations });
            }
        }
    }
    FeatureDistance { cumulative, cumulative_by_chance: ONCE_IN_A_THOUSAND * error.sqrt(), value }
}

#[cfg(test)]
mod tests {
    use drapes_analysis::plan::random_stream::Stream;
    use rand_distr::{Distribution, StandardNormal};

    use super::*;

    fn normal(count: usize, seed: u64) -> Vec<f32> {
        let mut generator = Stream::of_job(seed).generator();
        (0..count).map(|_| StandardNormal.sample(&mut generator)).collect()
    }

    fn rounded(values: &[f32]) -> Vec<f32> {
        values.iter().map(|x| (3.0 * x).round() / 3.0).collect()
    }

    #[test]
    fn equal_distributions_do_not_stand_out_and_others_do() {
        let (one, other) = (normal(1500, 1), normal(1500, 2));
        assert!(distance(&one, &other, 1500).excess() < 1.0);
        assert!(distance(&rounded(&one), &rounded(&other), 1500).excess() < 1.0);
        let shifted: Vec<f32> = other.iter().map(|x| x + 0.3).collect();
        let found = distance(&one, &shifted, 1500);
        assert!(found.excess() > 1.0 && found.is_of_value().is_none(), "{found:?}");
        assert!((found.cumulative - 0.119).abs() < 0.04, "{found:?}");
    }

    #[test]
    fn values_that_only_one_side_has_are_seen() {
        let (one, other) = (normal(1500, 1), normal(1500, 2));
        let found = distance(&rounded(&one), &other, 1500);
        let value = found.is_of_value().expect("a value, since the distributions are alike");
        assert!(found.excess() > 2.0 && value.background > 0.1 && value.template == 0.0, "{found:?}");
        // Copies are no further proof.
        let copies = other.repeat(5);
        let repeated = distance(&one, &copies, 1500);
        assert!(repeated.excess() < 1.0, "{repeated:?}");
    }
}
