use drapes_analysis::plan::random_stream::Stream;
use drapes_analysis::statistics::metrics::RankedScores;
use ndarray::{Array2, Axis, concatenate};
use rand_distr::{Distribution, StandardNormal};

use super::*;

const SETTINGS: TreeSettings = TreeSettings { iterations: 250, learning_rate: 0.1, leaves: 31, patience: 10 };

/// Events of one part, data first; both classes weigh alike.
struct Sample {
    features: Array2<f32>,
    is_data: Vec<bool>,
    weights: Vec<f64>,
}

impl Sample {
    fn of(data: &Array2<f32>, template: &Array2<f32>) -> Self {
        let (n_data, n_template) = (data.nrows(), template.nrows());
        let features = concatenate(Axis(0), &[data.view(), template.view()]).expect("same features");
        let is_data: Vec<bool> = (0..n_data + n_template).map(|event| event < n_data).collect();
        let half = is_data.len() as f64 / 2.0;
        let weight = |is_data: &bool| half / if *is_data { n_data as f64 } else { n_template as f64 };
        let weights = is_data.iter().map(weight).collect();
        Self { features, is_data, weights }
    }

    fn rows(&self) -> Rows<'_> {
        Rows { features: self.features.view(), is_data: &self.is_data, weights: &self.weights }
    }
}

/// Two normal features around a centre.
fn cloud(count: usize, centre: f32, seed: u64) -> Array2<f32> {
    let mut generator = Stream::of_job(seed).generator();
    Array2::from_shape_simple_fn((count, 2), || {
        let normal: f32 = StandardNormal.sample(&mut generator);
        centre + normal
    })
}

/// Data around `centre` against a template around 0.
fn clouds(n_data: usize, n_template: usize, centre: f32, seed: u64) -> Sample {
    Sample::of(&cloud(n_data, centre, seed), &cloud(n_template, 0.0, seed + 1))
}

fn train(training: &Sample, validation: &Sample, settings: &TreeSettings) -> Trees {
    Trees::train(&training.rows(), &validation.rows(), settings).expect("good events")
}

fn auc(trees: &Trees, centre: f32) -> f64 {
    let scores = |centre, seed| trees.score(cloud(20_000, centre, seed).view());
    RankedScores::new(scores(0.0, 98), scores(centre, 99)).auc().expect("both classes")
}

#[test]
fn separated_normals_reach_the_known_auc() {
    let trees = train(&clouds(6000, 9000, 1.0, 1), &clouds(2000, 3000, 1.0, 3), &SETTINGS);
    // The centres lie √2 apart: Φ(√2 / √2).
    let found = auc(&trees, 1.0);
    assert!((found - 0.8413).abs() < 0.01, "{found}");
}

#[test]
fn equal_samples_cannot_be_told_apart() {
    let trees = train(&clouds(6000, 9000, 0.0, 1), &clouds(2000, 3000, 0.0, 3), &SETTINGS);
    let found = auc(&trees, 0.0);
    assert!((found - 0.5).abs() < 0.01, "{found}");
}

#[test]
fn weights_set_the_balance_of_the_classes() {
    let (mut training, mut validation) = (clouds(2000, 6000, 0.0, 1), clouds(1000, 3000, 0.0, 3));
    let mean = |training: &Sample, validation: &Sample| {
        let scores = train(training, validation, &SETTINGS).score(training.features.view());
        scores.iter().sum::<f32>() / scores.len() as f32
    };
    let balanced = mean(&training, &validation);
    assert!(balanced.abs() < 0.1, "{balanced}");
    training.weights.fill(1.0);
    validation.weights.fill(1.0);
    let counted = mean(&training, &validation);
    assert!((counted + 3.0_f32.ln()).abs() < 0.1, "{counted}");
}

#[test]
fn the_same_training_gives_the_same_scores() {
    let (training, validation) = (clouds(3000, 4000, 0.7, 1), clouds(1000, 1500, 0.7, 3));
    let scores = || -> Vec<u32> {
        let trees = train(&training, &validation, &SETTINGS);
        trees.score(validation.features.view()).into_iter().map(f32::to_bits).collect()
    };
    assert_eq!(scores(), scores());
}

#[test]
fn training_stops_early_and_the_best_trees_score() {
    let (training, validation) = (clouds(3000, 4000, 0.0, 1), clouds(1000, 1500, 0.0, 3));
    let trees = train(&training, &validation, &SETTINGS);
    let losses = trees.losses();
    // So few trees that each of them is a moment.
    assert!(losses.len() <= MOMENTS && losses.len() > SETTINGS.patience, "{}", losses.len());
    let losses: Vec<f64> = losses.iter().filter_map(|loss| loss.validation).map(f64::from).collect();
    let (best, smallest_fold) =
        losses.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1)).expect("a loss for each tree");
    assert_eq!(losses.len() - 1 - best, SETTINGS.patience);
    let scores = trees.score(validation.features.view());
    let entropy = scores.iter().zip(&validation.is_data).zip(&validation.weights);
    let sum: f64 = entropy
        .map(|((score, is_data), weight)| {
            let towards = if *is_data { -f64::from(*score) } else { f64::from(*score) };
            weight * towards.exp().ln_1p()
        })
        .sum();
    let found = sum / validation.weights.iter().sum::<f64>();
    assert!((found - smallest_fold).abs() < 1e-6, "{found} against {smallest_fold}");
}

#[test]
fn the_losses_has_few_moments_and_ends_with_the_last_tree() {
    let settings = TreeSettings { iterations: 47, patience: 47, ..SETTINGS };
    let losses = train(&clouds(3000, 4000, 1.0, 1), &clouds(1000, 1500, 1.0, 3), &settings).losses();
    assert_eq!(losses.len(), MOMENTS);
    assert!((losses[MOMENTS - 1].epoch - 47.0).abs() < 1e-9);
    assert!(losses.windows(2).all(|pair| pair[0].epoch < pair[1].epoch));
    assert!(losses.windows(2).all(|pair| pair[0].training > pair[1].training));
}

#[test]
fn a_tree_has_no_more_leaves_than_asked_for() {
    let settings = TreeSettings { iterations: 1, leaves: 5, ..SETTINGS };
    let training = clouds(3000, 4000, 1.0, 1);
    let trees = train(&training, &clouds(1000, 1500, 1.0, 3), &settings);
    let mut scores = trees.score(training.features.view());
    scores.sort_unstable_by(f32::total_cmp);
    scores.dedup();
    assert_eq!(scores.len(), 5);
}

#[test]
fn a_leaf_holds_twenty_events_that_cannot_be_told_apart() {
    let validation = clouds(100, 100, 30.0, 3);
    let spread = |of_class: usize| {
        let trees = train(&clouds(of_class, of_class, 30.0, 1), &validation, &SETTINGS);
        let scores = trees.score(validation.features.view());
        scores.iter().copied().fold(f32::MIN, f32::max) - scores.iter().copied().fold(f32::MAX, f32::min)
    };
    assert!(spread(19) < 1e-6, "{}", spread(19));
    assert!(spread(21) > 0.1, "{}", spread(21));
}

#[test]
fn few_constant_or_perfectly_separated_events_have_finite_scores() {
    let constant = Array2::zeros((300, 2));
    for (training, validation) in [
        (clouds(1, 1, 0.0, 1), clouds(1, 1, 0.0, 3)),
        (Sample::of(&constant, &constant), clouds(100, 100, 0.0, 3)),
        (clouds(1000, 1000, 30.0, 1), clouds(300, 300, 30.0, 3)),
    ] {
        let trees = train(&training, &validation, &SETTINGS);
        assert!(trees.score(validation.features.view()).iter().all(|score| score.is_finite()));
        let finite = |loss: &Loss| loss.training.is_finite() && loss.validation.is_some_and(f32::is_finite);
        assert!(trees.losses().iter().all(finite));
    }
}

#[test]
fn events_that_teach_nothing_are_errors() {
    let good = clouds(100, 100, 1.0, 1);
    let refusal = |training: &Sample, validation: &Sample| {
        Trees::train(&training.rows(), &validation.rows(), &SETTINGS).err().expect("a refusal")
    };
    assert_eq!(refusal(&clouds(0, 100, 1.0, 1), &good), "the training events hold no data");
    assert_eq!(refusal(&good, &clouds(100, 0, 1.0, 1)), "the validation events hold no template");
    assert_eq!(refusal(&clouds(0, 0, 1.0, 1), &good), "the training events hold no data");
    let mut odd = clouds(100, 100, 1.0, 1);
    odd.features[[3, 1]] = f32::NAN;
    assert_eq!(refusal(&odd, &good), "a feature of the training events is not a finite number");
    let mut odd = clouds(100, 100, 1.0, 1);
    odd.weights[3] = f64::INFINITY;
    assert_eq!(refusal(&odd, &good), "a weight of the training events is negative or not finite");
}

/// Threads inherit the name of the thread that starts them.
#[cfg(target_os = "linux")]
#[test]
fn no_other_thread_is_started() {
    const ALONE: &str = "DRAPES_TEST_BOOSTING_ALONE";
    if std::env::var_os(ALONE).is_none() {
        // In a process of its own: a pool that another test has started would work under that test's name.
        let name = format!("{}::no_other_thread_is_started", module_path!());
        let name = name.split_once("::").expect("a crate").1;
        let program = std::env::current_exe().expect("this program");
        let output = std::process::Command::new(program).args(["--exact", name]).env(ALONE, "").output();
        let output = output.expect("this program starts");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let name_of = |task: std::path::PathBuf| std::fs::read_to_string(task.join("comm")).unwrap_or_default();
    let alike = move || {
        let own = name_of("/proc/thread-self".into());
        let tasks = std::fs::read_dir("/proc/self/task").expect("this process");
        tasks.flatten().filter(|task| name_of(task.path()) == own).count()
    };
    let alone = std::thread::Builder::new().name("boosting-alone".to_owned());
    let counted = alone.spawn(move || {
        let sample = clouds(20_000, 20_000, 1.0, 1);
        train(&sample, &sample, &TreeSettings { iterations: 3, ..SETTINGS }).score(sample.features.view());
        alike()
    });
    assert_eq!(counted.expect("a thread").join().expect("no panic"), 1);
}
