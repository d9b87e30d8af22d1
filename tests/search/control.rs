//! Searches of other events, without signal, that measure the cuts of a search.

use super::*;

/// Says what `drapes control` says of a search and another one.
fn control(mine: &Path, which: &str, other: &Path) -> Command {
    let mut control = drapes();
    control.arg("control").arg(mine).arg(which).arg(other);
    control
}

/// Two searches of the same window in different events without labels, the second of which is open.
fn searches_of_two_samples(place: &Path) -> [PathBuf; 2] {
    write(place, "mine.csv", &table(4000, 120.0));
    write(place, "other.csv", &table(3900, 120.0));
    let [mine, other] = ["mine", "other"].map(|name| place.join(name));
    let with = |search: &str| unlabelled(place, &format!("windows_gev = [[80, 90]]\n{search}"));
    answer(&mut run(&with("efficiencies = [0.2, 0.1]"), &mine));
    answer(
        run(&with("efficiencies = [0.1, 0.05]\nblind = false"), &other)
            .args(["--set", "data.events='other.csv'"]),
    );
    [mine, other]
}

#[test]
fn a_search_of_other_events_measures_the_cuts_of_this_one() {
    let place = directory();
    let [mine, other] = searches_of_two_samples(place.path());
    let said = answer(&mut control(&mine, "--from", &other));
    assert!(said.starts_with("1 window measures the cuts of this search: "), "{said}");
    let (behind, counted) = (&rows(&mine)[2], &rows(&other)[1]);
    let number = |row: &HashMap<String, String>, key: &str| row[key].parse::<f64>().expect("a number");
    let delta = number(counted, "n") / number(counted, "background") - 1.0;
    assert!((number(behind, "delta") - delta).abs() < 1e-5, "{delta} {behind:?}");
    assert!(behind["delta_windows"] == "1" && behind["n"] == "blind", "{behind:?}");
    assert_eq!(rows(&mine)[1]["delta_windows"], "0", "the other search has no cut at 0.2");
    assert!(fs::read_to_string(mine.join("control.csv")).expect("a table").contains(",other\n"));
    let page = fs::read_to_string(mine.join("report.html")).expect("a page");
    assert!(page.contains("1 of the control windows is of other, whose events are taken to hold no signal."));
    // Counts are copied: that search may go. The same run finds tables as they are.
    let table = fs::read(mine.join("search.csv")).expect("a table");
    let moved = place.path().join("moved");
    fs::rename(&other, &moved).expect("room");
    let job = mine.join("job.toml");
    let said = answer(run(&job, &mine).arg("--data-dir").arg(place.path()));
    assert!(said.contains("nothing to do"), "{said}");
    assert_eq!(fs::read(mine.join("search.csv")).expect("a table"), table);
    // The same events under another name are the same events.
    let said = answer(&mut control(&mine, "--from", &moved));
    assert!(said.contains("of the same events or directory, is replaced"), "{said}");
    assert_eq!(rows(&mine)[2]["delta_windows"], "1");
    let said = answer(drapes().arg("unblind").arg(&mine));
    assert!(!said.contains("after the search was unblinded"), "it was there before: {said}");
    assert!(
        said.split_whitespace().collect::<Vec<_>>().join(" ").contains("no numbers behind ε = 0.2"),
        "{said}"
    );
    let said = answer(&mut control(&mine, "--remove", &moved));
    assert!(said.contains("taken away after the search was unblinded: the control search moved"), "{said}");
    assert_eq!(rows(&mine)[2]["delta_windows"], "0");
}

#[test]
fn a_search_that_measures_nothing_of_this_one_is_refused() {
    let place = directory();
    let [mine, other] = searches_of_two_samples(place.path());
    let refused = |directory: &Path, expected: &str| {
        let (code, message) = refusal(&mut control(&mine, "--from", directory));
        assert!(code == 2 && message.contains(expected), "{message}");
        assert!(!mine.join("control_searches.json").exists(), "{message}");
    };
    let with = |search: &str| unlabelled(place.path(), &format!("windows_gev = [[80, 90]]\n{search}"));
    let again = |name: &str, search: &str, change: &str| {
        let out = place.path().join(name);
        answer(run(&with(search), &out).args(["--set", "data.events='other.csv'", "--set", change]));
        out
    };
    refused(place.path(), "holds no results of drapes");
    let open = "efficiencies = [0.1]\nblind = false";
    fs::copy(place.path().join("mine.csv"), place.path().join("copy.csv")).expect("room");
    let same = place.path().join("same");
    answer(run(&with(open), &same).args(["--set", "data.events='copy.csv'"]));
    refused(&same, "its events are those of this search");
    refused(
        &again("wider", "efficiencies = [0.15]\nblind = false", "seed=2"),
        "no numbers behind its cuts, ε = 0.2, 0.1)",
    );
    refused(
        &again("blind", "efficiencies = [0.1]", "seed=2"),
        "is blind (how many events pass its cuts would show",
    );
    refused(&again("fewer", open, "data.features=['a']"), "data.features is a there and a, b here");
    let (code, message) = refusal(&mut control(&mine, "--remove", &other));
    assert!(code == 2 && message.contains("the search has no control searches"), "{message}");
    let (code, message) = refusal(drapes().arg("control").arg(&mine));
    assert!(code == 2 && message.contains("--from <DIR>|--remove <DIR>"), "{message}");
    // What may be meant is told: half of the events of the same file, and other trainings.
    let notes = |directory: &Path| {
        let output = control(&mine, "--from", directory).output().expect("a command");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let half = place.path().join("half");
    answer(run(&with(open), &half).args(["--set", "data.select='a > 0.5'"]));
    let said = notes(&half);
    assert!(said.contains("both searches read the same file (mine.csv)"), "{said}");
    assert!(said.contains("no numbers behind ε = 0.2"), "{said}");
    let said = notes(&other);
    assert!(!said.contains("the same file") && !said.contains("differ"), "{said}");
    let said = notes(&again("longer", open, "denoiser.epochs=2"));
    assert!(said.contains("both searches differ in [denoiser]"), "{said}");
    fs::write(mine.join("control_searches.json"), "{").expect("room");
    let (code, message) = refusal(drapes().arg("reduce").arg(&mine));
    assert!(
        code == 2 && message.contains("move it away, and take the control searches over again"),
        "{message}"
    );
}
