//! Windows that perceptrons search.

use std::fs;

use super::support::{answer, directory, drapes, records, refusal, write};
use super::{pseudo, rows, run, table, unlabelled, unwrapped};

/// By perceptrons, with pseudo-experiments, and with features that tell the mass: what was warned of before the first task is said again by
/// whoever shows the results.
#[test]
fn perceptrons_search_windows_and_their_pseudo_experiments() {
    let place = directory();
    let out = place.path().join("out");
    write(place.path(), "mine.csv", &table(4000, 120.0));
    let job = unlabelled(
        place.path(),
        "windows_gev = [[80, 90]]\nefficiencies = [0.1]\ntrainings = 2\nclassifier = 'perceptrons'\ncalibrate = 10\n[classifier]\n\
         epochs = 2",
    );
    let text = fs::read_to_string(&job).expect("the job").replace("'b']", "'c']\ncolumns.c = 'm + 3*b'");
    let job = write(place.path(), "mine.toml", &text);
    let said = unwrapped(&answer(&mut run(&job, &out)));
    assert!(said.contains("warning: the features tell "), "{said}");
    let blind = rows(&out);
    assert!(
        blind[1]["n"] == "blind" && blind[1]["background"].parse::<f64>().is_ok_and(|b| b > 10.0),
        "{blind:?}"
    );
    let pseudo = pseudo(&out);
    assert!(pseudo.len() == 1 && pseudo[0].1.iter().all(|one| !one["cuts"][0].is_null()), "{pseudo:?}");
    let names: Vec<String> = records(&out).into_keys().collect();
    assert!(names.iter().any(|name| name.ends_with("classify/window-noise-s0-w60-120-x4.json")), "{names:?}");
    let page = fs::read_to_string(out.join("report.html")).expect("a page");
    assert!(page.contains("the features tell "), "the page says it again");
    let opened = unwrapped(&answer(drapes().arg("unblind").arg(&out)));
    assert!(opened.contains("warning: the features tell "), "{opened}");
    let found: f64 = rows(&out)[1]["n"].parse().expect("a count");
    assert!(found > 0.0);
    // The same again is done; other perceptrons are another search.
    let (code, message) =
        refusal(&mut run(&write(place.path(), "mine.toml", &text.replace("epochs = 2", "epochs = 3")), &out));
    assert!(code == 2 && message.contains("classifier.epochs"), "{message}");
}

/// Perceptrons that all diverge end their window, and nothing else: what was trained and made before it stays.
#[test]
fn perceptrons_that_diverge_fail_with_what_to_do() {
    let place = directory();
    let out = place.path().join("out");
    write(place.path(), "mine.csv", &table(4000, 120.0));
    let job = unlabelled(
        place.path(),
        "windows_gev = [[80, 90]]\nefficiencies = [0.1]\nblind = false\nclassifier = 'perceptrons'\n[classifier]\nepochs = 2\n\
         learning_rate = 1e30",
    );
    let (code, message) = refusal(&mut run(&job, &out));
    let message = unwrapped(&message);
    assert_eq!(code, 4, "{message}");
    assert!(message.contains("diverged") && message.contains("lower the learning rate"), "{message}");
    assert!(message.contains("1 of 4 tasks have no result"), "{message}");
    let names: Vec<String> = records(&out).into_keys().collect();
    assert!(names.iter().any(|name| name.contains("template/noise-")), "{names:?}");
}
