//! A whole picture as SVG.

use super::{
    Colour, Picture,
    block::Block,
    font,
    label::{Anchor, Look, Weight},
    layout::Layout,
    panel, plot, summary,
    svg::{self, Svg},
};

/// Draws a picture; the same picture gives the same text.
pub fn svg(picture: &Picture) -> String {
    let plots = plot::plots(picture);
    let layout = Layout::new(picture, &plots);
    let mut svg = Svg::default();
    let (width, height) = (layout.width.ceil(), layout.height.ceil());
    svg.element("svg")
        .word("xmlns", "http://www.w3.org/2000/svg")
        .number("width", width)
        .number("height", height)
        .word("viewBox", format!("0 0 {} {}", svg::number(width), svg::number(height)))
        .word("role", "img")
        .word("font-family", font::FAMILIES)
        .open();
    svg.element("title").around(&svg::escaped(&summary::title(picture)));
    svg.element("desc").around(&svg::escaped(&summary::description(picture)));
    svg.element("rect").word("width", "100%").word("height", "100%").word("fill", Colour::WHITE).end();
    let mut heights: Vec<f64> = picture.rows.iter().map(|row| row.height).collect();
    heights.sort_by(f64::total_cmp);
    heights.dedup();
    for height in heights {
        clip(&mut svg, picture.frame_width, height);
    }
    if let Some((title, place)) = &layout.title {
        heading(&mut svg, title, *place);
    }
    if let Some((table, place)) = &layout.legend {
        table.write(&mut svg, *place);
    }
    for (row, top) in plots.iter().zip(&layout.rows) {
        for ((plot, left), y_label) in row.iter().zip(&layout.columns).zip(&layout.y_labels) {
            let clip = clip_name(plot.frame.width, plot.frame.height);
            panel::draw(&mut svg, plot, &clip, (*left, *top), *y_label, |_| None);
        }
    }
    if let Some((footnote, place)) = &layout.footnote {
        let look = Look { colour: Colour::GREY, ..Look::new(footnote.size, Anchor::Start) };
        footnote.write(&mut svg, *place, look);
    }
    if let Some((warning, place)) = &layout.warning {
        let look = Look { colour: Colour::WARNING, ..Look::new(warning.size, Anchor::Start) };
        warning.write(&mut svg, *place, look);
    }
    svg.finish()
}

fn heading(svg: &mut Svg, title: &Block, place: (f64, f64)) {
    title.write(svg, place, Look { weight: Weight::Bold, ..Look::new(title.size, Anchor::Start) });
}

/// Defines the area that data are clipped to in all frames of one size.
fn clip(svg: &mut Svg, width: f64, height: f64) {
    svg.element("clipPath").word("id", clip_name(width, height)).open();
    svg.element("rect").number("width", width).number("height", height).end();
    svg.close();
}

/// Named after its size: where several figures share a page of HTML, equal names then mean equal areas.
fn clip_name(width: f64, height: f64) -> String {
    format!("frame-{}-{}", svg::number(width), svg::number(height))
}

#[cfg(test)]
mod tests {
    use resvg::usvg::{Node, Rect, TextChunk, Tree};

    use super::{super::samples, *};

    fn texts(nodes: &[Node], found: &mut Vec<(String, Rect)>) {
        for node in nodes {
            match node {
                Node::Group(group) => texts(group.children(), found),
                Node::Text(text) => {
                    let words = text.chunks().iter().map(TextChunk::text).collect();
                    found.push((words, text.abs_stroke_bounding_box()));
                }
                Node::Path(_) | Node::Image(_) => {}
            }
        }
    }

    fn overlap(one: Rect, other: Rect) -> bool {
        let gap = 1.0;
        one.left() - gap < other.right()
            && other.left() - gap < one.right()
            && one.top() - gap < other.bottom()
            && other.top() - gap < one.bottom()
    }

    #[test]
    fn texts_stay_on_the_page_and_apart() {
        for picture in samples::all() {
            let tree = Tree::from_str(&svg(&picture), &font::options()).expect("well-formed");
            let mut found = Vec::new();
            texts(tree.root().children(), &mut found);
            for (index, (words, rect)) in found.iter().enumerate() {
                let inside = rect.left() >= 0.0
                    && rect.top() >= 0.0
                    && rect.right() <= tree.size().width()
                    && rect.bottom() <= tree.size().height();
                assert!(inside, "{words:?} leaves the page: {rect:?}");
                for (other, place) in &found[..index] {
                    assert!(!overlap(*rect, *place), "{words:?} {rect:?} meets {other:?} {place:?}");
                }
            }
        }
    }

    #[test]
    fn the_same_picture_gives_the_same_finite_text() {
        for picture in samples::all() {
            let text = svg(&picture);
            assert_eq!(text, svg(&picture));
            assert!(!text.contains("NaN") && !text.contains("inf\"") && !text.contains(" inf"));
        }
    }

    #[test]
    fn frames_line_up_over_rows_and_columns() {
        let text = svg(&samples::grid());
        let places: Vec<_> = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("<g transform=\"translate(")?.split_once(')'))
            .filter_map(|(place, _)| place.split_once(' '))
            .collect();
        assert_eq!(places.len(), 4);
        assert_eq!((places[0].0, places[1].0), (places[2].0, places[3].0));
        assert_eq!((places[0].1, places[2].1), (places[1].1, places[3].1));
    }

    #[test]
    fn a_figure_tells_what_it_shows() {
        let text = svg(&samples::spectrum());
        assert!(text.contains("<title>Spectrum of mV</title>"));
        assert!(text.contains("<desc>counts / 50 kg against mV [kg]"));
        assert!(svg(&Picture::new(Vec::new())).contains("<title>Figure</title>"));
    }
}
