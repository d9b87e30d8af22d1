//! An edge of a feature that moves with the resonant mass, found in the side-bands: a quantile, as a function of the mass.
//!
//! A selection that cuts a feature where the mass says gives it such an edge, which a network blurs. As a share of the way
//! from a fixed value to the edge it stands still, and a job can have models generate that share in the feature's place.

use drapes_analysis::job::regions::{Region, Regions};

use super::dijet::solve;

/// Events beyond the quantile that a bin of the mass must have for one to be told.
const FEWEST_BEYOND: usize = 20;
/// The most bins of a side-band.
const MOST_BINS: usize = 10;
/// Bins without which a parabola says nothing.
const FEWEST_BINS: usize = 4;

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
    /// What quantiles differ from it by (root mean square), over the way that it moves between the outermost bins.
    pub scatter: f64,
}

/// Why there is none.
///
/// Messages read: problem (why it is one) what to do.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum EdgeProblem {
    /// It is no feature.
    #[error("{name} is no feature of the job (data.features are {}) name one of these", features.join(", "))]
    NoFeature {
        /// What was asked for.
        name: String,
        /// The features that there are.
        features: Vec<String>,
    },
    /// Too few events.
    #[error(
        "the side-bands have {events} events (a quantile of {share} needs {needed}, in both of them together and with some in \
         each) choose one nearer to the middle with --share, or widen the side-bands"
    )]
    TooFewEvents {
        /// Those of both side-bands.
        events: usize,
        /// How many it takes.
        needed: usize,
        /// The share below the edge.
        share: f64,
    },
    /// The fixed value lies beyond the edge somewhere.
    #[error(
        "the edge passes {from} at a mass of {mass:.0} (--from must be a value that lies on one side of it everywhere) choose \
         another one, or another edge with --share"
    )]
    Passes {
        /// The fixed value.
        from: f64,
        /// A mass at which the edge lies on its other side.
        mass: f64,
    },
}

impl MovingEdge {
    /// Finds an edge in the side-bands.
    ///
    /// # Shapes
    /// A mass and a value for each event.
    ///
    /// # Errors
    /// There are too few events, or the fixed value lies on both sides of the edge.
    pub fn find(
        masses: &[f64],
        values: impl Fn(usize) -> f64,
        regions: &Regions,
        wanted: WantedEdge,
    ) -> Result<Self, EdgeProblem> {
        let middle = f64::midpoint(regions.signal.low.0, regions.signal.high.0);
        let in_bands = regions.around().map(|band| {
            let is_here = |mass: f64| band.contains(mass) && regions.region(mass) == Region::SideBand;
            let mut events: Vec<usize> = (0..masses.len()).filter(|event| is_here(masses[*event])).collect();
            events.sort_by(|one, other| masses[*one].total_cmp(&masses[*other]));
            events
        });
        let bins: Vec<Bin> = in_bands
            .iter()
            .flat_map(|events| {
                bins_of(events, wanted.share).map(|bin| Bin::of(bin, (masses, &values), middle, wanted))
            })
            .collect();
        if bins.len() < FEWEST_BINS || in_bands.iter().any(Vec::is_empty) {
            let events = in_bands.iter().map(Vec::len).sum();
            return Err(EdgeProblem::TooFewEvents {
                events,
                needed: FEWEST_BINS * events_a_bin(wanted.share),
                share: wanted.share,
            });
        }
        let distance = parabola(&bins);
        let edge = Self { wanted, middle, distance, bins: bins.len(), scatter: 0.0 };
        let mut passes = masses.iter().filter(|mass| regions.outer.contains(**mass));
        let side = edge.distance_at(middle).signum();
        if let Some(mass) = passes.find(|mass| edge.distance_at(**mass) * side <= 0.0) {
            return Err(EdgeProblem::Passes { from: wanted.from, mass: *mass });
        }
        let apart =
            bins.iter().map(|bin| (bin.distance - edge.at(bin.log)).powi(2)).sum::<f64>() / bins.len() as f64;
        let moved = edge.at(bins[bins.len() - 1].log) - edge.at(bins[0].log);
        Ok(Self { scatter: apart.sqrt() / moved.abs(), ..edge })
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
    pub fn lines(&self, feature: &str, resonant: &str, generated: &[String]) -> String {
        let share = format!("{feature}_to_edge");
        let log = format!("ln({}/{})", in_formula(resonant), number(self.middle));
        let [start, slope, bend] = self.distance;
        let edge = format!("({}{}*{log}{}*{log}^2)", number(start), signed(slope), signed(bend));
        let from = self.wanted.from;
        let columns =
            generated.iter().map(|column| in_quotes(if column == feature { &share } else { column }));
        format!(
            "[data.columns]\n{} = {}\n\n[data.generated]\ncolumns = [{}]\n\n[data.generated.features]\n{} = {}\n\n\
             [denoiser]\nmarginals = \"gaussian\"\n",
            key(&share),
            in_quotes(&format!("({}{})/{edge}", in_formula(feature), signed(-from))),
            columns.collect::<Vec<_>>().join(", "),
            key(feature),
            in_quotes(&format!("{} + {}*{edge}", number(from), in_formula(&share))),
        )
    }

    /// What was found, as comments of TOML.
    pub fn told(&self, feature: &str, unit: &str) -> String {
        let WantedEdge { from, share } = self.wanted;
        let [start, ..] = self.distance;
        format!(
            "# {} of the side-bands' events have {feature} below {} at {} {unit}.\n# It lies {} from {}, and {} more where the mass is \
             greater by a tenth.\n# {} quantiles scatter about the parabola by {} of the way that it moves.\n",
            percent(share),
            number(from + start),
            number(self.middle),
            number(start),
            number(from),
            number(self.distance_at(1.1 * self.middle) - start),
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
    fn of(
        events: &[usize],
        (masses, values): (&[f64], &impl Fn(usize) -> f64),
        middle: f64,
        wanted: WantedEdge,
    ) -> Self {
        let mut sorted: Vec<f64> = events.iter().map(|event| values(*event)).collect();
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

/// Events in neighbouring bins of equal numbers.
fn bins_of(events: &[usize], share: f64) -> impl Iterator<Item = &[usize]> {
    let bins = (events.len() / events_a_bin(share)).min(MOST_BINS);
    (0..bins).map(move |bin| &events[bin * events.len() / bins..(bin + 1) * events.len() / bins])
}

fn events_a_bin(share: f64) -> usize {
    (FEWEST_BEYOND as f64 / share.min(1.0 - share)).ceil() as usize
}

/// The parabola that is nearest to the quantiles, each by its number of events.
fn parabola(bins: &[Bin]) -> [f64; 3] {
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
    solve(&matrix, &vector).unwrap_or([vector[0] / matrix[0][0], 0.0, 0.0])
}

/// Six digits, which is far more than a quantile is known to.
fn number(value: f64) -> String {
    let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    rounded.to_string()
}

fn percent(share: f64) -> String {
    format!("{}%", number((1000.0 * share).round() / 10.0))
}

/// A term behind another one.
fn signed(value: f64) -> String {
    let sign = if value < 0.0 { '-' } else { '+' };
    format!(" {sign} {}", number(value.abs()))
}

/// A name as formulae have it.
fn in_formula(name: &str) -> String {
    let is_plain = name.chars().all(|sign| sign.is_alphanumeric() || sign == '_' || sign == '.')
        && !name.starts_with(|sign: char| sign.is_numeric());
    if is_plain { name.to_owned() } else { format!("`{name}`") }
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
        let edge =
            MovingEdge::find(&masses, |event| values[event], &regions(), wanted).expect("enough events");
        for mass in [2900.0, 3300.0, 3500.0, 3700.0, 5500.0] {
            let expected = 0.95 * (1.0 + (mass / 3000.0_f64).ln());
            assert!((edge.distance_at(mass) - expected).abs() < 0.01, "{mass}: {edge:?}");
        }
        assert!(edge.bins == 20 && edge.scatter < 0.02, "{edge:?}");
    }

    #[test]
    fn what_is_no_edge_says_why() {
        let (masses, values) = events(1000);
        let find = |from: f64, share: f64| {
            MovingEdge::find(&masses, |event| values[event], &regions(), WantedEdge { from, share })
        };
        let problem = find(2.0, 0.999).expect_err("too few events").to_string();
        assert!(problem.contains("(a quantile of 0.999 needs 80000"), "{problem}");
        // The median begins at 2.46 and ends at 2.85.
        let problem = find(2.6, 0.5).expect_err("a value on both sides").to_string();
        assert!(problem.contains("the edge passes 2.6 at a mass of"), "{problem}");
    }

    #[test]
    fn names_with_unusual_signs_are_written_as_formulae_and_toml_have_them() {
        let wanted = WantedEdge { from: -2.0, share: 0.9 };
        let edge = MovingEdge { wanted, middle: 3500.0, distance: [1.5, -0.25, 0.0], bins: 4, scatter: 0.1 };
        let lines = edge.lines("p T", "m", &["p T".to_owned(), "tau".to_owned()]);
        let edge = "(1.5 - 0.25*ln(m/3500) + 0*ln(m/3500)^2)";
        assert!(lines.contains(&format!("\"p T_to_edge\" = \"(`p T` + 2)/{edge}\"")), "{lines}");
        assert!(lines.contains("columns = [\"p T_to_edge\", \"tau\"]"), "{lines}");
        assert!(lines.contains(&format!("\"p T\" = \"-2 + `p T_to_edge`*{edge}\"")), "{lines}");
    }
}
