//! The progress of a scan, as a person sees it at the foot of a terminal.

use crate::text::duration;

/// The progress of a scan.
#[derive(Clone, Debug)]
pub struct Scene<'a> {
    /// Tasks that have ended.
    pub ended: usize,
    /// All tasks.
    pub tasks: usize,
    /// The share of the work that is done.
    pub share: f64,
    /// Expected seconds to the end, where they are known.
    pub left: Option<f64>,
    /// How many ranks there are.
    pub ranks: usize,
    /// The tasks that ranks work at.
    pub at_work: Vec<AtWork<'a>>,
}

/// The task that a rank works at.
#[derive(Clone, Debug)]
pub struct AtWork<'a> {
    /// The rank.
    pub rank: usize,
    /// Its host, where that is worth saying.
    pub host: Option<&'a str>,
    /// The task.
    pub task: &'a str,
    /// The share that is done.
    pub share: f64,
    /// Seconds since it began.
    pub seconds: f64,
    /// Expected seconds to its end.
    pub left: f64,
}

/// Beside the bar.
const BAR: usize = 33;
/// Rows for the bar and what scrolls above it.
const ABOVE: usize = 8;

impl Scene<'_> {
    /// How far it is: `3 of 26 tasks, about 4 min left`.
    pub fn state(&self) -> String {
        let left = self.left.map_or(String::new(), |left| format!(", about {} left", duration(left)));
        format!("{} of {} tasks{left}", self.ended, self.tasks)
    }

    /// What stands beside the bar, and the rows below it: those of the ranks that have the most before them, as many as leave
    /// room for what scrolls above.
    pub(super) fn text(&self, columns: usize, rows: usize) -> String {
        let left = self.left.map_or(String::new(), |left| format!(", about {} left", duration(left)));
        let share = (100.0 * self.share.clamp(0.0, 1.0)).floor();
        let head = format!("{share:.0}%, {} of {} tasks{left}", self.ended, self.tasks);
        let mut lines = vec![cut(&head, columns.saturating_sub(BAR + 1))];
        lines.extend(self.rows(rows.saturating_sub(ABOVE).max(1)).iter().map(|row| cut(row, columns - 1)));
        lines.join("\n")
    }

    fn rows(&self, most: usize) -> Vec<String> {
        let mut chosen: Vec<&AtWork<'_>> = self.at_work.iter().collect();
        if chosen.len() > most {
            chosen.select_nth_unstable_by(most - 1, |a, b| b.left.total_cmp(&a.left));
            chosen.truncate(most);
        }
        chosen.sort_unstable_by_key(|one| (one.host, one.rank));
        let names: Vec<String> = chosen.iter().map(|one| self.name(one)).collect();
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let row = |(one, name): (&&AtWork<'_>, &String)| {
            let (share, time) = (100.0 * one.share, duration(one.seconds));
            format!("  {name:width$}{share:>4.0}%  {}, {time}", one.task)
        };
        let mut rows: Vec<String> = chosen.iter().zip(&names).map(row).collect();
        let (more, idle) = (self.at_work.len() - chosen.len(), self.ranks.saturating_sub(self.at_work.len()));
        let rest: Vec<String> = [(more, "more at work"), (idle, "without a task")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        if !rest.is_empty() && self.ranks > 1 {
            rows.push(format!("  ranks: {}", rest.join(", ")));
        }
        rows
    }

    fn name(&self, one: &AtWork<'_>) -> String {
        match one.host {
            Some(host) => format!("rank {} of {host}", one.rank),
            None if self.ranks > 1 => format!("rank {}", one.rank),
            None => String::new(),
        }
    }
}

/// As much of a line as a row holds: a longer one would take two, and the rows above would be counted wrongly.
fn cut(line: &str, columns: usize) -> String {
    if line.chars().count() <= columns {
        return line.to_owned();
    }
    if columns == 0 {
        return String::new();
    }
    let begin: String = line.chars().take(columns - 1).collect();
    begin + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene(ranks: usize, at_work: usize) -> Scene<'static> {
        let one = |rank: usize| AtWork {
            rank,
            host: None,
            task: "train/a",
            share: 0.25,
            seconds: 12.0,
            left: rank as f64,
        };
        let at_work = (0..at_work).rev().map(one).collect();
        Scene { ended: 3, tasks: 26, share: 0.456, left: Some(63.0), ranks, at_work }
    }

    #[test]
    fn a_scan_has_a_line_and_each_rank_another() {
        assert_eq!(
            scene(2, 2).text(100, 30),
            "45%, 3 of 26 tasks, about 63 s left\n  rank 0  25%  train/a, 12 s\n  rank 1  25%  train/a, 12 s"
        );
        assert_eq!(scene(1, 1).text(100, 30).lines().nth(1), Some("    25%  train/a, 12 s"));
        assert_eq!(scene(2, 1).text(100, 30).lines().nth(2), Some("  ranks: 1 without a task"));
    }

    #[test]
    fn of_many_ranks_those_with_most_before_them_are_shown_as_far_as_they_fit() {
        let text = scene(100, 90).text(100, 12);
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(lines.len(), 5, "{text}");
        assert!(lines[0].starts_with("  rank 86 ") && lines[3].starts_with("  rank 89 "), "{text}");
        assert_eq!(lines[4], "  ranks: 86 more at work, 10 without a task");
        // However small the terminal is.
        assert_eq!(scene(100, 90).text(100, 3).lines().count(), 3);
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for columns in [1, 10, 34, 36, 60] {
            let text = scene(2, 2).text(columns, 30);
            let mut lines = text.lines();
            let head = lines.next().expect("a line").chars().count();
            assert!(head == 0 || BAR + head < columns || columns <= BAR + 2, "{columns}: {text}");
            assert!(lines.all(|line| line.chars().count() <= columns), "{columns}: {text}");
        }
    }
}
