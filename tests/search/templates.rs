//! Windows whose template several models make.

use std::fs;

use super::support::{answer, directory, records};
use super::{rows, run, small_search};

#[test]
fn a_template_of_several_models_has_a_part_of_each() {
    let place = directory();
    let out = place.path().join("out");
    let job = small_search(place.path(), "injected = 0\nblind = false");
    let mut of_two = run(&job, &out);
    answer(of_two.args(["--set", "search.oversampling=4", "--set", "search.templates=2"]));
    let names: Vec<String> = records(&out).into_keys().collect();
    let has = |task: &str| names.iter().any(|name| name.ends_with(&format!("{task}.json")));
    for task in
        ["template/noise-s0-w2800-6000", "template/noise-s0-w2800-6000-t1", "train/denoiser-s0-w2800-6000-t1"]
    {
        assert!(has(task), "{task} of {names:?}");
    }
    assert!(names.iter().any(|name| name.ends_with("-x4-k2-trees.json")), "{names:?}");
    let row = &rows(&out)[0];
    let number = |key: &str| row[key].parse::<usize>().expect("a count");
    assert_eq!(number("n_template"), 4 * number("n_window"), "two parts of twice the data");
    // The models are two: their weights differ.
    let arrays: Vec<Vec<u8>> = fs::read_dir(out.join("tasks/train"))
        .expect("trainings")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "h5"))
        .map(|path| fs::read(path).expect("arrays"))
        .collect();
    assert_eq!(arrays.len(), 2);
    assert!(arrays[0] != arrays[1]);
}
