//! What can go wrong after the SVG is written.

use resvg::usvg;

/// A picture that could not be exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DrawError {
    /// The text is no SVG.
    #[error("the picture cannot be read ({source}); pass an SVG text as it was made by drapes_draw::svg")]
    Unreadable {
        /// What the reader of SVG objects to.
        #[from]
        source: usvg::Error,
    },
    /// No bitmap has this size.
    #[error(
        "a PNG of {width_px} x {height_px} pixels cannot be made (each side needs 1 to {max_px} pixels); \
         choose another width"
    )]
    Size {
        /// The width that was asked for.
        width_px: u32,
        /// The height that follows from it.
        height_px: u32,
        /// The longest side allowed.
        max_px: u32,
    },
    /// The bitmap cannot be encoded.
    #[error("the PNG cannot be encoded ({reason}); choose a smaller width")]
    Encoding {
        /// What the encoder objects to.
        reason: String,
    },
    /// The PDF cannot be made.
    #[error("the PDF cannot be made ({reason}); use the SVG or the PNG of this figure")]
    Pdf {
        /// What the converter objects to.
        reason: String,
    },
}
