//! A template that is being made: the events so far, which a checkpoint holds between two portions.

use std::ops::Range;

use ndarray::ArrayView2;
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::training::{Resumable, Snapshot};

/// The random generators of a template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Generators {
    /// Noise that events begin as, or that is added to them.
    pub noise: Pcg64,
    /// Of events whose columns hold many events of one value.
    pub spread: Pcg64,
}

/// The first events of a template, and the generators as they are after them: the rest follows from both.
pub struct UnfinishedTemplate {
    count: usize,
    features: usize,
    /// Row by row.
    values: Vec<f32>,
    /// As they are after the rows.
    pub generators: Generators,
}

impl UnfinishedTemplate {
    /// A template of so many events of so many features, of which none is made.
    pub fn new(count: usize, features: usize, generators: Generators) -> Self {
        Self { count, features, values: Vec::with_capacity(count * features), generators }
    }

    /// The rows to be made next, at most so many; none when all are made.
    pub fn next(&self, portion: usize) -> Option<Range<usize>> {
        let first = self.values.len() / self.features;
        (first < self.count).then(|| first..self.count.min(first + portion))
    }

    /// Adds rows that are made, with the generators as they are after them.
    pub fn add(&mut self, rows: ArrayView2<'_, f32>, generators: Generators) {
        self.values.extend(rows.iter());
        self.generators = generators;
    }

    /// The events that are made.
    ///
    /// # Shapes
    /// `(events, features)`
    pub fn events(&self) -> ArrayView2<'_, f32> {
        let rows = self.values.len() / self.features;
        ArrayView2::from_shape((rows, self.features), &self.values).expect("whole rows")
    }
}

impl Resumable for UnfinishedTemplate {
    fn snapshot(&self) -> Snapshot {
        Snapshot::new(vec![Tensor::from_slice(&self.values)], vec![], &self.generators)
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Option<()> {
        let generators = snapshot.rest()?;
        let [values] = &snapshot.tensors[..] else { return None };
        let values = Vec::<f32>::try_from(values).ok()?;
        if values.len() > self.count * self.features || !values.len().is_multiple_of(self.features) {
            return None;
        }
        // Into the room that is there for all.
        self.values.clear();
        self.values.extend(values);
        self.generators = generators;
        Some(())
    }
}
