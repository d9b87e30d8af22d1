use super::*;
use crate::job::{BandSource, ClassifierSeed, Fold, InjectionSeed, JobFile, TemplateSeed};
use crate::plan::TaskId;
use crate::statistics::metrics::RankedScores;
use crate::store::SampleSizes;
use crate::store::results::OfTask;

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
        diverged: vec![],
    };
    let of_noise =
        (0..).zip(noise).flat_map(|(template, values)| classifiers(Some(template), values)).collect();
    let points = vec![point(0, of_noise), point(job.points.len() - 1, classifiers(None, idealised))];
    Results {
        points,
        others: vec![],
        job,
        missing: vec![],
        torn: vec![],
        unblinding: None,
        control_searches: vec![],
        digest: String::new(),
    }
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

#[test]
fn a_method_is_compared_with_itself_along_one_axis() {
    let mut results = results(&[&[8.0, 9.0], &[10.0, 11.0]], &[8.0, 8.0], "all");
    let text = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[[scan]]\nmethod = 'noise'\nn_signal = [500, 600]\n\
                oversampling = [2, 5]\nside_bands_gev = [[2900, 4200], [2800, 6000]]\nclassifier = ['mlp', 'trees']\n";
    let job = JobFile::from_text("job.toml", text).check().expect("a good job");
    // Of every other point, of which three differ from the job's own in one thing: by half of a SIC more with the one template, by
    // one and a half with the other.
    let more = |point: &ScanPoint| {
        let values = [(0, 0, 8.5), (0, 1, 9.5), (1, 0, 11.5), (1, 1, 12.5)];
        let classifiers = values.map(|(template, seed, sic)| classifier(draw(0, Some(template)), seed, sic));
        PointResults {
            point: *point,
            classifiers: classifiers.into(),
            sizes_by_draw: BTreeMap::new(),
            diverged: vec![],
            ..results.points[0]
        }
    };
    let others: Vec<PointResults> =
        job.points.iter().filter(|point| **point != results.points[0].point).map(more).collect();
    results.points.extend(others);
    let found = rows(differences(&results));
    let along: Vec<&Vec<String>> = found.iter().filter(|row| row[0] == "500" && !row[4].is_empty()).collect();
    let said: Vec<[&str; 5]> =
        along.iter().map(|row| [2, 3, 4, 5, 6].map(|column| row[column].as_str())).collect();
    let expected = [
        ["noise", "noise", "side-bands", "2900-4200", "2800-6000"],
        ["noise", "noise", "over-sampling", "2", "5"],
        ["noise", "noise", "classifiers", "trees", "mlp"],
    ];
    for row in expected {
        assert!(said.contains(&row), "{row:?} in {said:?}");
    }
    assert_eq!(said.len(), 3, "{said:?}");
    for row in along {
        assert_eq!((row[10].as_str(), row[13].as_str()), ("1", "4"));
        assert!((number(&row[7]) - 1.0).abs() < 1e-9 && (number(&row[9]) - 0.5).abs() < 1e-9, "{row:?}");
    }
}
