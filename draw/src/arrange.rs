//! Places for the texts inside a frame where they hide the least data.

use super::{
    Colour, Corner, Panel, Place,
    block::Block,
    frame::Frame,
    guide::Spot,
    ink::Ink,
    label::{Anchor, Look},
    legend::Table,
    rect::Rect,
    sizes,
    svg::Svg,
};

/// Space kept free around texts.
const CLEAR: f64 = 5.0;
/// Places that are tried along each side of a frame.
const PLACES: usize = 7;
/// The order in which corners are tried; most figures are empty at the upper ones.
const CORNERS: [Corner; 4] = [Corner::TopRight, Corner::TopLeft, Corner::BottomRight, Corner::BottomLeft];

/// The texts inside a frame with their places.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Arrangement<'a> {
    captions: Vec<(&'a str, Spot)>,
    legend: Option<(Table, Rect)>,
    note: Option<(Block, Rect)>,
    side: Side,
    /// Places where data had to be hidden, and which are therefore covered before texts are written.
    covers: Vec<Rect>,
}

/// The half of the frame in which the note stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

impl<'a> Arrangement<'a> {
    /// Arranges the texts of a panel; the second value says how much data they hide.
    pub fn new(panel: &'a Panel, frame: &Frame, table: Option<&Table>) -> (Self, f64) {
        let mut ink = Ink::new(frame.width, frame.height);
        panel.marks.iter().for_each(|mark| mark.drawn().ink(frame, &mut ink));
        panel.guides.iter().for_each(|guide| guide.ink(frame, &mut ink));
        let captions = captions(panel, frame, &mut ink);
        let (mut hidden, mut covers) = (0.0, Vec::new());
        let mut settle = |rect: Rect, ink: &mut Ink| {
            let under = ink.under(rect.grown(CLEAR));
            if under > 0.0 {
                covers.push(rect.grown(CLEAR));
            }
            hidden += under;
            ink.block(rect);
            rect
        };
        let note = panel.note.as_ref().map(|note| {
            let block = Block::new(&note.text, sizes::NOTE, frame.width - 2.0 * sizes::INSET);
            (block, note.place)
        });
        // A corner that was asked for is taken before the legend looks for its own.
        let fixed = note.clone().and_then(|(block, place)| match place {
            Place::At(corner) => {
                let rect = settle(cornered(frame, (block.width, block.height()), corner), &mut ink);
                Some((block, rect))
            }
            Place::Free => None,
        });
        let legend = table.map(|table| {
            let rect = emptiest(places(frame, (table.width(), table.height())), &ink);
            let rect = settle(rect, &mut ink);
            (table.clone(), rect)
        });
        let note = fixed.or_else(|| {
            note.map(|(block, _)| {
                let size = (block.width, block.height());
                let mut places = places(frame, size);
                if let Some((_, legend)) = &legend {
                    places.splice(CORNERS.len()..CORNERS.len(), beside(legend, size));
                }
                let rect = emptiest(places, &ink);
                let rect = settle(rect, &mut ink);
                (block, rect)
            })
        });
        let middle = note.as_ref().map_or(0.0, |(_, rect)| rect.x + 0.5 * rect.width);
        let side = if middle > 0.5 * frame.width { Side::Right } else { Side::Left };
        (Self { captions, legend, note, side, covers }, hidden)
    }

    /// Writes the texts.
    pub fn write(&self, svg: &mut Svg) {
        for Rect { x, y, width, height } in &self.covers {
            svg.element("rect")
                .number("x", *x)
                .number("y", *y)
                .number("width", *width)
                .number("height", *height)
                .word("fill", Colour::WHITE)
                .word("fill-opacity", 0.8)
                .end();
        }
        for (caption, spot) in &self.captions {
            spot.write(svg, caption);
        }
        if let Some((table, rect)) = &self.legend {
            table.write(svg, (rect.x, rect.y));
        }
        if let Some((block, rect)) = &self.note {
            // Lines of different lengths are flush with the nearer side of the frame.
            let (x, anchor) = match self.side {
                Side::Left => (rect.x, Anchor::Start),
                Side::Right => (rect.right(), Anchor::End),
            };
            block.write(svg, (x, rect.y), Look::new(block.size, anchor));
        }
    }
}

/// The labels of the guides at their best places.
fn captions<'a>(panel: &'a Panel, frame: &Frame, ink: &mut Ink) -> Vec<(&'a str, Spot)> {
    let mut captions = Vec::new();
    for guide in &panel.guides {
        let spots = guide.spots(frame);
        let best = spots.iter().min_by(|a, b| ink.under(a.rect).total_cmp(&ink.under(b.rect)));
        if let (Some(spot), Some(label)) = (best, guide.label()) {
            ink.block(spot.rect);
            captions.push((label, *spot));
        }
    }
    captions
}

/// The place that hides the least; of equally good ones the first.
fn emptiest(places: Vec<Rect>, ink: &Ink) -> Rect {
    let cost = |rect: &Rect| ink.under(rect.grown(CLEAR));
    let nowhere = Rect { x: 0.0, y: 0.0, width: 0.0, height: 0.0 };
    places.into_iter().min_by(|a, b| cost(a).total_cmp(&cost(b))).unwrap_or(nowhere)
}

/// Places right below and above a legend, flush with its nearer side of the frame.
fn beside(legend: &Rect, (width, height): (f64, f64)) -> [Rect; 2] {
    let x = if legend.x <= sizes::INSET { legend.x } else { legend.right() - width };
    let gap = CLEAR + 6.0;
    [legend.bottom() + gap, legend.y - gap - height].map(|y| Rect { x, y, width, height })
}

/// Corners first, then places along the upper and lower sides, then along the left and right ones.
fn places(frame: &Frame, (width, height): (f64, f64)) -> Vec<Rect> {
    let mut places: Vec<_> = CORNERS.iter().map(|corner| cornered(frame, (width, height), *corner)).collect();
    let (left, right) = (places[1].x, places[0].x);
    let (top, bottom) = (places[0].y, places[2].y);
    let parts = (1..PLACES).map(|place| place as f64 / PLACES as f64);
    for part in parts.clone() {
        let x = left + part * (right - left);
        places.extend([top, bottom].map(|y| Rect { x, y, width, height }));
    }
    for part in parts {
        let y = top + part * (bottom - top);
        places.extend([right, left].map(|x| Rect { x, y, width, height }));
    }
    places
}

fn cornered(frame: &Frame, (width, height): (f64, f64), corner: Corner) -> Rect {
    let (right, bottom) = (frame.width - sizes::INSET - width, frame.height - sizes::INSET - height);
    let (x, y) = match corner {
        Corner::TopLeft => (sizes::INSET, sizes::INSET),
        Corner::TopRight => (right, sizes::INSET),
        Corner::BottomLeft => (sizes::INSET, bottom),
        Corner::BottomRight => (right, bottom),
    };
    Rect { x, y, width, height }
}

#[cfg(test)]
mod tests {
    use super::{super::frame::tests::square, *};
    use crate::{Axis, Colour, Curve, Mark, Point, Scale, Style};

    fn panel(points: &[(f64, f64)]) -> Panel {
        let points = points.iter().map(|(x, y)| Point::exact(*x, *y)).collect();
        let curve = Mark::Curve(Curve::new("", Style::line(Colour::BLACK), points));
        Panel::new(Axis::linear(""), Axis::linear(""), vec![curve]).noted("1k")
    }

    fn note(panel: &Panel) -> (Rect, f64) {
        let (arrangement, hidden) = Arrangement::new(panel, &square(Scale::Linear), None);
        (arrangement.note.expect("the panel has a note").1, hidden)
    }

    #[test]
    fn a_note_keeps_clear_of_the_data() {
        let (rect, hidden) = note(&panel(&[(1.0, 1.0), (100.0, 100.0)]));
        assert!(hidden.abs() < 1e-12);
        assert!(rect.right() < 50.0 && rect.bottom() < 50.0, "upper left: {rect:?}");
        let (rect, _) = note(&panel(&[(1.0, 100.0), (100.0, 1.0)]));
        assert!(rect.x > 50.0 && rect.bottom() < 50.0, "upper right: {rect:?}");
    }

    #[test]
    fn a_corner_that_was_asked_for_is_taken() {
        let mut panel = panel(&[(1.0, 1.0), (100.0, 100.0)]);
        if let Some(note) = &mut panel.note {
            note.place = Place::At(Corner::TopRight);
        }
        let (rect, hidden) = note(&panel);
        assert!(rect.x > 50.0 && hidden > 0.0);
    }
}
