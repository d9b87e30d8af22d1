//! The events of both classes where the networks compute.

use ndarray::{Array2, ArrayView2, Axis};
use tch::{Device, Tensor};

use super::train::Drawn;

/// A table of events that networks draw from.
pub enum EventTable {
    /// In the memory of the process, from which processors gather them fastest.
    Here(Array2<f32>),
    /// On a GPU.
    OnDevice(Tensor),
}

impl EventTable {
    /// The table of these rows, in their own units.
    ///
    /// # Shapes
    /// `(events, features)`
    pub fn new(rows: Array2<f32>, device: Device) -> Self {
        match device {
            Device::Cpu => Self::Here(rows.as_standard_layout().into_owned()),
            _ => Self::OnDevice(to_tensor(rows.view(), device)),
        }
    }

    /// Drawn events, `[members · events, features]`, or those of several steps.
    pub fn select(&self, drawn: &Drawn<'_>) -> Tensor {
        match self {
            Self::Here(rows) => {
                let chosen: Vec<usize> = drawn.rows.iter().map(|row| *row as usize).collect();
                to_tensor(rows.select(Axis(0), &chosen).view(), Device::Cpu)
            }
            Self::OnDevice(rows) => {
                let chosen = drawn.on_device.as_ref();
                rows.index_select(0, chosen.expect("rows of events whose inputs are not known"))
            }
        }
    }
}

/// Rows on a device, `[events, features]`.
pub fn to_tensor(rows: ArrayView2<'_, f32>, device: Device) -> Tensor {
    let values: Vec<f32> = rows.iter().copied().collect();
    Tensor::from_slice(&values).reshape([rows.nrows() as i64, rows.ncols() as i64]).to_device(device)
}
