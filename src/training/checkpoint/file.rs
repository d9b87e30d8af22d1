//! The checkpoint file: a snapshot with the fingerprint of its task and the device whose bits it has.

use std::fmt;
use std::path::PathBuf;

use drapes_analysis::plan::fingerprint::Fingerprint;
use drapes_analysis::store::accounting::Heading;
use ndarray::ArrayView1;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tch::{Device, Kind, Tensor};

use crate::arrays::{AfterWait, ArrayReader, ArrayWriter, Fault, Retries};
use crate::error::Error;
use crate::progress_sink::NoProgress;

/// The state of a training between two steps.
pub struct Snapshot {
    /// Single-precision tensors, in an order that the training knows.
    pub tensors: Vec<Tensor>,
    /// Lists of events, likewise.
    pub lists: Vec<Vec<u32>>,
    /// Everything else, as JSON.
    rest: Vec<u8>,
}

impl Snapshot {
    /// A snapshot.
    pub fn new(tensors: Vec<Tensor>, lists: Vec<Vec<u32>>, rest: &impl Serialize) -> Self {
        // Counters, losses and generators have text keys and no failing serialisers, so this cannot fail.
        Self { tensors, lists, rest: serde_json::to_vec(rest).unwrap_or_default() }
    }

    /// Bytes of its arrays.
    pub fn bytes(&self) -> usize {
        let tensors: usize = self.tensors.iter().map(Tensor::numel).sum();
        let lists: usize = self.lists.iter().map(Vec::len).sum();
        4 * (tensors + lists) + self.rest.len()
    }

    /// Everything else; none if it is of another training.
    pub fn rest<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.rest).ok()
    }

    /// Copies the tensors into those of a training; none if they are not alike.
    pub fn copy_tensors(&self, targets: &mut [&mut Tensor]) -> Option<()> {
        let alike = self.tensors.len() == targets.len()
            && self.tensors.iter().zip(targets.iter()).all(|(saved, target)| saved.numel() == target.numel());
        if !alike {
            return None;
        }
        for (saved, target) in self.tensors.iter().zip(targets) {
            target.copy_(&saved.reshape(target.size()));
        }
        Some(())
    }
}

/// The work that a snapshot stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Seconds that it has taken.
    pub seconds: f64,
    /// The share of the task that is done, from 0 to 1.
    pub share: f64,
}

/// Why a checkpoint that is there does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoUse {
    /// It is not whole, or not what was written.
    Torn,
    /// It is there and cannot be read.
    OutOfReach,
    /// It is of another training: of other settings, other events, or another version of the program.
    Foreign,
}

impl fmt::Display for NoUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Torn => "it is not whole",
            Self::OutOfReach => "it cannot be read",
            Self::Foreign => "it is of a training with other settings, events or version",
        })
    }
}

/// Where a training keeps its snapshots; a later one replaces an earlier one.
pub struct CheckpointFile {
    /// The file.
    pub path: PathBuf,
    /// What the training depends on: a checkpoint of anything else is not used.
    pub fingerprint: Fingerprint,
    /// What the training is computed on.
    pub device: String,
}

impl CheckpointFile {
    /// Writes a snapshot, whole or not at all, with the work behind it.
    ///
    /// # Errors
    /// It cannot be written; an earlier one is then still there.
    pub fn write(&self, snapshot: &Snapshot, progress: Progress) -> Result<(), Error> {
        let Progress { seconds, share } = progress;
        let heading = Heading { seconds, share, device: self.device.clone() };
        let writer = ArrayWriter::headed(&self.path, Some(heading))?;
        writer.list("fingerprint", ArrayView1::from(self.fingerprint.0.as_bytes()))?;
        writer.list("rest", ArrayView1::from(&snapshot.rest[..]))?;
        writer.list("seconds", ArrayView1::from(&[seconds]))?;
        writer.list("share", ArrayView1::from(&[share]))?;
        for (index, tensor) in snapshot.tensors.iter().enumerate() {
            let flat = tensor.to_device(Device::Cpu).to_kind(Kind::Float).flatten(0, -1);
            let values = Vec::<f32>::try_from(&flat).unwrap_or_default();
            writer.list(&format!("tensor_{index}"), ArrayView1::from(&values))?;
        }
        for (index, list) in snapshot.lists.iter().enumerate() {
            writer.list(&format!("list_{index}"), ArrayView1::from(list))?;
        }
        writer.finish()
    }

    /// The last snapshot, and the work behind it; none if there is none.
    ///
    /// # Errors
    /// There is one that does not count, and this is why.
    pub fn read(&self) -> Result<Option<(Snapshot, Progress)>, NoUse> {
        let mut retries = Retries::default();
        loop {
            let found = self.look();
            // What is damaged stays so. What somebody has open, or a file server does not give just now, is worth waiting for:
            // the training that begins anew writes over it.
            let fault = match found {
                Err(NoUse::Torn | NoUse::OutOfReach) => Fault::of(&self.path),
                found => return found,
            };
            if matches!(fault, Fault::Damaged) {
                return found;
            }
            if retries.wait(&fault, &NoProgress) != AfterWait::Retry {
                return Err(NoUse::OutOfReach);
            }
        }
    }

    fn look(&self) -> Result<Option<(Snapshot, Progress)>, NoUse> {
        match self.path.try_exists() {
            Ok(false) => return Ok(None),
            Ok(true) => {}
            Err(_) => return Err(NoUse::OutOfReach),
        }
        let reader = ArrayReader::open(&self.path).map_err(|_| NoUse::Torn)?;
        let fingerprint = reader.list::<u8>("fingerprint").map_err(|_| NoUse::Torn)?.to_vec();
        if fingerprint != self.fingerprint.0.as_bytes() {
            return Err(NoUse::Foreign);
        }
        Self::contents(&reader).map(Some).ok_or(NoUse::Torn)
    }

    fn contents(reader: &ArrayReader) -> Option<(Snapshot, Progress)> {
        let rest = reader.list::<u8>("rest").ok()?.to_vec();
        let (mut tensors, mut lists) = (vec![], vec![]);
        while let Some(name) = reader.has(&format!("tensor_{}", tensors.len())) {
            tensors.push(Tensor::from_slice(&reader.list::<f32>(&name).ok()?.to_vec()));
        }
        while let Some(name) = reader.has(&format!("list_{}", lists.len())) {
            lists.push(reader.list::<u32>(&name).ok()?.to_vec());
        }
        let seconds = reader.list::<f64>("seconds").ok()?.first().copied()?;
        // Those of earlier versions do not say how far they are.
        let share = match reader.has("share") {
            Some(name) => reader.list::<f64>(&name).ok()?.first().copied()?,
            None => 0.0,
        };
        Some((Snapshot { tensors, lists, rest }, Progress { seconds, share }))
    }

    /// Removes the file, if it is there.
    pub fn remove(&self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_comes_back_to_the_last_bit_and_only_to_its_own_training() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = |print: &str| CheckpointFile {
            path: directory.path().join("a.checkpoint"),
            fingerprint: Fingerprint(print.to_owned()),
            device: "cpu".to_owned(),
        };
        assert!(matches!(file("a").read(), Ok(None)));
        let values = [f32::MIN_POSITIVE / 4.0, -0.0, 1.0 / 3.0, f32::MAX, 0.1, 7.0];
        let saved = Tensor::from_slice(&values).reshape([2, 3]);
        let losses = vec![0.1_f32, 1e-30, f32::MAX];
        let snapshot = Snapshot::new(vec![saved.copy()], vec![vec![3, 1, 2], vec![]], &(&losses, 7_u64));
        let behind = Progress { seconds: 12.5, share: 0.3 };
        file("a").write(&snapshot, behind).expect("room");
        let (found, progress) = file("a").read().expect("a whole file").expect("a snapshot");
        assert_eq!(progress, behind);
        let heading = Heading { seconds: 12.5, share: 0.3, device: "cpu".to_owned() };
        assert_eq!(Heading::of(&file("a").path), Some(heading), "to be read without HDF5");
        let mut target = Tensor::zeros([2, 3], (Kind::Float, Device::Cpu));
        found.copy_tensors(&mut [&mut target]).expect("alike");
        let bits = |tensor: &Tensor| -> Vec<u32> {
            let values = Vec::<f32>::try_from(&tensor.flatten(0, -1)).expect("values");
            values.into_iter().map(f32::to_bits).collect()
        };
        assert_eq!(bits(&target), values.map(f32::to_bits));
        assert_eq!(found.lists, [vec![3, 1, 2], vec![]]);
        assert_eq!(found.rest::<(Vec<f32>, u64)>(), Some((losses, 7)));
        assert_eq!(file("b").read().err(), Some(NoUse::Foreign));
        let mut other = Tensor::zeros([5], (Kind::Float, Device::Cpu));
        assert!(found.copy_tensors(&mut [&mut other]).is_none());
        let whole = std::fs::read(&file("a").path).expect("a file");
        for length in (0..whole.len()).step_by(97) {
            std::fs::write(&file("a").path, &whole[..length]).expect("room");
            assert_eq!(file("a").read().err(), Some(NoUse::Torn), "cut after {length} bytes");
        }
    }
}
