//! A writer of tidy SVG text.

use std::fmt::{Display, Write};

/// SVG text in the making; elements are indented by their depth.
#[derive(Debug, Default)]
pub(crate) struct Svg {
    text: String,
    open: Vec<&'static str>,
}

impl Svg {
    /// Starts an element, whose attributes follow.
    pub fn element(&mut self, name: &'static str) -> Element<'_> {
        self.indent();
        self.text.push('<');
        self.text.push_str(name);
        Element { svg: self, name }
    }

    /// Closes the element that was opened last.
    pub fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.indent();
            let _ = writeln!(self.text, "</{name}>");
        }
    }

    /// The finished text.
    pub fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }

    fn indent(&mut self) {
        self.text.extend(std::iter::repeat_n("  ", self.open.len()));
    }
}

/// An element whose attributes are being written.
#[must_use]
pub(crate) struct Element<'a> {
    svg: &'a mut Svg,
    name: &'static str,
}

impl Element<'_> {
    /// Adds an attribute.
    pub fn word(self, name: &str, value: impl Display) -> Self {
        let value = escaped(&value.to_string());
        let _ = write!(self.svg.text, " {name}=\"{value}\"");
        self
    }

    /// Adds a length or another number.
    pub fn number(self, name: &str, value: f64) -> Self {
        self.word(name, number(value))
    }

    /// Adds an attribute if there is a value.
    pub fn maybe(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.word(name, value),
            None => self,
        }
    }

    /// Ends an element without content.
    pub fn end(self) {
        self.svg.text.push_str("/>\n");
    }

    /// Ends an element around content that is already SVG.
    pub fn around(self, content: &str) {
        let _ = writeln!(self.svg.text, ">{content}</{}>", self.name);
    }

    /// Leaves the element open for others inside.
    pub fn open(self) {
        self.svg.text.push_str(">\n");
        self.svg.open.push(self.name);
    }
}

/// A number with at most two decimals, enough for any screen and short in the file.
///
/// Nothing that is not finite may reach a file; callers leave such values out, and this is the last guard.
pub(crate) fn number(value: f64) -> String {
    let mut text = format!("{:.2}", if value.is_finite() { value } else { 0.0 });
    text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    if text == "-0" { "0".to_owned() } else { text }
}

/// A text with the characters replaced that have a meaning in XML, and without those it forbids.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\t' | '\n' | '\r' => safe.push(' '),
            '\u{fffe}' | '\u{ffff}' => {}
            _ if character.is_control() => {}
            _ => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_finite() {
        assert_eq!(number(1.0), "1");
        assert_eq!(number(100.0), "100");
        assert_eq!(number(0.126), "0.13");
        assert_eq!(number(-0.001), "0");
        assert_eq!(number(f64::NAN), "0");
        assert_eq!(number(f64::INFINITY), "0");
    }

    #[test]
    fn elements_are_nested_and_escaped() {
        let mut svg = Svg::default();
        svg.element("g").word("id", "a<b").open();
        svg.element("rect").number("x", 1.5).maybe("y", None::<f64>).end();
        svg.element("text").around(&escaped("S/B > 1 & \u{1}more"));
        assert_eq!(
            svg.finish(),
            "<g id=\"a&lt;b\">\n  <rect x=\"1.5\"/>\n  <text>S/B &gt; 1 &amp; more</text>\n</g>\n"
        );
    }
}
