//! A real Slurm on this machine: its controller, its node daemon and its key service, started by the test.
//!
//! Slurm is installed by `TESTS=1 make setup`, which `make test` runs. Where it is not there, or this user may not start it,
//! the tests skip and say why.

mod support;

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::lasting::epochs_that_last;
use support::{answer, arrays, data, directory, drapes, records, write};
use tempfile::TempDir;

/// A cluster of one node.
struct Cluster {
    place: TempDir,
}

impl Cluster {
    /// Starts a cluster; none where that cannot be.
    fn start() -> Option<Self> {
        for program in ["slurmctld", "slurmd", "munged", "sbatch", "srun"] {
            if !installed(program) {
                eprintln!("skipped: there is no {program} here (TESTS=1 make setup installs it, as root)");
                return None;
            }
        }
        let place = directory();
        if fs::metadata(place.path()).expect("a directory").uid() != 0 {
            eprintln!("skipped: a Slurm of one's own needs root");
            return None;
        }
        let cluster = Self { place };
        for folder in ["state", "spool", "log", "munge", "tmp"] {
            fs::create_dir(cluster.path(folder)).expect("room");
        }
        cluster.start_munge();
        cluster.write_configuration();
        let started = cluster.command("slurmctld").status().is_ok_and(|status| status.success())
            && cluster.command("slurmd").status().is_ok_and(|status| status.success());
        let idle = started && wait_until(Duration::from_secs(30), || cluster.is_idle());
        assert!(idle, "Slurm is installed and does not start: {}", cluster.logs());
        Some(cluster)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn start_munge(&self) {
        use std::os::unix::fs::PermissionsExt;
        let folder = self.path("munge");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o711)).expect("its own folder");
        let key = folder.join("key");
        let random: Vec<u8> =
            (0..1024).map(|byte: u32| (byte.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        fs::write(&key, random).expect("room");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("its own file");
        let option = |name: &str, file: &str| format!("--{name}={}", folder.join(file).display());
        let mut munged = Command::new("munged");
        munged.arg("--force").args([
            option("key-file", "key"),
            option("socket", "socket"),
            option("pid-file", "pid"),
            option("log-file", "log"),
            option("seed-file", "seed"),
        ]);
        munged.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("munged starts");
    }

    fn write_configuration(&self) {
        let host = fs::read_to_string("/proc/sys/kernel/hostname").expect("a name");
        let host = host.trim().split('.').next().expect("a name").to_owned();
        let here = self.place.path().display();
        // Ports of this process, so that clusters of several tests do not meet.
        let port = 20_000 + std::process::id() % 20_000 * 2;
        let text = format!(
            "ClusterName=test\nSlurmctldHost={host}(127.0.0.1)\nAuthType=auth/munge\n\
             AuthInfo=socket={here}/munge/socket,cred_expire=5\nCredType=cred/munge\nSlurmUser=root\nSlurmctldPort={port}\n\
             SlurmdPort={}\nStateSaveLocation={here}/state\nSlurmdSpoolDir={here}/spool\nTmpFS={here}/tmp\n\
             SlurmctldPidFile={here}/ctld.pid\nSlurmdPidFile={here}/d.pid\nSlurmctldLogFile={here}/log/ctld\n\
             SlurmdLogFile={here}/log/d\nProctrackType=proctrack/pgid\nTaskPlugin=task/none\n\
             SelectType=select/cons_tres\nSelectTypeParameters=CR_Core\nSchedulerParameters=sched_interval=1,bf_interval=1\n\
             MpiDefault=pmix\nReturnToService=2\nSlurmdParameters=config_overrides\nKillWait=10\nJobRequeue=1\n\
             NodeName={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=2000 State=UNKNOWN\n\
             PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP\n",
            port + 1
        );
        fs::write(self.path("slurm.conf"), text).expect("room");
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("SLURM_CONF", self.path("slurm.conf"));
        command
    }

    fn is_idle(&self) -> bool {
        let output = self.command("sinfo").args(["-h", "-o", "%t"]).output().expect("sinfo starts");
        String::from_utf8_lossy(&output.stdout).trim() == "idle"
    }

    fn logs(&self) -> String {
        ["log/ctld", "log/d", "munge/log"].iter().fold(String::new(), |mut text, name| {
            let log = fs::read_to_string(self.path(name)).unwrap_or_default();
            let last = log.lines().rev().take(8).collect::<Vec<_>>().join("\n");
            let _ = writeln!(text, "{name}:\n{last}");
            text
        })
    }

    /// Submits one of our scripts, without its wish for GPUs and with the drapes under test.
    fn submit(&self, script: &str, options: &[&str], arguments: &[&str]) -> String {
        let folder = self.path("submitted/slurm");
        fs::create_dir_all(&folder).expect("room");
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("slurm").join(script));
        let text = text.expect("a script").replace("#SBATCH --gpus-per-task=1\n", "");
        let script = write(&folder, script, &text);
        let site = format!("drapes={}\nexport OMP_NUM_THREADS=1\n", env!("CARGO_BIN_EXE_drapes"));
        write(&folder, "site.sh", &site);
        self.submit_from(&self.path("submitted"), &script, options, arguments)
    }

    /// Submits a script from a folder.
    fn submit_from(&self, folder: &Path, script: &Path, options: &[&str], arguments: &[&str]) -> String {
        let mut sbatch = self.command("sbatch");
        sbatch.current_dir(folder).arg("--parsable").args(options).arg(script).args(arguments);
        answer(&mut sbatch).trim().to_owned()
    }

    /// The states of a job, or of the elements of an array that are still known.
    fn states(&self, job: &str) -> Vec<String> {
        let output = self.command("squeue").args(["-h", "-t", "all", "-j", job, "-o", "%T"]).output();
        let text = String::from_utf8(output.expect("squeue starts").stdout).expect("text");
        text.lines().map(str::to_owned).collect()
    }

    /// Whether a job that was queued again, or an element of one, waits for its time to begin and for nothing else.
    ///
    /// As long as its earlier script ends on the node, its state is that it completes: if it began then, the scheduler could
    /// take the end of the old script for that of the new one, and a job that has hardly begun for completed.
    fn waits_for_its_time(&self, job: &str) -> bool {
        let output = self.command("squeue").args(["-h", "-t", "all", "-j", job, "-o", "%T %r"]).output();
        let text = String::from_utf8(output.expect("squeue starts").stdout).expect("text");
        text.lines().any(|line| line == "PENDING BeginTime") && !text.contains("COMPLETING")
    }

    /// Waits until a job has ended for good. One that is queued again would begin two minutes later: here it begins at once.
    fn wait(&self, job: &str) -> Vec<String> {
        let ended = |state: &String| {
            ["COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL"].contains(&state.as_str())
        };
        let over = wait_until(Duration::from_secs(300), || {
            let states = self.states(job);
            if self.waits_for_its_time(job) {
                let _ = self
                    .command("scontrol")
                    .args(["update", &format!("JobId={job}"), "StartTime=now"])
                    .output();
            }
            !states.is_empty() && states.iter().all(ended)
        });
        let log = fs::read_dir(self.path("submitted")).expect("logs");
        let logs: Vec<String> = log.filter_map(|entry| fs::read_to_string(entry.ok()?.path()).ok()).collect();
        assert!(over, "{}\n{}\n{}", self.told(job), logs.join("\n"), self.logs());
        self.states(job)
    }

    /// All that Slurm says of a job and of its node.
    fn told(&self, job: &str) -> String {
        let told = |what: &[&str]| {
            let output = self.command("scontrol").arg("show").args(what).output().expect("scontrol starts");
            String::from_utf8_lossy(&output.stdout).into_owned()
        };
        told(&["job", job]) + &told(&["node"])
    }

    fn log(&self, name: &str) -> String {
        fs::read_to_string(self.path("submitted").join(name)).unwrap_or_default()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self
            .command("scancel")
            .args(["--state=RUNNING", "--state=PENDING", "--quiet", "--user=root"])
            .output();
        let _ = self.command("scontrol").arg("shutdown").output();
        std::thread::sleep(Duration::from_millis(500));
        let pids = ["ctld.pid", "d.pid", "munge/pid"].map(|name| fs::read_to_string(self.path(name)));
        for pid in pids.into_iter().flatten() {
            let _ = Command::new("kill").arg(pid.trim()).output();
        }
    }
}

fn installed(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(program).exists())
}

fn wait_until(most: Duration, mut done: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !done() {
        if start.elapsed() > most {
            return false;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    true
}

/// A job whose trainings take so many passes over the shipped sample. Without closure by trees, which is lost when it is stopped:
/// in jobs of some seconds it would never be begun.
fn job(place: &Path, epochs: usize) -> PathBuf {
    let text = format!(
        "schema = 1\nname = 'queued'\n[data]\nevents = 'demo_dijets.features.h5'\ndirectory = '{}'\n\
         [independent_background]\nsource = 'withheld'\n[denoiser]\nepochs = {epochs}\nbatch = 512\n[sampler]\nsteps = 5\n\
         [closure]\ntrees = 0\n[classifier]\nepochs = 1\nseeds = '0-1'\n[compute]\nclassifier_seeds_per_task = 1\n[[scan]]\n\
         method = 'noise'\nn_signal = [0, 500]\noversampling = [1]\n[[scan]]\nmethod = 'supervised'\n",
        data().display()
    );
    write(place, "queued.toml", &text)
}

#[test]
fn a_scan_goes_on_from_job_to_job_until_it_is_done() {
    let Some(cluster) = Cluster::start() else { return };
    let place = directory();
    // Nearly twice as long as one of the jobs below has once it has started.
    let epochs = epochs_that_last(place.path(), 20.0, |epochs| job(place.path(), epochs));
    let job = job(place.path(), epochs);
    let (whole, queued) = (place.path().join("whole"), place.path().join("queued"));
    answer(drapes().arg("run").arg(&job).arg("--out").arg(&whole));
    // Jobs of three minutes that stop 166 s before their end: a quarter of a minute each, of which a busy machine takes half to start.
    let (job, out) = (job.display().to_string(), queued.display().to_string());
    let options = ["--ntasks-per-node=2", "--time=3", "--output=first.log"];
    let id = cluster.submit("run.sbatch", &options, &[&job, "--out", &out, "--margin", "166s"]);
    assert_eq!(cluster.wait(&id), ["COMPLETED"], "{}", cluster.log("first.log"));
    let log = cluster.log("first.log");
    let stops = log.matches("stopped early (what is left does not end before the deadline)").count();
    assert!(stops >= 1 && log.matches("queued again").count() == stops, "{log}");
    assert!(log.contains("ranks 0-1 on"), "{log}");
    assert_eq!(records(&queued), records(&whole));
    assert_eq!(arrays(&queued), arrays(&whole));

    // The same by a signal to the script, as the scheduler sends it near the end of a job's time.
    let signalled = place.path().join("signalled").display().to_string();
    let options = ["--ntasks-per-node=1", "--time=5", "--output=second.log"];
    let id = cluster.submit("run.sbatch", &options, &[&job, "--out", &signalled]);
    let began = || cluster.log("second.log").contains("tasks to do");
    assert!(wait_until(Duration::from_secs(60), began), "{}\n{}", cluster.log("second.log"), cluster.logs());
    std::thread::sleep(Duration::from_secs(1));
    answer(cluster.command("scancel").args(["--batch", "--signal=USR1", &id]));
    assert_eq!(cluster.wait(&id), ["COMPLETED"], "{}", cluster.log("second.log"));
    let log = cluster.log("second.log");
    assert!(log.contains("stopped early (told by a signal)") && log.contains("queued again"), "{log}");
    assert_eq!(records(Path::new(&signalled)), records(&whole));
}

#[test]
fn the_clock_of_the_shipped_script_comes_before_its_signal() {
    let Some(cluster) = Cluster::start() else { return };
    let place = directory();
    // More than there is time for.
    let (job, out) = (job(place.path(), 20_000).display().to_string(), place.path().join("out"));
    let options = ["--ntasks-per-node=1", "--time=3", "--output=clock.log"];
    let id = cluster.submit("run.sbatch", &options, &[&job, "--out", &out.display().to_string()]);
    let log = || cluster.log("clock.log");
    assert!(wait_until(Duration::from_secs(180), || log().contains("queued again")), "{}", log());
    answer(cluster.command("scancel").arg(&id));
    // What was said at the beginning came true: nothing stopped tasks before their time.
    assert!(log().contains("stopped early (what is left does not end before the deadline)"), "{}", log());
    let planned = log().lines().find_map(|line| {
        let (_, left) = line.strip_suffix(" s until tasks must stop")?.rsplit_once(", ")?;
        left.parse::<f64>().ok()
    });
    let stopped = log().lines().find_map(|line| {
        let (time, _) = line.strip_prefix('[')?.split_once(" s] stopping (deadline)")?;
        time.trim().parse::<f64>().ok()
    });
    let (planned, stopped) = (planned.expect("a plan"), stopped.expect("a stop"));
    assert!(planned > 45.0 && (stopped - planned).abs() < 5.0, "{planned} {stopped}: {}", log());
    assert!(!support::files(&out.join("tasks"), "checkpoint").is_empty(), "{}", log());
}

#[test]
fn shards_of_an_array_share_a_directory_and_a_cancelled_job_is_resumed() {
    let Some(cluster) = Cluster::start() else { return };
    let place = directory();
    let job = job(place.path(), 180);
    let (whole, array) = (place.path().join("whole"), place.path().join("array"));
    answer(drapes().arg("run").arg(&job).arg("--out").arg(&whole));
    let (job, out) = (job.display().to_string(), array.display().to_string());
    let options = ["--array=1-3", "--time=5", "--output=array-%a.log"];
    let id = cluster.submit("array.sbatch", &options, &["3", &job, "--out", &out]);
    let log = || (1..=3).map(|element| cluster.log(&format!("array-{element}.log"))).collect::<String>();
    assert_eq!(cluster.wait(&id), ["COMPLETED"; 3], "{}", log());
    assert_eq!(records(&array), records(&whole), "{}", log());
    assert!(array.join("figures/fig04.png").exists(), "the last shard draws:\n{}", log());

    let cancelled = place.path().join("cancelled");
    let out = cancelled.display().to_string();
    let options = ["--ntasks-per-node=2", "--time=5", "--output=cancelled.log"];
    let id = cluster.submit("run.sbatch", &options, &[&job, "--out", &out, "--checkpoint-every", "1s"]);
    let began = || cluster.log("cancelled.log").contains("tasks to do");
    assert!(
        wait_until(Duration::from_secs(60), began),
        "{}\n{}",
        cluster.log("cancelled.log"),
        cluster.logs()
    );
    let saved = || !support::files(&cancelled.join("tasks"), "checkpoint").is_empty();
    assert!(wait_until(Duration::from_secs(60), saved), "{}", cluster.log("cancelled.log"));
    answer(cluster.command("scancel").arg(&id));
    assert_eq!(cluster.wait(&id), ["CANCELLED"], "{}", cluster.log("cancelled.log"));
    // It stops in order, and does not come back by itself.
    let stopped = || cluster.log("cancelled.log").contains("stopped early (told by a signal)");
    assert!(wait_until(Duration::from_secs(30), stopped), "{}", cluster.log("cancelled.log"));
    assert!(!cluster.log("cancelled.log").contains("queued again"), "{}", cluster.log("cancelled.log"));
    // Slurm calls a job cancelled before its programs have ended.
    let free = || !cancelled.join("running/1-of-1.json").exists();
    assert!(wait_until(Duration::from_secs(30), free), "{}", cluster.log("cancelled.log"));
    let id = cluster.submit("run.sbatch", &options, &[&job, "--out", &out]);
    assert_eq!(cluster.wait(&id), ["COMPLETED"], "{}", cluster.log("cancelled.log"));
    let logs =
        (0..2).filter_map(|rank| fs::read_to_string(cancelled.join(format!("logs/rank-{rank:03}.log"))).ok());
    assert!(logs.collect::<String>().contains("goes on from its checkpoint"), "it began anew");
    assert_eq!(records(&cancelled), records(&whole));
    assert_eq!(arrays(&cancelled), arrays(&whole));
}

#[test]
fn jobs_are_submitted_from_any_folder() {
    let Some(cluster) = Cluster::start() else { return };
    let place = directory();
    let job = job(place.path(), 1).display().to_string();
    // A first job puts the script and its site into what serves as a checkout.
    let options = ["--ntasks-per-node=1", "--time=5", "--output=log"];
    cluster.wait(&cluster.submit("run.sbatch", &options, &["--help"]));
    let (checkout, elsewhere) = (cluster.path("submitted/slurm"), place.path().join("else where"));
    fs::create_dir(&elsewhere).expect("room");
    let log = || fs::read_to_string(elsewhere.join("log")).unwrap_or_default();
    let script = checkout.join("run.sbatch");
    let id = cluster.submit_from(&elsewhere, &script, &options, &[&job, "--out", "results"]);
    assert_eq!(cluster.wait(&id), ["COMPLETED"], "{}", log());
    assert!(elsewhere.join("results/results.csv").exists(), "{}", log());
    // Without a program anywhere, the log says so.
    fs::remove_file(checkout.join("site.sh")).expect("its own file");
    fs::remove_file(elsewhere.join("log")).expect("its own file");
    let id = cluster.submit_from(&elsewhere, &script, &options, &[&job, "--out", "none"]);
    assert_eq!(cluster.wait(&id), ["FAILED"], "{}", log());
    assert!(log().contains("error: there is no program at target/release/drapes"), "{}", log());
}
