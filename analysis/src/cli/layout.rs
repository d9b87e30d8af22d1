//! Text in columns.

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

/// Seconds of a year.
pub const YEAR: f64 = 365.25 * 86_400.0;

/// A time as people say it: `45 s`, `12 min`, `3.5 h`, `2.1 days`, `14 years`.
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 100.0 => format!("{s:.0} s"),
        s if s < 6_000.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.1} h", s / 3_600.0),
        s if s < 2.0 * YEAR => format!("{:.1} days", s / 86_400.0),
        s if s < 1e6 * YEAR => format!("{:.0} years", s / YEAR),
        _ => "more than a million years".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_align_and_lines_do_not_trail() {
        let cell = |text: &str| text.to_owned();
        let lines = [vec![cell("a"), cell("bb"), cell("")], vec![cell("∅∅"), cell("c"), cell("d")]];
        assert_eq!(columns(&lines), "  a   bb\n  ∅∅  c   d\n");
    }

    #[test]
    fn times_have_their_unit() {
        assert_eq!([9e7, 4.5e8, 1e20].map(duration), ["3 years", "14 years", "more than a million years"]);
        assert_eq!([45.0, 720.0, 12_600.0, 181_440.0].map(duration), ["45 s", "12 min", "3.5 h", "2.1 days"]);
    }
}
