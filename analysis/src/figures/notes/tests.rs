use std::collections::BTreeMap;

use super::*;
use crate::job::{BandSource, ClassifierSeed, Draw, Fold, JobFile};
use crate::plan::TaskId;
use crate::statistics::band::Band;
use crate::statistics::metrics::RankedScores;
use crate::store::results::OfTask;
use crate::store::{Classifier, SampleSizes};

/// A scan of these blocks whose classifiers tell the background from the templates of some points.
fn results(blocks: &str, fails: impl Fn(&str) -> bool) -> Results {
    let text = format!(
        "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[other_sample]\nsource = 'none'\n\
         [independent_background]\nsource = 'file'\n{blocks}"
    );
    let job = JobFile::from_text("job.toml", &text).check().expect("a good job");
    let classifier = |fold: u32, auc: f64| Classifier {
        seed: ClassifierSeed(0),
        fold: Fold(fold),
        closure_auc: None,
        background_closure_auc: Some(auc),
        performance: RankedScores::new(vec![], vec![]).performance(),
        losses: vec![],
    };
    let points = job.points.iter().map(|point| {
        let auc = if fails(&point.to_string()) { 0.9 } else { 0.5 };
        let of_task = |fold| OfTask {
            task: TaskId("classify".to_owned()),
            seconds: 1.0,
            draw: Draw::default(),
            classifier: classifier(fold, auc),
        };
        PointResults {
            point: *point,
            sizes: SampleSizes { data_background: 100_000, data_signal: 0, template: 100_000 },
            sizes_by_draw: BTreeMap::new(),
            classifiers: (0..5).map(of_task).collect(),
            replicas: vec![],
            band_source: BandSource::All,
            diverged: vec![],
        }
    });
    let points = points.collect();
    Results::of_points(job, points)
}

/// The figures of ∅ and SR that have a note.
fn noted(results: &Results) -> Vec<&'static str> {
    let band = Band { mean: 1.0, low: 0.5, high: 1.5, n: 5 };
    let has_note = |figure: &&Figure| {
        let mut table = FigureTable::new(figure.name());
        for curve in ["noise", "sr"] {
            table.push("a", curve, 1.0, band, None);
        }
        !figure.notes(&table, results).is_empty()
    };
    [Figure::Fig05, Figure::Fig06, Figure::Fig07, Figure::Fig12, Figure::Solver, Figure::Corner]
        .iter()
        .filter(has_note)
        .map(|figure| figure.name())
        .collect()
}

#[test]
fn points_of_an_axis_are_noted_where_that_axis_is_shown() {
    let blocks = "[[scan]]\nmethod = 'noise'\nn_signal = [0]\n\
                  [[scan]]\nmethod = 'noise'\nn_signal = [0]\nsigma_prime = [0.05]\n\
                  [[scan]]\nmethod = 'noise'\nn_signal = [0]\nside_bands_gev = [[3100, 3900]]\n\
                  [[scan]]\nmethod = 'noise'\nn_signal = [0]\nsolver = ['euler']\nsteps = [20]\n";
    let found = |what: &'static str| noted(&results(blocks, |point| point.contains(what)));
    assert_eq!(found("nothing"), [""; 0]);
    assert_eq!(found("sp0.05"), ["fig06"]);
    assert_eq!(found("w3100-3900"), ["fig12"]);
    assert_eq!(found("euler"), ["solver"]);
    // What is usual stands in all of them.
    let usual = |point: &str| !["sp0.05", "w3100", "euler"].iter().any(|other| point.contains(other));
    assert_eq!(noted(&results(blocks, usual)), ["fig05", "fig06", "fig07", "fig12", "solver", "corner"]);
}

#[test]
fn of_partial_diffusion_the_strength_nearest_to_the_job_s_is_usual() {
    let blocks = "[[scan]]\nmethod = 'sr'\nn_signal = [0]\nsigma_prime = [0.5, 3.5, 20]\n";
    let found = |what: &'static str| noted(&results(blocks, |point| point.contains(what)));
    assert_eq!(found("sp3.5"), ["fig05", "fig06", "fig07", "fig12"]);
    assert_eq!(found("sp20"), ["fig06", "fig07"]);
    // Both fail: a figure of the usual one speaks of it alone.
    let both = results(blocks, |point| !point.contains("sp0.5"));
    let mut table = FigureTable::new("fig05");
    table.push("a", "sr", 1.0, Band { mean: 1.0, low: 0.5, high: 1.5, n: 5 }, None);
    let of = |figure: Figure| figure.notes(&table, &both).concat();
    assert!(!of(Figure::Fig05).contains("points"), "{}", of(Figure::Fig05));
    assert!(of(Figure::Fig06).contains("at 2 of 3 points"), "{}", of(Figure::Fig06));
}

#[test]
fn each_injection_has_its_usual_strength_and_figures_without_signal_have_notes_of_such_points() {
    let blocks = "[[scan]]\nmethod = 'sr'\nn_signal = [0]\nsigma_prime = [2.24, 20]\n\
                  [[scan]]\nmethod = 'sr'\nn_signal = [500]\nsigma_prime = [8.9, 20]\n";
    let found = |what: &'static str| noted(&results(blocks, |point| point.contains(what)));
    assert_eq!(found("sp8.9-s500"), ["fig05", "fig07", "fig12"]);
    assert_eq!(found("sp20-s500"), ["fig07"]);
}
