//! Libraries, devices, launchers and schedulers.

use std::num::NonZeroUsize;
use std::process::Command;
use std::time::SystemTime;

use tch::{Device, Kind, Tensor};

use super::Finding;
use crate::device::provenance::{LIBTORCH, Versions, libtorch_version, loaded};
use crate::device::{self, DeviceChoice};
use crate::dispatch::stop::slurm_end;
use crate::run::world::{Flavour, World};

/// Everything but the directory of results.
pub fn all(choice: DeviceChoice) -> Vec<Finding> {
    let mut findings = vec![libtorch(), processors()];
    if choice != DeviceChoice::Cpu {
        findings.push(gpus());
    }
    findings.extend([mpi(), launcher(), hdf5(), slurm()]);
    findings
}

fn libtorch() -> Finding {
    let file = loaded("libtorch_cpu").unwrap_or_else(|| "linked statically".to_owned());
    let (version, expected) = (libtorch_version(), LIBTORCH);
    let product = Tensor::ones([64, 64], (Kind::Float, Device::Cpu));
    let product = product.matmul(&product).double_value(&[0, 0]);
    if (product - 64.0).abs() > 1e-6 {
        let found = format!("{file} multiplies ones to {product} instead of 64");
        return Finding::fail(
            "libtorch",
            found,
            "fetch it anew: rm -r .libtorch; make setup; cargo build --release",
        );
    }
    match version.as_deref().filter(|version| !version.starts_with(expected)) {
        Some(other) => Finding::fail(
            "libtorch",
            format!("{other} in {file}"),
            format!("drapes needs {expected}: take its folder out of LD_LIBRARY_PATH, or build again"),
        ),
        None => Finding::ok("libtorch", format!("{expected} in {file}")),
    }
}

fn processors() -> Finding {
    let count = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    #[cfg(target_arch = "x86_64")]
    if !std::arch::is_x86_feature_detected!("avx2") {
        let remedy = "networks run several times slower than on a processor of the last ten years";
        return Finding::warn("processors", format!("{count}, without AVX2"), remedy);
    }
    Finding::ok("processors", format!("{count} for this process"))
}

fn gpus() -> Finding {
    let usable = device::gpus();
    match (device::driver(), usable) {
        (None, 0) => Finding::ok("GPUs", "none (no NVIDIA driver on this host)"),
        (Some(driver), 0) if driver.gpus.is_empty() => Finding::warn(
            "GPUs",
            format!("none visible (the driver supports CUDA {})", driver.cuda),
            "ask the scheduler for GPUs, or look at CUDA_VISIBLE_DEVICES",
        ),
        (Some(driver), 0) => Finding::fail(
            "GPUs",
            format!("{} that the driver shows and libtorch cannot use", names(&driver.gpus)),
            if newer(&driver.cuda) {
                "libtorch's CUDA half is not there: make setup CUDA=1; cargo build --release".to_owned()
            } else {
                format!(
                    "the driver supports CUDA {} and libtorch needs 13.0: a newer driver, or --device cpu",
                    driver.cuda
                )
            },
        ),
        (driver, count) => {
            let named = driver.map_or_else(|| format!("{count}"), |driver| names(&driver.gpus));
            let broken = (0..count).find_map(|index| device::check(Device::Cuda(index)).err());
            match broken {
                None => Finding::ok("GPUs", named),
                Some(reason) => {
                    Finding::fail("GPUs", format!("{named}: {reason}"), "try nvidia-smi, and another node")
                }
            }
        }
    }
}

fn names(gpus: &[device::Gpu]) -> String {
    let mut counted: Vec<(String, usize)> = Vec::new();
    for gpu in gpus {
        match counted.iter_mut().find(|(name, _)| *name == gpu.name) {
            Some((_, count)) => *count += 1,
            None => counted.push((gpu.name.clone(), 1)),
        }
    }
    counted.into_iter().map(|(name, count)| format!("{count} × {name}")).collect::<Vec<_>>().join(", ")
}

/// Whether a driver supports the CUDA of our libtorch.
fn newer(cuda: &str) -> bool {
    cuda.split('.').next().and_then(|major| major.parse::<u32>().ok()).is_some_and(|major| major >= 13)
}

fn mpi() -> Finding {
    match World::linked() {
        Some(library) => Finding::ok("MPI", format!("built with {library}")),
        None => Finding::fail("MPI", "the library does not answer", "build again with the site's MPI"),
    }
}

fn launcher() -> Finding {
    let flavour = World::flavour();
    let name = flavour.launcher();
    let output = Command::new(&name).arg("--version").output();
    let Ok(output) = output else {
        let remedy = "make setup, or load the site's MPI module; srun works without it";
        return Finding::warn("launcher", format!("no {name}"), remedy);
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let is_open = text.contains("Open MPI") || text.contains("OpenRTE");
    let first = text.lines().next().unwrap_or_default().trim().to_owned();
    if is_open == (flavour == Flavour::OpenMpi) {
        return Finding::ok("launcher", format!("{name}: {first}"));
    }
    Finding::fail(
        "launcher",
        format!("{name} is {first}, drapes was built with {}", World::linked().unwrap_or_default()),
        "every rank would be alone: load the module of the MPI that drapes was built with, or build again with this one",
    )
}

fn hdf5() -> Finding {
    let version = Versions::of(None).hdf5;
    if hdf5::filters::blosc_available() {
        Finding::ok("HDF5", format!("{version}, with Blosc"))
    } else {
        let remedy = "raw LHC Olympics files cannot be read: build again with its own Blosc (the default)";
        Finding::warn("HDF5", format!("{version}, without Blosc"), remedy)
    }
}

fn slurm() -> Finding {
    let version = Command::new("sinfo").arg("--version").output().ok();
    let version = version.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    slurm_of(version, std::env::var("SLURM_JOB_ID").ok(), slurm_end())
}

/// What is said of Slurm, from its version (empty where the program is there and says nothing), the job and its end.
fn slurm_of(version: Option<String>, job: Option<String>, end: Option<SystemTime>) -> Finding {
    match (version.filter(|version| !version.is_empty()), job, end) {
        (None, None, _) => Finding::ok("Slurm", "not here"),
        (Some(version), None, _) => Finding::ok("Slurm", format!("{version}, not in a job")),
        (_, Some(job), Some(end)) => {
            let end = humantime::format_rfc3339_seconds(end);
            Finding::ok("Slurm", format!("job {job}, which ends at {end}"))
        }
        (_, Some(job), None) => Finding::warn(
            "Slurm",
            format!("job {job}, whose end is not in the environment"),
            "give it with --deadline \"$(squeue -h -j $SLURM_JOB_ID -o %e)\", as slurm/run.sbatch does",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slurm_without_a_version_is_not_here() {
        let of = |version: Option<&str>| slurm_of(version.map(str::to_owned), None, None).found;
        assert_eq!(of(None), "not here");
        assert_eq!(of(Some("")), "not here");
        assert_eq!(of(Some("slurm 23.02")), "slurm 23.02, not in a job");
    }
}
