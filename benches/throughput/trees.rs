//! Boosted trees against other libraries: the same events, weights, rounds, leaves, bins and learning rate, on one core.

use std::path::Path;
use std::time::Instant;

use drapes::models::classifier::{
    BoostedTrees, ClassRows, ClassifierFamily, DataTruth, Member, Scorer, SmallestFold, TemplateFolds,
    TemplateTruth, TwoSample,
};
use drapes::training::Checkpointer;
use drapes_analysis::job::TreeSettings;
use drapes_analysis::job::quantities::{ClassifierSeed, Fold};
use drapes_analysis::plan::random_stream::Stream;
use drapes_analysis::statistics::metrics::RankedScores;
use ndarray::{Array2, Axis, concatenate};

use crate::peer::{Better, Compared, Peer};
use crate::{FEATURES, normals};

/// Trees of a training; all are grown.
const ROUNDS: usize = 100;
/// Events of a template and of data, about those of the simulated signal region at over-sampling 5; a quarter of them is not
/// learnt from.
const TEMPLATE: usize = 64_000;
const DATA: usize = 12_800;
/// One data event in so many is signal.
const SIGNAL: usize = 5;

/// Both classes, and which rows of each are learnt from.
struct Classes {
    data: Array2<f32>,
    template: Array2<f32>,
}

impl Classes {
    fn new() -> Self {
        let mut data = normals(DATA, FEATURES, 1);
        for mut event in data.rows_mut().into_iter().step_by(SIGNAL) {
            event.mapv_inplace(|value| 0.5 * value + 1.0);
        }
        Self { data, template: normals(TEMPLATE, FEATURES, 2) }
    }

    /// Events of both classes, data first, that are learnt from; or the others.
    fn part(&self, learnt: bool) -> Array2<f32> {
        let of = |class: &Array2<f32>| class.select(Axis(0), &rows(class.nrows(), learnt));
        concatenate(Axis(0), &[of(&self.data).view(), of(&self.template).view()]).expect("the same features")
    }

    /// Seconds of a training, and the AUC on events that it has not seen.
    fn train(&self, settings: &TreeSettings) -> (f64, f64) {
        let none = normals(0, FEATURES, 3);
        let two_sample = TwoSample {
            data: self.data.view(),
            data_truth: DataTruth::Generated,
            template: self.template.view(),
            template_truth: TemplateTruth::Generated,
            template_folds: TemplateFolds::Random,
            unseen_background: none.view(),
            unseen_signal: none.view(),
            counts: None,
        };
        let part = |learnt| ClassRows {
            data: rows(DATA, learnt).into_iter().collect(),
            template: rows(TEMPLATE, learnt).into_iter().collect(),
        };
        let member = Member {
            seed: ClassifierSeed(0),
            fold: Fold(0),
            training: part(true),
            validation: part(false),
            evaluated: part(false),
            stream: Stream::of_job(1),
        };
        let (batches, validation) = (1, rows(DATA, false).len());
        let least = SmallestFold { batches, validation };
        let start = Instant::now();
        let trained = BoostedTrees { settings, threads: 1 }.train(
            &two_sample,
            &[member],
            least,
            &Checkpointer::default(),
        );
        let seconds = start.elapsed().as_secs_f64();
        let (forest, _) = trained.expect("good events");
        let scores = forest.score_by_all(self.part(false).view()).remove(0);
        let (data, template) = scores.split_at(validation);
        let ranked = RankedScores::new(template.to_vec(), data.to_vec());
        (seconds, ranked.auc().expect("events of both classes"))
    }

    /// For the peer: events as they lie in memory, four bytes a number.
    fn write(&self, folder: &Path) {
        for (name, learnt) in [("learnt", true), ("unseen", false)] {
            let bytes: Vec<u8> = self.part(learnt).iter().flat_map(|value| value.to_le_bytes()).collect();
            std::fs::write(folder.join(name), bytes).expect("room for the events");
        }
    }
}

/// Rows that are learnt from, or the others.
fn rows(count: usize, learnt: bool) -> Vec<usize> {
    (0..count).filter(|row| (row % 4 != 3) == learnt).collect()
}

/// Runs both in turns and prints ratios and the AUC of each.
pub fn compare(script: String, python: Option<String>, rounds: Option<String>, trees: &TreeSettings) {
    let classes = Classes::new();
    let folder = tempfile::tempdir().expect("a folder");
    classes.write(folder.path());
    let settings = TreeSettings { iterations: ROUNDS, patience: ROUNDS, ..trees.clone() };
    let numbers = [FEATURES, rows(DATA, true).len(), rows(DATA, false).len(), ROUNDS, settings.leaves];
    let mut arguments = vec![folder.path().display().to_string(), settings.learning_rate.to_string()];
    arguments.extend(numbers.map(|number| number.to_string()));
    let peer = Peer { arguments, ..Peer::new(script, python, rounds) };
    let measure = || (classes.train(&settings).0, "s");
    let of = |word| Compared { word, better: Better::Lower, measure: &measure };
    let said = peer.compare(&[of("lightgbm"), of("watching"), of("sklearn")]);
    println!("AUC on unseen events: ours {:.4}; peer: {said}", classes.train(&settings).1);
}
