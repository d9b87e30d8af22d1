//! What a picture consists of, as its author describes it.

use super::{Axis, Guide, Mark, TopAxis};

/// A whole figure: rows of panels with a title, a legend and a footnote around them.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Heading above everything, in markup.
    pub title: Option<String>,
    /// Text for readers who cannot see the figure; one is made from axes and labels where it is missing.
    pub description: Option<String>,
    /// Rows of panels from top to bottom.
    pub rows: Vec<Row>,
    /// Where the labels of the marks are explained.
    pub legend: Legend,
    /// Small print below everything, in markup; it is wrapped to the width of the figure.
    pub footnote: Option<String>,
    /// What readers must know before they believe the figure: below everything, in red; wrapped as the footnote.
    pub warning: Option<String>,
    /// Width of every frame in points.
    pub frame_width: f64,
}

impl Picture {
    /// A picture of the given rows, with the legend inside the first panel that needs one.
    pub fn new(rows: Vec<Row>) -> Self {
        Self {
            title: None,
            description: None,
            rows,
            legend: Legend::Inside,
            footnote: None,
            warning: None,
            frame_width: 360.0,
        }
    }
}

/// Panels that stand side by side.
///
/// Panels of one row whose y axes have the same description are there to be compared: they show one range.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Panels from left to right.
    pub panels: Vec<Panel>,
    /// Height of the frames of this row in points.
    pub height: f64,
    /// Whether the row touches the one above.
    pub hangs: Hangs,
}

impl Row {
    /// A row of its own, with frames of the usual height.
    pub fn new(panels: Vec<Panel>) -> Self {
        Self { panels, height: 300.0, hangs: Hangs::Apart }
    }

    /// A low row that touches the one above and shares its x axes, as for residuals below a spectrum.
    pub fn below(panels: Vec<Panel>) -> Self {
        Self { panels, height: 100.0, hangs: Hangs::Below }
    }
}

/// How a row follows the one above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hangs {
    /// With space for the tick labels in between.
    Apart,
    /// Without a gap: each panel takes over the x axis of the panel above it.
    Below,
}

/// One frame with its axes and everything drawn inside.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Text inside the frame.
    pub note: Option<Note>,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// Second horizontal axis along the upper side.
    pub top: Option<TopAxis>,
    /// The data; later marks lie over earlier ones.
    pub marks: Vec<Mark>,
    /// Lines and shades that help to read the data.
    pub guides: Vec<Guide>,
}

impl Panel {
    /// A panel with marks and nothing else.
    pub fn new(x: Axis, y: Axis, marks: Vec<Mark>) -> Self {
        Self { note: None, x, y, top: None, marks, guides: Vec::new() }
    }

    /// The same panel with a note at a free place.
    pub fn noted(self, text: impl Into<String>) -> Self {
        Self { note: Some(Note { text: text.into(), place: Place::Free }), ..self }
    }
}

/// Text inside a frame, such as the condition that sets it apart from its neighbours.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// The text in markup; a newline starts a new line.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

/// Where a note stands in its frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Where the least data is hidden.
    Free,
    /// In this corner, whatever is there.
    At(Corner),
}

/// A corner of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Corner {
    /// Upper left.
    TopLeft,
    /// Upper right.
    TopRight,
    /// Lower left.
    BottomLeft,
    /// Lower right.
    BottomRight,
}

/// Where the labels of the marks are explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Legend {
    /// Nowhere.
    Absent,
    /// In rows above all panels.
    Above,
    /// Inside the panels, where the least data is hidden; a label is explained in the first panel with it.
    Inside,
}
