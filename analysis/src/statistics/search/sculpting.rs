//! Whether a cut sculpts a spectrum: whether the same share of events passes it at all masses.

use crate::statistics::chi_squared;

/// Events that are expected behind the cut in a bin at least; bins with fewer are joined. Five are enough for χ²; of ten the eye makes
/// something, too.
const LEAST_EXPECTED: f64 = 10.0;

/// The shares that pass a cut in bins of the mass, and how well they agree.
#[derive(Clone, Debug, PartialEq)]
pub struct Sculpting {
    /// The share that passes at all masses together.
    pub share: f64,
    /// Joined bins.
    pub bins: Vec<PassedBin>,
    /// χ² of the shares of bins around that of all.
    pub chi_squared: f64,
    /// How often χ² is as large where the share is the same everywhere; none of a single bin.
    pub p: Option<f64>,
}

/// Events of a bin before and behind a cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PassedBin {
    /// The first of the bins that were joined.
    pub first: usize,
    /// The last of them.
    pub last: usize,
    /// Events before the cut.
    pub before: u64,
    /// Those that pass.
    pub behind: u64,
}

/// Compares a spectrum behind a cut with the same events before it. None where nothing passes, or everything.
///
/// Events behind the cut are among those before it, so that a bin has a binomial number of them: χ² sums (k − n f)²/(n f (1 − f)),
/// where f is the share of all. It has as many degrees of freedom as there are bins, but one.
///
/// Source: Pearson's test of homogeneity of a table with two rows.
pub fn sculpting(before: &[u32], behind: &[u32]) -> Option<Sculpting> {
    let sum = |counts: &[u32]| counts.iter().copied().map(u64::from).sum::<u64>();
    let (all, passed) = (sum(before), sum(behind));
    if passed == 0 || passed >= all {
        return None;
    }
    let share = passed as f64 / all as f64;
    let is_enough = |bin: &PassedBin| bin.before as f64 * share >= LEAST_EXPECTED;
    let mut bins: Vec<PassedBin> = vec![];
    let join = |one: PassedBin, next: PassedBin| PassedBin {
        first: one.first,
        last: next.last,
        before: one.before + next.before,
        behind: one.behind + next.behind,
    };
    for (place, (before, behind)) in before.iter().zip(behind).enumerate() {
        let bin = PassedBin { first: place, last: place, before: (*before).into(), behind: (*behind).into() };
        match bins.pop_if(|last| !is_enough(last)) {
            Some(last) => bins.push(join(last, bin)),
            None => bins.push(bin),
        }
    }
    if bins.len() > 1
        && let Some(last) = bins.pop_if(|last| !is_enough(last))
        && let Some(one) = bins.pop()
    {
        bins.push(join(one, last));
    }
    let deviation = |bin: &PassedBin| {
        let n = bin.before as f64;
        (bin.behind as f64 - n * share).powi(2) / (n * share * (1.0 - share))
    };
    let chi_squared: f64 = bins.iter().map(deviation).sum();
    let p = chi_squared::p_value(chi_squared, bins.len() - 1);
    Some(Sculpting { share, bins, chi_squared, p })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_share_everywhere_is_no_sculpting_and_a_bump_is() {
        let before = [1000; 10];
        let flat = sculpting(&before, &[100; 10]).expect("some pass");
        assert!(flat.chi_squared.abs() < 1e-12 && flat.p == Some(1.0) && flat.bins.len() == 10, "{flat:?}");
        let mut behind = [100; 10];
        behind[4] = 190;
        let bump = sculpting(&before, &behind).expect("some pass");
        // f is 0.109: nine bins 9 below, one 81 above, with a variance of 97.1 each.
        let expected = (9.0 * 81.0 + 81.0 * 81.0) / (1000.0 * 0.109 * 0.891);
        assert!((bump.chi_squared - expected).abs() < 1e-9, "{bump:?}");
        assert!(bump.p.is_some_and(|p| p < 1e-10), "{bump:?}");
    }

    #[test]
    fn bins_with_few_events_are_joined_and_none_is_lost() {
        let (before, behind) = ([60, 60, 60, 800, 40, 20], [4, 8, 6, 80, 4, 2]);
        let found = sculpting(&before, &behind).expect("some pass");
        assert_eq!(found.bins.iter().map(|bin| (bin.first, bin.last)).collect::<Vec<_>>(), [(0, 1), (2, 5)]);
        assert_eq!(found.bins.iter().map(|bin| bin.before).sum::<u64>(), 1040);
        assert_eq!(found.bins.iter().map(|bin| bin.behind).sum::<u64>(), 104);
        let one = sculpting(&[100], &[10]).expect("some pass");
        assert_eq!((one.p, one.bins.len()), (None, 1));
        assert_eq!(sculpting(&[100, 50], &[0, 0]), None);
        assert_eq!(sculpting(&[100], &[100]), None);
    }
}
