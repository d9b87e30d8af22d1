//! Sizes of texts, strokes and gaps in points, tuned together for slides and two-column papers.

/// Size of the title.
pub(crate) const TITLE: f64 = 17.0;
/// Size of axis labels.
pub(crate) const LABEL: f64 = 16.0;
/// Size of notes inside a frame.
pub(crate) const NOTE: f64 = 14.0;
/// Size of tick labels.
pub(crate) const TICK: f64 = 13.5;
/// Size of legend entries.
pub(crate) const KEY: f64 = 13.0;
/// Size of labels along guides.
pub(crate) const GUIDE: f64 = 12.5;
/// Size of the footnote.
pub(crate) const FOOTNOTE: f64 = 11.0;

/// Height of capitals and digits over the size of a text.
pub(crate) const CAPITAL: f64 = 0.73;
/// Height of the highest superscript over the size of a text.
pub(crate) const RISE: f64 = 0.95;
/// Depth of the lowest subscript over the size of a text.
pub(crate) const DROP: f64 = 0.36;
/// Distance of lines over the size of a text.
pub(crate) const LEADING: f64 = 1.35;

/// Stroke of the frame.
pub(crate) const FRAME: f64 = 1.2;
/// Strokes of labelled and of other ticks.
pub(crate) const TICK_STROKES: (f64, f64) = (1.0, 0.8);
/// Lengths of labelled and of other ticks.
pub(crate) const TICK_LENGTHS: (f64, f64) = (8.0, 4.0);
/// Stroke of guides.
pub(crate) const GUIDE_STROKE: f64 = 1.2;
/// Opacity of bands.
pub(crate) const BAND_OPACITY: f64 = 0.22;
/// Radius of markers along a curve.
pub(crate) const MARKER: f64 = 3.4;
/// Radius of data points, of which there are many side by side.
pub(crate) const POINT: f64 = 2.7;

/// From a frame to its tick labels.
pub(crate) const TICK_GAP: f64 = 7.0;
/// From tick labels to the label of the axis.
pub(crate) const LABEL_GAP: f64 = 7.0;
/// From a frame to notes and legends inside.
pub(crate) const INSET: f64 = 13.0;
/// From the edge of the page to what is printed.
pub(crate) const PAGE: f64 = 10.0;
/// Between the outermost texts of neighbouring panels.
pub(crate) const APART: f64 = 16.0;
