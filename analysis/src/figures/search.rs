//! What a search has found: a row for each window and cut, as numbers ([`numbers`]), `search.csv` ([`csv`]), the closing table
//! ([`told`]), and p-values against mass ([`p_values`]).

pub mod csv;
pub mod numbers;
pub mod p_values;
pub mod told;

#[cfg(test)]
mod tests;
