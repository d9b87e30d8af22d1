use std::time::SystemTime;

use super::super::lock_owner::RunningTask;
use super::*;
use crate::job::JobFile;
use crate::plan::TaskId;
use crate::store::{StoredJob, seconds_left};

fn store(directory: &Path) -> Store {
    let text =
        "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[[scan]]\nmethod = 'noise'\nn_signal = [0]\n";
    let file = JobFile::from_text("job.toml", text);
    let stored = StoredJob { job: file.check().expect("a good job"), inputs: vec![] };
    Store::create(directory, &file, &stored).expect("a new directory")
}

/// As [`Store::occupy`], of one who waits for nobody.
fn lock(store: &Store, shard: Shard, ranks: usize) -> Result<(DirectoryLock, Vec<LockOwner>), Error> {
    store.lock(shard, ranks, &mut |_, _| LockTimeout::GiveUp)
}

fn shard(index: u32, count: u32) -> Shard {
    Shard { index, count }
}

#[test]
fn a_directory_has_one_owner_and_is_free_again_after_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = store(directory.path());
    let (first, dead) = lock(&store, Shard::WHOLE, 4).expect("an empty directory");
    assert!(dead.is_empty());
    let error = lock(&store, Shard::WHOLE, 4).err().expect("an occupied directory");
    assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    assert_eq!(store.lock_owners().len(), 1);
    drop(first);
    assert!(store.lock_owners().is_empty());
    lock(&store, Shard::WHOLE, 4).expect("a free directory");
}

#[test]
fn shards_share_a_directory_and_nobody_else_does() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = store(directory.path());
    let one = lock(&store, shard(1, 3), 1).expect("a free shard");
    let two = lock(&store, shard(2, 3), 1).expect("a free shard");
    assert!(lock(&store, shard(2, 3), 1).is_err());
    assert!(lock(&store, shard(1, 2), 1).is_err(), "shares of another size overlap");
    assert!(lock(&store, Shard::WHOLE, 1).is_err());
    assert_eq!(store.lock_owners().len(), 2, "those who were refused leave nothing");
    drop((one, two));
    lock(&store, Shard::WHOLE, 1).expect("a free directory");
}

#[test]
fn the_dead_make_way_and_are_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = store(directory.path());
    let leave = |name: &str, change: &dyn Fn(&mut serde_json::Value)| {
        let (directory_lock, _) = lock(&store, shard(1, 3), 1).expect("a free shard");
        let mut file: serde_json::Value =
            serde_json::from_slice(&fs::read(&directory_lock.path).expect("a file")).expect("JSON");
        drop(directory_lock);
        change(&mut file);
        fs::write(store.running().join(name), file.to_string()).expect("room");
    };
    // A process with this number, but another start: this machine's table says that it is gone.
    leave("1-of-3.json", &|file| file["process"]["started"] = 1.into());
    let (held, dead) = lock(&store, shard(1, 3), 1).expect("the place of a dead process");
    assert_eq!(dead.len(), 1);
    drop(held);
    // On another machine it counts as alive until it has been silent for long.
    leave("1-of-3.json", &|file| file["process"]["space"] = "elsewhere".into());
    assert!(lock(&store, shard(1, 3), 1).is_err());
    assert!(lock(&store, Shard::WHOLE, 1).is_err());
    let file = File::options().append(true).open(store.running().join("1-of-3.json")).expect("a file");
    file.set_modified(SystemTime::now() - STALE_AFTER - Duration::from_secs(1)).expect("an older file");
    let (held, dead) = lock(&store, Shard::WHOLE, 1).expect("the place of a silent process");
    assert_eq!(dead.len(), 1);
    drop(held);
    // A torn file is nobody's.
    fs::write(store.running().join("1-of-1.json"), "{").expect("room");
    drop(lock(&store, Shard::WHOLE, 1).expect("a free directory"));
    // Neither is a folder of that name.
    fs::create_dir_all(store.running().join("1-of-1.json/inside")).expect("room");
    lock(&store, Shard::WHOLE, 1).expect("a free directory");
}

#[test]
fn of_many_who_take_the_place_of_a_dead_process_one_gets_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = store(directory.path());
    for _ in 0..30 {
        let dead = "{\"process\":{\"host\":\"a\",\"pid\":1,\"started\":1,\"space\":SPACE},\"since\":0,\"shard\":1,\
                    \"shards\":1,\"running\":[],\"ranks\":1}";
        let space = serde_json::to_value(Process::this()).expect("JSON")["space"].to_string();
        fs::create_dir_all(store.running()).expect("room");
        fs::write(store.running().join("1-of-1.json"), dead.replace("SPACE", &space)).expect("room");
        let held: Vec<_> = std::thread::scope(|scope| {
            let all: Vec<_> = (0..4).map(|_| scope.spawn(|| lock(&store, Shard::WHOLE, 1).ok())).collect();
            all.into_iter().filter_map(|one| one.join().expect("no panic")).collect()
        });
        assert_eq!(held.len(), 1);
    }
}

#[test]
fn what_ranks_do_is_told_until_the_place_is_lost() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = store(directory.path());
    let (mut held, _) = lock(&store, Shard::WHOLE, 2).expect("an empty directory");
    let task = RunningTask { task: TaskId("fit/a".to_owned()), rank: 1, since: 7, share: 0.5 };
    held.tell(Doing { running: vec![task.clone()], ..Doing::default() }).expect("its own place");
    assert_eq!(store.lock_owners()[0].0.doing.running, [task]);
    assert_eq!(seconds_left(&store.lock_owners()), None, "it has not said it yet");
    held.tell(Doing { seconds_left: Some(70.0), ..Doing::default() }.said_now()).expect("its own place");
    let mut all = store.lock_owners();
    let left = seconds_left(&all).expect("it has said it");
    assert!((60.0..=70.0).contains(&left), "{left}");
    // Four seconds later as many are over, and none is left beyond the end.
    all[0].0.doing.told -= 4.0;
    assert!(seconds_left(&all).is_some_and(|later| (56.0..=left - 3.9).contains(&later)));
    let mut ending = all.clone();
    ending[0].0.doing.seconds_left = Some(3.0);
    assert_eq!(seconds_left(&ending), Some(0.0));
    // Of several the one that takes longest counts, and the dead do not.
    for (seconds, liveness) in [(90.0, Liveness::Alive), (400.0, Liveness::Dead)] {
        let mut other = all[0].0.clone();
        other.doing.seconds_left = Some(seconds);
        all.push((other, liveness));
    }
    assert!(seconds_left(&all).is_some_and(|left| (70.1..=90.0).contains(&left)));
    fs::write(store.running().join("1-of-1.json"), "taken").expect("room");
    assert!(held.tell(Doing::default()).is_err());
}

/// The lock of a process on another machine that was touched so long ago.
fn foreign(store: &Store, silent: Duration) -> PathBuf {
    drop(lock(store, Shard::WHOLE, 1).expect("a free directory"));
    let process = Process::this();
    let mut file = serde_json::json!({"process": process, "since": now(), "shard": 1, "shards": 1, "ranks": 1, "running": []});
    file["process"]["space"] = "elsewhere".into();
    let path = store.running().join("1-of-1.json");
    fs::write(&path, file.to_string()).expect("room");
    let lock = File::options().append(true).open(&path).expect("a file");
    lock.set_modified(SystemTime::now() - silent).expect("an older file");
    path
}

#[test]
fn a_silent_process_of_another_machine_is_waited_for_until_it_is_heard_of_or_counts_as_dead() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = store(directory.path());
    foreign(&store, STALE_AFTER.saturating_sub(Duration::from_secs(1)));
    let error = lock(&store, Shard::WHOLE, 1).err().expect("nobody knows yet").to_string();
    assert!(error.contains("heard of 3 s ago; it counts as dead after 4 s"), "{error}");
    let mut glances = 0;
    let waited = store.lock(Shard::WHOLE, 1, &mut |who, silence| {
        assert!(who.shards == 1 && silence + Duration::from_secs(2) >= STALE_AFTER);
        glances += 1;
        LockTimeout::Wait
    });
    let (held, dead) = waited.expect("it was dead");
    assert!(glances > 1 && dead.len() == 1, "{glances}");
    drop(held);
    // One that lives is heard of long before.
    let path = foreign(&store, Duration::from_secs(1));
    let error = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(300));
            touch(&path).expect("a beat");
        });
        store.lock(Shard::WHOLE, 1, &mut |_, _| LockTimeout::Wait).err().expect("it lives")
    });
    assert!(error.to_string().contains("heard of 0 s ago"), "{error}");
    assert_eq!(store.lock_owners()[0].1, Liveness::Alive, "its lock is untouched");
}

#[test]
fn files_that_are_being_written_have_names_of_their_own() {
    let path = Path::new("tasks/fit/a.json");
    let (one, two) = (part_of(path), part_of(path));
    assert!(one != two && one.parent() == path.parent(), "{one:?} {two:?}");
    let name = one.file_name().and_then(|name| name.to_str()).expect("text");
    let is_part = one.extension().is_some_and(|extension| extension == "part");
    assert!(name.starts_with("a.json.") && is_part, "{name}");
    assert!(!name.contains(&format!(".{}.", std::process::id())), "other hosts use the same number: {name}");
}

/// A library that puts back the clock of a process by five minutes.
const SKEW: &str = "#include <time.h>\n#include <unistd.h>\n#include <sys/syscall.h>\n\
    int clock_gettime(clockid_t clock, struct timespec *time) {\n\
    int answer = syscall(SYS_clock_gettime, clock, time);\n\
    if (clock == CLOCK_REALTIME) time->tv_sec -= 300;\n return answer; }\n";

/// The lock that a process with a wrong clock keeps, as [`a_clock_that_is_wrong_makes_no_living_process_dead`] starts it.
#[test]
fn beats_where_it_is_told_to() {
    if let Some(path) = std::env::var_os("DRAPES_TEST_BEAT") {
        touch(Path::new(&path)).expect("a beat");
    }
}

#[test]
fn a_clock_that_is_wrong_makes_no_living_process_dead() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = store(directory.path());
    let path = foreign(&store, STALE_AFTER + Duration::from_secs(60));
    assert_eq!(store.lock_owners()[0].1, Liveness::Dead);
    let (source, library) = (directory.path().join("skew.c"), directory.path().join("skew.so"));
    fs::write(&source, SKEW).expect("room");
    let compiled =
        std::process::Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&library, &source]).status();
    if !compiled.is_ok_and(|status| status.success()) {
        eprintln!("skipped: there is no C compiler to make a clock wrong with");
        return;
    }
    let mut child = std::process::Command::new(std::env::current_exe().expect("this test"));
    child.args(["--exact", "store::directory_lock::tests::beats_where_it_is_told_to"]);
    let output =
        child.env("DRAPES_TEST_BEAT", &path).env("LD_PRELOAD", &library).output().expect("it starts");
    assert!(
        output.status.success() && String::from_utf8_lossy(&output.stdout).contains("1 passed"),
        "{output:?}"
    );
    assert_eq!(
        store.lock_owners()[0].1,
        Liveness::Alive,
        "it was heard of just now, by the file server's clock"
    );
    assert!(lock(&store, Shard::WHOLE, 1).is_err());
}

#[test]
fn a_lock_that_cannot_be_seen_for_a_moment_is_neither_lost_nor_anybody_elses() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = store(directory.path());
    let (mut held, _) = lock(&store, Shard::WHOLE, 2).expect("an empty directory");
    let aside = directory.path().join("aside");
    fs::rename(&held.path, &aside).expect("room");
    held.tell(Doing::default()).expect("a server may say once that it is not there");
    assert!(!held.path.exists(), "nothing is written where another may stand");
    fs::rename(&aside, &held.path).expect("room");
    held.tell(Doing::default()).expect("its own place");
    // Reading it fails for a while, as after a restart of the server.
    fs::rename(&held.path, &aside).expect("room");
    std::os::unix::fs::symlink(&held.path, &held.path).expect("a link that leads nowhere");
    held.tell(Doing::default()).expect("it is not known to be lost");
    assert!(matches!(lock(&store, Shard::WHOLE, 2).err(), Some(Error::CannotRead { .. })));
    assert!(store.is_shared(), "somebody may work here");
    fs::rename(&aside, &held.path).expect("room");
    held.tell(Doing::default()).expect("its own place");
    assert!(!store.is_shared());
    // It was taken away.
    fs::remove_file(&held.path).expect("a lock");
    held.tell(Doing::default()).expect("not yet");
    std::thread::sleep(LOST_AFTER);
    assert!(held.tell(Doing::default()).is_err());
}

#[test]
fn nothing_is_swept_while_somebody_else_works() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = store(directory.path());
    let plan = crate::plan::Plan::of(&store.job().expect("a job").job);
    let half = directory.path().join("tasks/train/a.h5.0123456789ab-0.part");
    let sweep = || {
        fs::write(&half, "half").expect("room");
        store.sweep(&plan, &[], &[]);
        half.exists()
    };
    // Another shard began after this one had looked who is there, and writes.
    let lock = foreign(&store, Duration::ZERO);
    assert!(sweep(), "the half-written file of another is gone");
    // Who cannot be seen may be at work.
    let aside = directory.path().join("aside");
    fs::rename(&lock, &aside).expect("room");
    std::os::unix::fs::symlink(&lock, &lock).expect("a link that leads nowhere");
    assert!(sweep());
    fs::remove_file(&lock).expect("a link");
    assert!(!sweep(), "nobody is there");
}
