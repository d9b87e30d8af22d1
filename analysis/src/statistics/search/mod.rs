//! The statistics of a search: is there an excess in a window, and how much signal is excluded.
//!
//! - In: scores of events, of which a cut takes a share of the template ([`cut`]), counts of events and of template events behind it ([`background`], [`counting`], [`small_counts`]) and by how much these
//!   scatter ([`scatter`]), any likelihood
//!   of a number of signal events ([`likelihood`]), p-values of pseudo-experiments ([`pseudo_experiments`], [`calibration`]).
//! - Out: the expected background with its error, Z and p-values ([`p_value`], [`quoted`]), upper limits by CLs with their bands
//!   ([`limits`]), intervals ([`intervals`]), global and corrected p-values, and whether p-values are uniform ([`uniformity`]).
//! - Beside it: how much of a signal passes ([`passing_signal`]), what regions without signal say ([`control`]), and whether a cut sculpts
//!   the spectrum ([`sculpting`]) and its share jumps in the window ([`jump`]).
//! - All p-values are one-sided, towards too many events. A Z below 0 is a lack of events.
//! - It knows no job, no record and no figure.

pub mod background;
pub mod calibration;
pub mod control;
pub mod counting;
pub mod cut;
pub mod effective;
pub mod intervals;
pub mod jump;
pub mod likelihood;
pub mod limits;
pub mod p_value;
pub mod passing_signal;
pub mod pseudo_experiments;
pub mod quoted;
pub(in crate::statistics) mod root;
pub mod scatter;
pub mod sculpting;
pub mod small_counts;
pub mod uniformity;
