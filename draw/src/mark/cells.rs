//! Maps of coloured cells with a text in each.

use super::{
    super::{
        Colour,
        label::{self, Anchor, Look},
        rect::Rect,
        sizes,
    },
    Drawn, Extent, Frame, Ink, Interval, Margin, Svg, Swatch, Values,
};

/// Cells side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Cells {
    /// The cells; those that are missing stay white.
    pub cells: Vec<Cell>,
}

/// One rectangle of a map.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Left and right side.
    pub x: (f64, f64),
    /// Lower and upper side.
    pub y: (f64, f64),
    /// Colour of the area.
    pub colour: Colour,
    /// What is written inside, in markup.
    pub text: String,
}

impl Cell {
    fn rect(&self, frame: &Frame) -> Option<Rect> {
        let (left, right) = frame.x(self.x.0).zip(frame.x(self.x.1))?;
        let (bottom, top) = frame.y(self.y.0).zip(frame.y(self.y.1))?;
        let (width, height) = ((right - left).abs(), (bottom - top).abs());
        Some(Rect { x: left.min(right), y: top.min(bottom), width, height })
    }
}

impl Cells {
    fn rects<'a>(&'a self, frame: &'a Frame) -> impl Iterator<Item = (&'a Cell, Rect)> {
        self.cells.iter().filter_map(|cell| Some((cell, cell.rect(frame)?)))
    }
}

impl Drawn for Cells {
    fn reach_x(&self, x: &mut Extent) {
        self.cells.iter().flat_map(|cell| [cell.x.0, cell.x.1]).for_each(|value| x.add(value));
    }

    fn reach_y(&self, _: &Interval, y: &mut Extent) {
        self.cells.iter().flat_map(|cell| [cell.y.0, cell.y.1]).for_each(|value| y.add(value));
    }

    fn margin(&self) -> Margin {
        Margin::Tight
    }

    fn shade(&self, frame: &Frame, svg: &mut Svg) {
        for (cell, rect) in self.rects(frame) {
            svg.element("rect")
                .number("x", rect.x)
                .number("y", rect.y)
                .number("width", rect.width)
                .number("height", rect.height)
                .word("fill", cell.colour)
                .word("stroke", Colour::WHITE)
                .number("stroke-width", 1.0)
                .end();
        }
    }

    fn trace(&self, frame: &Frame, svg: &mut Svg) {
        for (cell, rect) in self.rects(frame) {
            let size = label::fitting(&cell.text, sizes::NOTE.min(0.6 * rect.height), 0.9 * rect.width);
            let middle = (rect.x + 0.5 * rect.width, rect.y + 0.5 * (rect.height + sizes::CAPITAL * size));
            let colour = if cell.colour.is_dark() { Colour::WHITE } else { Colour::BLACK };
            label::write(svg, &cell.text, middle, Look { colour, ..Look::new(size, Anchor::Middle) });
        }
    }

    fn ink(&self, frame: &Frame, ink: &mut Ink) {
        for (_, rect) in self.rects(frame) {
            let sides = (rect.y, rect.bottom());
            ink.band((rect.x, sides), (rect.right(), sides));
        }
    }

    fn key(&self) -> Option<(&str, Swatch)> {
        None
    }

    fn colour(&self) -> Option<Colour> {
        None
    }

    fn values(&self) -> Values {
        Values::Cells(self.cells.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::drawing, *};
    use crate::Scale;

    #[test]
    fn a_text_can_be_read_on_its_cell() {
        let cell = |colour| Cell { x: (1.0, 50.0), y: (1.0, 50.0), colour, text: "7.5".to_owned() };
        let text = |colour| drawing(&Cells { cells: vec![cell(colour)] }, Scale::Linear);
        assert!(text(Colour::BLACK).contains("fill=\"#ffffff\">"));
        assert!(!text(Colour::hex(0xff_ee_aa)).contains("fill=\"#ffffff\">"));
        assert!(text(Colour::BLACK).contains("7.5"));
    }
}
