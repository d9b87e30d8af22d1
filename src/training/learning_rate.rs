//! The learning rate of a member as a function of the step: warm-up, then constant or falling as a cosine.

use drapes_analysis::job::Schedule;

/// A learning rate by step: a linear warm-up from zero, then constant or a quarter cosine down to zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LearningRate {
    /// After the warm-up.
    pub peak: f64,
    /// Steps of the warm-up.
    pub warmup: usize,
    /// Steps of the training.
    pub total: usize,
    /// What follows the warm-up.
    pub schedule: Schedule,
}

impl LearningRate {
    /// The rate of a step, from 0; zero after the last.
    pub fn at(&self, step: usize) -> f64 {
        if step >= self.total {
            return 0.0;
        }
        let warm = if step < self.warmup { (step + 1) as f64 / self.warmup as f64 } else { 1.0 };
        let decay = match self.schedule {
            Schedule::Constant => 1.0,
            Schedule::Cosine => {
                let done = step as f64 / self.total as f64;
                f64::midpoint(1.0, (std::f64::consts::PI * done).cos())
            }
        };
        self.peak * warm * decay
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_rise_stay_and_fall() {
        let constant = LearningRate { peak: 2.0, warmup: 4, total: 10, schedule: Schedule::Constant };
        let rates: Vec<f64> = (0..11).map(|step| constant.at(step)).collect();
        assert_eq!(rates, [0.5, 1.0, 1.5, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 0.0]);
        let cosine = LearningRate { warmup: 0, schedule: Schedule::Cosine, ..constant };
        assert!((cosine.at(0) - 2.0).abs() < 1e-12 && (cosine.at(5) - 1.0).abs() < 1e-12);
        assert!(cosine.at(9) < 0.1 && cosine.at(9) > 0.0);
    }
}
