//! A picture as parts of a page of HTML: SVG without texts around it, the values behind it, and what its legend explains.
//!
//! The page has its own legend, title and footnote, which wrap on a narrow screen and can be reached by keyboard. A figure of
//! large panels is cut into tiles that a page sets side by side or below each other, as there is room; panels that were drawn
//! to one range keep it. Panels that belong together (a corner plot, residuals below a spectrum) stay together.

use serde::{Serialize, Serializer, ser::SerializeTuple};

use super::{
    Hangs, Legend, Mark as PictureMark, Panel, Picture, Row, Scale,
    keys::Swatch,
    layout::Layout,
    mark::Values,
    markup::{self, Level, Slant},
    panel,
    plot::{self, Plot},
    rect::Rect,
    scale::Interval,
    summary,
    svg::{self, Svg},
};

/// Frames that are narrower than this make no sense alone.
const ALONE: f64 = 280.0;

/// A picture for a page.
#[derive(Debug)]
pub struct Web {
    /// What marks are called, in the order of their first.
    pub keys: Vec<Key>,
    /// The drawing in parts.
    pub tiles: Vec<Tile>,
    /// Parts that stood side by side in the picture.
    pub columns: usize,
    /// What the picture shows, in words.
    pub description: String,
}

/// An entry of the legend.
#[derive(Debug)]
pub struct Key {
    /// The label as HTML.
    pub label: String,
    /// The label without markup.
    pub plain: String,
    /// The sample of the mark as SVG.
    pub sample: String,
}

/// A part of a drawing.
#[derive(Debug)]
pub struct Tile {
    /// The drawing.
    pub svg: String,
    /// Its width in points.
    pub width: f64,
    /// The frames in it.
    pub frames: Vec<Frame>,
}

/// A frame with the values that are drawn in it.
#[derive(Debug, Serialize)]
pub struct Frame {
    /// Left, top, width and height within the tile, in points.
    pub rect: [f64; 4],
    /// Low end, high end, and whether the axis is logarithmic (1) or linear (0).
    pub x: (f64, f64, u8),
    /// See `x`.
    pub y: (f64, f64, u8),
    /// What the axes show, without markup.
    pub labels: [String; 2],
    /// What is written in the frame, without markup.
    pub note: String,
    /// The values.
    pub marks: Vec<Mark>,
}

/// The values of a mark.
#[derive(Debug, Serialize)]
pub struct Mark {
    /// Its place in the legend.
    pub key: Option<usize>,
    /// `points`, `bins` or `cells`.
    pub kind: &'static str,
    /// One row a value.
    pub values: Vec<Value>,
}

/// One value that is drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// x, mean, low and high ends, and how many entries it rests on, where the page's author adds that.
    Point([f64; 4], Option<f64>),
    /// Lower edge, upper edge, height.
    Bin([f64; 3]),
    /// Left, right, lower and upper side, and the text inside.
    Cell([f64; 4], String),
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Short lists: a figure has thousands of them.
        match self {
            Self::Point([x, mean, low, high], entries) => {
                let is_exact = low.to_bits() == mean.to_bits() && high.to_bits() == mean.to_bits();
                let mut list =
                    serializer.serialize_tuple(if is_exact && entries.is_none() { 2 } else { 5 })?;
                list.serialize_element(x)?;
                list.serialize_element(mean)?;
                if !is_exact || entries.is_some() {
                    list.serialize_element(low)?;
                    list.serialize_element(high)?;
                    list.serialize_element(entries)?;
                }
                list.end()
            }
            Self::Bin(values) => values.serialize(serializer),
            Self::Cell(sides, text) => (sides[0], sides[1], sides[2], sides[3], text).serialize(serializer),
        }
    }
}

/// Cuts a picture into parts for a page. Names within the SVG begin with `name`, so that those of several pictures differ.
pub fn web(picture: &Picture, name: &str) -> Web {
    let bare =
        Picture { legend: Legend::Absent, title: None, footnote: None, warning: None, ..picture.clone() };
    let keys = keys(&bare);
    let plots = plot::plots(&bare);
    let tiles = if bare.frame_width < ALONE {
        vec![tile(&bare, &plots, &keys, name)]
    } else {
        let stack = |(index, plots): (usize, Vec<Vec<Plot>>)| {
            let hangs = |row| if row == 0 { Hangs::Apart } else { Hangs::Below };
            let rows = plots.iter().enumerate().map(|(row, plots)| {
                let height = plots.first().map_or(0.0, |plot| plot.frame.height);
                Row { panels: Vec::new(), height, hangs: hangs(row) }
            });
            let picture = Picture { rows: rows.collect(), ..bare.clone() };
            tile(&picture, &plots, &keys, &format!("{name}-{index}"))
        };
        cut(&bare, plots).into_iter().enumerate().map(stack).collect()
    };
    let keys = keys.iter().map(|(label, swatch)| key(label, swatch)).collect();
    let columns = picture.rows.iter().map(|row| row.panels.len()).max().unwrap_or(1);
    Web { keys, tiles, columns, description: summary::description(picture) }
}

/// The labels of a picture with a sample of the first mark that has each.
fn keys(picture: &Picture) -> Vec<(&str, Swatch)> {
    let mut keys: Vec<(&str, Swatch)> = Vec::new();
    for mark in picture.rows.iter().flat_map(|row| &row.panels).flat_map(|panel| &panel.marks) {
        if let Some((label, swatch)) = mark.drawn().key()
            && !keys.iter().any(|(known, _)| *known == label)
        {
            keys.push((label, swatch));
        }
    }
    keys
}

fn key(label: &str, swatch: &Swatch) -> Key {
    let mut svg = Svg::default();
    let (width, height) = (34.0, 14.0);
    svg.element("svg")
        .number("width", width)
        .number("height", height)
        .word("viewBox", format!("0 0 {width} {height}"))
        .word("aria-hidden", "true")
        .open();
    swatch.draw(&mut svg, Rect { x: 2.0, y: 2.0, width: 30.0, height: 10.0 });
    Key { label: html(label), plain: markup::plain(label), sample: svg.finish() }
}

/// Where a mark stands in the legend; one without a label belongs to that of its colour.
fn key_of(keys: &[(&str, Swatch)], mark: &PictureMark) -> Option<usize> {
    let drawn = mark.drawn();
    if let Some((label, _)) = drawn.key() {
        return keys.iter().position(|(known, _)| *known == label);
    }
    let colour = drawn.colour()?;
    keys.iter().position(|(_, swatch)| swatch.colour() == colour)
}

/// The panels of a picture in stacks: each with those that hang below it.
fn cut<'a>(picture: &Picture, plots: Vec<Vec<Plot<'a>>>) -> Vec<Vec<Vec<Plot<'a>>>> {
    let mut stacks: Vec<Vec<Vec<Plot>>> = Vec::new();
    // For each column the stack that a panel below would hang from.
    let mut above: Vec<usize> = Vec::new();
    for (row, plots) in picture.rows.iter().zip(plots) {
        let mut here = Vec::new();
        for (column, plot) in plots.into_iter().enumerate() {
            if let Some(stack) = above.get(column).filter(|_| row.hangs == Hangs::Below) {
                stacks[*stack].push(vec![plot]);
                here.push(*stack);
            } else {
                here.push(stacks.len());
                stacks.push(vec![vec![plot]]);
            }
        }
        above = here;
    }
    stacks
}

/// Draws plots that stand in the rows of a picture.
fn tile(picture: &Picture, plots: &[Vec<Plot>], keys: &[(&str, Swatch)], name: &str) -> Tile {
    let layout = Layout::new(picture, plots);
    let (width, height) = (layout.width.ceil(), layout.height.ceil());
    let mut svg = Svg::default();
    svg.element("svg")
        .word("viewBox", format!("0 0 {} {}", svg::number(width), svg::number(height)))
        .word("font-family", super::font::FAMILIES)
        .open();
    let mut frames = Vec::new();
    for (row, (plots, top)) in plots.iter().zip(&layout.rows).enumerate() {
        for (column, plot) in plots.iter().enumerate() {
            let clip = format!("{name}-{row}-{column}");
            svg.element("clipPath").word("id", &clip).open();
            svg.element("rect").number("width", plot.frame.width).number("height", plot.frame.height).end();
            svg.close();
            let place = (layout.columns[column], *top);
            panel::draw(&mut svg, plot, &clip, place, layout.y_labels[column], |mark| key_of(keys, mark));
            frames.push(frame(plot, place, keys));
        }
    }
    Tile { svg: svg.finish(), width, frames }
}

fn frame(plot: &Plot, (left, top): (f64, f64), keys: &[(&str, Swatch)]) -> Frame {
    let axis = |interval: &Interval| (interval.low, interval.high, u8::from(interval.scale == Scale::Log));
    let Panel { x, y, note, marks, .. } = plot.panel;
    let label = match plot.below {
        plot::Below::Labels(label) => label,
        plot::Below::Panel => &x.label,
    };
    Frame {
        rect: [left, top, plot.frame.width, plot.frame.height],
        x: axis(&plot.frame.x),
        y: axis(&plot.frame.y),
        labels: [label, &y.label].map(markup::plain),
        note: note.as_ref().map_or_else(String::new, |note| markup::plain(&note.text).replace('\n', ", ")),
        marks: marks.iter().map(|mark| values(mark, keys)).collect(),
    }
}

fn values(mark: &PictureMark, keys: &[(&str, Swatch)]) -> Mark {
    let (kind, values): (_, Vec<Value>) = match mark.drawn().values() {
        Values::Points(points) => {
            let shown = points.iter().filter(|point| point.x.is_finite() && point.mean.is_finite());
            (
                "points",
                shown.map(|point| Value::Point([point.x, point.mean, point.low, point.high], None)).collect(),
            )
        }
        Values::Bins(bins) => {
            let shown = bins.into_iter().filter(|(.., height)| height.is_finite());
            ("bins", shown.map(|(low, high, height)| Value::Bin([low, high, height])).collect())
        }
        Values::Cells(cells) => {
            let cell = |cell: super::Cell| {
                Value::Cell([cell.x.0, cell.x.1, cell.y.0, cell.y.1], markup::plain(&cell.text))
            };
            ("cells", cells.into_iter().map(cell).collect())
        }
    };
    Mark { key: key_of(keys, mark), kind, values }
}

/// A text in markup as HTML.
pub fn html(text: &str) -> String {
    let mut found = String::new();
    for run in markup::runs(text) {
        let mut part = svg::escaped(&run.text).replace('\n', "<br>");
        if run.slant == Slant::Italic {
            part = format!("<i>{part}</i>");
        }
        found.push_str(&match run.level {
            Level::Base => part,
            Level::Below => format!("<sub>{part}</sub>"),
            Level::Above => format!("<sup>{part}</sup>"),
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{super::samples, *};

    #[test]
    fn panels_stand_alone_with_the_range_of_their_figure() {
        let web = web(&samples::grid(), "grid");
        assert_eq!(web.tiles.len(), 4);
        // Both curves against the reach were drawn to one range.
        assert_eq!(web.tiles[0].frames[0].y, (1.0, 1e5, 1));
        assert_eq!(web.keys.len(), 5);
        for tile in &web.tiles {
            assert!(tile.svg.contains("data-k=\"4\"") && !tile.svg.contains("NaN"), "{}", tile.svg);
            assert_eq!(tile.frames.len(), 1);
        }
    }

    #[test]
    fn what_hangs_below_stays_there() {
        let web = web(&samples::spectrum(), "spectrum");
        assert_eq!(web.tiles.len(), 1);
        let frames = &web.tiles[0].frames;
        assert_eq!(frames.len(), 2);
        assert!((frames[0].rect[1] + frames[0].rect[3] - frames[1].rect[1]).abs() < 1e-9);
        assert_eq!(frames[0].x, frames[1].x);
        assert_eq!(frames[1].labels[0], "mV [kg]");
    }

    #[test]
    fn values_are_those_of_the_marks() {
        let web = web(&samples::scan(), "scan");
        let mark = &web.tiles[0].frames[0].marks[0];
        assert_eq!((mark.key, mark.kind, mark.values.len()), (Some(0), "points", 5));
        let value = serde_json::to_string(&mark.values[4]).expect("numbers");
        assert!(value.starts_with("[3000.0,14.98"), "{value}");
        assert!(value.ends_with(",null]"), "{value}");
        assert_eq!(
            serde_json::to_string(&Value::Point([1.0, 2.0, 2.0, 2.0], None)).expect("numbers"),
            "[1.0,2.0]"
        );
    }

    #[test]
    fn markup_becomes_html_and_nothing_else_does() {
        assert_eq!(html("*ε*_{B} < 10^{3}"), "<i>ε</i><sub>B</sub> &lt; 10<sup>3</sup>");
    }
}
