//! Numbers that say how good a classifier, a template or a fit is, and what a search has found.
//!
//! - In: scores of signal and background, values of many classifiers, a χ² with its degrees of freedom; counts behind a cut and
//!   binned mass spectra.
//! - Out: rejections, efficiencies, the AUC and significance improvements; a mean with its 68% band, where the spread comes from ([`components`]) and what evaluation events leave open ([`replicas`]); a p-value; the excess of
//!   true background over a template behind a cut ([`closure`]); Z, p-values and limits of a search ([`search`]), fits of mass
//!   spectra ([`spectrum`]).
//! - The paper's measures live here: rejection `1/ε_B` and significance improvement `ε_S/√ε_B` of a threshold
//!   ([`metrics`]), and the band of its captions, the central 68% of fifty classifiers ([`band`]).
//! - It knows no job, no record and no figure: all rooms may use it.

pub mod band;
pub mod chi_squared;
pub mod closure;
pub mod components;
pub mod metrics;
pub mod replicas;
pub mod search;
pub mod special;
pub mod spectrum;
