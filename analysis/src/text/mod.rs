//! Numbers, times and columns as people read them.
//!
//! - In: numbers, seconds, cells. Out: text for a terminal or a page.
//! - It uses no other room.

mod filter;
pub mod number;

pub use filter::FilterId;

/// Characters of a line: what a terminal window or a printed page shows.
pub const WIDTH: usize = 100;

/// Joins cells into lines whose columns align, indented by two spaces.
pub fn columns(lines: &[Vec<String>]) -> String {
    let count = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |cell: &String| cell.chars().count();
    let widths: Vec<usize> = (0..count)
        .map(|column| lines.iter().filter_map(|line| line.get(column)).map(width).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for line in lines {
        let cells = line.iter().zip(&widths).map(|(cell, wanted)| {
            let fill = " ".repeat(wanted - width(cell));
            format!("{cell}{fill}")
        });
        let joined = cells.collect::<Vec<_>>().join("  ");
        text.push_str("  ");
        text.push_str(joined.trim_end());
        text.push('\n');
    }
    text
}

/// As [`columns`], where the last cell of a line goes on below itself if it would leave the page.
pub fn columns_on_page(lines: &[Vec<String>]) -> String {
    let last = lines.iter().map(Vec::len).max().unwrap_or(1) - 1;
    let widths = |column: usize| {
        lines.iter().filter_map(move |line| line.get(column)).map(|cell| cell.chars().count())
    };
    let before: usize = (0..last).map(|column| widths(column).max().unwrap_or(0) + 2).sum();
    let room = WIDTH.saturating_sub(2 + before).max(WIDTH / 4);
    let mut split = Vec::new();
    for line in lines {
        let cells = line.get(last).map_or(vec![], |cell| words_in_lines(cell, room));
        let (head, mut rest) = (line.iter().take(last).cloned(), cells.into_iter());
        split.push(head.chain(rest.next()).collect::<Vec<_>>());
        split.extend(rest.map(|cell| std::iter::repeat_n(String::new(), last).chain([cell]).collect()));
    }
    columns(&split)
}

/// A paragraph in lines that fit on the page; those after the first are indented.
pub fn wrapped(text: &str) -> String {
    wrapped_behind("", text)
}

/// The same behind so many blanks.
pub fn wrapped_behind(blanks: &str, text: &str) -> String {
    let lines = words_in_lines(text, WIDTH - 2 - blanks.len());
    format!("{blanks}{}\n", lines.join(&format!("\n{blanks}  ")))
}

/// Words in lines of so many characters; a longer word has a line of its own.
fn words_in_lines(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let taken = lines.last().map_or(0, |line| line.chars().count());
        match lines.last_mut() {
            Some(line) if taken == 0 => line.push_str(word),
            Some(line) if taken + 1 + word.chars().count() <= room => line.push_str(&format!(" {word}")),
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Seconds of a year.
pub const YEAR: f64 = 365.25 * 86_400.0;

/// So many things by their name in the singular: `1 epoch`, `3 models of kinematics`.
pub fn counted(count: usize, what: &str) -> String {
    let (word, rest) =
        what.split_once(" of ").map_or((what, String::new()), |(w, of)| (w, format!(" of {of}")));
    format!("{count} {word}{}{rest}", if count == 1 { "" } else { "s" })
}

/// A time as people say it: `45 s`, `12 min`, `3.5 h`, `2.1 days`, `14 years`.
pub fn duration(seconds: f64) -> String {
    // A sum of nothing is a negative zero, which is printed as such.
    match seconds + 0.0 {
        s if s < 100.0 => format!("{s:.0} s"),
        s if s < 6_000.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.1} h", s / 3_600.0),
        s if s < 2.0 * YEAR => format!("{:.1} days", s / 86_400.0),
        s if s < 1e6 * YEAR => format!("{:.0} years", s / YEAR),
        _ => "more than a million years".to_owned(),
    }
}

/// A whole number with its thousands apart.
pub fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_told_in_the_singular() {
        assert_eq!([1, 2].map(|count| counted(count, "epoch")), ["1 epoch", "2 epochs"]);
        assert_eq!(
            [1, 0].map(|count| counted(count, "model of kinematics")),
            ["1 model of kinematics", "0 models of kinematics"]
        );
    }

    #[test]
    fn cells_align_and_lines_do_not_trail() {
        let cell = |text: &str| text.to_owned();
        let lines = [vec![cell("a"), cell("bb"), cell("")], vec![cell("∅∅"), cell("c"), cell("d")]];
        assert_eq!(columns(&lines), "  a   bb\n  ∅∅  c   d\n");
    }

    #[test]
    fn what_is_long_goes_on_below() {
        let long = "word ".repeat(40);
        let lines = [vec!["a".to_owned(), long.trim().to_owned()], vec!["bb".to_owned(), "short".to_owned()]];
        let text = columns_on_page(&lines);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        let starts: Vec<&str> = text.lines().map(|line| &line[..9]).collect();
        assert_eq!(starts, ["  a   wor", "      wor", "      wor", "  bb  sho"]);
        let text = wrapped(long.trim());
        assert!(
            text.lines().all(|line| line.chars().count() <= WIDTH) && text.contains("\n  word"),
            "{text}"
        );
        let word = "x".repeat(150);
        assert_eq!(wrapped(&format!("a {word} b")), format!("a\n  {word}\n  b\n"));
    }

    #[test]
    fn times_have_their_unit() {
        assert_eq!([9e7, 4.5e8, 1e20].map(duration), ["3 years", "14 years", "more than a million years"]);
        assert_eq!([45.0, 720.0, 12_600.0, 181_440.0].map(duration), ["45 s", "12 min", "3.5 h", "2.1 days"]);
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
