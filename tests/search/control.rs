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
    write(place, "other.csv", &table_of(4, 3900, 120.0));
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
    let noted = &rows(&mine)[1]["note"];
    assert!(noted.contains("no control window has measured δ of this cut: it is taken as 0"), "{noted}");
    assert!(fs::read_to_string(mine.join("control.csv")).expect("a table").contains(",other\n"));
    let page = fs::read_to_string(mine.join("report.html")).expect("a page");
    assert!(page.contains("1 of the control windows is of other, whose events are taken to hold no signal."));
    assert!(page.contains("no control window has numbers behind ε = 0.2: δ is taken as 0 there"));
    // Counts are copied: that search may go. The same run finds tables as they are.
    let table = fs::read(mine.join("search.csv")).expect("a table");
    let moved = place.path().join("moved");
    fs::rename(&other, &moved).expect("room");
    let job = mine.join("job.toml");
    let again = run(&job, &mine).arg("--data-dir").arg(place.path()).output().expect("a run");
    assert!(String::from_utf8_lossy(&again.stderr).contains("nothing to do"), "{again:?}");
    assert_eq!(fs::read(mine.join("search.csv")).expect("a table"), table);
    // The same events under another name are the same events.
    let said = answer(&mut control(&mine, "--from", &moved));
    assert!(said.contains("of the same events or directory, is replaced"), "{said}");
    assert_eq!(rows(&mine)[2]["delta_windows"], "1");
    let said = answer(drapes().arg("unblind").arg(&mine));
    assert!(!said.contains("after the search was unblinded"), "it was there before: {said}");
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("no control window has numbers behind ε = 0.2: δ is taken as 0 there"), "{said}");
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
    let open = "windows_gev = [[80, 90]]\nefficiencies = [0.1]\nblind = false";
    let again = |name: &str, search: &str, changes: &[&str]| {
        let out = place.path().join(name);
        let job = unlabelled(place.path(), search);
        answer(run(&job, &out).args(changes.iter().flat_map(|change| ["--set", change])));
        out
    };
    let of_other = "data.events='other.csv'";
    refused(place.path(), "holds no results of drapes");
    // The same events by another name, or some of them: a blind search of them is not to be unblinded for this.
    fs::copy(place.path().join("mine.csv"), place.path().join("copy.csv")).expect("room");
    let some_of_mine = "its events are those of this search, or some of them";
    refused(&again("same", open, &["data.events='copy.csv'"]), some_of_mine);
    refused(&again("half", open, &["data.select='a > 0.5'"]), some_of_mine);
    refused(&mine, some_of_mine);
    let wider = again("wider", &open.replace("0.1", "0.15"), &[of_other]);
    refused(&wider, "no numbers behind ε = 0.2, 0.1) finish it");
    let blind = again("blind", &open.replace("false", "true"), &[of_other]);
    refused(&blind, "is blind (how many events pass its cuts would show");
    refused(
        &again("fewer", open, &[of_other, "data.features=['a']"]),
        "data.features is a there and a, b here",
    );
    // The last events of another sample are simulated signal, some of which was added.
    let rows = table_of(4, 3900, 120.0);
    let labelled = rows.lines().enumerate().map(|(row, line)| match row {
        0 => format!("{line},label\n"),
        row => format!("{line},{}\n", u8::from(row > 3700)),
    });
    write(place.path(), "labelled.csv", &labelled.collect::<String>());
    let rehearsal = again("rehearsal", &format!("{open}\ninjected = 50"), &["data.events='labelled.csv'"]);
    refused(&rehearsal, "50 signal events are among its data) run it again with --set search.injected=0");
    let (code, message) = refusal(&mut control(&mine, "--remove", &other));
    assert!(code == 2 && message.contains("the search has no control searches"), "{message}");
    let (code, message) = refusal(drapes().arg("control").arg(&mine));
    assert!(code == 2 && message.contains("--from <DIR>|--remove <DIR>"), "{message}");
}

#[test]
fn what_may_be_meant_is_told_where_the_counts_are_told() {
    let place = directory();
    let [mine, other] = searches_of_two_samples(place.path());
    let said = |directory: &Path| {
        let said = answer(&mut control(&mine, "--from", directory));
        said.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let plain = said(&other);
    assert!(
        plain.contains("1 of the control windows is of other") && !plain.contains("it differs"),
        "{plain}"
    );
    // Longer trainings, three windows of which two overlap the middle one, and half of the other events.
    let out = place.path().join("longer");
    let job = unlabelled(
        place.path(),
        "windows_gev = [[78, 84], [82, 88], [86, 92]]\nefficiencies = [0.1]\nblind = false",
    );
    let changes = ["data.events='other.csv'", "data.select='a > 0.3'", "denoiser.epochs=2"];
    answer(run(&job, &out).args(changes.iter().flat_map(|change| ["--set", change])));
    let found = said(&out);
    assert!(found.contains("2 windows measure the cuts of this search"), "{found}");
    assert!(found.contains("another one overlaps them and is left out"), "{found}");
    assert!(
        found.contains("whose events are taken to hold no signal; it differs from this search in [denoiser]")
    );
    // They are some of the events of the other one, and are in its place.
    assert!(found.contains("is replaced") && rows(&mine)[2]["delta_windows"] == "2", "{found}");
    let page = fs::read_to_string(mine.join("report.html")).expect("a page");
    assert!(page.contains("it differs from this search in [denoiser]"));
    // A file that was written anew holds the same events, and has another content.
    let rewritten = table(4000, 120.0).replace("m,a,b\n", "m,a,b\n\n");
    write(place.path(), "rewritten.csv", &rewritten);
    let out = place.path().join("rewritten");
    let job = unlabelled(place.path(), "windows_gev = [[80, 90]]\nefficiencies = [0.1]\nblind = false");
    answer(run(&job, &out).args(["--set", "data.events='rewritten.csv'"]));
    let found = said(&out);
    assert!(
        found.contains(
            "window 80-90 has as many data at each mass as here, so that both may hold the same events"
        ),
        "{found}"
    );
    fs::write(mine.join("control_searches.json"), "{").expect("room");
    let (code, message) = refusal(drapes().arg("reduce").arg(&mine));
    assert!(
        code == 2 && message.contains("move it away, and take the control searches over again"),
        "{message}"
    );
}

/// Neither a job that says otherwise nor a damaged note of who has looked opens a blind search.
pub fn assert_stays_blind(place: &Path, out: &Path) {
    let (code, message) = refusal(&mut run(&small_search(place, "injected = 1000\nblind = false"), out));
    assert!(code == 2 && message.contains("is blind") && message.contains("drapes unblind"), "{message}");
    fs::write(out.join("unblinded.json"), "{").expect("room");
    let (code, message) = refusal(drapes().arg("unblind").arg(out));
    assert!(code == 2 && message.contains("unblinded.json"), "{message}");
    assert_eq!(rows(out)[1]["n"], "blind");
    fs::remove_file(out.join("unblinded.json")).expect("it was there");
}
