use super::*;

fn seen(priced: f64, taken: f64) -> Seen {
    Seen { priced, taken }
}

fn shown(kind: PaceKind, priced: f64, taken: f64) -> Shown {
    let mut shown = Shown::default();
    shown.learn(kind, seen(priced, taken));
    shown
}

#[test]
fn what_one_run_has_seen_the_next_one_knows_for_its_processor_and_device_alone() {
    let place = tempfile::tempdir().expect("a directory");
    let path = place.path().join("new/folders/rates.json");
    let memory = Memory::at(&path, "a processor");
    assert_eq!(memory.of(CORE), (Shown::default(), None), "nothing is known, and nothing wrong");
    let mut first = shown(PaceKind::Denoiser, 10.0, 5.0);
    first.learn_figures(10, 2.0);
    assert_eq!(memory.add(CORE, &first), None);
    assert_eq!(memory.add("NVIDIA H200", &shown(PaceKind::Denoiser, 10.0, 1.0)), None);
    assert_eq!(Memory::at(&path, "another").add(CORE, &shown(PaceKind::Trees, 1.0, 9.0)), None);
    let (found, problem) = memory.of(CORE);
    assert_eq!((found.pace().of(PaceKind::Denoiser), problem), (Some(0.5), None));
    assert!(found.knows(PaceKind::Denoiser) && !found.knows(PaceKind::Trees));
    assert!((found.drawing(5) - 1.0).abs() < 1e-9);
    // What comes later counts with it.
    memory.add(CORE, &shown(PaceKind::Denoiser, 10.0, 25.0));
    assert_eq!(memory.of(CORE).0.pace().of(PaceKind::Denoiser), Some(1.5));
    // A GPU is known on a login node as well, whose processor is another one.
    let gpus = Memory::at(&path, "a login node").gpus();
    assert_eq!(gpus.len(), 1);
    assert_eq!((gpus[0].0.as_str(), gpus[0].1.pace().of(PaceKind::Denoiser)), ("NVIDIA H200", Some(0.1)));
    let left: Vec<_> = fs::read_dir(path.parent().expect("a folder")).expect("a folder").collect();
    assert_eq!(left.len(), 1, "nothing lies beside it");
}

#[test]
fn of_long_ago_less_counts() {
    let mut long = shown(PaceKind::Denoiser, 60_000.0, 60_000.0);
    long.learn(PaceKind::Denoiser, seen(600.0, 1800.0));
    assert_eq!(long.pace().of(PaceKind::Denoiser), Some(2.0));
}

#[test]
fn a_little_work_is_not_knowledge() {
    assert!(!shown(PaceKind::Denoiser, 0.1, 0.2).knows(PaceKind::Denoiser));
}

#[test]
fn a_damaged_file_is_told_and_replaced() {
    let place = tempfile::tempdir().expect("a directory");
    let path = place.path().join("rates.json");
    let memory = Memory::at(&path, "a processor");
    for text in [
        "",
        "{",
        "[]",
        "\u{0}\u{ff}",
        r#"{"schema": 999, "machines": []}"#,
        &format!(r#"{{"schema": {SCHEMA}, "machines": [{{"processor": "a processor"}}]}}"#),
    ] {
        fs::write(&path, text).expect("room");
        let (found, problem) = memory.of(CORE);
        assert!(found.is_empty() && problem.is_some_and(|problem| problem.contains("rates.json")), "{text}");
    }
    // Numbers that no machine has shown.
    for numbers in [
        r#""priced": 0.0, "taken": 1.0"#,
        r#""priced": -1.0, "taken": 1.0"#,
        r#""priced": 1.0, "taken": 1e300"#,
    ] {
        let shown = format!(r#"{{"kinds": {{"denoiser": {{{numbers}}}}}}}"#);
        let text = format!(
            r#"{{"schema": {SCHEMA}, "machines": [{{"processor": "a processor", "device": "core", "shown": {shown}}}]}}"#
        );
        fs::write(&path, &text).expect("room");
        assert!(memory.of(CORE).0.is_empty(), "{text}");
    }
    assert_eq!(memory.add(CORE, &shown(PaceKind::Denoiser, 10.0, 5.0)), None);
    assert_eq!(memory.of(CORE).0.pace().of(PaceKind::Denoiser), Some(0.5));
}

#[test]
fn a_place_that_cannot_be_written_is_told_and_no_failure() {
    let place = tempfile::tempdir().expect("a directory");
    fs::write(place.path().join("file"), "").expect("room");
    let memory = Memory::at(&place.path().join("file/rates.json"), "a processor");
    let problem = memory.add(CORE, &shown(PaceKind::Denoiser, 10.0, 5.0)).expect("a problem");
    assert!(problem.contains("file/rates.json"), "{problem}");
    // A folder in its place cannot be read either.
    let path = place.path().join("rates.json");
    fs::create_dir(&path).expect("room");
    let memory = Memory::at(&path, "a processor");
    assert!(memory.of(CORE).1.is_some() && memory.add(CORE, &Shown::default()).is_some());
    let nowhere = Memory { path: None, processor: "a processor".to_owned() };
    assert_eq!((nowhere.of(CORE), nowhere.add(CORE, &Shown::default())), ((Shown::default(), None), None));
}

#[test]
fn the_file_lies_where_the_user_keeps_caches() {
    let of = |cache: Option<&str>, home: Option<&str>| folder(cache.map(Into::into), home.map(Into::into));
    assert_eq!(of(Some("/cache"), Some("/home/me")), Some(PathBuf::from("/cache")));
    assert_eq!(of(None, Some("/home/me")), Some(PathBuf::from("/home/me/.cache")));
    assert_eq!(of(Some(""), Some("/home/me")), Some(PathBuf::from("/home/me/.cache")));
    assert_eq!(of(Some("relative"), None), None);
    assert_eq!(of(None, None), None);
}

#[test]
fn several_threads_are_another_device() {
    assert_eq!([device_of(CORE, 1), device_of(CORE, 4)], ["core", "4 cores"]);
    assert_eq!(device_of("NVIDIA H200", 4), "NVIDIA H200");
}
