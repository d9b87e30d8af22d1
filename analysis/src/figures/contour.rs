//! Lines of equal density around the most densely populated part of a plane.

/// A density on the nodes of a grid, `x` running fastest.
pub struct Density {
    x: Vec<f64>,
    y: Vec<f64>,
    values: Vec<f64>,
}

impl Density {
    /// The density of a two-dimensional histogram, `x` running fastest, smoothed over neighbouring bins.
    ///
    /// A ring of empty nodes lies around it, on the outer edges of the histogram, so that every line is closed.
    pub fn of_bins(x_edges: &[f64], y_edges: &[f64], contents: &[f64]) -> Self {
        let columns = x_edges.len().saturating_sub(1);
        let lines = y_edges.len().saturating_sub(1);
        let smooth = smoothed(contents, columns, lines);
        let mut values = vec![0.0; (columns + 2) * (lines + 2)];
        for line in 0..lines {
            for column in 0..columns {
                values[(line + 1) * (columns + 2) + column + 1] = smooth[line * columns + column];
            }
        }
        Self { x: nodes(x_edges), y: nodes(y_edges), values }
    }

    /// The density above which this share of all events lies.
    pub fn level(&self, share: f64) -> f64 {
        let mut falling = self.values.clone();
        falling.sort_unstable_by(|one, other| other.total_cmp(one));
        let wanted = share * falling.iter().sum::<f64>();
        let mut sum = 0.0;
        for value in falling {
            sum += value;
            if sum >= wanted {
                return value;
            }
        }
        0.0
    }

    /// The lines along which the density has this value, each closed.
    pub fn lines(&self, level: f64) -> Vec<Vec<(f64, f64)>> {
        let mut segments = Vec::new();
        for line in 0..self.y.len().saturating_sub(1) {
            for column in 0..self.x.len().saturating_sub(1) {
                segments.extend(self.crossings(column, line, level));
            }
        }
        joined(segments)
    }

    fn value(&self, (column, line): (usize, usize)) -> f64 {
        self.values[line * self.x.len() + column]
    }

    /// The parts of the lines in the square above and right of a node: one, or two across a saddle.
    fn crossings(&self, column: usize, line: usize, level: f64) -> Vec<Segment> {
        let corners = [(column, line), (column + 1, line), (column + 1, line + 1), (column, line + 1)];
        let above = corners.map(|corner| self.value(corner) > level);
        let sides: Vec<usize> = (0..4).filter(|side| above[*side] != above[(side + 1) % 4]).collect();
        let ends = |one: usize, other: usize| {
            let end = |side: usize| self.crossing(corners[side], corners[(side + 1) % 4], level);
            Segment { from: end(one), to: end(other) }
        };
        match sides[..] {
            [one, other] => vec![ends(one, other)],
            [_, _, _, _] => {
                let middle = corners.iter().map(|corner| self.value(*corner)).sum::<f64>() / 4.0;
                // The two high corners are joined if the middle is high, and apart if it is low.
                if (middle > level) == above[0] {
                    vec![ends(0, 1), ends(2, 3)]
                } else {
                    vec![ends(3, 0), ends(1, 2)]
                }
            }
            _ => vec![],
        }
    }

    /// The point at which the density has the level on a side of a square. Both squares that share the side get the same point.
    fn crossing(&self, one: (usize, usize), other: (usize, usize), level: f64) -> Crossing {
        let (from, to) = if one <= other { (one, other) } else { (other, one) };
        let (low, high) = (self.value(from), self.value(to));
        let part = ((level - low) / (high - low)).clamp(0.0, 1.0);
        let between = |axis: &[f64], from: usize, to: usize| axis[from] + part * (axis[to] - axis[from]);
        Crossing { side: (from, to), place: (between(&self.x, from.0, to.0), between(&self.y, from.1, to.1)) }
    }
}

/// Where a line crosses a side of the grid.
#[derive(Clone, Copy, Debug)]
struct Crossing {
    side: ((usize, usize), (usize, usize)),
    place: (f64, f64),
}

/// A piece of a line within one square.
#[derive(Clone, Copy, Debug)]
struct Segment {
    from: Crossing,
    to: Crossing,
}

/// Lower edge, centres, upper edge.
fn nodes(edges: &[f64]) -> Vec<f64> {
    let centres = edges.windows(2).map(|pair| f64::midpoint(pair[0], pair[1]));
    edges.first().copied().into_iter().chain(centres).chain(edges.last().copied()).collect()
}

/// Each bin averaged with its eight neighbours, weighted 1 2 1 in both directions: with few events the contours would
/// otherwise break up into islands around single bins.
fn smoothed(contents: &[f64], columns: usize, lines: usize) -> Vec<f64> {
    let weights = [(-1, 1.0), (0, 2.0), (1, 1.0)];
    let at = |column: isize, line: isize| {
        // Bins beyond the edge count as the outermost one, so that a sharp edge of the distribution is not smeared out.
        let column = column.clamp(0, columns as isize - 1) as usize;
        let line = line.clamp(0, lines as isize - 1) as usize;
        contents.get(line * columns + column).copied().unwrap_or(0.0)
    };
    let mean = |column: usize, line: usize| {
        let mut sum = 0.0;
        for (up, across) in weights.iter().flat_map(|up| weights.iter().map(move |across| (up, across))) {
            sum += up.1 * across.1 * at(column as isize + across.0, line as isize + up.0);
        }
        sum / 16.0
    };
    (0..lines)
        .flat_map(|line| (0..columns).map(move |column| (column, line)))
        .map(|(c, l)| mean(c, l))
        .collect()
}

/// Joins segments that share an end into lines.
fn joined(mut segments: Vec<Segment>) -> Vec<Vec<(f64, f64)>> {
    let mut lines = Vec::new();
    while let Some(Segment { from, to }) = segments.pop() {
        let mut line = vec![from.place, to.place];
        let mut end = to.side;
        while let Some(next) =
            segments.iter().position(|segment| segment.from.side == end || segment.to.side == end)
        {
            let Segment { from, to } = segments.swap_remove(next);
            let ahead = if from.side == end { to } else { from };
            line.push(ahead.place);
            end = ahead.side;
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hill(middles: &[(f64, f64)]) -> Density {
        let edges: Vec<f64> = (0..=40).map(f64::from).collect();
        let value = |x: f64, y: f64| -> f64 {
            middles.iter().map(|(mx, my)| (-((x - mx).powi(2) + (y - my).powi(2)) / 18.0).exp()).sum()
        };
        let contents: Vec<f64> = (0..40)
            .flat_map(|y| (0..40).map(move |x| (f64::from(x) + 0.5, f64::from(y) + 0.5)))
            .map(|(x, y)| value(x, y))
            .collect();
        Density::of_bins(&edges, &edges, &contents)
    }

    #[test]
    fn the_contours_of_a_round_hill_are_circles_of_the_right_size() {
        let density = hill(&[(20.0, 20.0)]);
        // A two-dimensional normal of width 3 (and 0.7 more from the smoothing) holds 1 − exp(−r²/2w²) within r.
        let width = (9.0_f64 + 0.5).sqrt();
        for share in [0.68_f64, 0.95] {
            let lines = density.lines(density.level(share));
            assert_eq!(lines.len(), 1);
            let expected = width * (-2.0 * (1.0 - share).ln()).sqrt();
            for (x, y) in &lines[0] {
                assert!(((x - 20.0).hypot(y - 20.0) / expected - 1.0).abs() < 0.05, "{share}: {x} {y}");
            }
            assert_eq!(lines[0].first(), lines[0].last());
        }
    }

    #[test]
    fn two_hills_have_two_contours_and_a_cut_hill_is_closed() {
        let density = hill(&[(10.0, 10.0), (30.0, 30.0)]);
        assert_eq!(density.lines(density.level(0.5)).len(), 2);
        let density = hill(&[(0.0, 20.0)]);
        let lines = density.lines(density.level(0.95));
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].first(), lines[0].last());
        assert!(lines[0].iter().all(|(x, _)| (0.0..=40.0).contains(x)));
    }

    #[test]
    fn nothing_has_no_contours() {
        let density = Density::of_bins(&[0.0, 1.0], &[0.0, 1.0], &[0.0]);
        assert!(density.lines(density.level(0.68)).is_empty());
        assert!(Density::of_bins(&[], &[], &[]).lines(0.0).is_empty());
    }
}
