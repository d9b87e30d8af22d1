//! Which function of the background is enough.

use crate::statistics::search::p_value::PValue;
use crate::statistics::special::ln_beta_tails;
use crate::statistics::spectrum::SpectrumError;
use crate::statistics::spectrum::binned::{Fitted, Spectrum};
use crate::statistics::spectrum::fit::{SpectrumFit, fit};
use crate::statistics::spectrum::quality::{Quality, by_merged_bins, merge, pearson};
use crate::statistics::spectrum::shape::Shape;

/// The p-value of an F-test below which a further parameter is worth having.
pub const QUOTED_LEVEL: f64 = 0.05;

/// A comparison of a function with the next of its family.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FTest {
    /// By how much χ² falls a further parameter, over what χ² a degree of freedom is left.
    pub f: f64,
    /// The probability of so large an F where the simpler function is right.
    pub p: f64,
}

/// F-test of χ² at so many bins, of a function and of one that holds it.
///
/// None where no degree of freedom is left.
///
/// Source: F = [(χ²₁ − χ²₂)/(k₂ − k₁)] / [χ²₂/(n − k₂)], of k₁ and k₂ parameters and n bins, is distributed as Fisher's F where
/// the simpler function is right and χ² are those of least squares; ours are at the greatest likelihood, which is close.
pub fn f_test(chi_squared: [f64; 2], parameters: [usize; 2], bins: usize) -> Option<FTest> {
    let more = parameters[1].checked_sub(parameters[0]).filter(|more| *more > 0)? as f64;
    let left = bins.checked_sub(parameters[1]).filter(|left| *left > 0)? as f64;
    let f = (chi_squared[0] - chi_squared[1]) / more / (chi_squared[1] / left);
    if f.is_nan() || f <= 0.0 {
        return Some(FTest { f: 0.0, p: 1.0 });
    }
    if f.is_infinite() {
        return Some(FTest { f, p: 0.0 });
    }
    // P(F ≥ f) = I_y(left/2, more/2) with y = left/(left + more f).
    let (of_left, of_more) = (left / (left + more * f), more * f / (left + more * f));
    let p = PValue::of_ln(ln_beta_tails(left / 2.0, more / 2.0, [of_left, of_more]).below).value();
    Some(FTest { f, p })
}

/// A family of functions, as far as it was tried.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Fits, from the simplest function on.
    pub fits: Vec<SpectrumFit>,
    /// Tests of each against the next.
    pub tests: Vec<FTest>,
    /// The place of the chosen one among the fits.
    pub chosen: usize,
    /// Why the next function could not be tried, if that ended it.
    pub ended_by: Option<SpectrumError>,
}

impl Choice {
    /// The chosen fit.
    pub fn fit(&self) -> &SpectrumFit {
        &self.fits[self.chosen]
    }

    /// How well it describes its bins.
    pub fn quality(&self) -> Quality {
        by_merged_bins(self.fit())
    }
}

/// The first function of a family after which a further parameter is not worth having, at the level of [`QUOTED_LEVEL`]. Bins are
/// merged by what the larger function expects.
///
/// # Errors
/// The simplest function has no fit.
///
/// # Panics
/// If the family is empty.
pub fn choose_member(spectrum: &Spectrum, fitted: Fitted, family: &[Shape]) -> Result<Choice, SpectrumError> {
    let mut choice =
        Choice { fits: vec![fit(spectrum, fitted, family[0])?], tests: vec![], chosen: 0, ended_by: None };
    for shape in &family[1..] {
        let larger = match fit(spectrum, fitted, *shape) {
            Ok(larger) => larger,
            Err(error) => {
                choice.ended_by = Some(error);
                break;
            }
        };
        let (groups, simpler) = (merge(&larger), choice.fit());
        let chi_squared = [pearson(simpler, &groups), pearson(&larger, &groups)];
        let parameters = [simpler.free_parameters(), larger.free_parameters()];
        let Some(test) = f_test(chi_squared, parameters, groups.len()) else { break };
        choice.tests.push(test);
        choice.fits.push(larger);
        if test.p >= QUOTED_LEVEL {
            break;
        }
        choice.chosen = choice.fits.len() - 1;
    }
    Ok(choice)
}

/// The families of functions that describe the bins: the place of the first whose chosen member does so at the level of
/// [`QUOTED_LEVEL`], else that of the best; with all of them for comparison.
///
/// # Errors
/// No family has a fit: the reason of the first.
pub fn choose(
    spectrum: &Spectrum,
    fitted: Fitted,
    families: &[Vec<Shape>],
) -> Result<(usize, Vec<Choice>), SpectrumError> {
    let tried = families.iter().filter(|family| !family.is_empty());
    let tried: Vec<_> = tried.map(|family| choose_member(spectrum, fitted, family)).collect();
    let first = tried.iter().find_map(|choice| choice.as_ref().err().copied());
    let choices: Vec<Choice> = tried.into_iter().flatten().collect();
    let p = |choice: &Choice| choice.quality().p.unwrap_or(0.0);
    let good = choices.iter().position(|choice| p(choice) >= QUOTED_LEVEL);
    let best = (0..choices.len()).max_by(|a, b| p(&choices[*a]).total_cmp(&p(&choices[*b])).then(b.cmp(a)));
    match good.or(best) {
        Some(place) => Ok((place, choices)),
        None => Err(first.unwrap_or(SpectrumError::BadShape("no family was named"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A spectrum of a density over 40 bins from 2 to 6 TeV.
    fn spectrum(density: impl Fn(f64) -> f64) -> Spectrum {
        let edges: Vec<f64> = (0..=40).map(|edge| 2000.0 + 100.0 * f64::from(edge)).collect();
        // A fixed pattern of fluctuations of a standard deviation.
        let count = |(bin, pair): (usize, &[f64])| {
            let mean = density(f64::midpoint(pair[0], pair[1]));
            let pull = ((bin as f64 * 12.9898).sin() * 43_758.545_3).fract().abs() * 3.4 - 1.7;
            (mean + pull * mean.sqrt()).round().max(0.0)
        };
        let counts = edges.windows(2).enumerate().map(count).collect();
        Spectrum::new(edges, counts).expect("a spectrum")
    }

    #[test]
    fn f_tests_are_those_of_tables() {
        // F(1, 10) exceeds 4.9646 in 5% of cases, F(2, 20) 5.8489 in 1%.
        let found = f_test([14.964_602_7, 10.0], [2, 3], 13).expect("a test");
        assert!((found.f - 4.964_602_7).abs() < 1e-9 && (found.p - 0.05).abs() < 1e-7, "{found:?}");
        let found = f_test([20.0 * (1.0 + 0.584_893_2), 20.0], [2, 4], 24).expect("a test");
        assert!((found.p - 0.01).abs() < 1e-6, "{found:?}");
        assert!(f_test([9.0, 10.0], [2, 3], 13).expect("a test").p > 1.0 - 1e-15);
        assert_eq!(f_test([9.0, 8.0], [2, 3], 3), None);
        assert_eq!(f_test([9.0, 8.0], [3, 3], 9), None);
    }

    #[test]
    fn as_many_parameters_are_chosen_as_the_spectrum_shows() {
        let line = spectrum(|m| 5e4 * (-(m - 2000.0) / 600.0).exp());
        let found = choose_member(&line, Fitted::AllBins, &Shape::exponentials()).expect("a choice");
        assert_eq!(found.chosen, 0, "{:?}", found.tests);
        let bent = spectrum(|m| 5e4 * (-(m - 2000.0) / 600.0 + 0.6 * ((m - 4000.0) / 2000.0).powi(2)).exp());
        let found = choose_member(&bent, Fitted::AllBins, &Shape::exponentials()).expect("a choice");
        assert_eq!(found.chosen, 1, "{:?}", found.tests);
        assert!(found.tests[0].p < 1e-6 && found.quality().p.expect("bins") > 0.05, "{:?}", found.tests);
    }

    #[test]
    fn a_family_that_cannot_describe_the_bins_makes_room_for_one_that_can() {
        let rising = spectrum(|m| 2000.0 + 3000.0 * ((m - 2000.0) / 1500.0).sin().powi(2));
        let families = [Shape::dijets(13_000.0)[..1].to_vec(), Shape::bernsteins()];
        let (place, choices) = choose(&rising, Fitted::AllBins, &families).expect("a choice");
        assert_eq!((place, choices.len()), (1, 2));
        assert!(choices[0].quality().p.expect("bins") < 1e-6);
        let falling = spectrum(|m| 5e4 * (-(m - 2000.0) / 600.0).exp());
        let families = [Shape::exponentials(), Shape::bernsteins()];
        assert_eq!(choose(&falling, Fitted::AllBins, &families).expect("a choice").0, 0);
        assert!(choose(&falling, Fitted::AllBins, &[]).is_err());
    }
}
