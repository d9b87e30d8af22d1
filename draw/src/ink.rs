//! Which parts of a frame are taken by data, so that texts can keep clear of them.

use super::rect::Rect;

/// Distance of the dots that stand for a line or an area.
const STEP: f64 = 3.0;
/// How much it matters to hide a dot of an area, compared to one of a line.
const FAINT: f64 = 0.25;

/// Dots spread over everything that is drawn in a frame.
#[derive(Debug, Clone)]
pub(crate) struct Ink {
    frame: Rect,
    dots: Vec<(f64, f64, f64)>,
}

impl Ink {
    /// No ink in a frame of the given size.
    pub fn new(width: f64, height: f64) -> Self {
        Self { frame: Rect { x: 0.0, y: 0.0, width, height }, dots: Vec::new() }
    }

    /// Adds a straight line.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64)) {
        self.stroke(from, to, 1.0);
    }

    /// Adds the area between two pairs of heights.
    pub fn band(&mut self, (from_x, from): (f64, (f64, f64)), (to_x, to): (f64, (f64, f64))) {
        let columns = ((to_x - from_x).abs().min(self.frame.width) / STEP).ceil().max(1.0);
        for column in 0..columns as usize {
            let part = column as f64 / columns;
            let between = |from: f64, to: f64| from + part * (to - from);
            let x = between(from_x, to_x);
            self.stroke((x, between(from.0, to.0)), (x, between(from.1, to.1)), FAINT);
        }
    }

    /// Adds a rectangle that must not be hidden at all.
    pub fn block(&mut self, rect: Rect) {
        let rows = (rect.height / STEP).ceil().max(1.0);
        for row in 0..=rows as usize {
            let y = rect.y + rect.height * row as f64 / rows;
            self.stroke((rect.x, y), (rect.right(), y), 4.0);
        }
    }

    /// How much would be hidden by a rectangle.
    pub fn under(&self, rect: Rect) -> f64 {
        self.dots.iter().filter(|(x, y, _)| rect.holds(*x, *y)).map(|(_, _, weight)| weight).sum()
    }

    fn stroke(&mut self, from: (f64, f64), to: (f64, f64), weight: f64) {
        let steps = ((to.0 - from.0).hypot(to.1 - from.1) / STEP).ceil().max(1.0);
        for step in 0..=steps as usize {
            let part = step as f64 / steps;
            let (x, y) = (from.0 + part * (to.0 - from.0), from.1 + part * (to.1 - from.1));
            if self.frame.holds(x, y) {
                self.dots.push((x, y, weight));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_hide_more_than_areas_and_outside_is_nothing() {
        let rect = Rect { x: 0.0, y: 0.0, width: 50.0, height: 50.0 };
        let mut line = Ink::new(100.0, 100.0);
        line.line((0.0, 25.0), (100.0, 25.0));
        let mut outside = Ink::new(100.0, 100.0);
        outside.line((0.0, 150.0), (100.0, 150.0));
        let mut band = Ink::new(100.0, 100.0);
        band.band((0.0, (20.0, 30.0)), (100.0, (20.0, 30.0)));
        assert!(line.under(rect) > 0.0 && band.under(rect) > 0.0);
        assert!(line.under(Rect { y: 60.0, ..rect }).abs() < 1e-12);
        assert!(outside.under(rect.grown(1000.0)).abs() < 1e-12);
        line.block(rect);
        assert!(line.under(rect) > 100.0);
    }
}
