//! `search.csv` as a table of HEPData: windows and cuts are its places, all else its values, errors beside what they are errors of.

use serde_json::{Value, json};

use crate::job::Job;

/// The name of the table in a submission; `search` is the figure of p-values.
pub const NAME: &str = "search_windows";
/// What says that a column is the error of the column of the rest of its name.
const ERROR: &str = "_error";
/// Columns that are places.
const PLACES: [&str; 3] = ["window_low_gev", "window_high_gev", "efficiency"];

/// What the table shows.
pub fn description(job: &Job) -> String {
    let labels = if job.search.as_ref().is_some_and(|search| search.injected.is_labelled()) {
        " Events have labels, which took no part: n_signal and purity say how many of the selected ones are simulated signal."
    } else {
        ""
    };
    format!(
        "Windows of a search, before a cut (efficiency 1) and behind cuts that a share of the template passes: data n, the \
         background that the template expects, and what a fit of the side-bands behind the same cut does (fit_; fit_bias and \
         fit_pull by pseudo-experiments of another function), with Z, one-sided local p-values, and 95% CLs limits on signal events that pass.{labels}"
    )
}

/// The data of the table, from the text of `search.csv`.
pub fn data(job: &Job, csv: &[u8]) -> Value {
    let mut reader = csv::Reader::from_reader(csv);
    let headings: Vec<String> =
        reader.headers().map(|row| row.iter().map(str::to_owned).collect()).unwrap_or_default();
    let rows: Vec<csv::StringRecord> = reader.records().flatten().collect();
    let column = |name: &str| -> Vec<&str> {
        let place = headings.iter().position(|heading| heading == name);
        rows.iter().map(|row| place.and_then(|place| row.get(place)).unwrap_or_default()).collect()
    };
    let [low, high, efficiency] = PLACES.map(column);
    let window = |(low, high): (&&str, &&str)| json!({ "low": cell(low), "high": cell(high) });
    let windows: Vec<Value> = low.iter().zip(&high).map(window).collect();
    let cuts: Vec<Value> = efficiency.iter().map(|text| json!({ "value": cell(text) })).collect();
    let is_value =
        |heading: &&String| !PLACES.contains(&heading.as_str()) && error_of(heading, &headings).is_none();
    let values = headings.iter().filter(is_value).map(|heading| {
        let errors = column(&format!("{heading}{ERROR}"));
        let cells = column(heading).into_iter().zip(errors).map(|(text, error)| value(text, error));
        json!({ "header": { "name": heading }, "values": cells.collect::<Vec<_>>() })
    });
    json!({
        "independent_variables": [
            { "header": { "name": "window", "units": job.unit.to_string() }, "values": windows },
            { "header": { "name": "efficiency" }, "values": cuts },
        ],
        "dependent_variables": values.collect::<Vec<_>>(),
    })
}

/// The column that a column is the error of.
fn error_of<'a>(heading: &str, headings: &'a [String]) -> Option<&'a String> {
    let of = heading.strip_suffix(ERROR)?;
    headings.iter().find(|known| *known == of)
}

/// A value with its error, where it has one that is not 0.
fn value(text: &str, error: &str) -> Value {
    match error.parse::<f64>() {
        Ok(error) if error > 0.0 => {
            json!({ "value": cell(text), "errors": [{ "symerror": error, "label": "one standard deviation" }] })
        }
        _ => json!({ "value": cell(text) }),
    }
}

/// A number, or words in which HEPData sees no range of numbers; a dash for nothing.
fn cell(text: &str) -> Value {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => json!(number),
        _ if text.is_empty() => json!("-"),
        _ => json!(super::hepdata::word(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobFile;

    #[test]
    fn values_have_their_errors_and_what_is_withheld_stays_a_word() {
        let text = "schema = 1\nname = 'a'\n[data]\nevents = 'a.csv'\nlayout = 'table'\nunit = 'MeV'\n[[scan]]\nmethod = 'noise'\nn_signal = [0]\n";
        let job = JobFile::from_text("job.toml", text).check().expect("a good job");
        let csv = "window_low_gev,window_high_gev,side_bands_gev,efficiency,n,background,background_error,note\n\
                   3300.0,3700.0,2800-6000,0.01,blind,12.5,2.5,\n";
        let found = data(&job, csv.as_bytes());
        assert_eq!(found["independent_variables"][0]["values"][0], json!({ "low": 3300.0, "high": 3700.0 }));
        assert_eq!(found["independent_variables"][0]["header"]["units"], "MeV");
        let columns = found["dependent_variables"].as_array().expect("columns");
        let names: Vec<&str> =
            columns.iter().filter_map(|column| column["header"]["name"].as_str()).collect();
        assert_eq!(names, ["side_bands_gev", "n", "background", "note"]);
        let first = |column: usize| &columns[column]["values"][0];
        assert_eq!(first(0)["value"], "2800 to 6000");
        assert_eq!(first(1)["value"], "blind");
        assert_eq!((&first(2)["value"], &first(2)["errors"][0]["symerror"]), (&json!(12.5), &json!(2.5)));
        assert_eq!(first(3)["value"], "-");
    }
}
