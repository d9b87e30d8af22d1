//! The figures: which curves they have, and how a finished table is drawn.
//!
//! - In: the results of a scan, as the store gathers them.
//! - Out: `results.csv`, the summary in words ([`reduce`]), and for each figure a table ([`table`]) and a picture. `picture`
//!   reads that table and nothing else, so that a table sent by mail gives the same picture.
//! - Of the paper: Figs. 4 to 19, a file each or one for those that are alike; closure ([`closure`], and by trees [`excess`]) and the
//!   quality of the fit of Eq. 3.2 ([`fit_quality`]) as numbers of tables.
//! - It may use `store`, `statistics` and what lies below them, and hands pictures to the crate `drapes_draw`.

mod by_noise;
pub mod closure;
mod constituents;
mod contour;
mod corner;
mod diffused;
mod displacement;
mod drawing;
pub mod excess;
mod factor_map;
pub mod figure_stamp;
pub mod fit_quality;
mod histogram;
mod injections;
mod jets;
mod mass;
mod measure;
mod needs;
mod notes;
mod palette;
mod panels;
pub mod reduce;
mod rejection;
mod roc;
pub mod search;
mod select;
mod solver;
mod sources;
mod strengths;
pub mod table;
mod titles;
mod training;
mod variants;

pub use drawing::{draw, draw_all, has_table};
pub use needs::Needs;
pub use titles::Subject;

use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::error::Error;
use crate::store::{Results, Store};
use drapes_draw::Picture;

pub use measure::Measure;
pub use table::FigureTable;

/// Pixels across a PNG: sharp on a slide that fills a screen.
const PNG_WIDTH: u32 = 2400;

/// A figure that drapes knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, EnumString, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Figure {
    /// Fig. 4: receiver operating characteristic and significance improvement.
    Fig04,
    /// Fig. 5: significance improvement against injected signal.
    Fig05,
    /// Fig. 6: closure against σ′.
    Fig06,
    /// Fig. 7: significance improvement against σ′.
    Fig07,
    /// Fig. 8: as Fig. 5, with partial diffusion.
    Fig08,
    /// Fig. 9: as Fig. 4, for constituents beside features.
    Fig09,
    /// Fig. 10: closure and significance improvement against σ′, for constituents beside features.
    Fig10,
    /// Fig. 11: as Fig. 5, for constituents beside features.
    Fig11,
    /// Fig. 12: side-band widths.
    Fig12,
    /// Fig. 13: over-sampling of the template.
    Fig13,
    /// Fig. 14: over-sampling of the data.
    Fig14,
    /// Fig. 15: how far partial diffusion moves events.
    Fig15,
    /// Fig. 16: distributions after partial diffusion.
    Fig16,
    /// Fig. 17: as Fig. 4, with partial diffusion.
    Fig17,
    /// Fig. 18: largest significance improvement against injected signal.
    Fig18,
    /// Fig. 19: largest significance improvement against σ′.
    Fig19,
    /// The di-jet mass spectrum, its fit and the pulls.
    MassSpectrum,
    /// Losses on training and validation events.
    Training,
    /// Losses of the finished denoisers by noise strength.
    DenoiserNoise,
    /// Template against truth, every pair of features.
    Corner,
    /// True background that passes a cut on the scores of trees, over what the template says.
    Closure,
    /// Local p-values of a search against mass.
    Search,
    /// How often p-values of pseudo-experiments without signal are as small as they say.
    SearchCalibration,
    /// Mass spectra of the windows of a search, before and behind cuts.
    SearchSpectra,
    /// Upper limits of a search against mass.
    SearchLimits,
    /// Upper limits on the signal of a window, or on its cross-section, against mass.
    SearchSignalLimits,
    /// What is found of simulated signal.
    SearchSensitivity,
    /// The share that passes cuts at each mass, in control windows.
    SearchSculpting,
    /// δ against the efficiency of cuts, in control windows.
    SearchDelta,
    /// Features of what a search has selected.
    SearchFeatures,
    /// Closure against the network evaluations of the reverse diffusion.
    Solver,
    /// Significance improvement over injection and over-sampling.
    OversamplingMap,
    /// Boosted trees beside networks.
    Trees,
    /// Distributions of generated and true jets and constituents.
    Constituents,
    /// Their distances against σ′.
    JetDistances,
    /// Distributions of generated and true kinematics of jets.
    JetKinematics,
}

impl Figure {
    /// All figures, in order.
    pub const ALL: [Self; Self::VARIANTS.len()] =
        *Self::VARIANTS.first_chunk().expect("as many as there are");

    /// The stem of the figure's files.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The figure of a name.
    pub fn named(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// The table of the figure, empty where the results lack its curves.
    pub fn table(self, results: &Results) -> FigureTable {
        let name = self.name();
        match self {
            Self::Fig04 => roc::table(name, results, &select::FROM_NOISE),
            Self::Fig05 => injections::table(name, results, &select::FROM_NOISE, &Measure::QUOTED),
            Self::Fig06 => strengths::closure(name, results),
            Self::Fig07 => strengths::improvement(name, results, &Measure::QUOTED),
            Self::Fig08 => injections::partial_table(name, results),
            Self::Fig09 => constituents::rejections(name, results),
            Self::Fig10 => constituents::strengths(name, results),
            Self::Fig11 => constituents::injections(name, results),
            Self::Fig12 => variants::widths(name, results),
            Self::Fig13 => variants::factors(name, results),
            Self::Fig14 => variants::gensr(name, results),
            Self::Fig15 => displacement::table(name, results),
            Self::Fig16 => diffused::table(name, results),
            Self::Fig17 => roc::partial_table(name, results),
            Self::Fig18 => injections::table(name, results, &select::ALL, &Measure::MAXIMA),
            Self::Fig19 => strengths::improvement(name, results, &Measure::MAXIMA),
            Self::MassSpectrum => mass::table(name, results),
            Self::Training => training::table(name, results),
            Self::DenoiserNoise => by_noise::table(name, results),
            Self::Corner => corner::table(name, results),
            Self::Closure => excess::table(name, results),
            Self::Search => search::p_values::table(name, results),
            Self::SearchCalibration => search::calibration::table(name, results),
            Self::SearchSpectra => search::spectra::table(name, results),
            Self::SearchLimits => search::limits::table(name, results),
            Self::SearchSignalLimits => search::limits::table_of_signal(name, results),
            Self::SearchSensitivity => search::sensitivity::table(name, results),
            Self::SearchSculpting => search::sculpting::table(name, results),
            Self::SearchDelta => search::delta::table(name, results),
            Self::SearchFeatures => search::features::table(name, results),
            Self::Solver => solver::table(name, results),
            Self::OversamplingMap => factor_map::table(name, results),
            Self::Trees => variants::trees(name, results),
            Self::Constituents => jets::table(name, results),
            Self::JetDistances => jets::distances(name, results),
            Self::JetKinematics => jets::kinematics(name, results),
        }
    }

    /// The picture of a table.
    pub fn picture(self, table: &FigureTable) -> Picture {
        match self {
            Self::Fig04 | Self::Fig17 => roc::picture(table),
            Self::Fig05 | Self::Fig08 | Self::Fig18 => injections::picture(table),
            Self::Fig06 | Self::Fig07 | Self::Fig19 => strengths::picture(table),
            Self::Fig09 => constituents::rejections_picture(table),
            Self::Fig10 => constituents::strengths_picture(table),
            Self::Fig11 => constituents::injections_picture(table),
            Self::Fig12 => variants::widths_picture(table),
            Self::Fig13 => variants::factors_picture(table),
            Self::Fig14 => variants::gensr_picture(table),
            Self::Fig15 => displacement::picture(table),
            Self::Fig16 => diffused::picture(table),
            Self::MassSpectrum => mass::picture(table),
            Self::Training => training::picture(table),
            Self::DenoiserNoise => by_noise::picture(table),
            Self::Corner => corner::picture(table),
            Self::Closure => excess::picture(table),
            Self::Search => search::p_values::picture(table),
            Self::SearchCalibration => search::calibration::picture(table),
            Self::SearchSpectra => search::spectra::picture(table),
            Self::SearchLimits | Self::SearchSignalLimits => search::limits::picture(table),
            Self::SearchSensitivity => search::sensitivity::picture(table),
            Self::SearchSculpting => search::sculpting::picture(table),
            Self::SearchDelta => search::delta::picture(table),
            Self::SearchFeatures => search::features::picture(table),
            Self::Solver => solver::picture(table),
            Self::OversamplingMap => factor_map::picture(table),
            Self::Trees => variants::trees_picture(table),
            Self::Constituents => jets::picture(table),
            Self::JetDistances => jets::distances_picture(table),
            Self::JetKinematics => jets::kinematics_picture(table),
        }
    }

    /// The picture of a table, with the warnings that stand in it.
    pub fn warned(self, table: &FigureTable) -> Picture {
        Picture { warning: notes::warning(table), ..self.picture(table) }
    }

    /// Draws the figure from its table in the directory, as SVG, PDF and PNG; false where the table fills no panel.
    ///
    /// # Errors
    /// The table is absent or torn, or a picture cannot be written.
    pub fn draw(self, store: &Store) -> Result<bool, Error> {
        let name = self.name();
        let table = FigureTable::read(&store.directory().join(format!("figures/{name}.csv")))?;
        let failed = |source| Error::Drawing { figure: name.to_owned(), source };
        let picture = self.warned(&table);
        if picture.rows.iter().all(|row| row.panels.is_empty()) {
            return Ok(false);
        }
        let svg = drapes_draw::svg(&picture);
        store.write(&format!("figures/{name}.svg"), svg.as_bytes())?;
        store.write(&format!("figures/{name}.png"), &drapes_draw::png(&svg, PNG_WIDTH).map_err(failed)?)?;
        store.write(&format!("figures/{name}.pdf"), &drapes_draw::pdf(&svg).map_err(failed)?)?;
        Ok(true)
    }
}
