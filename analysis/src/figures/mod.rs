//! The figures: which curves they have, and how a finished table is drawn.
//!
//! Every figure has two halves. `table` selects and reduces; `picture` reads that table and nothing else, so
//! a table sent by mail gives the same picture.

mod injections;
mod mass;
mod palette;
mod roc;
mod training;

pub use palette::{label, rank};

use crate::draw::{self, Picture};
use crate::error::Error;
use crate::results::Results;
use crate::store::Store;
use crate::table::FigureTable;

/// Pixels across a PNG: sharp on a slide that fills a screen.
const PNG_WIDTH: u32 = 2400;

/// A figure that drapes knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Fig. 4: receiver operating characteristic and significance improvement.
    Fig04,
    /// Fig. 5: significance improvement against injected signal.
    Fig05,
    /// The di-jet mass spectrum, its fit and the pulls.
    MassSpectrum,
    /// Losses on training and validation events.
    Training,
}

impl Figure {
    /// All figures, in order.
    pub const ALL: [Self; 4] = [Self::Fig04, Self::Fig05, Self::MassSpectrum, Self::Training];

    /// The stem of the figure's files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fig04 => "fig04",
            Self::Fig05 => "fig05",
            Self::MassSpectrum => "mass_spectrum",
            Self::Training => "training",
        }
    }

    /// The figure of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|figure| figure.name() == name)
    }

    /// The table of the figure, empty where the results have none of its curves.
    pub fn table(self, results: &Results) -> FigureTable {
        match self {
            Self::Fig04 => roc::table(self.name(), results),
            Self::Fig05 => injections::table(self.name(), results),
            Self::MassSpectrum => mass::table(self.name(), results),
            Self::Training => training::table(self.name(), results),
        }
    }

    /// The picture of a table.
    pub fn picture(self, table: &FigureTable) -> Picture {
        match self {
            Self::Fig04 => roc::picture(table),
            Self::Fig05 => injections::picture(table),
            Self::MassSpectrum => mass::picture(table),
            Self::Training => training::picture(table),
        }
    }

    /// Draws the figure from its table in the directory, as SVG, PDF and PNG.
    ///
    /// # Errors
    /// The table is absent or torn, or a picture cannot be written.
    pub fn draw(self, store: &Store) -> Result<(), Error> {
        let name = self.name();
        let table = FigureTable::read(&store.directory().join(format!("figures/{name}.csv")))?;
        let failed = |source| Error::Drawing { figure: name.to_owned(), source };
        let svg = draw::svg(&self.picture(&table));
        store.write(&format!("figures/{name}.svg"), svg.as_bytes())?;
        store.write(&format!("figures/{name}.png"), &draw::png(&svg, PNG_WIDTH).map_err(failed)?)?;
        store.write(&format!("figures/{name}.pdf"), &draw::pdf(&svg).map_err(failed)?)?;
        Ok(())
    }
}
