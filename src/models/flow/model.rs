//! A trained flow in use: it samples events of its density, or transforms events to other masses.

use ndarray::{Array2, ArrayView2};
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64;
use tch::{Device, Kind, Tensor};

use super::kernel::FlowPasses;
use super::network::Flow;
use super::shape::FlowShape;
use crate::error::Error;
use crate::fused::Way;
use crate::progress_sink::ProgressSink;
use crate::sample::marginals::ColumnMaps;

/// Events that pass together: enough to hide overhead.
const EVENTS_AT_ONCE: usize = 2048;
/// The same on a GPU, which is faster the more it has at once.
const EVENTS_AT_ONCE_ON_GPU: usize = 1 << 17;
/// Events that are moved start no further out, in standard deviations: a flow changes nothing there.
const FAR: f64 = 100.0;

/// One trained flow, with the maps of its columns.
pub struct FlowModel {
    /// Its network.
    pub shape: FlowShape,
    /// `[1, len]`
    pub parameters: Tensor,
    /// Of the features and then the mass.
    pub maps: ColumnMaps,
}

/// How events are transformed.
#[derive(Clone, Copy, Debug)]
pub enum Transform<'a> {
    /// From their own masses to others: upwards by the flow, downwards by its inverse. Event `i` of the result began as
    /// event `i` modulo their number.
    Masses {
        /// Masses of the events (GeV).
        own: &'a [f64],
        /// Masses to go to (GeV), one for each event of the result.
        target: &'a [f64],
    },
    /// To where a flow trained to correct them takes them, at their own masses (GeV).
    Correction(&'a [f64]),
}

/// What events pass.
enum Passing {
    /// On a processor, by kernels.
    Kernels(FlowPasses),
    /// As tensors.
    Tensors(Flow),
}

impl Passing {
    fn of(model: &FlowModel) -> Self {
        match FlowPasses::new(model.shape, &model.parameters) {
            Some(passes) => Self::Kernels(passes),
            None => Self::Tensors(Flow::over(model.shape, &model.parameters)),
        }
    }

    /// # Shapes
    /// `x` `[1, features, events]`, `context` `[1, 1, events]`.
    fn pass(&self, way: Way, x: &Tensor, context: &Tensor) -> Tensor {
        match (self, way) {
            (Self::Kernels(passes), way) => passes.pass(way, x, context),
            (Self::Tensors(flow), Way::Forward) => flow.image(x, context),
            (Self::Tensors(flow), Way::Inverse) => flow.preimage(x, context),
        }
    }
}

impl FlowModel {
    /// Events of a base flow's density, one for each mass.
    ///
    /// # Shapes
    /// `(masses, features)`.
    ///
    /// # Units
    /// Masses in GeV; features in their own units.
    ///
    /// # Errors
    /// It was told to stop.
    pub fn sample(
        &self,
        masses: &[f64],
        noise: &mut Pcg64,
        sink: &dyn ProgressSink,
    ) -> Result<Array2<f32>, Error> {
        let features = self.shape.conditioner.features;
        let flow = Passing::of(self);
        self.in_portions(masses.len(), sink, |events| {
            let normals: Vec<f32> =
                (0..events.len() * features).map(|_| StandardNormal.sample(noise)).collect();
            let z = self.columns(&normals);
            let context = self.context(masses[events].iter().map(|mass| self.mapped_mass(*mass)));
            flow.pass(Way::Inverse, &z, &context)
        })
    }

    /// Share of the events' feature values that lie in the tails, where a flow changes nothing.
    ///
    /// # Shapes
    /// `(events, features)`.
    pub fn share_in_tails(&self, events: ArrayView2<'_, f32>) -> f64 {
        let outside = events.indexed_iter().filter(|((_, column), value)| {
            self.maps.column(*column).forward(f64::from(**value)).abs() >= self.shape.spline.tail
        });
        outside.count() as f64 / events.len().max(1) as f64
    }

    /// Transforms events with a top flow; `spread` is drawn from where a column holds many events of one value.
    ///
    /// # Shapes
    /// `events` `(events, features)`; the result has a row for each target.
    ///
    /// # Units
    /// As [`FlowModel::sample`].
    ///
    /// # Errors
    /// It was told to stop.
    ///
    /// # Panics
    /// If there are fewer masses than events, or no events.
    pub fn transport(
        &self,
        events: ArrayView2<'_, f32>,
        transform: Transform<'_>,
        spread: &mut Pcg64,
        sink: &dyn ProgressSink,
    ) -> Result<Array2<f32>, Error> {
        let flow = Passing::of(self);
        let count = match transform {
            Transform::Masses { target, .. } => target.len(),
            Transform::Correction(own) => own.len(),
        };
        self.in_portions(count, sink, |rows| {
            let mut mapped = Vec::with_capacity(rows.len() * events.ncols());
            for row in rows.clone() {
                for (column, value) in events.row(row % events.nrows()).iter().enumerate() {
                    let start = self.maps.column(column).spread(f64::from(*value), spread).clamp(-FAR, FAR);
                    mapped.push(start as f32);
                }
            }
            let x = self.columns(&mapped);
            match transform {
                Transform::Correction(own) => {
                    let context = self.context(own[rows].iter().map(|mass| self.mapped_mass(*mass)));
                    flow.pass(Way::Forward, &x, &context)
                }
                Transform::Masses { own, target } => {
                    let steps: Vec<f64> = rows
                        .map(|row| {
                            self.mapped_mass(target[row]) - self.mapped_mass(own[row % events.nrows()])
                        })
                        .collect();
                    let (up, down): (Vec<i64>, Vec<i64>) =
                        (0..steps.len() as i64).partition(|row| steps[*row as usize] >= 0.0);
                    self.up_and_down(&x, &steps, [(Way::Forward, up), (Way::Inverse, down)], &flow)
                }
            }
        })
    }

    /// Events that go up and events that go down, each in a pass of their own, returned in their order.
    fn up_and_down(&self, x: &Tensor, steps: &[f64], ways: [(Way, Vec<i64>); 2], flow: &Passing) -> Tensor {
        let result = x.empty_like();
        for (way, chosen) in ways.iter().filter(|(_, chosen)| !chosen.is_empty()) {
            let context = self.context(chosen.iter().map(|row| steps[*row as usize].abs()));
            let index = Tensor::from_slice(chosen).to_device(x.device());
            let events = x.index_select(2, &index);
            let value = flow.pass(*way, &events, &context);
            let _ = result.shallow_clone().index_copy_(2, &index, &value);
        }
        result
    }

    fn mapped_mass(&self, mass: f64) -> f64 {
        self.maps.column(self.shape.conditioner.features).forward(mass)
    }

    fn device(&self) -> Device {
        self.parameters.device()
    }

    /// Rows of features as `[1, features, events]`.
    fn columns(&self, rows: &[f32]) -> Tensor {
        let features = self.shape.conditioner.features as i64;
        let rows = Tensor::from_slice(rows).reshape([1, -1, features]).to_device(self.device());
        rows.transpose(1, 2).contiguous()
    }

    fn context(&self, values: impl Iterator<Item = f64>) -> Tensor {
        let values: Vec<f32> = values.map(|value| value as f32).collect();
        Tensor::from_slice(&values).reshape([1, 1, -1]).to_device(self.device())
    }

    /// How many events pass together.
    pub fn portion(&self) -> usize {
        if self.device().is_cuda() { EVENTS_AT_ONCE_ON_GPU } else { EVENTS_AT_ONCE }
    }

    /// Makes events in portions; `make` gives the mapped events of a range, `[1, features, events]`.
    fn in_portions(
        &self,
        count: usize,
        sink: &dyn ProgressSink,
        mut make: impl FnMut(std::ops::Range<usize>) -> Tensor,
    ) -> Result<Array2<f32>, Error> {
        let features = self.shape.conditioner.features;
        let portion = self.portion();
        let mut values = Vec::with_capacity(count * features);
        for first in (0..count).step_by(portion) {
            if sink.should_stop() {
                return Err(Error::Stopped);
            }
            let range = first..count.min(first + portion);
            let end = range.end;
            let made = make(range).transpose(1, 2).contiguous().to_device(Device::Cpu).to_kind(Kind::Float);
            let made = Vec::<f32>::try_from(&made.flatten(0, -1)).unwrap_or_default();
            for (index, value) in made.into_iter().enumerate() {
                values.push(self.maps.column(index % features).backward(f64::from(value)) as f32);
            }
            sink.progress(end as f64 / count as f64);
        }
        Ok(Array2::from_shape_vec((count, features), values).expect("a row for each event"))
    }
}
