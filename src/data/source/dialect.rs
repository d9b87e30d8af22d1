//! How a table is written as text: what stands between values, and where its header line is.

use std::fmt;

/// Lines after the header that are looked at.
const SAMPLE: usize = 50;

/// What may stand between values.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// How a text writes its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::data) struct Dialect {
    /// What stands between values.
    pub separator: u8,
    /// What stands before the decimals of a number.
    pub decimal: Decimal,
    /// Where the header line begins, in bytes.
    pub header_at: usize,
    /// The number of that line, from one.
    pub header_line: u64,
    /// Whether the separator is named by a first line such as `sep=;`.
    named: bool,
    /// Whether there are comment lines.
    comments: bool,
}

/// What stands before the decimals of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::data) enum Decimal {
    Point,
    Comma,
}

impl Decimal {
    /// A cell as a number: a text of the published ways to write a missing value is NaN, true is 1, false is 0.
    pub fn number(self, cell: &[u8]) -> Option<f64> {
        let text = std::str::from_utf8(cell).ok()?.trim();
        let plain = match self {
            Self::Point => text.parse().ok(),
            // In such a text a point may stand between thousands.
            Self::Comma if text.contains('.') => None,
            Self::Comma => text.replacen(',', ".", 1).parse().ok(),
        };
        plain.or_else(|| word(text))
    }
}

/// The words that pandas and R write where there is no number, and for truth.
fn word(text: &str) -> Option<f64> {
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if text.is_empty()
        || is(&["na", "n/a", "#n/a", "#n/a n/a", "<na>", "nan", "-nan", "null", "none", "1.#qnan", "-1.#ind"])
    {
        Some(f64::NAN)
    } else if is(&["true", "t"]) {
        Some(1.0)
    } else if is(&["false", "f"]) {
        Some(0.0)
    } else {
        None
    }
}

/// A line of a text: where it begins, its number and its bytes.
#[derive(Clone, Copy)]
struct Line<'a> {
    at: usize,
    number: u64,
    text: &'a [u8],
}

impl Dialect {
    /// Looks at the beginning of a text; fails with what speaks against a table.
    pub fn of(start: &[u8]) -> Result<Self, &'static str> {
        let mut named = None;
        let mut comment: Option<Line<'_>> = None;
        let mut lines = lines(start).filter(|line| !line.text.trim_ascii().is_empty());
        let mut first = None;
        for line in lines.by_ref() {
            if let Some(separator) =
                separator_line(line.text).filter(|_| named.is_none() && comment.is_none())
            {
                named = Some(separator);
            } else if line.text.trim_ascii_start().starts_with(b"#") {
                comment = Some(line);
            } else {
                first = Some(line);
                break;
            }
        }
        let rows: Vec<&[u8]> =
            lines.filter(|line| !line.text.starts_with(b"#")).map(|line| line.text).take(SAMPLE).collect();
        let first = match (first, comment) {
            (Some(first), _) => first,
            (None, Some(comment)) => uncommented(comment),
            (None, None) => return Err("it is empty"),
        };
        let mut header = first;
        let mut separator = named.or_else(|| separator(header.text, &rows));
        if SEPARATORS.into_iter().any(|separator| are_numbers(header.text, separator)) {
            // numpy.savetxt writes the names behind a `#`.
            let names = comment.map(uncommented).filter(|names| {
                separator.is_some_and(|separator| {
                    cells(names.text, separator).count() == cells(first.text, separator).count()
                })
            });
            let Some(names) = names else {
                return Err("its first line holds numbers instead of column names");
            };
            header = names;
            separator = separator.or(Some(b','));
        }
        let decimal = decimal(separator.unwrap_or(b','), rows.iter().copied());
        Ok(Self {
            separator: separator.unwrap_or(b','),
            decimal,
            header_at: header.at,
            header_line: header.number,
            named: named.is_some(),
            comments: comment.is_some_and(|comment| comment.number != header.number),
        })
    }

    /// Whether values stand between commas, decimals behind points, and nothing else is in the text.
    pub fn is_usual(&self) -> bool {
        self.separator == b',' && self.decimal == Decimal::Point && !self.named && !self.comments
    }

    /// The cells of the header line.
    pub fn columns(&self, start: &[u8]) -> usize {
        let line = lines(&start[self.header_at..]).next();
        line.map_or(0, |line| cells(line.text, self.separator).count())
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = match self.separator {
            b',' => "commas",
            b';' => "semicolons",
            b'\t' => "tabs",
            _ => "another sign",
        };
        write!(f, "{separator} between values")?;
        if self.named {
            f.write_str(", as its first line says")?;
        }
        if self.decimal == Decimal::Comma {
            f.write_str(", decimal commas")?;
        }
        if self.comments {
            f.write_str(", comment lines left out")?;
        }
        Ok(())
    }
}

/// The lines of a text, whatever ends them; a byte order mark is no part of the first.
fn lines(text: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let mut at = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut number = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
        number += 1;
        let line = Line { at, number, text: &rest[..end] };
        let both = rest[end..].starts_with(b"\r\n");
        at += end + 1 + usize::from(both);
        Some(line)
    })
}

/// The separator that a line such as `sep=;` names.
fn separator_line(line: &[u8]) -> Option<u8> {
    let text = line.trim_ascii_start().trim_ascii_end();
    let text = text.strip_prefix(b"\"").map_or(text, |text| text.strip_suffix(b"\"").unwrap_or(text));
    let (start, rest) = text.split_at_checked(4)?;
    match rest {
        _ if !start.eq_ignore_ascii_case(b"sep=") => None,
        // The tab was trimmed.
        [] if line.ends_with(b"\t") => Some(b'\t'),
        [separator] => Some(*separator),
        _ => None,
    }
}

fn uncommented(line: Line<'_>) -> Line<'_> {
    let skip = line.text.iter().take_while(|byte| matches!(byte, b'#' | b' ' | b'\t')).count();
    Line { at: line.at + skip, text: &line.text[skip..], ..line }
}

/// The cells of a line; a separator within quotes is text.
fn cells(line: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    line.split(move |byte| {
        quoted ^= *byte == b'"';
        *byte == separator && !quoted
    })
}

fn are_numbers(line: &[u8], separator: u8) -> bool {
    cells(line, separator).all(|cell| {
        let text = String::from_utf8_lossy(unquoted(cell)).replacen(',', ".", 1);
        text.parse::<f64>().is_ok()
    })
}

fn unquoted(cell: &[u8]) -> &[u8] {
    let cell = cell.trim_ascii();
    cell.strip_prefix(b"\"").and_then(|cell| cell.strip_suffix(b"\"")).unwrap_or(cell)
}

/// The separator that cuts the header into at least two cells, and most rows into as many; nothing where none does.
fn separator(header: &[u8], rows: &[&[u8]]) -> Option<u8> {
    let quality = |separator: u8| {
        let count = cells(header, separator).count();
        let alike = rows.iter().filter(|row| cells(row, separator).count() == count).count();
        (alike, count)
    };
    let usable = SEPARATORS.into_iter().rev().filter(|separator| cells(header, *separator).count() > 1);
    usable.max_by_key(|separator| quality(*separator))
}

fn decimal<'a>(separator: u8, rows: impl Iterator<Item = &'a [u8]>) -> Decimal {
    let is_comma = |cell: &[u8]| cell.contains(&b',') && Decimal::Comma.number(cell).is_some();
    let any = rows.into_iter().any(|row| cells(row, separator).any(|cell| is_comma(unquoted(cell))));
    if any { Decimal::Comma } else { Decimal::Point }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect(text: &str) -> String {
        Dialect::of(text.as_bytes()).map_or_else(str::to_owned, |found| {
            format!("{found}; line {} at {}", found.header_line, found.header_at)
        })
    }

    #[test]
    fn a_dialect_is_found_in_the_first_lines() {
        for (text, expected) in [
            ("m_jj,label\n1,2\n", "commas between values; line 1 at 0"),
            ("\u{feff}m_jj;label\r\n1,5;2\r\n", "semicolons between values, decimal commas; line 1 at 3"),
            ("m_jj\tlabel\n1.5\t2\n", "tabs between values; line 1 at 0"),
            ("sep=;\nm_jj;label\n1;2\n", "semicolons between values, as its first line says; line 2 at 6"),
            ("\"sep=\t\"\r\na\tb\n", "tabs between values, as its first line says; line 2 at 9"),
            (
                "# by hand, really\n\na,b\n1,2\n",
                "commas between values, comment lines left out; line 3 at 19",
            ),
            ("# a, b\n1,2\n3,4\n", "commas between values; line 1 at 2"),
            ("\"mass, GeV\";a\n1;2\n", "semicolons between values; line 1 at 0"),
            ("a,b;c\n1,2\n", "commas between values; line 1 at 0"),
            ("# 1\n1,2\n", "its first line holds numbers instead of column names"),
            ("1,5;2,5\n", "its first line holds numbers instead of column names"),
            (" \n\n", "it is empty"),
        ] {
            assert_eq!(dialect(text), expected, "{text:?}");
        }
    }

    #[test]
    fn words_that_stand_for_numbers() {
        for text in ["", "NA", "nan", "NULL", "n/a", "<NA>", "None"] {
            assert!(Decimal::Point.number(text.as_bytes()).is_some_and(f64::is_nan), "{text}");
        }
        for (text, value) in [("TRUE", 1.0), ("True", 1.0), ("false", 0.0), ("F", 0.0), (" 1e3 ", 1000.0)] {
            assert_eq!(Decimal::Point.number(text.as_bytes()), Some(value), "{text}");
        }
        assert_eq!(Decimal::Comma.number(b"-1,5e2"), Some(-150.0));
        assert_eq!(Decimal::Comma.number(b"1.500"), None);
        assert_eq!(Decimal::Comma.number(b"1,000,000"), None);
        assert_eq!(Decimal::Point.number(b"1,5"), None);
        assert_eq!(Decimal::Point.number(b"signal"), None);
    }
}
