use std::path::Path;

use drapes_analysis::job::JobFile;
use drapes_analysis::plan::fingerprint::InputFile;
use ndarray::Array2;
use rand::RngExt;
use rand_pcg::Pcg64;

use super::*;
use crate::data::Dropped;

fn job(extra: &str) -> Job {
    let text = format!(
        "schema = 1\nname = 'a'\n[independent_background]\nsource = 'file'\nevents = 'i.h5'\n[other_sample]\n\
         source = 'file'\nevents = 'o.h5'\n[[scan]]\nmethod = 'noise'\nn_signal = [0]\n[data]\nevents = 'e.h5'\n\
         layout = 'table'\nresonant = 'm'\nfeatures = ['a', 'b']\n{extra}"
    );
    JobFile::from_text("job.toml", text).check().expect("a good job")
}

/// Background of so many events, each value on a grid of so many points a unit, beginning with this seed.
fn sample(count: usize, grid: f64, seed: u128) -> Events {
    let mut generator = Pcg64::new(seed, 1);
    let mut draw = |low: f64, high: f64| (generator.random_range(low..high) * grid).round() / grid;
    let mass = (0..count).map(|_| draw(2800.0, 6000.0)).collect();
    let features = Array2::from_shape_simple_fn((count, 2), || draw(-3.0, 3.0) as f32);
    Events {
        mass,
        features,
        is_signal: vec![false; count],
        rows: (0..count as u32).collect(),
        generated: None,
        jets: None,
        dropped: Dropped::default(),
        remarks: vec![],
    }
}

fn both(first: &Events, second: &Events) -> Events {
    let mut all = first.clone();
    all.append(second);
    all
}

/// Of a job without simulated signal.
fn check(
    job: &Job,
    data: &Events,
    further: Option<&Events>,
    other: Option<&Events>,
) -> Result<Vec<Repeat>, Error> {
    super::check(job, data, further, other, &[])
}

fn refusal(result: Result<Vec<Repeat>, Error>) -> String {
    result.expect_err("too many").to_string()
}

#[test]
fn samples_of_their_own_are_of_no_concern() {
    let [data, further, other] = [1, 2, 3].map(|seed| sample(3000, 1e9, seed));
    assert_eq!(check(&job(""), &data, Some(&further), Some(&other)).expect("all differ"), []);
}

#[test]
fn events_that_are_twice_in_the_data_are_refused() {
    let data = sample(3000, 1e9, 1);
    let message = refusal(check(&job(""), &both(&data, &data), None, None));
    assert!(
        message.starts_with("3000 of the 6000 background events of e.h5 are copies of others ("),
        "{message}"
    );
    assert!(message.contains("1%") && message.contains("data.most_repeated"), "{message}");
    // Whoever knows better says so.
    let allowed = check(&job("most_repeated = 0.5"), &both(&data, &data), None, None).expect("allowed");
    assert_eq!((allowed.len(), allowed[0].events, allowed[0].of), (1, 3000, 6000));
}

#[test]
fn a_few_copies_are_told() {
    let data = sample(3000, 1e9, 1);
    let few = both(&data, &data.only(&[0, 1, 2]));
    let told = check(&job(""), &few, None, None).expect("few");
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].to_string(), "3 of the 3003 background events of e.h5 are copies of others");
    assert!(check(&job("most_repeated = 0"), &few, None, None).is_err());
}

#[test]
fn signal_is_counted_for_itself() {
    // Hidden among the background, copies of all signal would be few.
    let mut signal = sample(20, 1e9, 2);
    signal.is_signal.fill(true);
    let data = both(&sample(9000, 1e9, 1), &both(&signal, &signal));
    assert!(refusal(check(&job(""), &data, None, None)).starts_with("20 of the 40 signal events of e.h5"));
    // The same events as background and as signal.
    let mut background = signal.clone();
    background.is_signal.fill(false);
    let data = both(&sample(9000, 1e9, 1), &both(&signal, &background));
    let message = refusal(check(&job(""), &data, None, None));
    assert!(
        message.contains("20 of the 20 signal events of e.h5 are also among the background"),
        "{message}"
    );
}

#[test]
fn rows_that_files_share_are_refused() {
    let (data, fresh) = (sample(6000, 1e9, 1), sample(6000, 1e9, 2));
    let inside = data.mass.iter().filter(|mass| (3300.0..3700.0).contains(*mass)).count();
    let half = both(&data.only(&(0..3000).collect::<Vec<_>>()), &fresh.only(&(0..3000).collect::<Vec<_>>()));
    let message = refusal(check(&job(""), &data, Some(&half), None));
    assert!(
        message.contains("in the signal region are also among the background events of e.h5"),
        "{message}"
    );
    let shared: usize = message.split(' ').next().and_then(|word| word.parse().ok()).expect("a number");
    assert!(shared.abs_diff(inside / 2) < 40, "{message}");
    // What lies outside of the signal region is not used of this file.
    let outside: Vec<usize> =
        (0..6000).filter(|event| !(3300.0..3700.0).contains(&data.mass[*event])).collect();
    let harmless = both(&data.only(&outside), &fresh);
    assert_eq!(check(&job(""), &data, Some(&harmless), None).expect("nothing is shared"), []);
    // Of another sample all is used.
    let message = refusal(check(&job(""), &data, None, Some(&harmless)));
    assert!(message.contains("are also among the background events of o.h5"), "{message}");
}

#[test]
fn copies_in_single_precision_are_copies() {
    let data = sample(3000, 1e9, 1);
    let mut copy = data.clone();
    copy.mass.iter_mut().for_each(|mass| *mass = f64::from(*mass as f32));
    assert!(check(&job(""), &data, None, Some(&copy)).is_err());
}

#[test]
fn whole_numbers_look_alike_and_are_no_copies() {
    let [data, other] = [1, 2].map(|seed| sample(6000, 1.0, seed));
    let mut rows: Vec<u64> = (0..6000)
        .map(|event| {
            crate::data::row_hash([
                data.mass[event] as f32,
                data.features[[event, 0]],
                data.features[[event, 1]],
            ])
        })
        .collect();
    let alike = crate::data::repeated(&mut rows);
    assert!(alike > 60, "only {alike} look alike");
    assert_eq!(check(&job(""), &data, None, Some(&other)).expect("chance"), []);
    // Copies stand out among them.
    assert!(check(&job(""), &both(&data, &data), None, None).is_err());
    assert!(check(&job(""), &data, None, Some(&both(&other, &data))).is_err());
}

#[test]
fn a_million_events_are_compared_in_no_time() {
    let data = sample(1_100_000, 1e9, 1);
    let start = std::time::Instant::now();
    assert!(check(&job(""), &data, None, None).is_ok());
    // Half a second where all is optimised; tests are not.
    assert!(start.elapsed().as_secs_f64() < 20.0, "{:?}", start.elapsed());
}

#[test]
fn files_that_are_equal_are_refused_by_both_names() {
    let file =
        |name: &str, sha256: &str| InputFile { name: name.to_owned(), sha256: sha256.to_owned(), bytes: 1 };
    let message = |names: [&str; 3]| {
        let inputs = ["e.h5", "i.h5", "o.h5"].iter().zip(names).map(|(name, sha256)| file(name, sha256));
        check_files(&job(""), &inputs.collect::<Vec<_>>()).err().map(|error| error.to_string())
    };
    assert_eq!(message(["1", "2", "3"]), None);
    let found = message(["1", "1", "3"]).expect("equal");
    assert!(
        found.starts_with("independent_background.events (i.h5) is the same file as data.events (e.h5) ("),
        "{found}"
    );
    let found = message(["1", "2", "2"]).expect("equal");
    assert!(
        found.starts_with("other_sample.events (o.h5) is the same file as independent_background.events"),
        "{found}"
    );
    assert_eq!(message(["1", "1", "1"]).expect("equal").lines().count(), 2);
    // Without the middle one, the others keep their names.
    let text = "schema = 1\nname = 'a'\n[data]\nevents = 'e.h5'\n[other_sample]\nsource = 'file'\nevents = 'o.h5'\n\
                [[scan]]\nmethod = 'noise'\nn_signal = [0]\n";
    let job = JobFile::from_text(Path::new("job.toml"), text).check().expect("a good job");
    let found = check_files(&job, &[file("e.h5", "1"), file("o.h5", "1")]).expect_err("equal").to_string();
    assert!(found.starts_with("other_sample.events (o.h5) is the same file as data.events"), "{found}");
}

#[test]
fn simulated_signal_that_is_among_the_data_is_refused() {
    let search = "[search]\nwindows_gev = [[3300, 3700]]\ninjected = 5\nsensitivity = [1]\nsignal = 'file'\n\
                  signal_events = 's.h5'\n";
    let [data, signal] = [1, 2].map(|seed| sample(1000, 1e9, seed));
    let with =
        |simulated: &Events| super::check(&job(search), &data, None, None, std::slice::from_ref(simulated));
    assert_eq!(with(&signal).expect("all differ"), []);
    let message = refusal(with(&both(&signal, &data)));
    assert!(message.contains("signal events of s.h5") && message.contains("e.h5"), "{message}");
    // Of a file with labels only the signal counts.
    let labelled = Events {
        is_signal: (0..2000).map(|event| event < 1000).collect(),
        rows: (0..2000).collect(),
        ..both(&signal, &data)
    };
    assert_eq!(with(&labelled).expect("its background is not used"), []);
}
