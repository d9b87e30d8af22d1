//! Figures as a submission to HEPData, one table a figure, with bands as asymmetric errors, and the windows of a search.
//!
//! Source: <https://hepdata-submission.readthedocs.io/en/latest/>

use serde_json::{Value, json};

use super::new_path::{File, file};
use super::numbers::document;
use super::pivot::{Column, Line, Pivot};
use super::{tables, unfinished, windows};
use crate::error::Error;
use crate::figures::table::{Row, round};
use crate::figures::{Figure, FigureTable};
use crate::job::{Job, Layout, method_names};
use crate::store::{Results, Store};
use drapes_draw::{Mark, Panel, Point, plain};

/// The description of bands.
const BAND: &str = "68% band";
/// The text of a cell without a value.
const NOTHING: &str = "-";

/// The files of a submission.
///
/// # Errors
/// A figure's table is not what the records gave, or there is none.
pub fn submission(store: &Store) -> Result<Vec<File>, Error> {
    let job = store.job()?.job;
    let results = Results::read(store)?;
    let tables = tables::tables(store, &results)?;
    let unfinished =
        unfinished(store)?.map_or(String::new(), |missing| format!(" The scan is not finished: {missing}."));
    let mut documents = vec![json!({ "comment": comment(&job) + &unfinished })];
    let mut files = vec![];
    for (figure, table) in &tables {
        let name = figure.name();
        let mut about = json!({
            "name": name,
            "description": description(*figure, table),
            "keywords": keywords(&job),
            "data_file": format!("{name}.yaml"),
        });
        if let Some(picture) = tables::picture(store.directory(), *figure) {
            let location = format!("{name}.png");
            about["additional_resources"] =
                json!([{ "location": location, "description": "picture of the table" }]);
            files.push((location, picture));
        }
        documents.push(about);
        files.push(file(format!("{name}.yaml"), document(&data(*figure, table))));
    }
    if let Some(csv) = tables::windows(store, &results)? {
        documents.push(json!({
            "name": windows::NAME,
            "description": windows::description(&job),
            "keywords": keywords(&job),
            "data_file": format!("{}.yaml", windows::NAME),
        }));
        files.push(file(format!("{}.yaml", windows::NAME), document(&windows::data(&job, &csv))));
    }
    let text = documents.iter().fold(String::new(), |text, one| text + "---\n" + &document(one));
    files.push(file("submission.yaml", text));
    Ok(files)
}

/// What is said of all tables; authors write their abstract over it.
fn comment(job: &Job) -> String {
    format!(
        "Scan \"{}\" of drapes {}, signal region {} {unit}, side-bands {} {unit}. Values are means over classifiers, errors \
         their 68% band.",
        job.name,
        env!("CARGO_PKG_VERSION"),
        job.regions.signal,
        job.regions.outer,
        unit = job.unit
    )
}

fn keywords(job: &Job) -> Value {
    let mut all = vec![
        json!({ "name": "cmenergies", "values": [job.collision_energy.0] }),
        json!({ "name": "phrases", "values": ["Resonance search", "Anomaly detection", "Background template"] }),
    ];
    if job.data.layout == Layout::LhcoFeatures {
        all.push(json!({ "name": "reactions", "values": ["P P --> JET JET X"] }));
    }
    Value::Array(all)
}

/// What a table shows, panel by panel, and the warnings that its picture carries.
pub(crate) fn description(figure: Figure, table: &FigureTable) -> String {
    let mut text = format!("{}.", figure.title());
    let names = table.panels();
    let picture = figure.picture(table);
    let panels: Vec<&Panel> = picture.rows.iter().flat_map(|row| &row.panels).collect();
    if panels.len() == names.len() {
        let labels = |panel: &Panel| (plain(&panel.x.label), plain(&panel.y.label));
        let is_one_sort = panels.iter().all(|panel| labels(panel) == labels(panels[0]));
        for name in names {
            // A picture may have its panels in another order than the table.
            let found = panels.iter().find(|panel| is_one_sort || shows(panel, table, name));
            let Some((x, y)) = found.map(|panel| labels(panel)) else { continue };
            if !x.is_empty() && !y.is_empty() {
                text.push_str(&format!(" Panel {name}: {y} against {x}."));
            }
        }
    }
    if !table.notes.is_empty() {
        text.push_str(&format!(" Warning: {}.", table.notes.join("; ")));
    }
    text
}

/// Whether a panel of a picture shows the values of this panel of the table.
fn shows(panel: &Panel, table: &FigureTable, name: &str) -> bool {
    let row = table.rows.iter().find(|row| row.panel == name && row.mean.is_finite());
    let is = |one: f64, other: f64| one.to_bits() == other.to_bits();
    row.is_some_and(|row| {
        let is_point = |point: &Point| is(point.x, row.x) && is(point.mean, row.mean);
        panel.marks.iter().any(|mark| match mark {
            Mark::Curve(curve) => curve.points.iter().any(is_point),
            Mark::Points(points) => points.points.iter().any(is_point),
            Mark::Steps(steps) => steps.heights.iter().any(|height| is(*height, row.mean)),
            Mark::Bars(bars) => bars.heights.iter().any(|height| is(*height, row.mean)),
            Mark::Cells(_) => false,
        })
    })
}

fn data(figure: Figure, table: &FigureTable) -> Value {
    let pivot = Pivot::of(table);
    let mut independent = vec![];
    if table.panels().len() > 1 {
        independent.push(words("panel", pivot.lines.iter().map(|line| line.panel)));
    }
    if pivot.lines.iter().any(|line| line.curve.is_some()) {
        independent.push(words("curve", pivot.lines.iter().filter_map(|line| line.curve)));
    }
    let picture = figure.picture(table);
    let panels = || picture.rows.iter().flat_map(|row| &row.panels);
    let across = shared(panels().map(|panel| panel.x.label.as_str()), "x");
    let up = shared(panels().map(|panel| panel.y.label.as_str()), "value");
    independent.push(json!({ "header": header(&across), "values": places(&pivot.lines) }));
    let dependent: Vec<Value> = pivot.columns.iter().flat_map(|column| columns(column, &up)).collect();
    json!({ "independent_variables": independent, "dependent_variables": dependent })
}

fn places(lines: &[Line<'_>]) -> Vec<Value> {
    lines.iter().map(|line| json!({ "value": number(line.x) })).collect()
}

/// A word. HEPData takes `2800-6000` for a range of numbers that should be given as two.
pub fn word(word: &str) -> String {
    let is_range = word.chars().all(|letter| letter.is_ascii_digit() || ".-".contains(letter));
    if is_range { word.replace('-', " to ") } else { word.to_owned() }
}

/// A column of words.
fn words<'a>(name: &str, words: impl Iterator<Item = &'a str>) -> Value {
    let values: Vec<Value> = words.map(|one| json!({ "value": word(one) })).collect();
    json!({ "header": { "name": name }, "values": values })
}

/// The label that all axes share which have one.
fn shared<'a>(labels: impl Iterator<Item = &'a str>, else_named: &str) -> String {
    let mut labels = labels.filter(|label| !label.is_empty());
    let first = labels.next().unwrap_or(else_named);
    if labels.all(|label| label == first) { first.to_owned() } else { else_named.to_owned() }
}

/// The values of a curve, and the background events behind them where they are known.
fn columns(column: &Column<'_>, up: &str) -> Vec<Value> {
    let qualifiers = |what: &str| {
        let mut all = vec![json!({ "name": "quantity", "value": what })];
        all.extend(column.curve.map(|curve| json!({ "name": "curve", "value": curve })));
        all
    };
    let (quantity, unit) = label(up);
    let name = column.curve.map_or(quantity.clone(), |curve| plain(method_names::label(curve)));
    let values: Vec<Value> = column.cells.iter().map(|cell| cell.map_or_else(nothing, value)).collect();
    let mut heading = json!({ "name": name });
    if !unit.is_empty() {
        heading["units"] = json!(unit);
    }
    let mut all = vec![json!({ "header": heading, "qualifiers": qualifiers(&quantity), "values": values })];
    let behind = |row: &Row| row.background_events;
    if column.cells.iter().flatten().any(|row| behind(row).is_some()) {
        let events = |cell: Option<&Row>| {
            cell.and_then(behind).map_or_else(nothing, |events| json!({ "value": number(events) }))
        };
        let values: Vec<Value> = column.cells.iter().copied().map(events).collect();
        let name = format!("{name}, background events behind it");
        let qualifiers = qualifiers("background events");
        all.push(json!({ "header": { "name": name }, "qualifiers": qualifiers, "values": values }));
    }
    all
}

fn nothing() -> Value {
    json!({ "value": NOTHING })
}

/// A value with its band, where it has one: HEPData refuses errors that are zero.
fn value(row: &Row) -> Value {
    let (plus, minus) = (round(row.high - row.mean), round(row.low - row.mean));
    if plus == 0.0 && minus == 0.0 || !(plus + minus).is_finite() {
        return json!({ "value": number(row.mean) });
    }
    let error = json!({ "asymerror": { "plus": plus, "minus": minus }, "label": BAND });
    json!({ "value": number(row.mean), "errors": [error] })
}

/// JSON has no infinity.
fn number(value: f64) -> Value {
    if value.is_finite() { json!(value) } else { json!(NOTHING) }
}

fn header(markup: &str) -> Value {
    match label(markup) {
        (name, unit) if unit.is_empty() => json!({ "name": name }),
        (name, unit) => json!({ "name": name, "units": unit }),
    }
}

/// A label without its markup, and the unit in brackets at its end.
pub fn label(markup: &str) -> (String, String) {
    let text = plain(markup);
    let parts = text.strip_suffix(']').and_then(|text| text.rsplit_once(" ["));
    parts.map_or((text.clone(), String::new()), |(name, unit)| (name.to_owned(), unit.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::band::Band;

    #[test]
    fn labels_lose_their_markup_and_give_their_unit() {
        assert_eq!(label("*m*_{JJ} [GeV]"), ("mJJ".to_owned(), "GeV".to_owned()));
        assert_eq!(label("τ_{21}"), ("τ21".to_owned(), String::new()));
    }

    #[test]
    fn bands_are_asymmetric_errors_and_exact_values_have_none() {
        let mut table = FigureTable::new("fig05");
        let band = Band { mean: 2.0, low: 1.5, high: 3.5, n: 5 };
        table.push("rejection-1000", "noise", 100.0, band, Some(12.0));
        table.push_value("rejection-1000", "s_over_sqrt_b", 50.0, 0.5);
        let data = data(Figure::Fig05, &table);
        let [curve, events, reference] = &data["dependent_variables"].as_array().expect("columns")[..] else {
            panic!("three columns, not {data}");
        };
        assert_eq!(curve["header"]["name"], "DRAPES ∅");
        let error = &curve["values"][1]["errors"][0];
        assert_eq!(error["asymerror"], json!({ "plus": 1.5, "minus": -0.5 }));
        assert_eq!(curve["values"][0], json!({ "value": "-" }));
        assert_eq!(events["values"][1]["value"], 12.0);
        assert_eq!(reference["values"][0], json!({ "value": 0.5 }));
        let across = &data["independent_variables"][0];
        assert_eq!(across["header"]["name"], "signal events in the signal region");
        assert_eq!(across["values"][1]["value"], 100.0);
    }

    #[test]
    fn windows_in_words_are_no_ranges() {
        let column = words("panel", ["2800-6000", "s-1"].into_iter());
        assert_eq!(column["values"][0]["value"], "2800 to 6000");
        assert_eq!(column["values"][1]["value"], "s-1");
    }
}
