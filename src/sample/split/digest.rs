//! The digest of a sample, by which ranks and results know that they have read the same events.

use ndarray::Array2;
use sha2::{Digest, Sha256};

use super::Sample;
use crate::data::Events;

/// Bytes that are digested together.
const BYTES: usize = 1 << 20;

impl Sample {
    /// A digest of all events and of who plays which part: ranks with the same digest work with the same data.
    pub fn digest(&self) -> String {
        let mut digest = Pieces::new();
        digest.events(&self.events);
        for list in [&self.independent, &self.withheld, &self.background, self.signal.first()] {
            digest.numbers(list.iter().map(|event| event.to_le_bytes()));
        }
        for apart in self.other.iter().chain(&self.simulated) {
            digest.numbers(apart.masses.iter().map(|mass| mass.to_le_bytes()));
            digest.numbers(apart.features.iter().map(|value| value.to_le_bytes()));
            digest.generated(apart.generated.as_ref());
        }
        digest.end()
    }
}

/// A digest of many small pieces, which go in together.
struct Pieces {
    hash: Sha256,
    waiting: Vec<u8>,
}

impl Pieces {
    fn new() -> Self {
        Self { hash: Sha256::new(), waiting: Vec::with_capacity(BYTES) }
    }

    fn events(&mut self, events: &Events) {
        self.numbers(events.mass.iter().map(|mass| mass.to_le_bytes()));
        self.numbers(events.features.iter().map(|value| value.to_le_bytes()));
        self.numbers(events.is_signal.iter().map(|is_signal| [u8::from(*is_signal)]));
        self.generated(events.generated.as_ref());
        let Some(jets) = &events.jets else { return };
        self.numbers((0..jets.len()).map(|jet| (jets.count(jet) as u32).to_le_bytes()));
        self.numbers((0..jets.len()).flat_map(|jet| {
            let jet = jets.kinematics(jet);
            [jet.pt, jet.eta, jet.phi, jet.mass].map(f32::to_le_bytes)
        }));
        self.numbers(jets.all_constituents().as_flattened().iter().map(|value| value.to_le_bytes()));
    }

    /// What models generate; nothing where it is the features.
    fn generated(&mut self, generated: Option<&Array2<f32>>) {
        if let Some(generated) = generated {
            self.numbers(generated.iter().map(|value| value.to_le_bytes()));
        }
    }

    /// A list, its length before it: two lists that share their elements otherwise are told apart.
    fn numbers<const N: usize>(&mut self, numbers: impl Iterator<Item = [u8; N]>) {
        let mut count = 0_u64;
        for number in numbers {
            self.waiting.extend_from_slice(&number);
            count += 1;
            if self.waiting.len() >= BYTES {
                self.hash.update(&self.waiting);
                self.waiting.clear();
            }
        }
        self.waiting.extend_from_slice(&count.to_le_bytes());
    }

    fn end(mut self) -> String {
        self.hash.update(&self.waiting);
        hex::encode(&self.hash.finalize()[..12])
    }
}
