//! Independent random streams, named by what they are for.

use std::fmt::Display;

use rand_pcg::Pcg64;
use rand_pcg::rand_core::SeedableRng;
use sha2::{Digest, Sha256};

/// A named source of randomness.
///
/// A stream is known by its path of labels from the job's seed (`train`, `s1000`, `batches`, …), never by
/// a rank, a device or the order of work. Any number of ranks therefore draws the same numbers.
#[derive(Clone)]
pub struct Stream(Sha256);

impl Stream {
    /// The root of all streams of a job.
    pub fn of_job(seed: u64) -> Self {
        Self(Sha256::new_with_prefix(seed.to_le_bytes()))
    }

    /// The stream called `label` below this one.
    pub fn branch(&self, label: impl Display) -> Self {
        let label = label.to_string();
        let mut hash = self.0.clone();
        // The length keeps ("ab", "c") apart from ("a", "bc").
        hash.update((label.len() as u64).to_le_bytes());
        hash.update(label.as_bytes());
        Self(hash)
    }

    /// A generator at the start of this stream.
    pub fn generator(&self) -> Pcg64 {
        Pcg64::from_seed(self.0.clone().finalize().into())
    }

    /// Words that tell this stream from others: the key of numbers that are known by their place, and not drawn in turn.
    pub fn words(&self) -> [u32; 2] {
        let digest = self.0.clone().finalize();
        let word = |first: usize| {
            digest[first..first + 4].iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte))
        };
        [word(0), word(4)]
    }
}

#[cfg(test)]
mod tests {
    use rand_pcg::rand_core::Rng;

    use super::*;

    fn first(stream: &Stream) -> u64 {
        stream.generator().next_u64()
    }

    #[test]
    fn a_stream_depends_on_its_whole_path_and_on_nothing_else() {
        let job = Stream::of_job(7);
        let named = job.branch("train").branch("s1000");
        assert_eq!(first(&named), first(&Stream::of_job(7).branch("train").branch("s1000")));
        for other in [
            job.branch("train").branch("s100"),
            job.branch("trains").branch("1000"),
            job.branch("s1000").branch("train"),
            Stream::of_job(8).branch("train").branch("s1000"),
        ] {
            assert_ne!(first(&named), first(&other));
            assert_ne!(named.words(), other.words());
        }
    }
}
