//! What it costs to evaluate losses during a training: the networks pass events without learning from them, which is most of
//! the work of a short training.

use crate::plan::cost::INFERENCE;

/// How often losses are recorded where that is not once an epoch.
pub const RECORDS: usize = 50;
/// Losses of denoisers and flows use at most so many events that are kept aside.
pub const VALIDATION_EVENTS: usize = 8192;
/// Those of classifiers use at most so many.
pub const VALIDATION_EVENTS_OF_CLASSIFIER: usize = 4096;
/// Losses of models of jets use at most so many jets that are kept aside.
pub const VALIDATION_JETS: usize = 2048;
/// Jets of an event.
const JETS_AN_EVENT: f64 = 2.0;
/// Jets that are passed at each noise strength, of those learnt from and of those kept aside.
pub const JETS_A_STRENGTH: usize = 128;
/// Noise strengths at which the losses of a finished denoiser are looked at.
pub const STRENGTHS: usize = 24;

/// Operations for each weight of a denoiser: on events kept aside while it learns, and at each noise strength once it is done.
pub fn of_denoiser(events: usize, validation_fraction: f64) -> f64 {
    let kept = kept(events, validation_fraction);
    let learnt = events.min(VALIDATION_EVENTS) as f64;
    INFERENCE * (RECORDS as f64 * kept + STRENGTHS as f64 * (kept + learnt))
}

/// Events whose jets a model of jets passes forward while it learns from so many, and once it is done.
pub fn of_jet_model(events: usize, validation_fraction: f64) -> f64 {
    let jets = JETS_AN_EVENT * events as f64;
    let kept = (jets * validation_fraction).min(VALIDATION_JETS as f64);
    let at_strengths = jets.min(JETS_A_STRENGTH as f64) + kept.min(JETS_A_STRENGTH as f64);
    let passed = RECORDS as f64 * kept + STRENGTHS as f64 * at_strengths;
    passed / JETS_AN_EVENT
}

/// Operations for each weight of a flow on events kept aside while it learns.
pub fn of_flow(events: usize, validation_fraction: f64) -> f64 {
    INFERENCE * RECORDS as f64 * kept(events, validation_fraction)
}

/// Operations for each weight of a classifier, whose losses are recorded after each epoch on a fold of so many events.
pub fn of_classifier(fold: f64, epochs: usize) -> f64 {
    INFERENCE * epochs as f64 * fold.min(VALIDATION_EVENTS_OF_CLASSIFIER as f64)
}

fn kept(events: usize, validation_fraction: f64) -> f64 {
    (events as f64 * validation_fraction).min(VALIDATION_EVENTS as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_bounded_by_what_is_looked_at() {
        let same = |found: f64, looked_at: f64| (found / INFERENCE - looked_at).abs() < 1e-6 * looked_at;
        assert!(same(of_denoiser(1000, 0.0), 24_000.0));
        assert!(same(of_denoiser(1000, 0.1), 50.0 * 100.0 + 24.0 * 1100.0));
        assert!(same(of_denoiser(10_000_000, 0.1), 8192.0 * 98.0));
        assert!(same(of_flow(1000, 0.1), 5000.0));
        let jets = |events, fraction| of_jet_model(events, fraction) * INFERENCE;
        assert!(same(jets(1000, 0.0), 24.0 * 64.0));
        assert!(same(jets(1000, 0.1), 50.0 * 100.0 + 24.0 * 128.0));
        assert!(same(jets(10_000_000, 0.1), 50.0 * 1024.0 + 24.0 * 128.0));
        assert!(same(of_classifier(1e6, 20), 20.0 * 4096.0));
    }
}
