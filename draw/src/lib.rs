//! A plain description of a picture becomes SVG, and this one SVG becomes PNG and PDF.
//!
//! The crate knows points, axes, curves, bands, maps and legends, and nothing of what they measure: labels, units and the
//! choice of what is drawn with what come from its caller.
//!
//! A [`Picture`] holds rows of [`Panel`]s, a panel holds [`Axis`] descriptions, [`Mark`]s and [`Guide`]s.
//! All sizes are in points. Frames have the size that was asked for, and everything around them is measured
//! with the embedded font, so that frames line up and no label leaves the page. The same picture always
//! gives the same bytes of SVG.
//!
//! Every text of a picture may use a small markup: `_{...}` for a subscript, `^{...}` for a superscript and
//! `*...*` for italics.

mod arrange;
mod axes;
mod axis;
mod block;
mod error;
mod export;
mod font;
mod frame;
mod guide;
mod ink;
mod keys;
mod label;
mod layout;
mod legend;
mod limits;
mod mark;
mod marker;
mod markup;
mod number;
mod page;
mod panel;
mod path;
mod picture;
mod plot;
mod rect;
#[cfg(test)]
mod samples;
mod scale;
mod sharing;
mod sizes;
mod style;
mod summary;
mod svg;
mod ticks;
mod web;

pub use axis::{Axis, Range, Ticks, TopAxis};
pub use error::DrawError;
pub use export::{pdf, png};
pub use guide::Guide;
pub use label::width as text_width;
pub use mark::{Bars, Cell, Cells, Curve, Filling, Mark, Point, Points, Steps};
pub use markup::plain;
pub use page::svg;
pub use picture::{Corner, Hangs, Legend, Note, Panel, Picture, Place, Row};
pub use scale::Scale;
pub use style::{Colour, Dash, Marker, Style, Weak};
pub use web::{Frame as WebFrame, Key as WebKey, Mark as WebMark, Tile, Value as WebValue, Web, html, web};
