use super::*;

fn of(file: &str, selection: &str) -> SearchedEvents {
    SearchedEvents { content: file.to_owned(), layout: String::new(), selection: selection.to_owned() }
}

fn search(directory: &Path, events: &str, found: f64) -> ControlSearch {
    let count = ControlCount { expected: 50.0, independent: 200.0, found };
    let cut = CutOfOther { efficiency: 0.01, n_template_passing: 200, count };
    let window = WindowOfOther {
        window: MassWindow::new(3300.0, 3700.0),
        n_data: 5000,
        n_template: 20_000,
        cuts: vec![cut],
    };
    ControlSearch::of(directory, of(events, ""), vec![window]).expect("a directory")
}

fn folder(place: &Path, name: &str) -> PathBuf {
    let folder = place.join(name);
    std::fs::create_dir_all(&folder).expect("room");
    folder
}

#[test]
fn the_same_events_count_once_wherever_they_lie() {
    let place = tempfile::tempdir().expect("a directory");
    let store = Store::at(&folder(place.path(), "mine"));
    assert_eq!(store.control_searches().expect("none"), []);
    let [one, other] = ["one", "other"].map(|name| folder(place.path(), name));
    assert_eq!(store.add_control_search(search(&one, "a", 60.0)).expect("room"), []);
    assert_eq!(store.add_control_search(search(&other, "b", 61.0)).expect("room"), []);
    // The same events in another directory, and other events in the same one.
    let replaced = store.add_control_search(search(&other, "a", 62.0)).expect("room");
    assert_eq!(replaced.iter().map(|search| search.events.content.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let known = store.control_searches().expect("one");
    assert_eq!(
        (known.len(), known[0].name.as_str(), known[0].windows[0].cuts[0].count.found),
        (1, "other", 62.0)
    );
}

#[test]
fn a_search_of_some_of_the_events_of_another_replaces_it_and_one_of_others_does_not() {
    let place = tempfile::tempdir().expect("a directory");
    let store = Store::at(&folder(place.path(), "mine"));
    let [one, other, third] = ["one", "other", "third"].map(|name| folder(place.path(), name));
    let selected = |directory: &Path, selection: &str| ControlSearch {
        events: of("a", selection),
        ..search(directory, "a", 60.0)
    };
    store.add_control_search(selected(&one, "q<0")).expect("room");
    assert_eq!(store.add_control_search(selected(&other, "q>0")).expect("room"), []);
    let replaced = store.add_control_search(selected(&third, "")).expect("room");
    assert_eq!(replaced.len(), 2, "all events hold those of both");
}

#[test]
fn a_search_is_forgotten_by_any_name_of_its_directory_there_or_not() {
    let place = tempfile::tempdir().expect("a directory");
    let store = Store::at(&folder(place.path(), "mine"));
    let one = folder(place.path(), "one");
    let twin = folder(&folder(place.path(), "below"), "one");
    for (directory, events) in [(&one, "a"), (&twin, "b")] {
        store.add_control_search(search(directory, events, 60.0)).expect("room");
    }
    let names: Vec<String> =
        store.control_searches().expect("two").into_iter().map(|search| search.name).collect();
    assert_eq!(names, ["one", twin.canonicalize().expect("there").to_str().expect("text")]);
    let roundabout = place.path().join("below").join("..").join("one");
    assert_eq!(store.remove_control_search(&roundabout).expect("known").events.content, "a");
    let moved = twin.canonicalize().expect("there");
    std::fs::remove_dir(&twin).expect("empty");
    let message = store.remove_control_search(&one).expect_err("gone").to_string();
    assert!(message.contains("the control searches are ") && message.contains("below/one"), "{message}");
    assert_eq!(store.remove_control_search(&moved).expect("known").events.content, "b");
    store.add_control_search(search(&one, "a", 60.0)).expect("room");
    assert_eq!(store.remove_control_search(Path::new("one")).expect("by its name").events.content, "a");
    let message = store.remove_control_search(&one).expect_err("none left").to_string();
    assert!(message.contains("the search has no control searches"), "{message}");
}

#[test]
fn a_damaged_file_is_named_with_what_to_do() {
    let place = tempfile::tempdir().expect("a directory");
    let store = Store::at(place.path());
    std::fs::write(place.path().join(CONTROL_SEARCHES), "[{").expect("room");
    let message = store.control_searches().expect_err("torn").to_string();
    assert!(message.contains("control_searches.json (") && message.contains("drapes control"), "{message}");
}

#[test]
fn counts_make_another_search_and_the_time_of_copying_does_not() {
    let place = tempfile::tempdir().expect("a directory");
    let one = search(place.path(), "a", 60.0);
    let later = ControlSearch { at: "later".to_owned(), ..one.clone() };
    assert_eq!(one.then(), later.then());
    assert_ne!(one.then(), search(place.path(), "a", 61.0).then());
}

#[test]
fn doubts_are_told_with_the_counts() {
    let place = tempfile::tempdir().expect("a directory");
    let plain = search(place.path(), "a", 60.0);
    assert!(plain.to_string().ends_with("whose events are taken to hold no signal"), "{plain}");
    let doubts = vec!["one reason".to_owned(), "another one".to_owned()];
    let told = ControlSearch { doubts, ..plain }.to_string();
    assert!(told.ends_with("hold no signal; one reason; another one"), "{told}");
}
