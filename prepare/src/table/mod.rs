//! Kept events as columns, in memory and in HDF5 files.
//!
//! Group `events`: one-dimensional datasets that a job reads as named columns (`layout = "table"`), and arrays with the
//! jets and their constituents. Parts of the work and the joined file have the same form.

mod attributes;
mod reader;
mod writer;

use half::f16;
use hdf5::H5Type;

pub use attributes::{number, set_number, set_text, text};
pub use reader::TableReader;
pub use writer::{Storage, TableWriter};

use crate::event::{Dijet, Dropped, Event, KEPT, Rejection, VARIABLES};

/// The group of a file that holds the table.
pub const GROUP: &str = "events";

/// Events in the order of the raw file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Row of the raw file.
    pub event: Vec<u64>,
    /// 1 for simulated signal, where the raw file tells.
    pub label: Option<Vec<f32>>,
    /// The columns of [`VARIABLES`].
    pub variables: [Vec<f32>; VARIABLES.len()],
    /// (n, 2, 4): transverse momentum, pseudorapidity, azimuth, mass of each jet.
    pub jets: Vec<f32>,
    /// (n, 2, 3): τ1, τ2, τ3 of each jet.
    pub tau: Vec<f32>,
    /// (n, 2, 128, 3): share of the transverse momentum, Δη, Δφ of each constituent, the hardest first.
    pub constituents: Vec<f16>,
    /// (n, 2): constituents of each jet that are in `constituents`.
    pub n_constituents: Vec<u16>,
    /// (n, 2): all particles of each jet.
    pub n_particles: Vec<u16>,
    /// Raw events that these come from.
    pub read: u64,
    /// Raw events that are left out.
    pub dropped: Dropped,
}

/// Something that is done to each column.
pub(crate) trait Visitor {
    /// `shape` is that of one event; no shape is one number.
    fn column<T: H5Type>(
        &mut self,
        name: &str,
        shape: &[usize],
        unit: &str,
        values: &mut Vec<T>,
    ) -> hdf5::Result<()>;
}

impl Table {
    /// A table without events.
    pub fn new(labelled: bool) -> Self {
        Self { label: labelled.then(Vec::new), ..Self::default() }
    }

    /// Number of events.
    pub fn len(&self) -> usize {
        self.event.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.event.is_empty()
    }

    /// Takes what became of a raw event.
    pub fn push(&mut self, row: u64, event: &Result<Event, Rejection>) {
        self.read += 1;
        match event {
            Ok(event) => self.keep(row, event),
            Err(reason) => self.dropped.count(*reason),
        }
    }

    fn keep(&mut self, row: u64, event: &Event) {
        self.event.push(row);
        if let Some(labels) = &mut self.label {
            labels.push(event.label.unwrap_or(f32::NAN));
        }
        for (column, value) in self.variables.iter_mut().zip(Dijet::new(&event.jets).values()) {
            column.push(value as f32);
        }
        for jet in &event.jets {
            self.jets.extend([jet.pt(), jet.eta(), jet.phi(), jet.mass()].map(|value| value as f32));
            self.tau.extend(jet.tau.map(|value| value as f32));
            for [share, d_eta, d_phi] in &jet.constituents {
                // A share too small for half precision would look like padding.
                let share = f16::from_f64(*share).max(f16::MIN_POSITIVE_SUBNORMAL);
                self.constituents.extend([share, f16::from_f64(*d_eta), f16::from_f64(*d_phi)]);
            }
            let padding = 3 * (KEPT - jet.constituents.len());
            self.constituents.extend(std::iter::repeat_n(f16::ZERO, padding));
            self.n_constituents.push(jet.constituents.len() as u16);
            self.n_particles.push(jet.n_particles as u16);
        }
    }

    /// Each column in turn: the one place that says what a file holds.
    pub(crate) fn visit(&mut self, visitor: &mut impl Visitor) -> hdf5::Result<()> {
        visitor.column("event", &[], "", &mut self.event)?;
        if let Some(label) = &mut self.label {
            visitor.column("label", &[], "", label)?;
        }
        for ((name, unit), values) in VARIABLES.iter().zip(&mut self.variables) {
            visitor.column(name, &[], unit, values)?;
        }
        visitor.column("jets", &[2, 4], "", &mut self.jets)?;
        visitor.column("tau", &[2, 3], "GeV", &mut self.tau)?;
        visitor.column("constituents", &[2, KEPT, 3], "", &mut self.constituents)?;
        visitor.column("n_constituents", &[2], "", &mut self.n_constituents)?;
        visitor.column("n_particles", &[2], "", &mut self.n_particles)
    }
}

#[cfg(test)]
mod tests;
