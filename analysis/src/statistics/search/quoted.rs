//! The p-value that a search quotes: of two that are calculated, the larger one.

use crate::statistics::search::background::Background;
use crate::statistics::search::counting::CountLikelihood;
use crate::statistics::search::p_value::PValue;
use crate::statistics::search::small_counts::exact_p_behind_cut;

/// The p-value of so many data over what a template expects behind a cut: that of Z, or the exact one, which takes less for granted where
/// events are few.
pub fn quoted_p(data: usize, background: Background) -> PValue {
    let likelihood = CountLikelihood { count: data as f64, background, efficiency_error: 0.0 };
    larger(PValue::of_z(likelihood.z()), exact_p_behind_cut(data as u64, background))
}

/// The larger of two p-values.
pub fn larger(one: PValue, other: PValue) -> PValue {
    if other > one { other } else { one }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_p_values_the_larger_is_quoted() {
        let background = Background { expected: 8.5, error: 1.46 };
        let by_z =
            |data: f64| PValue::of_z(CountLikelihood { count: data, background, efficiency_error: 0.0 }.z());
        for data in [0, 3, 9, 20] {
            let exact = exact_p_behind_cut(data as u64, background);
            let found = quoted_p(data, background);
            assert!(found >= exact && found >= by_z(data as f64), "{data}");
            assert!(found == exact || found == by_z(data as f64), "{data}");
        }
    }
}
