//! Colours, dashes and markers.

use std::fmt;

/// A colour as red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    /// Black.
    pub const BLACK: Self = Self(0, 0, 0);
    /// White.
    pub const WHITE: Self = Self(255, 255, 255);
    /// The grey of guides and footnotes.
    pub const GREY: Self = Self(0x59, 0x59, 0x59);
    /// The red of warnings.
    pub const WARNING: Self = Self(0xb0, 0x1e, 0x1e);

    /// The colour of a hexadecimal code such as `0x00_77_bb`.
    pub const fn hex(code: u32) -> Self {
        let [_, red, green, blue] = code.to_be_bytes();
        Self(red, green, blue)
    }

    /// A colour between this one (0) and another (1).
    pub fn towards(self, other: Self, part: f64) -> Self {
        let mix = |from: u8, to: u8| {
            (f64::from(from) + part.clamp(0.0, 1.0) * (f64::from(to) - f64::from(from))).round() as u8
        };
        Self(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }

    /// Whether white text is easier to read on this colour than black text.
    pub(crate) fn is_dark(self) -> bool {
        // Weights of the three primaries in the brightness that the eye sees.
        0.30 * f64::from(self.0) + 0.59 * f64::from(self.1) + 0.11 * f64::from(self.2) < 140.0
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// How a line is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dash {
    /// Not at all.
    Solid,
    /// Long dashes.
    Dashed,
    /// Dots.
    Dotted,
    /// Dashes and dots in turn.
    DashDot,
}

impl Dash {
    /// The dash a line of this kind takes on where its values are weak.
    pub(crate) fn weakened(self) -> Self {
        match self {
            Self::Solid => Self::Dashed,
            Self::Dashed | Self::Dotted | Self::DashDot => Self::Dotted,
        }
    }

    /// Lengths of strokes and gaps in points for a line of the given width; none for an unbroken line.
    pub(crate) fn lengths(self, width: f64) -> Option<String> {
        let pattern: &[f64] = match self {
            Self::Solid => return None,
            Self::Dashed => &[4.0, 2.2],
            Self::Dotted => &[1.1, 1.7],
            Self::DashDot => &[5.0, 1.9, 1.2, 1.9],
        };
        // Hairlines keep dashes that can be told apart.
        let unit = width.max(1.2);
        let lengths: Vec<_> = pattern.iter().map(|length| super::svg::number(length * unit)).collect();
        Some(lengths.join(" "))
    }
}

/// The shape of a data point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marker {
    /// Filled circle.
    Disc,
    /// Filled square.
    Square,
    /// Filled square on its tip.
    Diamond,
    /// Filled triangle that points up.
    Triangle,
    /// Filled triangle that points down.
    Wedge,
    /// Empty circle.
    Ring,
}

/// Whether a value rests on too few entries to be trusted; such parts of a curve are dashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weak {
    /// It rests on few entries.
    Yes,
    /// It rests on few entries, and its marker alone says so: dashes tell curves apart.
    Hollow,
    /// It can be trusted.
    No,
}

/// How a mark looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    /// Colour of line, marker and band.
    pub colour: Colour,
    /// How the line is broken.
    pub dash: Dash,
    /// Shape drawn at every point.
    pub marker: Option<Marker>,
    /// Width of the line in points.
    pub width: f64,
}

impl Style {
    /// A solid line of the usual width.
    pub const fn line(colour: Colour) -> Self {
        Self { colour, dash: Dash::Solid, marker: None, width: 1.9 }
    }

    /// The same style with another dash.
    pub const fn dashed(self, dash: Dash) -> Self {
        Self { dash, ..self }
    }

    /// The same style with a marker at every point.
    pub const fn marked(self, marker: Marker) -> Self {
        Self { marker: Some(marker), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_read_and_write_the_same_code() {
        assert_eq!(Colour::hex(0x00_77_bb), Colour(0, 0x77, 0xbb));
        assert_eq!(Colour::hex(0x00_77_bb).to_string(), "#0077bb");
    }

    #[test]
    fn colours_mix_and_know_their_brightness() {
        let grey = Colour::BLACK.towards(Colour::WHITE, 0.5);
        assert_eq!(grey, Colour(128, 128, 128));
        assert_eq!(Colour::BLACK.towards(Colour::WHITE, 7.0), Colour::WHITE);
        assert!(Colour::BLACK.is_dark() && !Colour::WHITE.is_dark());
    }

    #[test]
    fn weak_parts_can_be_told_from_strong_ones() {
        for dash in [Dash::Solid, Dash::Dashed, Dash::DashDot] {
            assert_ne!(dash.weakened(), dash);
        }
    }
}
