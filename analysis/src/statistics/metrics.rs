//! Figures of merit of a classifier, computed from its scores of signal and background.

use serde::{Deserialize, Serialize};

/// The two background rejections at which the paper quotes the significance improvement.
pub const QUOTED_REJECTIONS: [f64; 2] = [1e3, 5e3];

/// Background events below which the error of an efficiency exceeds 20%.
pub const RELIABLE_BACKGROUND_EVENTS: usize = 25;

/// The common grid of background rejections, 1 to 10⁶, twenty points a decade.
pub fn rejection_grid() -> impl ExactSizeIterator<Item = f64> {
    (0..=120_u8).map(|step| 10_f64.powf(f64::from(step) / 20.0))
}

/// The common grid of signal efficiencies, 0.01 to 1.
pub fn efficiency_grid() -> impl ExactSizeIterator<Item = f64> {
    (1..=100_u8).map(|step| f64::from(step) / 100.0)
}

/// Scores of true background and true signal, each from the most to the least signal-like.
pub struct RankedScores {
    background: Vec<f32>,
    signal: Vec<f32>,
}

/// What one classifier achieves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Performance {
    /// True background events behind the numbers.
    pub n_background: usize,
    /// True signal events behind the numbers.
    pub n_signal: usize,
    /// Area under the receiver operating characteristic; none where one side has no events.
    pub auc: Option<f64>,
    /// Significance improvement at a rejection of 1,000.
    pub sic_at_1e3: Option<f64>,
    /// Significance improvement at a rejection of 5,000.
    pub sic_at_5e3: Option<f64>,
    /// Largest significance improvement.
    pub max_sic: Option<f64>,
    /// Largest significance improvement where the background efficiency is known to 20%.
    pub max_sic_reliable: Option<f64>,
    /// Signal efficiency on the common grid of rejections, as far as the background reaches.
    pub efficiency: Vec<Option<f32>>,
    /// Background rejection on the common grid of signal efficiencies, where background passes.
    pub rejection: Vec<Option<f32>>,
}

impl RankedScores {
    /// Ranks scores; scores that are not numbers count as the least signal-like.
    pub fn new(mut background: Vec<f32>, mut signal: Vec<f32>) -> Self {
        for scores in [&mut background, &mut signal] {
            for score in scores.iter_mut().filter(|score| score.is_nan()) {
                *score = f32::NEG_INFINITY;
            }
            scores.sort_unstable_by(|a, b| b.total_cmp(a));
        }
        Self { background, signal }
    }

    /// All figures of merit.
    pub fn performance(&self) -> Performance {
        let sic_at =
            |rejection: f64| self.efficiency_at(rejection).map(|efficiency| efficiency * rejection.sqrt());
        let rejection_at = |efficiency| self.rejection_at(efficiency).map(|rejection| rejection as f32);
        Performance {
            n_background: self.background.len(),
            n_signal: self.signal.len(),
            auc: self.auc(),
            sic_at_1e3: sic_at(QUOTED_REJECTIONS[0]),
            sic_at_5e3: sic_at(QUOTED_REJECTIONS[1]),
            max_sic: self.max_sic(1),
            max_sic_reliable: self.max_sic(RELIABLE_BACKGROUND_EVENTS),
            efficiency: rejection_grid().map(|r| self.efficiency_at(r).map(|e| e as f32)).collect(),
            rejection: efficiency_grid().map(rejection_at).collect(),
        }
    }

    /// Probability that a signal event scores above a background event, ties counted half.
    ///
    /// None where there is no signal or no background.
    pub fn auc(&self) -> Option<f64> {
        let (background, signal) = (&self.background, &self.signal);
        if background.is_empty() || signal.is_empty() {
            return None;
        }
        let (mut above, mut not_below) = (0, 0);
        let mut twice_below = 0_u64;
        for score in signal {
            while above < background.len() && background[above] > *score {
                above += 1;
            }
            not_below = not_below.max(above);
            while not_below < background.len() && background[not_below] >= *score {
                not_below += 1;
            }
            let (below, tied) = (background.len() - not_below, not_below - above);
            twice_below += (2 * below + tied) as u64;
        }
        Some(twice_below as f64 / 2.0 / background.len() as f64 / signal.len() as f64)
    }

    /// Signal efficiency at a background rejection, linear between background events.
    ///
    /// None where less than one background event would pass. A signal event must score at least as high as
    /// the last background event that passes, which never flatters a classifier. Events with the same score pass
    /// together; within them, signal and background pass in proportion.
    pub fn efficiency_at(&self, rejection: f64) -> Option<f64> {
        let passing = self.background.len() as f64 / rejection;
        if passing < 1.0 || self.signal.is_empty() {
            return None;
        }
        let below = passing.floor();
        let lower = self.efficiency_with(below as usize);
        let upper = self.efficiency_with((below as usize + 1).min(self.background.len()));
        Some(lower + (passing - below) * (upper - lower))
    }

    /// Signal efficiency where the `passing` most signal-like background events pass.
    fn efficiency_with(&self, passing: usize) -> f64 {
        let threshold = self.background[passing - 1];
        passed(&self.signal, threshold, share_of_ties(&self.background, passing)) / self.signal.len() as f64
    }

    /// Background rejection where a share of the signal passes; none where no background does.
    pub fn rejection_at(&self, efficiency: f64) -> Option<f64> {
        // A share that is a whole number of events but for rounding is that number.
        let needed = (efficiency * self.signal.len() as f64 - 1e-6).ceil() as usize;
        let threshold = *self.signal.get(needed.checked_sub(1)?)?;
        let passing = passed(&self.background, threshold, share_of_ties(&self.signal, needed));
        (passing > 0.0).then(|| self.background.len() as f64 / passing)
    }

    /// Largest significance improvement over thresholds that leave at least `events` background events.
    fn max_sic(&self, events: usize) -> Option<f64> {
        if self.signal.is_empty() {
            return None;
        }
        let mut best: Option<f64> = None;
        let mut signal = 0;
        for (index, threshold) in self.background.iter().enumerate() {
            while signal < self.signal.len() && self.signal[signal] >= *threshold {
                signal += 1;
            }
            let passing = index + 1;
            // Events of one score pass together.
            let whole = self.background.get(passing) != Some(threshold);
            if passing >= events && whole {
                let background_efficiency = passing as f64 / self.background.len() as f64;
                let sic = signal as f64 / self.signal.len() as f64 / background_efficiency.sqrt();
                best = Some(best.map_or(sic, |best| best.max(sic)));
            }
        }
        best
    }
}

/// Of the events that have the score of event `count`, the share that passes if `count` events do.
fn share_of_ties(ranked: &[f32], count: usize) -> f64 {
    let threshold = ranked[count - 1];
    let above = ranked.partition_point(|score| *score > threshold);
    let not_below = ranked.partition_point(|score| *score >= threshold);
    (count - above) as f64 / (not_below - above) as f64
}

/// Events above a threshold, and a share of those on it.
fn passed(ranked: &[f32], threshold: f32, share: f64) -> f64 {
    let above = ranked.partition_point(|score| *score > threshold);
    let not_below = ranked.partition_point(|score| *score >= threshold);
    above as f64 + share * (not_below - above) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_that_are_all_alike_improve_nothing() {
        let performance = RankedScores::new(vec![0.5; 10_000], vec![0.5; 300]).performance();
        assert_eq!(performance.auc, Some(0.5));
        assert!((performance.sic_at_1e3.expect("ten events") - 1e3_f64.sqrt() / 1e3).abs() < 1e-9);
        assert_eq!((performance.max_sic, performance.max_sic_reliable), (Some(1.0), Some(1.0)));
        for (rejection, efficiency) in performance.rejection.iter().zip(efficiency_grid()) {
            let rejection = f64::from(rejection.expect("background passes"));
            assert!((rejection * efficiency - 1.0).abs() < 1e-6, "{rejection} at {efficiency}");
        }
    }

    #[test]
    fn equal_scores_pass_in_proportion() {
        // Coarse scores, as of shallow trees: half of the signal at the top, with one of a hundred background events.
        let background = [vec![0.9; 100], vec![0.1; 9900]].concat();
        let signal = [vec![0.9; 50], vec![0.1; 50]].concat();
        let ranked = RankedScores::new(background, signal);
        let at = |rejection| ranked.efficiency_at(rejection).expect("background passes");
        assert!((at(100.0) - 0.5).abs() < 1e-12);
        assert!((at(1000.0) - 0.05).abs() < 1e-12, "a tenth of the best, not all of them");
        assert!((ranked.max_sic(1).expect("signal") - 5.0).abs() < 1e-12);
        assert!((ranked.rejection_at(0.25).expect("background") - 200.0).abs() < 1e-9);
    }

    /// Evenly spread scores: the share of background above a threshold is exact.
    fn uniform(n: usize) -> Vec<f32> {
        (0..n).map(|i| (i as f32 + 0.5) / n as f32).collect()
    }

    #[test]
    fn a_random_score_improves_nothing() {
        // ε_S = ε_B, so SIC = √ε_B: 1/√R at a rejection R.
        let performance = RankedScores::new(uniform(100_000), uniform(50_000)).performance();
        assert!((performance.auc.expect("both sides") - 0.5).abs() < 1e-4);
        for (sic, rejection) in
            [performance.sic_at_1e3, performance.sic_at_5e3].into_iter().zip(QUOTED_REJECTIONS)
        {
            let sic = sic.expect("100 and 20 background events pass");
            assert!((sic - 1.0 / rejection.sqrt()).abs() < 0.03 / rejection.sqrt(), "{sic} at {rejection}");
        }
        assert!((performance.max_sic.expect("signal") - 1.0).abs() < 1e-3);
    }

    #[test]
    fn the_auc_agrees_with_counting_pairs() {
        let background = vec![0.1, 0.4, 0.4, 0.7, f32::NAN];
        let signal = vec![0.4, 0.8, 0.05];
        // Pairs won: 0.4 beats 0.1 and NaN, ties twice; 0.8 beats five; 0.05 beats NaN.
        let auc = RankedScores::new(background, signal).auc().expect("both sides");
        assert!((auc - (2.0 + 1.0 + 5.0 + 1.0) / 15.0).abs() < 1e-12);
    }

    #[test]
    fn values_stop_where_the_background_does() {
        let ranked = RankedScores::new(uniform(1000), vec![2.0; 10]);
        assert_eq!(ranked.efficiency_at(1000.0), Some(1.0));
        assert_eq!(ranked.efficiency_at(1001.0), None);
        assert_eq!(ranked.rejection_at(0.5), None);
        let performance = ranked.performance();
        assert_eq!(performance.sic_at_5e3, None);
        assert!((performance.max_sic.expect("signal") - 1000_f64.sqrt()).abs() < 1e-9);
        assert!((performance.max_sic_reliable.expect("1000 events") - 40_f64.sqrt()).abs() < 1e-9);
    }

    #[test]
    fn without_signal_there_is_nothing_to_measure() {
        let performance = RankedScores::new(uniform(1000), vec![]).performance();
        assert_eq!((performance.auc, performance.max_sic, performance.sic_at_1e3), (None, None, None));
        let text = serde_json::to_string(&performance).expect("finite numbers");
        assert_eq!(serde_json::from_str::<Performance>(&text).expect("the same"), performance);
    }

    #[test]
    fn rejection_and_efficiency_agree() {
        let ranked = RankedScores::new(vec![0.9, 0.5, 0.3, 0.2], vec![0.95, 0.6, 0.55, 0.1]);
        assert_eq!(ranked.efficiency_at(4.0), Some(0.25));
        assert_eq!(ranked.efficiency_at(2.0), Some(0.75));
        assert_eq!(ranked.rejection_at(0.25), None);
        assert_eq!(ranked.rejection_at(0.75), Some(4.0));
        assert_eq!(ranked.rejection_at(1.0), Some(1.0));
    }
}
