//! How much background is expected behind a cut on scores.

use crate::statistics::closure::Measured;
use crate::statistics::search::scatter::Scatter;

/// Events of the template in the window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TemplateCut {
    /// `N_t`, before the cut.
    pub before: f64,
    /// `N_t,c`, behind it.
    pub behind: f64,
    /// The independent events behind it, which its error counts: fewer than `N_t,c` where events are copies
    /// ([`crate::statistics::search::effective::effective_events`]).
    pub independent: f64,
    /// How counts behind the cut scatter.
    pub scatter: Scatter,
}

impl TemplateCut {
    /// Of a template in which every event stands for itself, and counts that scatter as their numbers say.
    pub fn of_independent(before: f64, behind: f64) -> Self {
        Self { before, behind, independent: behind, scatter: Scatter::OF_COUNTS }
    }

    /// ε, the share of the template that passes.
    pub fn efficiency(&self) -> f64 {
        self.behind / self.before
    }
}

/// How many background events lie in the window before the cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Normalisation {
    /// `N_SR`, the data events of the window, without an error: the count behind the cut is taken from the same events. A signal
    /// is part of it, too, which raises b by its share: conservative, and little at small ε.
    Counted(f64),
    /// `B_fit`, what a fit of the side-bands expects there, with the error by its covariance.
    Fitted(Measured),
}

/// What is expected without signal, with its error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Background {
    /// b.
    pub expected: f64,
    /// `σ_b`.
    pub error: f64,
}

/// Why no background can be expected.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum NoBackground {
    /// Nothing of the template passes.
    #[error(
        "no background can be expected behind the cut ({behind} of {before} template events pass it) take a larger \
         efficiency, or a larger template"
    )]
    NothingPasses {
        /// `N_t,c`.
        behind: f64,
        /// `N_t`.
        before: f64,
    },
    /// There is none before the cut.
    #[error(
        "no background can be expected behind the cut (there are {0} events before it) take another window"
    )]
    NothingThere(f64),
    /// The excess takes all away.
    #[error(
        "no background can be expected behind the cut (δ = {value} ± {error} is no excess over a template) take control \
         windows with more events"
    )]
    BadExcess {
        /// δ.
        value: f64,
        /// `σ_δ`.
        error: f64,
    },
}

/// `b = ε N (1 + δ)` and `σ_b = b √(1/N_t,c + σ_δ² + (σ_N/N)² + σ_D²)`, where N is `N_SR` without an error, or `B_fit` with its own, and
/// `σ_D² = (D − 1)(1/b + 1/N_t,c)` of the [`Scatter`] D.
///
/// δ is by how much a region without signal has more events behind the cut than the template says; `σ_δ` is an error relative to
/// 1 + δ. ε and `N_SR` have no error of their own: that of `N_t,c` holds both.
///
/// Source: arXiv:2411.00085, for δ; the rest is the propagation of errors.
///
/// # Errors
/// No template event passes, there are no events before the cut, or δ leaves nothing.
pub fn expected_background(
    cut: &TemplateCut,
    normalisation: Normalisation,
    delta: Measured,
) -> Result<Background, NoBackground> {
    let TemplateCut { before, behind, independent, scatter } = *cut;
    if !(behind > 0.0 && independent > 0.0 && before >= behind) {
        return Err(NoBackground::NothingPasses { behind, before });
    }
    let events = match normalisation {
        Normalisation::Counted(events) => Measured { value: events, error: 0.0 },
        Normalisation::Fitted(events) => events,
    };
    if !(events.value > 0.0 && events.error >= 0.0) {
        return Err(NoBackground::NothingThere(events.value));
    }
    if !(delta.value > -1.0 && delta.error >= 0.0) {
        return Err(NoBackground::BadExcess { value: delta.value, error: delta.error });
    }
    let expected = cut.efficiency() * events.value * (1.0 + delta.value);
    let relative = 1.0 / independent
        + delta.error.powi(2)
        + (events.error / events.value).powi(2)
        + scatter.relative_variance(expected, independent);
    Ok(Background { expected, error: expected * relative.sqrt() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Measured = Measured { value: 0.0, error: 0.0 };

    #[test]
    fn b_is_the_templates_share_of_the_window_with_all_errors() {
        let cut = TemplateCut::of_independent(40_000.0, 400.0);
        let counted = Normalisation::Counted(10_000.0);
        let found = expected_background(&cut, counted, NONE).expect("events");
        assert!((found.expected - 100.0).abs() < 1e-12 && (found.error - 5.0).abs() < 1e-12, "{found:?}");
        let delta = Measured { value: 0.2, error: 0.12 };
        let found = expected_background(&cut, counted, delta).expect("events");
        assert!(
            (found.expected - 120.0).abs() < 1e-12 && (found.error - 120.0 * 0.13).abs() < 1e-12,
            "{found:?}"
        );
        let fitted = Normalisation::Fitted(Measured { value: 9_000.0, error: 900.0 });
        let found = expected_background(&cut, fitted, NONE).expect("events");
        let relative = (1.0_f64 / 400.0 + 0.01).sqrt();
        assert!((found.expected - 90.0).abs() < 1e-12 && (found.error - 90.0 * relative).abs() < 1e-12);
        // Four copies of each event say no more than a quarter of them would.
        let copies = TemplateCut { independent: 100.0, ..cut };
        let found = expected_background(&copies, counted, NONE).expect("events");
        assert!((found.error - 10.0).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn so_much_more_scatter_is_so_much_more_variance_of_n_less_b() {
        let scatter = Scatter::of_pulls(&[1.5_f64.sqrt(); 200]).expect("enough");
        let cut = TemplateCut { scatter, ..TemplateCut::of_independent(40_000.0, 400.0) };
        let found = expected_background(&cut, Normalisation::Counted(10_000.0), NONE).expect("events");
        // N scatters by ten around b, which the template knows to ± 5: a variance of 125, and half as much again.
        assert!((found.error.powi(2) + 100.0 - 1.5 * 125.0).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn nothing_is_expected_of_nothing() {
        let full = TemplateCut::of_independent(100.0, 10.0);
        let none = TemplateCut::of_independent(100.0, 0.0);
        let ten = Normalisation::Counted(10.0);
        assert!(matches!(expected_background(&none, ten, NONE), Err(NoBackground::NothingPasses { .. })));
        let found = expected_background(&full, Normalisation::Counted(0.0), NONE);
        assert_eq!(found, Err(NoBackground::NothingThere(0.0)));
        let all = Measured { value: -1.0, error: 0.1 };
        assert!(matches!(expected_background(&full, ten, all), Err(NoBackground::BadExcess { .. })));
        let unknown = Measured { value: f64::NAN, error: 0.1 };
        assert!(expected_background(&full, ten, unknown).is_err());
    }
}
