//! Where the spread of a figure of merit comes from: several injections, several templates each, several classifiers on each.

/// What several classifiers say of one number, on several templates of several injections.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Components {
    /// Injections.
    pub injections: usize,
    /// Templates of all of them.
    pub templates: usize,
    /// Classifiers of all of these.
    pub classifiers: usize,
    /// The mean of the injections' means, each of which is the mean of its templates' means.
    pub mean: f64,
    /// The standard deviation of classifiers on one template; none where no template has two.
    pub of_classifiers: Option<f64>,
    /// The standard deviation of templates of one injection beyond what their classifiers explain; none where no injection has
    /// two.
    pub of_templates: Option<f64>,
    /// The standard deviation of injections beyond what classifiers and templates explain; none for a single injection. Where
    /// each injection has but one template, what templates vary by is in it.
    pub of_injections: Option<f64>,
    /// The standard error of the mean: by what the injections' means differ; where there is but one, the templates' means; none
    /// for a single template.
    pub mean_error: Option<f64>,
}

impl Components {
    /// Of the classifiers of each template of each injection; none where one of these has nothing.
    ///
    /// The variances are those of a nested analysis: what the means of a stage differ by, less what the stages below explain of
    /// it, and zero where these explain all.
    ///
    /// Source: S. R. Searle and others, *Variance Components* (1992), chapter 3; for unequal numbers in three stages
    /// S. R. Searle, *Linear Models* (1971), chapter 11.
    pub fn of(injections: &[Vec<Vec<f64>>]) -> Option<Self> {
        let templates: Vec<&Vec<f64>> = injections.iter().flatten().collect();
        if injections.iter().any(Vec::is_empty)
            || templates.is_empty()
            || templates.iter().any(|one| one.is_empty())
        {
            return None;
        }
        let classifiers: usize = templates.iter().map(|values| values.len()).sum();
        let of_templates: Vec<Vec<f64>> = injections
            .iter()
            .map(|templates| templates.iter().map(|values| mean(values)).collect())
            .collect();
        let of_injections: Vec<f64> = of_templates.iter().map(|means| mean(means)).collect();
        let spread = Spread::of(injections);
        Some(Self {
            injections: injections.len(),
            templates: templates.len(),
            classifiers,
            mean: mean(&of_injections),
            of_classifiers: spread.classifiers.map(f64::sqrt),
            of_templates: spread.templates.map(|variance| variance.max(0.0).sqrt()),
            of_injections: spread.injections.map(|variance| variance.max(0.0).sqrt()),
            mean_error: standard_error(&of_injections)
                .or_else(|| standard_error(&of_templates[0]).filter(|_| injections.len() == 1)),
        })
    }
}

/// The variances of the three stages, of which those of templates and injections may come out below zero.
struct Spread {
    classifiers: Option<f64>,
    templates: Option<f64>,
    injections: Option<f64>,
}

impl Spread {
    fn of(injections: &[Vec<Vec<f64>>]) -> Self {
        let templates = || injections.iter().flatten();
        let (upper, middle) = (injections.len() as f64, templates().count() as f64);
        let all = templates().map(Vec::len).sum::<usize>() as f64;
        let within: f64 = templates().map(|values| squares(values, mean(values))).sum();
        let classifiers = (all > middle).then(|| within / (all - middle));
        let explained = classifiers.unwrap_or(0.0);
        // Sums over an injection: its classifiers, their mean, and the squares of its templates' numbers over it.
        let totals: Vec<Total> = injections.iter().map(|templates| Total::of(templates)).collect();
        let shares: f64 = totals.iter().map(|total| total.squares / total.count).sum();
        let of_templates = (middle > upper).then(|| {
            let of_each = injections.iter().zip(&totals).flat_map(|(templates, total)| {
                templates.iter().map(|values| values.len() as f64 * (mean(values) - total.mean).powi(2))
            });
            let typical = (all - shares) / (middle - upper);
            (of_each.sum::<f64>() / (middle - upper) - explained) / typical
        });
        let of_injections = (injections.len() > 1).then(|| {
            let grand = templates().flatten().sum::<f64>() / all;
            let between: f64 = totals.iter().map(|total| total.count * (total.mean - grand).powi(2)).sum();
            let of_template =
                (shares - totals.iter().map(|total| total.squares).sum::<f64>() / all) / (upper - 1.0);
            let of_injection =
                (all - totals.iter().map(|total| total.count.powi(2)).sum::<f64>() / all) / (upper - 1.0);
            (between / (upper - 1.0) - explained - of_template * of_templates.unwrap_or(0.0)) / of_injection
        });
        Self { classifiers, templates: of_templates, injections: of_injections }
    }
}

/// What a nested analysis needs of one injection.
struct Total {
    /// Classifiers.
    count: f64,
    /// The mean over all of them.
    mean: f64,
    /// The sum of the squared numbers of classifiers of its templates.
    squares: f64,
}

impl Total {
    fn of(templates: &[Vec<f64>]) -> Self {
        let count = templates.iter().map(Vec::len).sum::<usize>() as f64;
        Self {
            count,
            mean: templates.iter().flatten().sum::<f64>() / count,
            squares: templates.iter().map(|values| (values.len() as f64).powi(2)).sum(),
        }
    }
}

/// The standard error of the mean of values; none for a single one.
fn standard_error(values: &[f64]) -> Option<f64> {
    let count = values.len() as f64;
    (values.len() > 1).then(|| (squares(values, mean(values)) / (count - 1.0) / count).sqrt())
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
        Some(Self {
            mean: mean(&means),
            error: standard_error(&means)?,
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

    /// Templates of one injection.
    fn of_one(templates: Vec<Vec<f64>>) -> Components {
        Components::of(&[templates]).expect("numbers")
    }

    #[test]
    fn variance_is_split_as_a_one_way_analysis_splits_it() {
        // Two templates of three classifiers: means 2 and 6, variance 1 on each.
        let found = of_one(vec![vec![1.0, 2.0, 3.0], vec![5.0, 6.0, 7.0]]);
        assert_eq!((found.injections, found.templates, found.classifiers), (1, 2, 6));
        assert!((found.mean - 4.0).abs() < 1e-12);
        assert!((found.of_classifiers.expect("three each") - 1.0).abs() < 1e-12);
        // Between: 3·(4 + 4)/1 = 24; (24 − 1)/3.
        assert!((found.of_templates.expect("two") - (23.0_f64 / 3.0).sqrt()).abs() < 1e-12, "{found:?}");
        // Means 2 and 6: standard deviation √8, over √2.
        assert!((found.mean_error.expect("two") - 2.0).abs() < 1e-12);
        assert_eq!(found.of_injections, None);
    }

    #[test]
    fn templates_of_different_sizes_weigh_by_their_size() {
        // MSB = 2·(2 − 8/3)² + 1·(4 − 8/3)² = 8/3, MSW = 2, n₀ = 3 − 5/3 = 4/3.
        let found = of_one(vec![vec![1.0, 3.0], vec![4.0]]);
        assert!(
            (found.of_templates.expect("two") - ((8.0_f64 / 3.0 - 2.0) / (4.0 / 3.0)).sqrt()).abs() < 1e-12
        );
    }

    #[test]
    fn templates_that_classifiers_explain_have_no_spread_and_single_ones_have_none_to_tell() {
        let same = of_one(vec![vec![1.0, 5.0], vec![1.1, 4.9]]);
        assert_eq!(same.of_templates, Some(0.0));
        let single = of_one(vec![vec![1.0, 2.0]]);
        assert_eq!((single.of_templates, single.mean_error), (None, None));
        assert_eq!(of_one(vec![vec![1.0], vec![2.0]]).of_classifiers, None);
        assert_eq!(Components::of(&[]), None);
        assert_eq!(Components::of(&[vec![vec![1.0], vec![]]]), None);
        assert_eq!(Components::of(&[vec![vec![1.0]], vec![]]), None);
    }

    #[test]
    fn variance_of_injections_is_what_their_templates_leave() {
        // Means of templates 1, 3 and 11, 13, each ± 1: MSW = 2, of templates (2·(1 + 1)·2)/2 = 4, of injections 4·(25 + 25) = 200.
        let around = |mean: f64| vec![mean - 1.0, mean + 1.0];
        let found = Components::of(&[vec![around(1.0), around(3.0)], vec![around(11.0), around(13.0)]]);
        let found = found.expect("numbers");
        assert_eq!((found.injections, found.templates, found.classifiers), (2, 4, 8));
        let close =
            |found: Option<f64>, variance: f64| (found.expect("several") - variance.sqrt()).abs() < 1e-12;
        assert!(
            close(found.of_classifiers, 2.0) && close(found.of_templates, (4.0 - 2.0) / 2.0),
            "{found:?}"
        );
        assert!(close(found.of_injections, (200.0 - 4.0) / 4.0), "{found:?}");
        // Means 2 and 12: standard deviation √50, over √2.
        assert!(close(found.mean_error, 25.0) && (found.mean - 7.0).abs() < 1e-12, "{found:?}");
        // With one template each, what templates vary by cannot be told from what injections do.
        let single = Components::of(&[vec![around(2.0)], vec![around(12.0)]]).expect("numbers");
        assert_eq!(single.of_templates, None);
        assert!(
            close(single.of_injections, (100.0 - 2.0) / 2.0) && close(single.mean_error, 25.0),
            "{single:?}"
        );
    }

    #[test]
    fn unequal_numbers_in_three_stages_are_weighed_as_their_expectations_say() {
        // Injections of two templates (one of two classifiers, one of one) and of one template (of one classifier). Numbers by hand,
        // with the coefficients of the expected mean squares.
        let found = Components::of(&[vec![vec![0.0, 0.0], vec![3.0]], vec![vec![5.0]]]).expect("numbers");
        // MSW = 0. Templates: 2·1² + 1·2² = 6 with (4 − (5/3 + 1))/1 = 4/3. Injections: N = 4, grand mean 2, 3·1 + 1·9 = 12,
        // of a template (8/3 − 6/4)/1 = 7/6, of an injection (4 − 10/4)/1 = 3/2.
        assert_eq!(found.of_classifiers, Some(0.0));
        let templates = 6.0 / (4.0 / 3.0);
        assert!((found.of_templates.expect("two").powi(2) - templates).abs() < 1e-12, "{found:?}");
        let injections = (12.0 - templates * 7.0 / 6.0) / 1.5;
        assert!((found.of_injections.expect("two").powi(2) - injections).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn pairs_of_a_group_are_no_independent_pairs() {
        let found = PairedDifference::of(&[vec![1.0, 1.0, 1.0], vec![3.0], vec![]]).expect("two groups");
        assert_eq!((found.groups, found.pairs), (2, 4));
        assert!((found.mean - 2.0).abs() < 1e-12 && (found.error - 1.0).abs() < 1e-12);
        assert_eq!(PairedDifference::of(&[vec![1.0, 2.0]]), None);
    }
}
