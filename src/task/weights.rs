//! Trained networks on disk: weights of all members, and the maps of their columns.

use drapes_analysis::plan::TaskId;
use ndarray::{Array2, Axis};
use tch::{Device, Kind, Tensor};

use super::Workplace;
use crate::arrays::{ArrayReader, ArrayWriter};
use crate::error::Error;
use crate::marginals::{ColumnMap, ColumnMaps};

/// Stores the networks of a training.
///
/// # Shapes
/// `parameters` `[members, len]`; maps for each member.
pub fn write(place: &Workplace, id: &TaskId, parameters: &Tensor, maps: &[ColumnMaps]) -> Result<(), Error> {
    let weights = parameters.to_device(Device::Cpu);
    let (members, len) = (weights.size()[0] as usize, weights.size()[1] as usize);
    let values = Vec::<f32>::try_from(&weights.flatten(0, -1)).unwrap_or_default();
    let weights = Array2::from_shape_vec((members, len), values).expect("weights of every member");
    let writer = ArrayWriter::create(&place.store.arrays(id))?;
    writer.table("weights", weights.view())?;
    for (member, maps) in maps.iter().enumerate() {
        for (column, map) in maps.columns().iter().enumerate() {
            let knots = Array2::from_shape_fn((map.own.len(), 2), |(knot, side)| {
                if side == 0 { map.own[knot] } else { map.mapped[knot] }
            });
            writer.table(&knots_name(member, column), knots.view())?;
        }
    }
    writer.finish()
}

/// The table of a column's map: knots in its own unit, and where they go.
fn knots_name(member: usize, column: usize) -> String {
    format!("knots_{member}_{column}")
}

/// One network of a finished training: its parameters `[1, len]`, and the maps of features and mass.
pub fn read(place: &Workplace, (id, member): &(TaskId, usize)) -> Result<(Tensor, ColumnMaps), Error> {
    let reader = ArrayReader::of(&place.store, id)?;
    let weights: Array2<f32> = reader.table("weights")?;
    let map = |column: usize| {
        let knots: Array2<f64> = reader.table(&knots_name(*member, column))?;
        Ok(ColumnMap { own: knots.column(0).to_vec(), mapped: knots.column(1).to_vec() })
    };
    let columns = (0..=place.job.data.features.len()).map(map).collect::<Result<Vec<_>, Error>>()?;
    let values = weights.index_axis(Axis(0), *member).to_vec();
    let parameters = Tensor::from_slice(&values).to_kind(Kind::Float).unsqueeze(0).to_device(place.device);
    Ok((parameters, ColumnMaps::from_columns(columns)))
}
