//! What a search has found: a row for each window and cut, as numbers ([`numbers`]), `search.csv` ([`csv`]), the closing table
//! ([`told`]), and figures: p-values against mass ([`p_values`]), mass spectra ([`spectra`]), limits ([`limits`]) and the features of
//! what was selected ([`features`]).

mod axis;
pub mod csv;
pub mod features;
pub mod limits;
pub mod numbers;
pub mod p_values;
pub mod spectra;
pub mod told;

#[cfg(test)]
mod tests;
