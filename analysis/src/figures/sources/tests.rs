use super::*;
use crate::job::{BandSource, ClassifierKind, ClassifierSeed, Fold, InjectionSeed, JobFile, TemplateSeed};
use crate::plan::TaskId;
use crate::statistics::metrics::RankedScores;
use crate::statistics::replicas::{REPLICAS, Replicas};
use crate::store::results::{OfTask, TaskReplicas};
use crate::store::{Classifier, SampleSizes};

/// ∅ with two templates and the idealised reference; each classifier has these SIC at 10³ by template, then by seed.
fn results(noise: &[&[f64]], idealised: &[f64], band: &str) -> Results {
    let text = format!(
        "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[figures]\nband = '{band}'\n[independent_background]\nsource = 'file'\n\
         [[scan]]\nmethod = 'noise'\nn_signal = [500]\ntemplate_seeds = '0-{}'\n[[scan]]\nmethod = 'idealised'\nn_signal = [500]\n",
        noise.len() - 1
    );
    let job = JobFile::from_text("job.toml", text).check().expect("a good job");
    let classifiers = |template: Option<u32>, values: &[f64]| -> Vec<OfTask<Classifier>> {
        let draw = draw(0, template);
        (0..).zip(values).map(|(seed, value)| classifier(draw, seed, *value)).collect()
    };
    let point = |place: usize, classifiers| PointResults {
        point: job.points[place].of_first_seeds(),
        sizes: SampleSizes { data_background: 1, data_signal: 1, template: 1 },
        sizes_by_draw: BTreeMap::new(),
        classifiers,
        band_source: job.figures.band,
        replicas: vec![],
        diverged: vec![],
    };
    let of_noise =
        (0..).zip(noise).flat_map(|(template, values)| classifiers(Some(template), values)).collect();
    let points = vec![point(0, of_noise), point(job.points.len() - 1, classifiers(None, idealised))];
    Results::of_points(job, points)
}

fn draw(injection: u32, template: Option<u32>) -> Draw {
    Draw { injection: Some(InjectionSeed(injection)), template: template.map(TemplateSeed) }
}

fn classifier(draw: Draw, seed: u32, sic: f64) -> OfTask<Classifier> {
    let mut performance = RankedScores::new(vec![], vec![]).performance();
    performance.sic_at_1e3 = Some(sic);
    (performance.n_background, performance.n_signal) = (25_000, 4_000_000);
    OfTask {
        task: TaskId("classify".to_owned()),
        draw,
        seconds: 1.0,
        classifier: Classifier {
            seed: ClassifierSeed(seed),
            fold: Fold(0),
            closure_auc: None,
            background_closure_auc: None,
            performance,
            losses: vec![],
        },
    }
}

fn rows(table: Option<Vec<u8>>) -> Vec<Vec<String>> {
    let table = table.expect("a table");
    let mut reader = csv::Reader::from_reader(&table[..]);
    reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
}

fn number(cell: &str) -> f64 {
    cell.parse().expect("a number")
}

#[test]
fn the_spread_is_divided_among_its_sources() {
    let found =
        rows(variance(&results(&[&[8.0, 9.0, 10.0], &[10.0, 11.0, 12.0]], &[10.0, 10.0, 10.0], "all")));
    // The reference has no template.
    assert_eq!(found.len(), 1, "{found:?}");
    let row = &found[0];
    assert_eq!(
        row[..7],
        ["noise-s500-w2800-6000-x5", "noise", "500", "sic_at_1e3", "1", "2", "6"].map(str::to_owned)
    );
    // Means 9 and 11; one classifier differs by 1; 25 events pass, so that SIC is known to a tenth.
    let expected = [(7, 10.0), (8, 1.0), (9, 1.0), (10, ((6.0_f64 - 1.0) / 3.0).sqrt()), (12, 1.0)];
    for (column, expected) in expected {
        assert!((number(&row[column]) - expected).abs() < 1e-3, "{column}: {row:?}");
    }
    assert_eq!(row[11], "", "one injection tells no spread of injections");
}

#[test]
fn methods_are_compared_by_classifiers_of_equal_seed_and_templates_tell_the_error() {
    let results = results(&[&[8.0, 9.0, 10.0], &[10.0, 11.0, 12.0]], &[8.0, 8.0, 11.0], "all");
    let found = rows(differences(&results));
    let row = &found[0];
    assert_eq!(
        (found.len(), row[1].as_str(), row[2].as_str(), row[3].as_str()),
        (1, "sic_at_1e3", "idealised", "noise")
    );
    // 9 − 9 = 0 and 9 − 11 = −2 by template. The reference has one set of classifiers, 8, 8, 11 with a deviation of √3, and 25
    // events pass on either side: a tenth of 9 and of 10.
    let (classifiers, evaluation) = (1.0, 0.9_f64.hypot(1.0));
    let total = 1.0_f64.hypot(classifiers).hypot(evaluation);
    assert_eq!([&row[10], &row[13]], ["1", "6"]);
    let expected = [(7, -1.0), (8, total), (9, 1.0), (11, classifiers), (12, evaluation)];
    for (column, expected) in expected {
        assert!((number(&row[column]) - expected).abs() < 1e-3, "{column}: {row:?}");
    }
    let said = told(&results);
    assert!(said.contains("10.00 ± 1.00 by 2 templates"), "{said}");
}

#[test]
fn a_scan_of_single_templates_has_no_such_tables() {
    let results = results(&[&[8.0, 9.0]], &[8.0, 8.0], "all");
    assert_eq!((variance(&results), differences(&results), told(&results)), (None, None, String::new()));
}

#[test]
fn bands_hold_all_templates_or_the_first() {
    let values: [&[f64]; 2] = [&[8.0, 10.0], &[10.0, 12.0]];
    for (word, source, mean, n) in
        [("all", BandSource::All, 10.0, 4), ("classifiers", BandSource::Classifiers, 9.0, 2)]
    {
        let results = results(&values, &[1.0], word);
        assert_eq!(results.job.figures.band, source);
        let band = results.points[0].band(|found| found.performance.sic_at_1e3).expect("classifiers");
        assert!((band.mean - mean).abs() < 1e-12 && band.n == n, "{band:?}");
    }
}

#[test]
fn injections_that_are_drawn_anew_are_paired_by_their_seeds() {
    let mut results = results(&[&[8.0, 10.0], &[10.0, 12.0]], &[8.0, 8.0], "all");
    // ∅ has two templates of a second injection as well, and the reference stands beside both injections.
    let again = [(0, 11.0), (0, 13.0), (1, 13.0), (1, 15.0)];
    let again = again.into_iter().zip([0, 1, 0, 1]);
    results.points[0]
        .classifiers
        .extend(again.map(|((template, sic), seed)| classifier(draw(1, Some(template)), seed, sic)));
    let others = [(0, 12.0), (1, 12.0)].map(|(seed, sic)| classifier(draw(1, None), seed, sic));
    results.points[1].classifiers.extend(others);
    let found = rows(variance(&results));
    assert_eq!(found.len(), 2, "{found:?}");
    // ∅: means 9 and 11, 12 and 14: MSW = 2, of templates 4, of injections 8·1.5² = 18.
    let row = found.iter().find(|row| row[1] == "noise").expect("the row of ∅");
    assert_eq!(row[4..7], ["2", "4", "8"].map(str::to_owned));
    let expected = [(7, 11.5), (8, 1.5), (9, 2.0_f64.sqrt()), (10, 1.0), (11, (14.0_f64 / 4.0).sqrt())];
    for (column, expected) in expected {
        assert!((number(&row[column]) - expected).abs() < 1e-3, "{column}: {row:?}");
    }
    // The reference has no template of its own: what injections do to it is all beyond its classifiers.
    let row = found.iter().find(|row| row[1] == "idealised").expect("the row of the reference");
    assert_eq!((row[4].as_str(), row[5].as_str(), row[10].as_str()), ("2", "", ""));
    assert!((number(&row[11]) - 8.0_f64.sqrt()).abs() < 1e-3, "{row:?}");
    // Differences by injection: 8 − 10 and 12 − 13; the reference was drawn with each, so that its classifiers are no error apart.
    let row = &rows(differences(&results))[0];
    let expected = [(7, -1.5), (9, 0.5), (10, 1.0), (11, 0.0), (13, 8.0)];
    for (column, expected) in expected {
        assert!((number(&row[column]) - expected).abs() < 1e-3, "{column}: {row:?}");
    }
    let said = told(&results);
    assert!(
        said.contains(
            "11.50 ± 1.50 by 2 injections and 4 templates; classifiers vary by 1.41, templates by 1.00"
        ),
        "{said}"
    );
    assert!(said.contains("of Idealised at 500 injected: 10.00 ± 2.00 by 2 injections; "), "{said}");
}

/// All points of a job: of each, with two templates and two classifiers, half of a SIC more with the one template than these, and
/// one and a half with the other.
fn with_points(results: &mut Results, text: &str) {
    let job = JobFile::from_text("job.toml", text).check().expect("a good job");
    let more = |point: &ScanPoint| {
        let values = [(0, 0, 8.5), (0, 1, 9.5), (1, 0, 11.5), (1, 1, 12.5)];
        let classifiers = values.map(|(template, seed, sic)| classifier(draw(0, Some(template)), seed, sic));
        PointResults {
            point: *point,
            classifiers: classifiers.into(),
            sizes_by_draw: BTreeMap::new(),
            replicas: vec![],
            diverged: vec![],
            ..results.points[0]
        }
    };
    let others: Vec<PointResults> =
        job.points.iter().filter(|point| **point != results.points[0].point).map(more).collect();
    results.points.extend(others);
}

#[test]
fn a_method_is_compared_with_itself_along_one_axis() {
    let mut results = results(&[&[8.0, 9.0], &[10.0, 11.0]], &[8.0, 8.0], "all");
    with_points(
        &mut results,
        "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[[scan]]\nmethod = 'noise'\nn_signal = [500, 600]\n\
         oversampling = [2, 5]\nside_bands_gev = [[2900, 4200], [2800, 6000]]\nclassifier = ['mlp', 'trees']\n\
         [[scan]]\nmethod = 'noise'\nn_signal = [500]\nsigma_prime = [2.24]\n\
         [[scan]]\nmethod = 'noise'\nn_signal = [500]\nsolver = ['euler']\nsteps = [20]\n\
         [[scan]]\nmethod = 'noise'\nn_signal = [500]\nsignal_region_gev = [[3100, 3300]]\n",
    );
    let found = rows(differences(&results));
    let along: Vec<&Vec<String>> = found.iter().filter(|row| row[0] == "500" && !row[4].is_empty()).collect();
    let said: BTreeSet<[&str; 5]> =
        along.iter().map(|row| [2, 3, 4, 5, 6].map(|column| row[column].as_str())).collect();
    // No point that differs in two things, and none of another signal region.
    let expected = [
        ["noise", "noise", "side-bands", "2900-4200", "2800-6000"],
        ["noise", "noise", "over-sampling", "2", "5"],
        ["noise", "noise", "classifiers", "trees", "mlp"],
        ["noise", "noise", "σ′", "2.24", "largest"],
        ["noise", "noise", "solver", "euler 20", "own"],
    ];
    assert_eq!(said, BTreeSet::from(expected));
    assert_eq!(along.len(), expected.len(), "each of them once");
    for row in along {
        assert_eq!((row[10].as_str(), row[13].as_str()), ("1", "4"));
        assert!((number(&row[7]) - 1.0).abs() < 1e-9 && (number(&row[9]) - 0.5).abs() < 1e-9, "{row:?}");
    }
}

#[test]
fn constituents_and_observables_are_no_axis() {
    let own = results(&[&[8.0], &[9.0]], &[8.0], "all").points[0].point;
    let by = |classifier| Between::of(&ScanPoint { classifier, ..own }, &own);
    assert_eq!(by(ClassifierKind::Transformer), None);
    let values = ["trees", "mlp"].map(str::to_owned);
    assert_eq!(by(ClassifierKind::Trees), Some(Between { axis: "classifiers", values }));
    assert_eq!(by(ClassifierKind::Mlp), None, "nothing differs");
}

#[test]
fn what_background_leaves_open_of_a_closure_knows_its_events_and_its_bound() {
    let [.., closure] = MEASURES;
    let mut results = results(&[&[8.0], &[9.0]], &[8.0], "all");
    for (point, background) in results.points.iter_mut().zip([1200, 1200]) {
        point.sizes.template = 4500;
        for found in &mut point.classifiers {
            found.classifier.performance.n_background = background;
            found.classifier.background_closure_auc = Some(0.5);
        }
    }
    let of = |found: &PointResults, mean| closure.of_counts(found, 5, mean).expect("events");
    let near = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-9, "{a} {b}");
    // 1/√(12 · 1,200), and where all lies at one end what is left of it.
    near(of(&results.points[0], 0.5), 1.0 / 120.0);
    near(of(&results.points[0], 0.999), (0.999 * 0.001_f64 / 1200.0).sqrt());
    // A fifth of the true template is among the 1,200 events: 300 are left.
    near(of(&results.points[1], 0.5), 1.0 / 60.0);
    // The table has it, beside the measures of signal.
    let found = rows(variance(&results));
    let row = found.iter().find(|row| row[3] == "background_closure_auc").expect("a row of closures");
    near(number(&row[12]), 1.0 / 120.0);
}

/// Replicas of the SIC at 10³ that alternate about a mean.
fn alternating(mean: f32, half: f32, period: usize) -> Replicas {
    let up = |replica: usize| (replica / period).is_multiple_of(2);
    let each = (0..REPLICAS).map(|replica| if up(replica) { mean + half } else { mean - half });
    Replicas { sic_at_1e3: Some(each.collect()), ..Replicas::default() }
}

#[test]
fn what_evaluation_events_do_to_both_sides_goes_out_of_their_difference() {
    let mut results = results(&[&[8.0, 9.0], &[10.0, 11.0]], &[7.0, 8.0], "all");
    let sd = (REPLICAS as f64 / (REPLICAS as f64 - 1.0)).sqrt();
    let mut error = |noise: [(usize, Option<Replicas>); 2], idealised: Replicas| {
        let drawn = (0..).zip(noise).map(|(template, (classifiers, mean))| {
            let draw = draw(0, Some(template));
            TaskReplicas { draw, classifiers, mean }
        });
        results.points[0].replicas = drawn.collect();
        results.points[1].replicas =
            vec![TaskReplicas { draw: draw(0, None), classifiers: 2, mean: Some(idealised) }];
        let difference = &rows(differences(&results))[0];
        let of_point = |place: usize| number(&rows(variance(&results))[place][12]);
        (number(&difference[12]), of_point(0))
    };
    let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    // Both sides move alike: nothing is left, though either alone is known to a half.
    let (of_difference, alone) = error(
        [(2, Some(alternating(9.0, 0.5, 1))), (2, Some(alternating(10.0, 0.5, 1)))],
        alternating(7.5, 0.5, 1),
    );
    near(of_difference, 0.0);
    near(alone, 0.5 * sd);
    // They move apart, or independently.
    let opposite = error(
        [(2, Some(alternating(9.0, 0.5, 1))), (2, Some(alternating(9.0, 0.5, 1)))],
        alternating(7.5, -0.5, 1),
    );
    near(opposite.0, sd);
    let independent = error(
        [(2, Some(alternating(9.0, 0.5, 1))), (2, Some(alternating(9.0, 0.5, 1)))],
        alternating(7.5, 0.5, 2),
    );
    near(independent.0, 0.5_f64.sqrt() * sd);
    // Templates count alike, however many classifiers they have.
    let (_, of_templates) = error(
        [(2, Some(alternating(9.0, 0.5, 1))), (6, Some(alternating(9.0, 0.1, 1)))],
        alternating(7.5, 0.5, 2),
    );
    near(of_templates, 0.3 * sd);
    // A record of an earlier version has none: numbers of events say it, of both sides.
    let (by_counts, alone) =
        error([(2, Some(alternating(9.0, 0.5, 1))), (2, None)], alternating(7.5, 0.5, 1));
    near(
        alone,
        9.5 * (0.25_f64 * 1e3 / 25_000.0 + (1.0 - 9.5 / 1e3_f64.sqrt()) / (9.5 / 1e3_f64.sqrt() * 4e6))
            .sqrt(),
    );
    assert!(by_counts > alone, "{by_counts} {alone}");
}

#[test]
fn tasks_of_one_template_count_by_their_classifiers() {
    let mut results = results(&[&[8.0], &[9.0]], &[8.0], "all");
    let drawn = draw(0, Some(0));
    let point = &mut results.points[0];
    let auc = |auc: f32| Some(Replicas { auc: Some(vec![auc; REPLICAS]), ..Replicas::default() });
    let task = |classifiers, mean| TaskReplicas { draw: drawn, classifiers, mean };
    point.replicas = vec![task(3, auc(0.5)), task(1, auc(0.9)), task(0, None)];
    let of = |point: &PointResults| point.replicas_of([drawn].iter()).and_then(|found| found.auc);
    let found = of(point).expect("replicas of all classifiers");
    assert!(found.iter().all(|auc| (auc - 0.6).abs() < 1e-6), "{found:?}");
    point.replicas[2].classifiers = 1;
    assert_eq!(of(point), None);
}
