//! An edge of a feature that moves with the resonant mass, found in the side-bands: a quantile, as a function of the mass.
//!
//! A selection that cuts a feature where the mass says gives it such an edge, which a network blurs. As a share of the way
//! from a fixed value to the edge it stands still, and a job can have models generate that share in the feature's place.

use drapes_analysis::job::regions::{Region, Regions};
use drapes_analysis::text::number::short;

use super::dijet::solve;
use crate::error::EdgeProblem;

/// Events beyond the quantile that a bin of the mass must have for one to be told.
const FEWEST_BEYOND: f64 = 20.0;
/// The most bins of a side-band, and the fewest: one says nothing of a slope there.
const BINS: [usize; 2] = [2, 10];
/// The part of its way that quantiles may scatter about an edge by.
const MOST_SCATTER: f64 = 0.5;

/// What is looked for: `share` of the events lie below the edge; `from` is a value that does not move.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WantedEdge {
    /// What does not move.
    pub from: f64,
    /// Of the events, below the edge.
    pub share: f64,
}

/// An edge at `from` + c₀ + c₁ l + c₂ l², with l = ln(mass / middle).
#[derive(Clone, Debug, PartialEq)]
pub struct MovingEdge {
    /// What was looked for.
    pub wanted: WantedEdge,
    /// The middle of the signal region, in the unit of the mass.
    pub middle: f64,
    /// c₀ to c₂.
    pub distance: [f64; 3],
    /// Bins of the mass that it was found in.
    pub bins: usize,
    /// What quantiles differ from it by (root mean square), over the way that it moves across the bins.
    pub scatter: f64,
}

impl MovingEdge {
    /// Finds an edge in the side-bands.
    ///
    /// # Shapes
    /// A mass and a value for each event.
    ///
    /// # Units
    /// Masses as the regions, values as the fixed one.
    ///
    /// # Errors
    /// There are too few events on one side, the fixed value lies on both sides of the edge, or the edge does not move.
    pub fn find(
        masses: &[f64],
        values: &[f64],
        regions: &Regions,
        wanted: WantedEdge,
    ) -> Result<Self, EdgeProblem> {
        let middle = f64::midpoint(regions.signal.low.0, regions.signal.high.0);
        let mut bins = vec![];
        for (side, band) in ["below", "above"].into_iter().zip(regions.around()) {
            let is_here = |mass: f64| band.contains(mass) && regions.region(mass) == Region::SideBand;
            let mut events: Vec<usize> = (0..masses.len()).filter(|event| is_here(masses[*event])).collect();
            let [fewest, most] = BINS;
            let count = ((events.len() as f64 / events_a_bin(wanted.share)) as usize).min(most);
            if count < fewest {
                let needed = fewest as f64 * events_a_bin(wanted.share);
                return Err(EdgeProblem::TooFewEvents {
                    side,
                    events: events.len(),
                    needed,
                    share: wanted.share,
                });
            }
            events.sort_by(|one, other| masses[*one].total_cmp(&masses[*other]));
            let part = |bin: usize| &events[bin * events.len() / count..(bin + 1) * events.len() / count];
            bins.extend((0..count).map(|bin| Bin::of(part(bin), (masses, values), middle, wanted)));
        }
        let distance = parabola(&bins).ok_or(EdgeProblem::StandsStill)?;
        let edge = Self { wanted, middle, distance, bins: bins.len(), scatter: 0.0 };
        edge.stays_on_one_side(regions)?;
        let at_bins = || bins.iter().map(|bin| edge.at(bin.log));
        let moved = at_bins().fold(f64::MIN, f64::max) - at_bins().fold(f64::MAX, f64::min);
        let apart =
            bins.iter().map(|bin| (bin.distance - edge.at(bin.log)).powi(2)).sum::<f64>() / bins.len() as f64;
        let scatter = apart.sqrt() / moved;
        let is_edge = scatter < MOST_SCATTER && moved > 1e-6 * distance[0].abs();
        if is_edge { Ok(Self { scatter, ..edge }) } else { Err(EdgeProblem::StandsStill) }
    }

    /// Refuses an edge that passes its fixed value between the outer edges of the side-bands.
    fn stays_on_one_side(&self, regions: &Regions) -> Result<(), EdgeProblem> {
        let [start, slope, bend] = self.distance;
        let turn = self.middle * (-slope / (2.0 * bend)).exp();
        let turn = if regions.outer.contains(turn) { turn } else { self.middle };
        let ends = [regions.outer.low.0, regions.outer.high.0, turn];
        // Whatever is no number lies on no side.
        let passes = ends.into_iter().find(|mass| {
            let together = self.distance_at(*mass) * start.signum();
            together.is_nan() || together <= 0.0
        });
        passes.map_or(Ok(()), |mass| Err(EdgeProblem::Passes { from: self.wanted.from, mass }))
    }

    /// Its distance from the fixed value at a mass.
    pub fn distance_at(&self, mass: f64) -> f64 {
        self.at((mass / self.middle).ln())
    }

    fn at(&self, log: f64) -> f64 {
        let [start, slope, bend] = self.distance;
        start + log * (slope + log * bend)
    }

    /// The lines of a job that let models generate the share of the way to the edge in place of a feature, beside what else
    /// they generate.
    ///
    /// # Errors
    /// A formula cannot name one of the columns.
    pub fn lines(&self, feature: &str, resonant: &str, generated: &[String]) -> Result<String, EdgeProblem> {
        let share = to_edge(feature);
        let log = format!("ln({}/{})", in_formula(resonant)?, short(self.middle));
        let [start, slope, bend] = self.distance;
        let edge = format!("({}{}*{log}{}*{log}^2)", short(start), signed(slope), signed(bend));
        let from = self.wanted.from;
        let back = if from < 0.0 { format!(" + {}", -from) } else { format!(" - {from}") };
        let columns =
            generated.iter().map(|column| in_quotes(if column == feature { &share } else { column }));
        Ok(format!(
            "[data.columns]\n{} = {}\n\n[data.generated]\ncolumns = [{}]\n\n[data.generated.features]\n{} = {}\n",
            key(&share),
            in_quotes(&format!("({}{back})/{edge}", in_formula(feature)?)),
            columns.collect::<Vec<_>>().join(", "),
            key(feature),
            in_quotes(&format!("{from} + {}*{edge}", in_formula(&share)?)),
        ))
    }

    /// What was found, as comments of TOML.
    pub fn told(&self, feature: &str, unit: &str) -> String {
        let WantedEdge { from, share } = self.wanted;
        let [start, ..] = self.distance;
        format!(
            "# {} of the side-bands' events have {feature} below {} at {} {unit}.\n# It lies {} from {}, and {} more where the mass is \
             greater by a tenth.\n# {} quantiles scatter about the parabola by {} of the way that it moves.\n",
            percent(share),
            short(from + start),
            short(self.middle),
            short(start),
            from,
            short(self.distance_at(1.1 * self.middle) - start),
            self.bins,
            percent(self.scatter),
        )
    }
}

/// Some events of neighbouring masses.
struct Bin {
    /// The mean of l.
    log: f64,
    /// From the fixed value to the quantile.
    distance: f64,
    events: f64,
}

impl Bin {
    fn of(events: &[usize], (masses, values): (&[f64], &[f64]), middle: f64, wanted: WantedEdge) -> Self {
        let mut sorted: Vec<f64> = events.iter().map(|event| values[*event]).collect();
        sorted.sort_by(f64::total_cmp);
        let at = wanted.share * (sorted.len() - 1) as f64;
        let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
        let count = events.len() as f64;
        Self {
            log: events.iter().map(|event| (masses[*event] / middle).ln()).sum::<f64>() / count,
            distance: below + at.fract() * (above - below) - wanted.from,
            events: count,
        }
    }
}

fn events_a_bin(share: f64) -> f64 {
    (FEWEST_BEYOND / share.min(1.0 - share)).ceil()
}

/// The column of the share of the way to the edge.
pub fn to_edge(feature: &str) -> String {
    format!("{feature}_to_edge")
}

/// The parabola that is nearest to the quantiles, each by its number of events; none where masses are too few different ones.
fn parabola(bins: &[Bin]) -> Option<[f64; 3]> {
    let (mut matrix, mut vector) = ([[0.0; 3]; 3], [0.0; 3]);
    for bin in bins {
        let powers = [1.0, bin.log, bin.log * bin.log];
        for row in 0..3 {
            vector[row] += bin.events * powers[row] * bin.distance;
            for column in 0..3 {
                matrix[row][column] += bin.events * powers[row] * powers[column];
            }
        }
    }
    solve(&matrix, &vector).filter(|found| found.iter().all(|part| part.is_finite()))
}

fn percent(share: f64) -> String {
    format!("{}%", short((1000.0 * share).round() / 10.0))
}

/// A term behind another one.
fn signed(value: f64) -> String {
    let sign = if value < 0.0 { '-' } else { '+' };
    format!(" {sign} {}", short(value.abs()))
}

/// A name as formulae have it: between backticks, where it might be something else.
fn in_formula(name: &str) -> Result<String, EdgeProblem> {
    if name.contains(|sign: char| sign == '`' || sign.is_control()) {
        return Err(EdgeProblem::Unspeakable { name: name.to_owned() });
    }
    let is_plain = name.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == '_' || sign == '.')
        && name.starts_with(|sign: char| sign.is_ascii_alphabetic() || sign == '_')
        && name != "pi";
    Ok(if is_plain { name.to_owned() } else { format!("`{name}`") })
}

/// A key of TOML.
fn key(name: &str) -> String {
    let is_bare = name.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == '_' || sign == '-');
    if is_bare { name.to_owned() } else { in_quotes(name) }
}

/// A string of TOML.
fn in_quotes(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use drapes_analysis::expression::Expression;
    use drapes_analysis::job::regions::MassWindow;

    use super::*;

    fn regions() -> Regions {
        Regions::new(MassWindow::new(3300.0, 3700.0), MassWindow::new(2800.0, 6000.0))
    }

    /// Events that are flat up to an edge that is 1 + ln(m/3000) further than 2.
    fn events(count: usize) -> (Vec<f64>, Vec<f64>) {
        let share = |event: usize, turns: f64| (event as f64 * turns).fract();
        let masses: Vec<f64> =
            (0..count).map(|event| 2800.0 + 3200.0 * share(event, 0.618_033_988_75)).collect();
        let edge = |mass: f64| 1.0 + (mass / 3000.0).ln();
        let values = (0..count).map(|event| 2.0 + share(event, 0.414_213_562_37) * edge(masses[event]));
        let values = values.collect();
        (masses, values)
    }

    #[test]
    fn an_edge_that_moves_with_the_logarithm_of_the_mass_is_found_between_the_side_bands() {
        let (masses, values) = events(50_000);
        let wanted = WantedEdge { from: 2.0, share: 0.95 };
        let edge = MovingEdge::find(&masses, &values, &regions(), wanted).expect("enough events");
        for mass in [2900.0, 3300.0, 3500.0, 3700.0, 5500.0] {
            let expected = 0.95 * (1.0 + (mass / 3000.0_f64).ln());
            assert!((edge.distance_at(mass) - expected).abs() < 0.01, "{mass}: {edge:?}");
        }
        assert!(edge.bins == 20 && edge.scatter < 0.02, "{edge:?}");
    }

    #[test]
    fn what_is_no_edge_says_why() {
        let (masses, values) = events(4000);
        let find = |masses: &[f64], values: &[f64], from: f64, share: f64| {
            let found = MovingEdge::find(masses, values, &regions(), WantedEdge { from, share });
            found.expect_err("no edge").to_string()
        };
        let problem = find(&masses, &values, 2.0, 0.999);
        assert!(
            problem.contains("below the signal region has 6") && problem.contains("need 40000)"),
            "{problem}"
        );
        assert!(find(&masses, &values, 2.0, 1e-20).contains("need 4000"), "however many that are");
        // Where there is no event, an edge would be extrapolated.
        let above: Vec<f64> = masses.iter().map(|mass| mass.max(3800.0)).collect();
        let problem = find(&above, &values, 2.0, 0.5);
        assert!(problem.contains("below the signal region has 0 events"), "{problem}");
        // The median is at 2.47 for the least masses, and at 2.85 for the largest.
        let problem = find(&masses, &values, 2.6, 0.5);
        assert!(problem.contains("the edge passes 2.6 at a mass of 6000"), "{problem}");
        for still in [vec![1.0; 4000], (0..4000_u32).map(|event| f64::from(event * 7919 % 4001)).collect()] {
            let problem = find(&masses, &still, -1.0, 0.5);
            assert!(problem.contains("does not move with the mass"), "{problem}");
        }
        let same = vec![2900.0; 2000].into_iter().chain(vec![4000.0; 2000]).collect::<Vec<_>>();
        assert!(find(&same, &values, 2.0, 0.5).contains("does not move"), "two masses make no parabola");
        assert!(!find(&masses, &values, 1e308, 0.5).contains("NaN"));
    }

    #[test]
    fn the_lines_are_formulae_that_give_the_feature_back_whatever_its_name() {
        let wanted = WantedEdge { from: -2.5, share: 0.9 };
        let edge = MovingEdge { wanted, middle: 3500.0, distance: [1.5, -0.25, 0.0], bins: 4, scatter: 0.1 };
        for feature in ["tau", "p T", "pi", ".x", "1x", "ln", "c\"d"] {
            let lines =
                edge.lines(feature, "m, GeV", &[feature.to_owned(), "other".to_owned()]).expect("a name");
            let job: toml::Table = lines.parse().expect("TOML");
            let formula = |section: &toml::Value, name: &str| {
                Expression::parse(section[name].as_str().expect("a formula")).expect("a formula")
            };
            let share = to_edge(feature);
            let forth = formula(&job["data"]["columns"], &share);
            let back = formula(&job["data"]["generated"]["features"], feature);
            let value_of = |formula: &Expression, known: [(&str, f64); 2]| {
                let values: Vec<f64> = formula
                    .names()
                    .iter()
                    .map(|name| known.iter().find(|known| known.0 == name).expect("a name that is known").1)
                    .collect();
                formula.value(&values)
            };
            let made = value_of(&forth, [(feature, -1.75), ("m, GeV", 3500.0)]);
            assert!((made - 0.5).abs() < 1e-12, "{lines}");
            let found = value_of(&back, [(&share, made), ("m, GeV", 3500.0)]);
            assert!((found + 1.75).abs() < 1e-12, "{lines}");
            assert_eq!(job["data"]["generated"]["columns"][0].as_str(), Some(share.as_str()));
        }
        let problem = edge.lines("a`b", "m", &[]).expect_err("no formula names it").to_string();
        assert!(problem.contains("cannot stand in a formula"), "{problem}");
    }
}
