//! The operators that libtorch is asked for, counted: a GPU waits for each of them longer than it computes.

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char};
use std::fmt;

#[allow(unsafe_code, reason = "the shim beside this file")]
unsafe extern "C" {
    fn drapes_operators_begin();
    fn drapes_operators_end();
    fn drapes_operators_names() -> *const c_char;
}

/// How often each operator was asked for.
pub struct Operators(BTreeMap<String, usize>);

/// What a value is read by: whoever reads one from a GPU waits for all that it has been asked for.
const READ: &str = "aten::_local_scalar_dense";

/// Ends the watch, however the work has ended.
struct Watch;

impl Watch {
    fn begin() -> Self {
        #[allow(
            unsafe_code,
            reason = "the shim watches this thread alone, until the end that this object brings"
        )]
        unsafe {
            drapes_operators_begin();
        }
        Self
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        #[allow(unsafe_code, reason = "it was begun, by this thread: it cannot be sent to another")]
        unsafe {
            drapes_operators_end();
        }
    }
}

impl Operators {
    /// Those of some work of this thread: views and room for tensors are none. Work that is counted counts nothing itself.
    pub fn of(work: impl FnOnce()) -> Self {
        let watch = Watch::begin();
        work();
        drop(watch);
        #[allow(unsafe_code, reason = "the names last until this thread begins anew, and are copied here")]
        let names = unsafe { CStr::from_ptr(drapes_operators_names()) }.to_string_lossy().into_owned();
        let mut counts = BTreeMap::new();
        for name in names.lines() {
            *counts.entry(name.to_owned()).or_default() += 1;
        }
        Self(counts)
    }

    /// All together.
    pub fn total(&self) -> usize {
        self.0.values().sum()
    }

    /// How many values were read.
    pub fn reads(&self) -> usize {
        self.0.get(READ).copied().unwrap_or(0)
    }

    /// All together on a GPU, which has one kernel for each of these; they occur so many times.
    pub fn with_one_kernel_for(&self, times: usize, these: &[Self]) -> usize {
        self.total() - times * these.iter().map(Self::saved).sum::<usize>()
    }

    /// How many operators one kernel for all of them saves.
    pub fn saved(&self) -> usize {
        self.total() - 1
    }
}

/// The number of operators that docs/performance.md gives a step.
///
/// # Panics
/// If its table has no such row, or a number there that misses its aim.
pub fn told_of(step: &str) -> usize {
    let text = include_str!("../../../docs/performance.md");
    let row = text.lines().find_map(|line| line.strip_prefix(&format!("| {step} | ")));
    let cells: Vec<&str> = row.unwrap_or_default().split('|').map(str::trim).collect();
    let number = |cell: usize| cells.get(cell).and_then(|cell| cell.replace(',', "").parse().ok());
    let told: usize = number(0).unwrap_or_else(|| panic!("docs/performance.md has no row {step}"));
    assert!(number(2).is_none_or(|aim| told <= aim), "{step}: {told} operators are too many");
    told
}

impl fmt::Display for Operators {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sorted: Vec<_> = self.0.iter().collect();
        sorted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let listed: Vec<String> = sorted.into_iter().map(|(name, count)| format!("{count} {name}")).collect();
        f.write_str(&listed.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind, Tensor};

    use super::*;

    #[test]
    fn what_computes_is_counted_and_views_are_not() {
        let x = Tensor::ones([4, 4], (Kind::Float, Device::Cpu));
        let nothing = Operators::of(|| drop(x.view([16_i64]).narrow(0, 2, 3).unsqueeze(0)));
        assert_eq!(nothing.total(), 0, "{nothing}");
        let read = Operators::of(|| assert!(x.double_value(&[1, 1]) > 0.5));
        assert_eq!(read.reads(), 1, "{read}");
        let some = Operators::of(|| drop((x.matmul(&x) + &x).sum(Kind::Float)));
        assert_eq!(some.to_string(), "1 aten::add, 1 aten::mm, 1 aten::sum");
        // A factor that is turned into the kind of the tensor first is no operator of its own.
        let scaled = Operators::of(|| drop((x.matmul(&x) * 2.0 + &x).sum(Kind::Float)));
        assert_eq!(scaled.total(), 4, "{scaled}");
        assert_eq!(some.reads(), 0);
        // A bias that is copied first, or members that a processor takes one by one, are no operators beside it.
        let (mut sum, row) = (x.unsqueeze(0), x.narrow(0, 0, 1).unsqueeze(0));
        let product = Operators::of(|| drop(row.baddbmm(&x.unsqueeze(0), &x.unsqueeze(0), 1.0, 1.0)));
        assert_eq!(product.to_string(), "1 aten::baddbmm");
        let summed = Operators::of(|| drop(sum.baddbmm_(&x.unsqueeze(0), &x.unsqueeze(0))));
        assert_eq!(summed.to_string(), "1 aten::baddbmm_");
    }
}
