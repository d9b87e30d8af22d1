//! Stores jets among the arrays of a task, and reads them.
//!
//! A table is written in parts, each when it is made.

use half::f16;
use ndarray::ArrayView1;

use crate::arrays::{ArrayReader, ArrayWriter, Column};
use crate::data::{Jets, Kinematics};
use crate::error::Error;

/// The numbers of a jet, one jet behind the other.
const JET: [Column<'_>; 4] = [
    Column::new("pt", "GeV"),
    Column::new("eta", "1"),
    Column::new("phi", "rad"),
    Column::new("mass", "GeV"),
];
/// The numbers of a constituent: its share of the jet's transverse momentum, and how far from the jet's axis it is.
const CONSTITUENT: [Column<'_>; 3] =
    [Column::new("pt_share", "1"), Column::new("delta_eta", "1"), Column::new("delta_phi", "rad")];

/// Adds a part of a table of jets; parts are counted from 0.
///
/// # Errors
/// It cannot be written.
pub fn write(writer: &ArrayWriter, part: usize, jets: &Jets) -> Result<(), Error> {
    let kinematics: Vec<f32> = (0..jets.len())
        .flat_map(|jet| {
            let Kinematics { pt, eta, phi, mass } = jets.kinematics(jet);
            [pt, eta, phi, mass]
        })
        .collect();
    let counts: Vec<u32> = (0..jets.len()).map(|jet| jets.count(jet) as u32).collect();
    let constituents = jets.all_constituents().as_flattened();
    let names = ["jets", "n_constituents", "constituents"].map(|name| format!("{name}_{part}"));
    writer.list(&names[0], ArrayView1::from(&kinematics))?;
    writer.list(&names[1], ArrayView1::from(&counts))?;
    writer.list(&names[2], ArrayView1::from(constituents))?;
    writer.describe(&names[0], &JET)?;
    writer.describe(&names[1], &[Column::new("n_constituents", "1")])?;
    writer.describe(&names[2], &CONSTITUENT)
}

/// All parts of a table of jets.
///
/// # Errors
/// A part is torn.
pub fn read(reader: &ArrayReader) -> Result<Jets, Error> {
    let mut jets = Jets::default();
    for part in 0.. {
        let Some(name) = reader.has(&format!("jets_{part}")) else { break };
        let kinematics = reader.list::<f32>(&name)?;
        let counts = reader.list::<u32>(&format!("n_constituents_{part}"))?;
        let constituents = reader.list::<f16>(&format!("constituents_{part}"))?;
        let needed: usize = counts.iter().map(|count| 3 * *count as usize).sum();
        if constituents.len() != needed || kinematics.len() != 4 * counts.len() {
            return Err(reader.torn(&format!("part {part} holds other numbers of jets and constituents")));
        }
        let mut rest = constituents.iter().copied();
        let each = kinematics.as_slice().unwrap_or_default().chunks_exact(4).zip(counts);
        for (values, count) in each {
            let kinematics = Kinematics { pt: values[0], eta: values[1], phi: values[2], mass: values[3] };
            let mut next = || rest.next().unwrap_or_default();
            jets.push(kinematics, (0..count).map(|_| [next(), next(), next()]));
        }
    }
    Ok(jets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_back_as_one_table() {
        let mut jets = Jets::default();
        for jet in 0..6_u8 {
            let size = f32::from(jet);
            let kinematics = Kinematics { pt: 1e3 + size, eta: -size, phi: 0.1 * size, mass: 3.0 };
            let share = |index: u8| f16::from_f32(1.0 / f32::from(index + 1));
            jets.push(kinematics, (0..jet + 2).map(|index| [share(index), -share(index), f16::EPSILON]));
        }
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a.h5");
        let writer = ArrayWriter::create(&path).expect("room");
        write(&writer, 0, &jets.select(&[0, 1])).expect("room");
        write(&writer, 1, &jets.select(&[2])).expect("room");
        writer.finish().expect("room");
        let reader = ArrayReader::open(&path).expect("a file");
        assert_eq!(read(&reader).expect("jets"), jets);
    }
}
