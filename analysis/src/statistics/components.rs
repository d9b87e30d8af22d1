//! Where the spread of a figure of merit comes from: several templates, several classifiers on each.

/// What several templates with several classifiers each say of one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Components {
    /// Templates.
    pub templates: usize,
    /// Classifiers of all of them.
    pub classifiers: usize,
    /// The mean of the templates' means.
    pub mean: f64,
    /// The standard deviation of classifiers on one template; none where no template has two.
    pub of_classifiers: Option<f64>,
    /// The standard deviation of templates beyond what their classifiers explain; none for a single template.
    pub of_templates: Option<f64>,
    /// The standard error of the mean by what the templates' means differ; none for a single template.
    pub mean_error: Option<f64>,
}

impl Components {
    /// Of the classifiers of each template; none where a template has no classifier.
    ///
    /// The variance of the templates is that of a one-way analysis: what their means differ by, less what classifiers explain of
    /// it, and zero where these explain all.
    ///
    /// Source: S. R. Searle and others, *Variance Components* (1992), chapter 3.
    pub fn of(templates: &[Vec<f64>]) -> Option<Self> {
        if templates.is_empty() || templates.iter().any(Vec::is_empty) {
            return None;
        }
        let count = templates.len() as f64;
        let classifiers: usize = templates.iter().map(Vec::len).sum();
        let all = classifiers as f64;
        let means: Vec<f64> = templates.iter().map(|values| mean(values)).collect();
        let within: f64 = templates.iter().zip(&means).map(|(values, mean)| squares(values, *mean)).sum();
        let of_classifiers = (classifiers > templates.len()).then(|| (within / (all - count)).sqrt());
        let centre = mean(&means);
        let spread = (templates.len() > 1).then(|| {
            let grand = templates.iter().flatten().sum::<f64>() / all;
            let sized = templates.iter().zip(&means);
            let between: f64 = sized.map(|(values, mean)| values.len() as f64 * (mean - grand).powi(2)).sum();
            let typical = (all
                - templates.iter().map(|values| (values.len() as f64).powi(2)).sum::<f64>() / all)
                / (count - 1.0);
            let explained = of_classifiers.unwrap_or(0.0).powi(2);
            let beyond = ((between / (count - 1.0) - explained) / typical).max(0.0).sqrt();
            (beyond, (squares(&means, centre) / (count - 1.0) / count).sqrt())
        });
        Some(Self {
            templates: templates.len(),
            classifiers,
            mean: centre,
            of_classifiers,
            of_templates: spread.map(|(beyond, _)| beyond),
            mean_error: spread.map(|(_, error)| error),
        })
    }
}

/// The mean of paired differences with its standard error: pairs of one group share a template, or what else makes them alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairedDifference {
    /// The mean of the groups' mean differences.
    pub mean: f64,
    /// Its standard error, by what the groups differ.
    pub error: f64,
    /// Groups.
    pub groups: usize,
    /// Pairs of all of them.
    pub pairs: usize,
}

impl PairedDifference {
    /// Of the differences in each group; none for fewer than two groups, which tell no error.
    pub fn of(groups: &[Vec<f64>]) -> Option<Self> {
        let means: Vec<f64> =
            groups.iter().filter(|group| !group.is_empty()).map(|group| mean(group)).collect();
        if means.len() < 2 {
            return None;
        }
        let (centre, count) = (mean(&means), means.len() as f64);
        Some(Self {
            mean: centre,
            error: (squares(&means, centre) / (count - 1.0) / count).sqrt(),
            groups: means.len(),
            pairs: groups.iter().map(Vec::len).sum(),
        })
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn squares(values: &[f64], around: f64) -> f64 {
    values.iter().map(|value| (value - around).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variance_is_split_as_a_one_way_analysis_splits_it() {
        // Two templates of three classifiers: means 2 and 6, variance 1 on each.
        let found = Components::of(&[vec![1.0, 2.0, 3.0], vec![5.0, 6.0, 7.0]]).expect("numbers");
        assert_eq!((found.templates, found.classifiers), (2, 6));
        assert!((found.mean - 4.0).abs() < 1e-12);
        assert!((found.of_classifiers.expect("three each") - 1.0).abs() < 1e-12);
        // Between: 3·(4 + 4)/1 = 24; (24 − 1)/3.
        assert!((found.of_templates.expect("two") - (23.0_f64 / 3.0).sqrt()).abs() < 1e-12, "{found:?}");
        // Means 2 and 6: standard deviation √8, over √2.
        assert!((found.mean_error.expect("two") - 2.0).abs() < 1e-12);
    }

    #[test]
    fn templates_of_different_sizes_weigh_by_their_size() {
        // MSB = 2·(2 − 8/3)² + 1·(4 − 8/3)² = 8/3, MSW = 2, n₀ = 3 − 5/3 = 4/3.
        let found = Components::of(&[vec![1.0, 3.0], vec![4.0]]).expect("numbers");
        assert!(
            (found.of_templates.expect("two") - ((8.0_f64 / 3.0 - 2.0) / (4.0 / 3.0)).sqrt()).abs() < 1e-12
        );
    }

    #[test]
    fn templates_that_classifiers_explain_have_no_spread_and_single_ones_have_none_to_tell() {
        let same = Components::of(&[vec![1.0, 5.0], vec![1.1, 4.9]]).expect("numbers");
        assert_eq!(same.of_templates, Some(0.0));
        let single = Components::of(&[vec![1.0, 2.0]]).expect("numbers");
        assert_eq!((single.of_templates, single.mean_error), (None, None));
        assert_eq!(Components::of(&[vec![1.0], vec![2.0]]).expect("numbers").of_classifiers, None);
        assert_eq!(Components::of(&[]), None);
        assert_eq!(Components::of(&[vec![1.0], vec![]]), None);
    }

    #[test]
    fn pairs_of_a_group_are_no_independent_pairs() {
        let found = PairedDifference::of(&[vec![1.0, 1.0, 1.0], vec![3.0], vec![]]).expect("two groups");
        assert_eq!((found.groups, found.pairs), (2, 4));
        assert!((found.mean - 2.0).abs() < 1e-12 && (found.error - 1.0).abs() < 1e-12);
        assert_eq!(PairedDifference::of(&[vec![1.0, 2.0]]), None);
    }
}
