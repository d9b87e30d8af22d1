//! The table of methods: figures of merit at each point of the scan, and the number of background events that they rest on.

use serde::Serialize;

use crate::figures::{Measure, reduce};
use crate::job::MassUnit;
use crate::job::axis_headings::{AxisValue, SIGNAL_REGION};
use crate::job::method_names::{label, rank};
use crate::statistics::band::Band;
use crate::statistics::metrics::RELIABLE_BACKGROUND_EVENTS;
use crate::store::{PointResults, Results};

/// Axes that have a column of their own, by which the table is sorted.
const NUMBERS: [&str; 4] = ["injected", "σ′", "over-sampling", "of data"];

/// The table.
#[derive(Serialize)]
pub struct Methods {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
}

/// A column.
#[derive(Serialize)]
pub struct Column {
    pub heading: String,
    /// The explanation of the heading.
    pub meaning: &'static str,
    pub is_number: bool,
}

/// A cell; rows are sorted by `value`, or by the text where there is none.
#[derive(Serialize)]
pub struct Cell {
    pub text: String,
    pub value: Option<f64>,
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// The band as text.
    pub band: Option<String>,
    /// Background events that the value rests on, where they are few enough to be worth a word.
    pub events: Option<f64>,
    /// Whether these are fewer than what gives 20%.
    pub is_weak: bool,
    /// Further words below the text.
    pub beside: Option<String>,
    pub is_number: bool,
}

type Value = fn(&PointResults) -> Option<(Band, Option<f64>)>;

/// Heading, meaning, digits and value of what was measured.
const MEASURES: [(&str, &str, usize, Value); 6] = [
    ("SIC at 10³", "significance improvement at a background rejection of 1,000", 2, |found| {
        Measure::AtLow.of(found)
    }),
    ("SIC at 5×10³", "significance improvement at a background rejection of 5,000", 2, |found| {
        Measure::AtHigh.of(found)
    }),
    (
        "max SIC",
        "largest significance improvement where the background efficiency is known to 20%",
        2,
        |found| Measure::LargestReliable.of(found),
    ),
    ("AUC", "true signal against true background", 3, |found| {
        Some((found.band(|classifier| classifier.performance.auc)?, None))
    }),
    (
        "closure AUC",
        "data against template; 0.5 is a perfect template where there is no signal",
        3,
        |found| Measure::Closure.of(found),
    ),
    (
        "background closure",
        "AUC of true background against template; 0.5 is a perfect template",
        3,
        |found| Some((found.band(|classifier| classifier.background_closure_auc)?, None)),
    ),
];

/// A value on an axis, in words that can be understood without the heading of a column.
fn said(heading: &str, value: &str, unit: &MassUnit) -> String {
    match heading {
        "side-bands" | SIGNAL_REGION => format!("{heading} {} {unit}", value.replace('-', "–")),
        "kinematics" => format!("{value} kinematics"),
        _ => value.to_owned(),
    }
}

impl Methods {
    pub fn of(results: &Results) -> Self {
        let mut points: Vec<&PointResults> = results.points.iter().collect();
        // As in legends: the points of a method stand together, from no signal to much.
        points.sort_by_key(|found| (rank(found.point.method()), found.point.n_signal()));
        let (axes, others): (Vec<_>, Vec<_>) =
            reduce::axes(&points).into_iter().partition(|(heading, _)| NUMBERS.contains(heading));
        let row = |found: &&PointResults| {
            let method = label(found.point.method()).to_owned();
            let place = |axis: &(&str, AxisValue)| {
                axis.1(&found.point).map(|value| said(axis.0, &value, &results.job.unit))
            };
            let beside: Vec<String> = others.iter().filter_map(place).collect();
            let mut row = vec![Cell {
                value: Some(rank(found.point.method()) as f64),
                beside: Some(beside.join(" · ")).filter(|text| !text.is_empty()),
                ..Cell::of(method)
            }];
            let number = |axis| Cell {
                is_number: true,
                ..Cell::of(reduce::place(&results.job, found, axis).replace('-', "–"))
            };
            row.extend(axes.iter().map(number));
            row.extend(MEASURES.iter().map(|(_, _, digits, value)| Cell::measured(value(found), *digits)));
            let background = found.background_events();
            row.push(Cell {
                value: Some(background),
                is_number: true,
                ..Cell::of(format!("{background:.0}"))
            });
            let (trained, diverged) = (found.classifiers.len(), found.diverged.len());
            let also = if diverged == 0 { String::new() } else { format!(", {diverged} diverged") };
            row.push(Cell {
                value: Some(trained as f64),
                is_number: true,
                ..Cell::of(format!("{trained}{also}"))
            });
            row
        };
        Self { rows: points.iter().map(row).collect(), columns: columns(&axes) }
    }
}

/// The columns of the table with these axes.
fn columns(axes: &[(&str, AxisValue)]) -> Vec<Column> {
    let mut columns = vec![Column {
        heading: "method".to_owned(),
        meaning: "what the template is made by, and where the point stands on axes that are no numbers",
        is_number: false,
    }];
    columns.extend(axes.iter().map(|(heading, _)| Column {
        heading: (*heading).to_owned(),
        meaning: "axis of the scan",
        is_number: true,
    }));
    columns.extend(MEASURES.iter().map(|(heading, meaning, ..)| Column {
        heading: (*heading).to_owned(),
        meaning,
        is_number: true,
    }));
    columns.push(Column {
        heading: "evaluated on".to_owned(),
        meaning: "true background events of each classifier's evaluation",
        is_number: true,
    });
    columns.push(Column {
        heading: "classifiers".to_owned(),
        meaning: "trained, and diverged",
        is_number: true,
    });
    columns
}

impl Cell {
    pub fn of(text: String) -> Self {
        let value = text.parse().ok();
        Self {
            text,
            value,
            low: None,
            high: None,
            band: None,
            events: None,
            is_weak: false,
            beside: None,
            is_number: false,
        }
    }

    fn measured(found: Option<(Band, Option<f64>)>, digits: usize) -> Self {
        let Some((Band { mean, low, high, .. }, events)) = found else {
            return Self { is_number: true, ..Self::of("–".to_owned()) };
        };
        Self {
            text: format!("{mean:.digits$}"),
            value: Some(mean),
            low: Some(low),
            high: Some(high),
            band: Some(format!("{low:.digits$} – {high:.digits$}")),
            events,
            is_weak: events.is_some_and(|events| events < RELIABLE_BACKGROUND_EVENTS as f64),
            beside: None,
            is_number: true,
        }
    }

    /// The background events in words; none where they are not known.
    pub fn events_text(&self) -> Option<String> {
        self.events.map(|events| if events < 9.95 { format!("{events:.1}") } else { format!("{events:.0}") })
    }
}
