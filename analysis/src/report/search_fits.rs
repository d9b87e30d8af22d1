//! The functions that describe mass spectra in a search, with their parameters. It is made of `fits.csv`.

use serde::Serialize;

use super::methods::Cell;
use crate::figures::fit_quality::written;
use crate::figures::search::fits_csv::csv;
use crate::store::Results;

/// The table, a row for each parameter; without rows where nothing was fitted.
#[derive(Serialize)]
pub struct SearchFits {
    pub columns: Vec<&'static str>,
    pub rows: Vec<Vec<Cell>>,
    /// The fits, of which each has several rows.
    pub fits: usize,
}

const COLUMNS: [&str; 8] = [
    "window",
    "ε",
    "function",
    "p of χ²",
    "p of the F-test",
    "parameter",
    "value ± error",
    "correlations with the parameters, in their order",
];

/// What is read of a row, by its headings; covariances follow these in `fits.csv`.
struct Row<'a>(&'a csv::StringRecord, &'a csv::StringRecord);

impl Row<'_> {
    fn text(&self, column: &str) -> &str {
        let place = self.0.iter().position(|heading| heading == column);
        place.and_then(|place| self.1.get(place)).unwrap_or_default()
    }

    fn number(&self, column: &str) -> Option<f64> {
        self.text(column).parse().ok().filter(|value: &f64| value.is_finite())
    }

    /// Covariances with all parameters of the fit.
    fn covariances(&self) -> Vec<f64> {
        let headings = self.0.iter().zip(self.1).filter(|(heading, _)| heading.starts_with("covariance_"));
        headings.filter_map(|(_, text)| text.parse().ok()).collect()
    }

    /// What is the same in all rows of a fit, and in those of no other.
    fn fit(&self) -> [&str; 4] {
        ["fit_window_low_gev", "fit_window_high_gev", "efficiency", "function"]
            .map(|column| self.text(column))
    }
}

impl SearchFits {
    pub fn of(results: &Results) -> Self {
        Self::of_table(&csv(results).unwrap_or_default())
    }

    /// Of `fits.csv`.
    fn of_table(text: &[u8]) -> Self {
        let mut reader = csv::Reader::from_reader(text);
        let headings = reader.headers().cloned().unwrap_or_default();
        let records: Vec<csv::StringRecord> = reader.records().flatten().collect();
        let rows: Vec<Row<'_>> = records.iter().map(|record| Row(&headings, record)).collect();
        let fits: Vec<&[Row<'_>]> = rows.chunk_by(|one, other| one.fit() == other.fit()).collect();
        Self {
            columns: COLUMNS.to_vec(),
            fits: fits.len(),
            rows: fits.iter().flat_map(|fit| cells(fit)).collect(),
        }
    }
}

/// The rows of a fit; what is the same in all of them stands in the first.
fn cells(fit: &[Row<'_>]) -> Vec<Vec<Cell>> {
    let errors: Vec<f64> = fit.iter().map(|row| row.number("error").unwrap_or(0.0)).collect();
    let of_parameter = |(place, row): (usize, &Row<'_>)| {
        let [low, high, efficiency, function] = row.fit();
        let p = |column: &str| row.number(column).map_or("–".to_owned(), written);
        let of_fit = [
            format!("{low}–{high}"),
            efficiency.to_owned(),
            function.to_owned(),
            p("quality_p"),
            p("f_test_p"),
        ];
        let value = row.number("value").map_or("–".to_owned(), significant);
        let value = match errors[place] {
            error if error > 0.0 => format!("{value} ± {}", significant(error)),
            _ => format!("{value}, at its bound"),
        };
        // One at its bound is correlated with nothing.
        let correlation = |(covariance, other): (f64, &f64)| match covariance / (errors[place] * other) {
            // Parameters nearly cancel: two digits would make ones of all.
            share if share.is_finite() => format!("{share:.4}"),
            _ => "–".to_owned(),
        };
        let correlations: Vec<String> = row.covariances().into_iter().zip(&errors).map(correlation).collect();
        let of_parameter = [row.text("parameter").to_owned(), value, correlations.join(" ")];
        let of_fit = of_fit.map(|text| if place == 0 { text } else { String::new() });
        of_fit.into_iter().chain(of_parameter).map(Cell::of).collect()
    };
    fit.iter().enumerate().map(of_parameter).collect()
}

/// A number in four digits, as an exponential where it is far from 1.
fn significant(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if (1e-3..1e5).contains(&size) => {
            let digits = (3 - size.log10().floor() as i32).clamp(0, 6) as usize;
            format!("{value:.digits$}")
        }
        _ => format!("{value:.3e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADINGS: &str = "fit_window_low_gev,fit_window_high_gev,efficiency,function,quality_p,f_test_p,parameter,value,error,\
                            covariance_1,covariance_2,covariance_3";

    fn shown(rows: &[&str]) -> (usize, Vec<Vec<String>>) {
        let text = format!("{HEADINGS}\n{}\n", rows.join("\n"));
        let found = SearchFits::of_table(text.as_bytes());
        let texts = |row: &Vec<Cell>| row.iter().map(|cell| cell.text.clone()).collect();
        (found.fits, found.rows.iter().map(texts).collect())
    }

    #[test]
    fn a_fit_is_named_once_and_a_parameter_at_its_bound_has_no_error() {
        let (fits, rows) = shown(&[
            "85,95,1,bernstein,0.4,,c0,12.5,2,4,-1,0",
            "85,95,1,bernstein,0.4,,c1,3.25,1,-1,1,0",
            "85,95,1,bernstein,0.4,,c2,0,0,0,0,0",
            "85,95,0.01,dijet,1e-5,0.3,ln p1,-1234567,0.5,0.25,,",
        ]);
        assert_eq!(fits, 2);
        assert_eq!(
            rows[0],
            ["85–95", "1", "bernstein", "0.40", "–", "c0", "12.50 ± 2.000", "1.0000 -0.5000 –"]
        );
        assert_eq!(rows[1], ["", "", "", "", "", "c1", "3.250 ± 1.000", "-0.5000 1.0000 –"]);
        assert_eq!(rows[2][5..], ["c2", "0, at its bound", "– – –"]);
        assert_eq!(rows[3][..5], ["85–95", "0.01", "dijet", "1.0e-5", "0.30"]);
        assert_eq!(rows[3][5..], ["ln p1", "-1.235e6 ± 0.5000", "1.0000"]);
    }

    #[test]
    fn nothing_of_no_fit_and_no_number_of_what_is_none() {
        assert_eq!(shown(&[]), (0, vec![]));
        let (_, rows) = shown(&["85,95,1,dijet,,,p2,NaN,NaN,NaN,,"]);
        assert_eq!(rows[0][3..], ["–", "–", "p2", "–, at its bound", "–"]);
    }
}
