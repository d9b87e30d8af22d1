//! What the tests of the whole program share.
#![allow(dead_code, reason = "each test file uses its own part")]

pub mod lasting;
pub mod launcher;
pub mod scan;
pub mod terminal;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, SystemTime};

use drapes::arrays::ArrayReader;
use drapes::sample::jets::{Jets, Kinematics};
use launcher::Mpi;
use serde_json::Value;
use tempfile::TempDir;

/// The program under test.
pub fn drapes() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drapes"));
    for name in ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MPI_LOCALNRANKS", "SLURM_STEP_NUM_TASKS"] {
        command.env_remove(name);
    }
    command.env("XDG_CACHE_HOME", cache());
    command
}

/// Where programs under test keep what they learn about the machine: not among what the user's own runs have learnt.
pub fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache")
}

/// The program under a launcher with so many ranks.
pub fn mpirun(ranks: usize) -> Command {
    Mpi::Open.launch(ranks, Mpi::Open.program())
}

/// Whether a test may hide a folder from one process, as a node that lacks a mount does; the reason where it may not.
pub fn may_hide() -> Result<(), &'static str> {
    let tried = Command::new("unshare").args(["-m", "true"]).stderr(Stdio::null()).status();
    if tried.is_ok_and(|status| status.success()) {
        Ok(())
    } else {
        Err("this user may not make a space of mounts")
    }
}

/// A program that starts another one where rank 1 has mounts of its own, made by a shell command.
pub fn with_mounts(place: &Path, program: &Path, command: &str) -> PathBuf {
    let text = format!(
        "#!/bin/sh\nif [ \"${{OMPI_COMM_WORLD_RANK:-$PMI_RANK}}\" = 1 ]; then\nexec unshare -m sh -c '{command} && exec \
         \"$@\"' sh {0} \"$@\"\nfi\nexec {0} \"$@\"\n",
        program.display()
    );
    script(place, "rank.sh", &text)
}

/// A temporary directory.
pub fn directory() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

/// The package's own data.
pub fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data")
}

/// A section that names tasks alike on any device, where others leave it to the device.
pub const ALONE: &str =
    "[compute]\ndenoisers_per_task = 1\nflows_per_task = 1\nclassifier_points_per_task = 1\n";

/// A job on the shipped sample that takes a second or two.
pub fn small_job(directory: &Path, extra: &str) -> PathBuf {
    let text = format!(
        "schema = 1\nname = 'small'\nseed = 5\n[data]\nevents = 'demo_dijets.features.h5'\n\
         directory = '{}'\n[independent_background]\nsource = 'withheld'\n[denoiser]\nepochs = 1\nbatch = 1024\n\
         learning_rate = 2e-3\n[sampler]\nsteps = 5\n[closure]\ntrees = 0\n[classifier]\nepochs = 1\nseeds = '0-1'\n{ALONE}\
         classifier_seeds_per_task = 1\n[[scan]]\nmethod = 'noise'\nn_signal = [0, 500]\noversampling = [1]\n\
         [[scan]]\nmethod = 'idealised'\nn_signal = [500]\n[[scan]]\nmethod = 'supervised'\n{extra}",
        data().display()
    );
    write(directory, "small.toml", &text)
}

/// A job on the shipped sample of constituents that takes some seconds.
pub fn small_jets_job(directory: &Path, extra: &str) -> PathBuf {
    let text = format!(
        "schema = 1\nname = 'jets'\nseed = 5\n[data]\nevents = 'demo_constituents.h5'\nlayout = 'table'\n\
         directory = '{}'\n[independent_background]\nsource = 'withheld'\n[regions]\nsignal_region_gev = [3300, 3500]\n\
         side_bands_gev = [3000, 4000]\n[denoiser]\nepochs = 1\n[sampler]\nsteps = 5\n[jet_model]\nblocks = 1\n\
         width = 4\nheads = 2\nhidden = 4\ncontext = 4\nepochs = 1\n[jet_classifier]\nwidth = 4\nheads = 2\nhidden = 4\n\
         self_attention_layers = 1\nclass_attention_layers = 1\nepochs = 1\nbatch = 64\n[classifier]\nseeds = '0-1'\n\
         {ALONE}classifier_seeds_per_task = 1\n[[scan]]\nmethod = 'noise'\ninputs = ['llv']\nn_signal = [100]\n\
         oversampling = [2]\n[[scan]]\nmethod = 'sr'\ninputs = ['llv']\nn_signal = [100]\noversampling = [1]\n\
         [[scan]]\nmethod = 'supervised'\ninputs = ['llv']\n{extra}",
        data().display()
    );
    write(directory, "jets.toml", &text)
}

/// Writes a file of the test.
pub fn write(directory: &Path, name: &str, text: &str) -> PathBuf {
    let path = directory.join(name);
    fs::write(&path, text).expect("room for a file");
    path
}

/// Standard output of a command that must end well.
pub fn answer(command: &mut Command) -> String {
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// Exit code and standard error of a command that must fail.
pub fn refusal(command: &mut Command) -> (i32, String) {
    let Output { status, stdout, stderr } = command.output().expect("the program starts");
    assert!(!status.success(), "it should fail, but says\n{}", text(&stdout));
    let message = text(&stderr);
    assert!(!message.contains("panicked at"), "{message}");
    (status.code().expect("an exit code, not a signal"), message)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A lock as a process on another host writes it, touched so long ago.
pub fn foreign_lock(out: &Path, silent: Duration) {
    let lock = serde_json::json!({"process": {"host": "elsewhere", "pid": 7, "started": 1, "space": "another machine"},
        "since": 0, "shard": 1, "shards": 1, "ranks": 1, "running": []});
    fs::create_dir_all(out.join("running")).expect("room");
    let path = out.join("running/1-of-1.json");
    fs::write(&path, lock.to_string()).expect("room");
    let file = fs::File::options().append(true).open(path).expect("a lock");
    file.set_modified(SystemTime::now() - silent).expect("an older file");
}

/// Every record below a directory without its run and the digest over it, by the name of its file.
pub fn records(out: &Path) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for path in files(&out.join("tasks"), "json") {
        let text = fs::read_to_string(&path).expect("a record");
        let mut record: Value = serde_json::from_str(&text).expect("a whole record");
        let fields = record.as_object_mut().expect("an object");
        fields.remove("run").expect("a run");
        fields.remove("digest").expect("a digest");
        found.insert(path.strip_prefix(out).expect("below").display().to_string(), record);
    }
    found
}

/// Every weight and template event below a directory, by file and array.
pub fn arrays(out: &Path) -> BTreeMap<String, Vec<f32>> {
    let mut found = BTreeMap::new();
    for path in files(&out.join("tasks"), "h5") {
        let reader = ArrayReader::open(&path).expect("a whole file");
        let stage = path.parent().and_then(Path::file_name).expect("a stage").to_string_lossy().into_owned();
        let name = if stage == "train" { "weights" } else { "features" };
        let values = match reader.has(name) {
            Some(name) => reader.table::<f32>(&name).expect("the table").into_iter().collect(),
            None => numbers_of(&drapes::sample::jets::read(&reader).expect("jets")),
        };
        found.insert(path.strip_prefix(out).expect("below").display().to_string(), values);
    }
    found
}

/// All that is stored of jets.
fn numbers_of(jets: &Jets) -> Vec<f32> {
    let outlines = (0..jets.len()).flat_map(|jet| {
        let outline = jets.outline(jet);
        let Kinematics { pt, eta, phi, mass } = outline.kinematics;
        [pt, eta, phi, mass, outline.count as f32]
    });
    outlines.chain(jets.all_constituents().as_flattened().iter().map(|value| f32::from(*value))).collect()
}

/// A shell script of the test that can be started.
pub fn script(directory: &Path, name: &str, text: &str) -> PathBuf {
    let script = write(directory, name, text);
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("a program");
    script
}

/// Every file below a folder with this ending.
pub fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            found.extend(files(&entry, extension));
        } else if entry.extension().is_some_and(|found| found == extension) {
            found.push(entry);
        }
    }
    found
}
