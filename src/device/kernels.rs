//! Whether a GPU may add numbers in whatever order it comes to them.

/// How a GPU computes what it could compute in several ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum GpuKernels {
    /// Sums in a fixed order, so that the same job gives the same numbers on the same kind of GPU.
    #[default]
    Deterministic,
    /// Whatever libtorch takes for the fastest.
    Fastest,
}

/// The workspaces of cuBLAS with which it chooses its kernels by the sizes of a product alone.
const WORKSPACES: (&str, &str) = ("CUBLAS_WORKSPACE_CONFIG", ":4096:8");

#[allow(unsafe_code, reason = "the shim beside this file")]
unsafe extern "C" {
    fn drapes_deterministic(deterministic: bool);
}

/// Sets how GPUs compute in this process. It must come before the process has a second thread and before CUDA is asked for
/// anything: cuBLAS reads the environment when it is first used. Workspaces that the user has named are left as they are.
pub fn set_gpu_kernels(kernels: GpuKernels) {
    let deterministic = kernels == GpuKernels::Deterministic;
    if deterministic && std::env::var_os(WORKSPACES.0).is_none() {
        #[allow(
            unsafe_code,
            reason = "the process has one thread, so that nobody reads the environment meanwhile"
        )]
        unsafe {
            std::env::set_var(WORKSPACES.0, WORKSPACES.1);
        }
    }
    #[allow(unsafe_code, reason = "the shim sets three switches of libtorch, which throw nothing")]
    unsafe {
        drapes_deterministic(deterministic);
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use tch::{Kind, Tensor};

    use super::*;

    /// Says to the program of tests that it was started for the one test that changes its environment.
    const ALONE: &str = "DRAPES_TEST_ALONE";

    #[test]
    fn deterministic_kernels_change_nothing_on_a_processor() {
        if std::env::var_os(ALONE).is_none() {
            let mut alone = Command::new(std::env::current_exe().expect("this program"));
            alone.env(ALONE, "1").env_remove(WORKSPACES.0).args(["--exact", "--test-threads=1"]);
            let name = "device::kernels::tests::deterministic_kernels_change_nothing_on_a_processor";
            let output = alone.arg(name).output().expect("it starts");
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && said.contains("1 passed"), "{said}");
            return;
        }
        let numbers = Tensor::arange(1000, (Kind::Float, tch::Device::Cpu)).sin();
        let sum = || numbers.cumsum(0, Kind::Float).double_value(&[999]);
        let before = sum();
        set_gpu_kernels(GpuKernels::Deterministic);
        assert!(std::env::var_os(WORKSPACES.0).is_some());
        let strictly = sum();
        set_gpu_kernels(GpuKernels::Fastest);
        assert!(before.to_bits() == strictly.to_bits() && before.to_bits() == sum().to_bits());
    }
}
