//! What a search has found: a row for each window and cut, as numbers ([`numbers`]), `search.csv` ([`csv`]), the closing table
//! ([`told`]), the functions of mass spectra ([`fits_csv`]), and figures: p-values against mass ([`p_values`]), mass spectra ([`spectra`]), limits ([`limits`]) and the features of
//! what was selected ([`features`]); what control windows say of templates ([`control`], [`control_csv`], [`delta`]) and of cuts
//! ([`sculpting`]), what a search measures for another one ([`other_search`]), what pseudo-experiments say of p-values
//! ([`pseudo_searches`], [`calibration_csv`], [`calibration`]), and what those with signal find of it ([`sensed`], [`sensitivity`],
//! [`sensitivity_csv`]).

mod axis;
pub mod calibration;
pub mod calibration_csv;
pub mod control;
pub mod control_csv;
pub mod csv;
pub mod delta;
pub mod features;
pub mod fits_csv;
pub mod limits;
pub mod numbers;
pub mod other_search;
pub mod p_values;
pub mod peak;
mod pseudo_numbers;
pub mod pseudo_searches;
mod scatters;
pub mod sculpting;
pub mod sensed;
pub mod sensitivity;
pub mod sensitivity_csv;
mod side_band_bias;
pub mod spectra;
pub mod told;
pub mod told_calibration;
mod window;

#[cfg(test)]
mod tests;
