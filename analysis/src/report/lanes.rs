//! A time line with a lane for each rank and a bar for each of its tasks.

use std::collections::BTreeMap;

use crate::text::duration;

/// A task, or all tasks of a stage.
pub struct Bar {
    pub what: String,
    pub stage: &'static str,
    /// When it began, in seconds since 1970, where that is known.
    pub began: Option<f64>,
    pub seconds: f64,
}

/// The tasks of one rank.
pub struct Lane {
    pub rank: usize,
    pub host: String,
    pub bars: Vec<Placed>,
    /// The time that its tasks took, in words.
    pub busy: String,
}

/// A bar in its lane; places in percent.
pub struct Placed {
    pub left: f64,
    pub width: f64,
    pub stage: &'static str,
    /// What it is and how long it took.
    pub what: String,
}

/// The host and number of a rank with its bars, each from one time to another.
type Timed = ((String, usize), Vec<(f64, f64, Bar)>);

/// What the places of bars stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The time of day, without pauses of all ranks.
    Day,
    /// Nothing: when tasks began is not known, and they stand end to end.
    Stacked,
}

impl Clock {
    /// The explanation of the bars on the page.
    pub fn text(self) -> &'static str {
        match self {
            Self::Day => "Time runs from left to right, without pauses in which no rank worked.",
            Self::Stacked => "Tasks stand end to end: when each began is not recorded.",
        }
    }
}

/// The lanes of all ranks and the time that they are long, in seconds.
pub fn lanes(ranks: BTreeMap<(String, usize), Vec<Bar>>) -> (Vec<Lane>, Clock, f64) {
    let is_known = ranks.values().flatten().all(|bar| bar.began.is_some());
    let clock = if is_known { Clock::Day } else { Clock::Stacked };
    let mut placed: Vec<Timed> = ranks.into_iter().map(|(rank, bars)| (rank, placed(bars, clock))).collect();
    if clock == Clock::Day {
        cut_pauses(&mut placed);
    }
    let length = placed.iter().flat_map(|(_, bars)| bars).map(|(_, end, _)| *end).fold(0.0, f64::max);
    let percent = |time: f64| 100.0 * time / length.max(1e-9);
    let lane = |((host, rank), bars): Timed| Lane {
        rank,
        host,
        busy: duration(bars.iter().map(|(.., bar)| bar.seconds).sum()),
        bars: bars
            .into_iter()
            .map(|(from, to, bar)| Placed {
                left: percent(from),
                width: percent(to - from),
                stage: bar.stage,
                what: format!("{}: {}", bar.what, precisely(bar.seconds)),
            })
            .collect(),
    };
    (placed.into_iter().map(lane).collect(), clock, length)
}

/// Beginning and end of each bar, one after the other.
fn placed(mut bars: Vec<Bar>, clock: Clock) -> Vec<(f64, f64, Bar)> {
    if clock == Clock::Day {
        bars.sort_by(|one, other| one.began.unwrap_or(0.0).total_cmp(&other.began.unwrap_or(0.0)));
    }
    let mut found: Vec<(f64, f64, Bar)> = Vec::new();
    for bar in bars {
        let end = found.last().map_or(0.0, |(_, end, _)| *end);
        let from = match bar.began.filter(|_| clock == Clock::Day) {
            Some(began) => {
                // A training that went on from a checkpoint counts the time before, too.
                if let Some((_, end, _)) = found.last_mut() {
                    *end = end.min(began);
                }
                began
            }
            None => end,
        };
        found.push((from, from + bar.seconds, bar));
    }
    found
}

/// Takes out the time in which no rank worked.
fn cut_pauses(lanes: &mut [Timed]) {
    let mut busy: Vec<(f64, f64)> =
        lanes.iter().flat_map(|(_, bars)| bars).map(|(from, to, _)| (*from, *to)).collect();
    busy.sort_by(|one, other| one.0.total_cmp(&other.0));
    // Where each stretch of work began, and how much is cut before it.
    let mut cuts: Vec<(f64, f64)> = Vec::new();
    let (mut end, mut cut) = (0.0_f64, 0.0);
    for (from, to) in busy {
        if from > end || cuts.is_empty() {
            cut += from - end;
            cuts.push((from, cut));
        }
        end = end.max(to);
    }
    let moved = |time: f64| {
        let stretch = cuts.partition_point(|(from, _)| *from <= time);
        time - stretch.checked_sub(1).map_or(0.0, |stretch| cuts[stretch].1)
    };
    for (from, to, _) in lanes.iter_mut().flat_map(|(_, bars)| bars) {
        let length = *to - *from;
        *from = moved(*from);
        *to = *from + length;
    }
}

/// A time of a task, which may be a fraction of a second.
fn precisely(seconds: f64) -> String {
    if seconds < 9.95 { format!("{seconds:.1} s") } else { duration(seconds) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(began: Option<f64>, seconds: f64) -> Bar {
        Bar { what: "a".to_owned(), stage: "train", began, seconds }
    }

    fn places(ranks: Vec<Vec<Bar>>) -> (Vec<Vec<(f64, f64)>>, Clock) {
        let ranks = ranks.into_iter().enumerate().map(|(rank, bars)| (("here".to_owned(), rank), bars));
        let (lanes, clock, _) = lanes(ranks.collect());
        let places = |lane: Lane| lane.bars.iter().map(|bar| (bar.left.round(), bar.width.round())).collect();
        (lanes.into_iter().map(places).collect(), clock)
    }

    #[test]
    fn bars_stand_where_their_time_was_without_pauses_of_all() {
        // Two ranks work for 10 s, pause for a day, and one goes on for another 10 s.
        let day = 86_400.0;
        let first = vec![bar(Some(1e9), 10.0), bar(Some(1e9 + day), 10.0)];
        let (found, clock) = places(vec![first, vec![bar(Some(1e9 + 5.0), 5.0)]]);
        assert_eq!(clock, Clock::Day);
        assert_eq!(found, [vec![(0.0, 50.0), (50.0, 50.0)], vec![(25.0, 25.0)]]);
    }

    #[test]
    fn a_training_that_went_on_covers_no_other() {
        let (found, _) = places(vec![vec![bar(Some(100.0), 30.0), bar(Some(110.0), 10.0)]]);
        assert_eq!(found, [vec![(0.0, 50.0), (50.0, 50.0)]]);
    }

    #[test]
    fn where_beginnings_are_unknown_bars_stand_end_to_end() {
        let (found, clock) = places(vec![vec![bar(None, 30.0), bar(Some(5.0), 10.0)]]);
        assert_eq!(clock, Clock::Stacked);
        assert_eq!(found, [vec![(0.0, 75.0), (75.0, 25.0)]]);
        assert_eq!(places(vec![]), (vec![], Clock::Day));
    }
}
