//! Several lines of text, wrapped to a given width.

use super::{
    label::{self, Look, Weight},
    markup, sizes,
    svg::Svg,
};

/// Lines of text under each other.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Block {
    pub lines: Vec<String>,
    pub size: f64,
    pub width: f64,
}

impl Block {
    /// Wraps a text at its spaces; a single word wider than the room makes the whole text smaller.
    pub fn new(markup: &str, size: f64, room: f64) -> Self {
        Self::weighted(markup, size, room, Weight::Regular)
    }

    /// Wraps a text of some weight.
    pub fn weighted(markup: &str, size: f64, room: f64, weight: Weight) -> Self {
        let mut lines = Vec::new();
        for paragraph in markup.lines() {
            let mut line = String::new();
            for word in words(paragraph) {
                let longer = if line.is_empty() { word.clone() } else { format!("{line} {word}") };
                if line.is_empty() || label::width_of(&longer, size, weight) <= room {
                    line = longer;
                } else {
                    lines.push(std::mem::replace(&mut line, word));
                }
            }
            lines.push(line);
        }
        let width = lines.iter().map(|line| label::width_of(line, size, weight)).fold(0.0, f64::max);
        let shrink = if width > room { room / width } else { 1.0 };
        Self { lines, size: size * shrink, width: width * shrink }
    }

    /// Height from the highest letter of the first line to the lowest of the last.
    pub fn height(&self) -> f64 {
        let leads = self.lines.len().saturating_sub(1) as f64;
        self.size * (sizes::CAPITAL + 0.24 + leads * sizes::LEADING)
    }

    /// Writes the lines with the top of the first one's capitals at the given position.
    pub fn write(&self, svg: &mut Svg, (x, top): (f64, f64), look: Look) {
        for (index, line) in self.lines.iter().enumerate() {
            let base = top + self.size * (sizes::CAPITAL + index as f64 * sizes::LEADING);
            label::write(svg, line, (x, base), Look { size: self.size, ..look });
        }
    }
}

/// Splits at the spaces outside of markup, so that no line ends within italics or a script.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    for piece in text.split(' ').filter(|piece| !piece.is_empty()) {
        match words.last_mut() {
            Some(last) if open => {
                last.push(' ');
                last.push_str(piece);
            }
            _ => words.push(piece.to_owned()),
        }
        open = words.last().is_some_and(|word| unfinished(word, text));
    }
    words
}

/// Whether a piece of a text opens markup that only a later piece closes.
fn unfinished(piece: &str, text: &str) -> bool {
    let literal = markup::plain(text) == text;
    let count = |sign| piece.matches(sign).count();
    !literal && (count('*') % 2 == 1 || count('{') > count('}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_wrapped_and_lose_no_word() {
        let text = "bands hold 68% of the repeated readings and dashed lines rest on few counts";
        let block = Block::new(text, 11.0, 150.0);
        assert!(block.lines.len() > 2);
        assert!(block.width <= 150.0);
        assert_eq!(block.lines.join(" "), text);
        assert!(block.height() > Block::new("one line", 11.0, 150.0).height());
    }

    #[test]
    fn a_word_wider_than_the_room_is_made_smaller() {
        let block = Block::new("unbreakable_identifier_of_a_series", 14.0, 100.0);
        assert_eq!(block.lines.len(), 1);
        assert!(block.size < 14.0 && block.width <= 100.001);
    }

    #[test]
    fn lines_never_break_inside_of_markup() {
        assert_eq!(words("a *b c* d_{e f} g"), ["a", "*b c*", "d_{e f}", "g"]);
        assert_eq!(words("5 * 3 {x"), ["5", "*", "3", "{x"]);
        assert_eq!(Block::new("one\ntwo", 10.0, 500.0).lines, ["one", "two"]);
    }
}
