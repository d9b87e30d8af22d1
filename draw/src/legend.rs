//! Legends: samples of the marks with their labels, in rows and columns.

use super::{
    Picture,
    block::Block,
    keys::Swatch,
    label::{Anchor, Look},
    rect::Rect,
    sizes,
    svg::Svg,
};

/// Size of the samples.
const SAMPLE: (f64, f64) = (30.0, 10.0);
/// Between a sample and its label.
const GAP: f64 = 8.0;
/// Between columns.
const COLUMNS: f64 = 26.0;
/// Between entries of a column.
const ROWS: f64 = 7.0;

/// The label of a mark and how the mark looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Entry<'a> {
    label: &'a str,
    swatch: Swatch,
}

impl Entry<'_> {
    /// Whether a reader who has seen this entry knows the other one, too: a band without width is the same curve.
    fn explains(&self, other: &Self) -> bool {
        self.label == other.label && self.swatch.without_band() == other.swatch.without_band()
    }
}

/// The entries of each panel, by row and column; what an earlier panel explains is left out.
pub(crate) fn entries(picture: &Picture) -> Vec<Vec<Vec<Entry<'_>>>> {
    let mut seen: Vec<Entry> = Vec::new();
    let mut unseen = |(label, swatch)| {
        let entry = Entry { label, swatch };
        let new = !seen.iter().any(|known| known.explains(&entry));
        if new {
            seen.push(entry);
        }
        new.then_some(entry)
    };
    let mut rows = Vec::new();
    for row in &picture.rows {
        let mut panels = Vec::new();
        for panel in &row.panels {
            let keys = panel.marks.iter().filter_map(|mark| mark.drawn().key());
            panels.push(keys.filter_map(&mut unseen).collect());
        }
        rows.push(panels);
    }
    rows
}

/// Entries laid out in columns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    cells: Vec<(Swatch, Block)>,
    widths: Vec<f64>,
    heights: Vec<f64>,
}

impl Table {
    /// Tables of one, two and three columns, as far as they fit inside a frame.
    pub fn columns(entries: &[Entry], room: f64) -> Vec<Self> {
        let cells = cells(entries, room);
        let tables = (1..=cells.len().min(3)).filter_map(|columns| Self::of(cells.clone(), columns));
        tables.filter(|table| table.widths.len() == 1 || table.width() <= room).collect()
    }

    /// As few rows as fit into the room, as they stand above the frames; none without entries.
    pub fn rows(entries: &[Entry], room: f64) -> Option<Self> {
        let cells = cells(entries, room);
        let fitting = (1..=cells.len())
            .rev()
            .find(|columns| Self::of(cells.clone(), *columns).is_some_and(|table| table.width() <= room));
        // The same number of rows with fewer columns leaves no row nearly empty.
        let rows = cells.len().div_ceil(fitting.unwrap_or(1)).max(1);
        let columns = cells.len().div_ceil(rows);
        Self::of(cells, columns)
    }

    fn of(cells: Vec<(Swatch, Block)>, columns: usize) -> Option<Self> {
        if cells.is_empty() {
            return None;
        }
        let mut widths = vec![0.0_f64; columns];
        let mut heights = vec![0.0_f64; cells.len().div_ceil(columns)];
        for (index, (_, block)) in cells.iter().enumerate() {
            let (row, column) = (index / columns, index % columns);
            widths[column] = widths[column].max(SAMPLE.0 + GAP + block.width);
            heights[row] = heights[row].max(block.height());
        }
        Some(Self { cells, widths, heights })
    }

    /// The width of all columns.
    pub fn width(&self) -> f64 {
        self.widths.iter().sum::<f64>() + COLUMNS * (self.widths.len() - 1) as f64
    }

    /// The height of all rows.
    pub fn height(&self) -> f64 {
        self.heights.iter().sum::<f64>() + ROWS * (self.heights.len() - 1) as f64
    }

    /// Draws the table with its upper left corner at the given position.
    pub fn write(&self, svg: &mut Svg, (left, top): (f64, f64)) {
        let columns = self.widths.len();
        let mut y = top;
        for (cells, height) in self.cells.chunks(columns).zip(&self.heights) {
            let mut x = left;
            for ((swatch, block), width) in cells.iter().zip(&self.widths) {
                let middle = y + 0.5 * sizes::CAPITAL * block.size;
                let sample = Rect { x, y: middle - 0.5 * SAMPLE.1, width: SAMPLE.0, height: SAMPLE.1 };
                swatch.draw(svg, sample);
                block.write(svg, (x + SAMPLE.0 + GAP, y), Look::new(block.size, Anchor::Start));
                x += width + COLUMNS;
            }
            y += height + ROWS;
        }
    }
}

fn cells(entries: &[Entry], room: f64) -> Vec<(Swatch, Block)> {
    let block = |label| Block::new(label, sizes::KEY, (room - SAMPLE.0 - GAP).max(sizes::KEY));
    entries.iter().map(|entry| (entry.swatch, block(entry.label))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Axis, Colour, Curve, Mark, Panel, Row, Style};

    fn entry(label: &str) -> Entry<'_> {
        Entry { label, swatch: Swatch::Line(Style::line(Colour::BLACK)) }
    }

    #[test]
    fn a_label_is_explained_once() {
        let panel = |labels: [&str; 2]| {
            let curve = |label: &str| Mark::Curve(Curve::new(label, Style::line(Colour::BLACK), Vec::new()));
            Panel::new(Axis::linear(""), Axis::linear(""), labels.map(curve).to_vec())
        };
        let picture = Picture::new(vec![Row::new(vec![panel(["a", "b"]), panel(["b", "c"])])]);
        let entries = entries(&picture);
        let labels: Vec<Vec<_>> =
            entries[0].iter().map(|panel| panel.iter().map(|entry| entry.label).collect()).collect();
        assert_eq!(labels, [vec!["a", "b"], vec!["c"]]);
    }

    #[test]
    fn a_band_without_width_needs_no_entry_of_its_own() {
        let style = Style::line(Colour::BLACK);
        let entry = |swatch| Entry { label: "a", swatch };
        assert!(entry(Swatch::Band(style)).explains(&entry(Swatch::Line(style))));
        assert!(!entry(Swatch::Band(style)).explains(&entry(Swatch::Area(Colour::BLACK))));
    }

    #[test]
    fn rows_are_as_even_as_possible_and_fit() {
        let entries = ["controlled", "estimated", "loosely controlled", "NUMERIC", "raw"].map(entry);
        let room = 480.0;
        let table = Table::rows(&entries, room).expect("there are entries");
        assert!(table.width() <= room);
        assert_eq!(table.heights.len(), 2);
        assert_eq!(table.widths.len(), 3);
        assert!(Table::rows(&[], room).is_none());
    }

    #[test]
    fn long_labels_are_wrapped_into_the_room() {
        let long = "a series of readings taken in the upper reaches and corrected for the tide";
        let tables = Table::columns(&[entry(long), entry(long)], 200.0);
        assert_eq!(tables.len(), 1);
        assert!(tables[0].width() <= 200.0);
        assert!(tables[0].height() > 4.0 * sizes::KEY);
    }
}
