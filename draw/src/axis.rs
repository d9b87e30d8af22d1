//! Descriptions of the axes of a panel.

use super::Scale;

/// One axis of a panel.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What is measured, with its unit, in markup.
    pub label: String,
    /// How values are spread along the axis.
    pub scale: Scale,
    /// Which values the axis shows.
    pub range: Range,
    /// What is written at its ticks.
    pub ticks: Ticks,
}

impl Axis {
    /// A linear axis that shows all data.
    pub fn linear(label: impl Into<String>) -> Self {
        Self { label: label.into(), scale: Scale::Linear, range: Range::Auto, ticks: Ticks::Numbers }
    }

    /// A logarithmic axis that shows all positive data.
    pub fn log(label: impl Into<String>) -> Self {
        Self { label: label.into(), scale: Scale::Log, range: Range::Auto, ticks: Ticks::Numbers }
    }

    /// The same axis from `low` to `high`.
    pub fn within(self, low: f64, high: f64) -> Self {
        Self { range: Range::Fixed(low, high), ..self }
    }

    /// The same axis from `low` to wherever the data end.
    pub fn starting_at(self, low: f64) -> Self {
        Self { range: Range::From(low), ..self }
    }

    /// The same axis with ticks at these places only, and these texts at them.
    pub fn named(self, names: Vec<(f64, String)>) -> Self {
        Self { ticks: Ticks::Names(names), ..self }
    }

    /// The same axis without anything written at its ticks.
    pub fn bare(self) -> Self {
        Self { ticks: Ticks::Bare, ..self }
    }
}

/// What is written along an axis.
#[derive(Debug, Clone, PartialEq)]
pub enum Ticks {
    /// Round numbers.
    Numbers,
    /// Nothing: a neighbouring frame has the numbers, or they do not matter.
    Bare,
    /// Texts in markup at some places, as for categories.
    Names(Vec<(f64, String)>),
}

/// Which values an axis shows.
///
/// A limit that its axis cannot show (not finite, or not positive on a logarithmic axis) is replaced by one
/// from the data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Range {
    /// All data with a little space around; a y axis grows further up where a legend or note needs room.
    Auto,
    /// Exactly these two limits.
    Fixed(f64, f64),
    /// This lower limit, the upper one from the data as in `Auto`.
    From(f64),
}

/// A second axis along the upper side of a frame, for another measure of the same x values.
///
/// A panel that hangs on another has none, because its upper side is the lower one of that other panel.
#[derive(Debug, Clone, PartialEq)]
pub struct TopAxis {
    /// What is measured, in markup.
    pub label: String,
    /// Position in units of the x axis and text of each tick.
    pub ticks: Vec<(f64, String)>,
}
