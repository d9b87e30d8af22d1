//! From the SVG to bitmaps and PDF.

use resvg::{
    tiny_skia::{Color, Pixmap, Transform},
    usvg::Tree,
};

use super::{DrawError, font};

/// Larger bitmaps than this need gigabytes of memory.
const MAX_PX: u32 = 16_384;

/// Renders an SVG as PNG of the given width on white; the height follows from the proportions.
///
/// # Errors
///
/// Fails when the text is no SVG, or when one side of the bitmap would have no pixel or too many.
pub fn png(svg: &str, width_px: u32) -> Result<Vec<u8>, DrawError> {
    let tree = Tree::from_str(svg, &font::options())?;
    let zoom = f64::from(width_px) / f64::from(tree.size().width());
    let height_px = (f64::from(tree.size().height()) * zoom).round() as u32;
    let mut pixmap = (width_px <= MAX_PX && height_px <= MAX_PX)
        .then(|| Pixmap::new(width_px, height_px))
        .flatten()
        .ok_or(DrawError::Size { width_px, height_px, max_px: MAX_PX })?;
    pixmap.fill(Color::WHITE);
    resvg::render(&tree, Transform::from_scale(zoom as f32, zoom as f32), &mut pixmap.as_mut());
    encoded(&pixmap).map_err(|error| DrawError::Encoding { reason: error.to_string() })
}

/// An opaque bitmap as PNG, without the channel that only bitmaps with holes need; areas of one colour, of which figures
/// mostly are, pack best as they stand. Less than a third of what the bitmap's own encoder writes, in the same time.
fn encoded(pixmap: &Pixmap) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, pixmap.width(), pixmap.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_filter(png::FilterType::NoFilter);
    encoder.set_compression(png::Compression::Default);
    let colours: Vec<u8> =
        pixmap.pixels().iter().flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()]).collect();
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&colours)?;
    writer.finish()?;
    Ok(file)
}

/// Converts an SVG to a PDF of one page; text stays text, in the embedded font.
///
/// # Errors
///
/// Fails when the text is no SVG, or when the conversion does.
pub fn pdf(svg: &str) -> Result<Vec<u8>, DrawError> {
    let tree = Tree::from_str(svg, &font::options())?;
    svg2pdf::to_pdf(&tree, svg2pdf::ConversionOptions::default(), svg2pdf::PageOptions::default())
        .map_err(|error| DrawError::Pdf { reason: error.to_string().trim_end_matches('.').to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"40\" height=\"30\">\
                       <text x=\"2\" y=\"20\">m</text></svg>";

    #[test]
    fn a_png_has_the_requested_width() {
        let pixmap = Pixmap::decode_png(&png(SVG, 120).expect("an SVG")).expect("a PNG");
        assert_eq!((pixmap.width(), pixmap.height()), (120, 90));
        assert!(pixmap.pixels().iter().any(|pixel| pixel.red() == 0), "the text is drawn");
    }

    #[test]
    fn a_png_has_three_channels_of_which_white_takes_no_room() {
        let wide = png(SVG, 1200).expect("an SVG");
        assert_eq!(wide[25], 2, "the colour type of red, green and blue");
        // 1,200 by 900 pixels in three bytes each, nearly all of them white.
        assert!(wide.len() < 3 * 1200 * 900 / 100, "{} bytes", wide.len());
    }

    #[test]
    fn a_pdf_begins_as_one_and_embeds_the_font() {
        let pdf = pdf(SVG).expect("an SVG");
        assert!(pdf.starts_with(b"%PDF"));
        assert!(pdf.windows(10).any(|window| window == b"DejaVuSans"));
    }

    #[test]
    fn errors_say_what_to_do() {
        let message = png("<svg", 10).expect_err("not an SVG").to_string();
        assert!(message.contains("pass an SVG text"), "{message}");
        let message = png(SVG, 0).expect_err("no pixels").to_string();
        assert!(message.contains("0 x 0") && message.contains("choose another width"), "{message}");
        assert!(matches!(png(SVG, 20_000), Err(DrawError::Size { width_px: 20_000, .. })));
    }
}
