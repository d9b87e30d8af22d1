//! Trained networks on disk: weights of all members, and how they see their inputs.

use drapes_analysis::plan::TaskId;
use ndarray::{Array2, ArrayView1, Axis};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tch::{Device, Kind, Tensor};

use super::Workplace;
use crate::arrays::{ArrayReader, ArrayWriter, Column};
use crate::data::columns::Lattice;
use crate::error::Error;
use crate::sample::marginals::{ColumnMap, ColumnMaps};

/// The list that holds how networks see their inputs, where that is more than a map of each column.
const MAPS: &str = "maps";

/// Stores the networks of a training; `describe` adds what they need beside their weights.
///
/// # Shapes
/// `parameters` `[members, len]`.
pub fn write(
    place: &Workplace,
    id: &TaskId,
    parameters: &Tensor,
    describe: impl FnOnce(&ArrayWriter) -> Result<(), Error>,
) -> Result<(), Error> {
    let weights = parameters.to_device(Device::Cpu);
    let (members, len) = (weights.size()[0] as usize, weights.size()[1] as usize);
    let values = Vec::<f32>::try_from(&weights.flatten(0, -1)).unwrap_or_default();
    let weights = Array2::from_shape_vec((members, len), values).expect("weights of every member");
    let writer = ArrayWriter::create(&place.store.arrays(id))?;
    writer.table("weights", weights.view())?;
    // A row a network; its columns are all parameters, layer by layer.
    writer.describe("weights", &[Column::new("parameter", "1")])?;
    describe(&writer)?;
    writer.finish()
}

/// Adds the maps of each member's columns.
pub fn write_columns(writer: &ArrayWriter, maps: &[ColumnMaps]) -> Result<(), Error> {
    for (member, maps) in maps.iter().enumerate() {
        for (column, map) in maps.columns().iter().enumerate() {
            let knots = Array2::from_shape_fn((map.own.len(), 2), |(knot, side)| {
                if side == 0 { map.own[knot] } else { map.mapped[knot] }
            });
            let name = knots_name(member, column);
            writer.table(&name, knots.view())?;
            writer.describe(&name, &[Column::new("own", ""), Column::new("mapped", "1")])?;
            if let Some(Lattice { origin, step }) = map.lattice {
                let name = lattice_name(member, column);
                writer.list(&name, ArrayView1::from(&[origin, step]))?;
                writer.describe(&name, &[Column::new("origin", ""), Column::new("step", "")])?;
            }
        }
    }
    Ok(())
}

/// Adds what else the members need, one entry each.
pub fn write_maps(writer: &ArrayWriter, maps: &[impl Serialize]) -> Result<(), Error> {
    let text = serde_json::to_vec(maps).expect("numbers in structures");
    writer.list(MAPS, ArrayView1::from(&text))?;
    writer.describe(MAPS, &[Column::new("json", "")])
}

/// The table of a column's map: knots in its own unit, and where they go.
fn knots_name(member: usize, column: usize) -> String {
    format!("knots_{member}_{column}")
}

/// The list of a column's lattice, where it has one: a value of it, and its step.
fn lattice_name(member: usize, column: usize) -> String {
    format!("lattice_{member}_{column}")
}

/// The epoch at which one network of a finished training left the finite numbers, if it did.
pub fn diverged(place: &Workplace, (id, member): &(TaskId, usize)) -> Result<Option<f64>, Error> {
    Ok(place.store.result(id)?.diverged().get(*member).copied().flatten())
}

/// The parameters of one network of a finished training, `[1, len]`, and where the rest is read from.
///
/// # Errors
/// They cannot be read, or the network has diverged.
pub fn read(place: &Workplace, model: &(TaskId, usize)) -> Result<(Tensor, ArrayReader), Error> {
    let (id, member) = model;
    if let Some(epoch) = diverged(place, model)? {
        return Err(Error::Diverged { epoch, what: format!("the loss of member {member} of {id}") });
    }
    let reader = ArrayReader::of(&place.store, id)?;
    let weights: Array2<f32> = reader.table("weights")?;
    let values = weights.index_axis(Axis(0), *member).to_vec();
    let parameters = Tensor::from_slice(&values).to_kind(Kind::Float).unsqueeze(0).to_device(place.device);
    Ok((parameters, reader))
}

/// The maps of a member's columns.
pub fn read_columns(reader: &ArrayReader, member: usize) -> Result<ColumnMaps, Error> {
    let mut columns = vec![];
    while let Some(name) = reader.has(&knots_name(member, columns.len())) {
        let knots: Array2<f64> = reader.table(&name)?;
        let lattice = reader.has(&lattice_name(member, columns.len())).map(|name| reader.list::<f64>(&name));
        let lattice = match lattice.transpose()?.as_ref().and_then(|numbers| numbers.as_slice()) {
            Some(&[origin, step]) => Some(Lattice { origin, step }),
            _ => None,
        };
        columns.push(ColumnMap { own: knots.column(0).to_vec(), mapped: knots.column(1).to_vec(), lattice });
    }
    Ok(ColumnMaps::from_columns(columns))
}

/// Reads what a member needs beside its weights, as [`write_maps`] stores it.
pub fn read_maps<T: DeserializeOwned>(reader: &ArrayReader, member: usize) -> Result<T, Error> {
    let text = reader.list::<u8>(MAPS)?;
    let maps: Result<Vec<T>, _> = serde_json::from_slice(text.as_slice().unwrap_or_default());
    let mut maps = maps.map_err(|error| reader.torn(&error))?;
    if member >= maps.len() {
        return Err(reader.torn(&format!("{MAPS} holds {} members", maps.len())));
    }
    Ok(maps.swap_remove(member))
}
