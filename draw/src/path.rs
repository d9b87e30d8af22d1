//! Path data of SVG from lists of points.

use super::svg::number;

/// Shorter steps than this cannot be seen and only make the file longer.
const STEP: f64 = 0.15;

/// An open polyline, or nothing for fewer than two points.
pub(crate) fn polyline(points: &[(f64, f64)]) -> String {
    let Some((&first, rest)) = points.split_first() else { return String::new() };
    if rest.is_empty() {
        return String::new();
    }
    let mut path = format!("M{}", pair(first));
    let mut last = first;
    for (index, &point) in rest.iter().enumerate() {
        let ends = index + 1 == rest.len();
        if ends || (point.0 - last.0).hypot(point.1 - last.1) >= STEP {
            path.push('L');
            path.push_str(&pair(point));
            last = point;
        }
    }
    path
}

/// A closed polygon, or nothing for fewer than two points.
pub(crate) fn polygon(points: &[(f64, f64)]) -> String {
    let mut path = polyline(points);
    if !path.is_empty() {
        path.push('Z');
    }
    path
}

/// A straight line.
pub(crate) fn segment(from: (f64, f64), to: (f64, f64)) -> String {
    format!("M{}L{}", pair(from), pair(to))
}

fn pair((x, y): (f64, f64)) -> String {
    format!("{} {}", number(x), number(y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_too_small_to_see_are_left_out_but_not_the_end() {
        let points = [(0.0, 0.0), (0.01, 0.0), (0.02, 0.0), (5.0, 0.0), (5.05, 0.0)];
        assert_eq!(polyline(&points), "M0 0L5 0L5.05 0");
        assert_eq!(polyline(&points[..1]), "");
        assert_eq!(polygon(&[(0.0, 0.0), (1.0, 0.0), (1.0, 2.5)]), "M0 0L1 0L1 2.5Z");
    }
}
