//! Rectangles on the page.

/// A rectangle in points; y grows downwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Rect {
    /// The coordinate of the right side.
    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    /// The coordinate of the lower side.
    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }

    /// The rectangle with every side moved outwards.
    pub fn grown(&self, by: f64) -> Self {
        Self { x: self.x - by, y: self.y - by, width: self.width + 2.0 * by, height: self.height + 2.0 * by }
    }

    /// Whether a point lies inside.
    pub fn holds(&self, x: f64, y: f64) -> bool {
        (self.x..=self.right()).contains(&x) && (self.y..=self.bottom()).contains(&y)
    }
}
