//! Reducing records to what people read: `results.csv`, the tables of the figures, the closing summary.

use serde::Serialize;

use crate::error::Error;
use crate::figures::{Figure, FigureTable, closure, excess, fit_quality, search, sources};
use crate::job::axis_headings::{AXES, AxisValue, SIGNAL_REGION, distinct};
use crate::job::method_names::{label, rank};
use crate::job::{Comparison, Job, Kinematics, NoiseGrid};
use crate::plan::work::{Fit, MakeTemplate};
use crate::statistics::band::Band;
use crate::store::{Classifier, PointResults, Results, SideTable, Store};
use crate::text::columns;

/// A row of `results.csv`: one classifier.
#[derive(Clone, Default, Serialize)]
struct ResultRow<'a> {
    task: &'a str,
    method: &'a str,
    n_signal: Option<u32>,
    injection_seed: Option<u32>,
    side_band_gev: Option<String>,
    signal_region_gev: Option<String>,
    sigma_prime: Option<f64>,
    sigma_used: Option<f64>,
    solver: &'a str,
    steps: Option<usize>,
    oversampling: Option<u32>,
    data_oversampling: Option<u32>,
    inputs: &'a str,
    kinematics: &'a str,
    classifier: &'a str,
    template_seed: Option<u32>,
    seed: u32,
    fold: u32,
    auc: Option<f64>,
    closure_auc: Option<f64>,
    background_closure_auc: Option<f64>,
    sic_at_1e3: Option<f64>,
    sic_at_5e3: Option<f64>,
    max_sic: Option<f64>,
    max_sic_reliable: Option<f64>,
    n_background: Option<usize>,
    n_signal_evaluated: Option<usize>,
    seconds: f64,
    /// The epoch at which the classifier diverged, if it did; all other numbers are then missing.
    diverged_at_epoch: Option<f64>,
}

/// Reduces the results of a directory: writes `results.csv`, the tables beside it that these results give ([`SideTable`]), and the
/// table of every figure that has one.
///
/// A table of an earlier reduction that these results no longer give is set aside.
///
/// # Errors
/// A table cannot be written.
pub fn reduce(store: &Store, results: &Results) -> Result<(), Error> {
    let rows = results.points.iter().flat_map(|found| rows(&results.job, found));
    store.make_room_for_results()?;
    store.write("results.csv", &with_headings(rows))?;
    for (table, text) in [
        (SideTable::Closure, excess::csv(results)),
        (SideTable::Search, search::csv::csv(results)),
        (SideTable::Fits, search::fits_csv::csv(results)),
        (SideTable::Control, search::control_csv::csv(results)),
        (SideTable::Calibration, search::calibration_csv::csv(results)),
        (SideTable::Sensitivity, search::sensitivity_csv::csv(results)),
        (SideTable::Variance, sources::variance(results)),
        (SideTable::Differences, sources::differences(results)),
    ] {
        match text {
            Some(text) => {
                store.make_room_for_table(table)?;
                store.write(table.name(), &text)?;
            }
            None => store.set_aside_table(table)?,
        }
    }
    for (figure, table) in tables(results) {
        if table.rows.is_empty() {
            store.set_aside(figure.name())?;
        } else {
            store.make_room(figure.name())?;
            store.write(&format!("figures/{}.csv", figure.name()), &table.to_csv())?;
        }
    }
    Ok(())
}

/// Rows below their headings, which a table without rows has as well: what reads it finds its columns.
fn with_headings<'a>(rows: impl Iterator<Item = ResultRow<'a>>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail, and every row has the same fields.
    let mut written = 0;
    for row in rows {
        let _ = writer.serialize(row);
        written += 1;
    }
    if written > 0 {
        return writer.into_inner().unwrap_or_default();
    }
    let _ = writer.serialize(ResultRow::default());
    let text = writer.into_inner().unwrap_or_default();
    text.into_iter().take_while(|byte| *byte != b'\n').chain(*b"\n").collect()
}

/// The table of every figure, with its warnings; empty where the results lack its curves.
pub fn tables(results: &Results) -> Vec<(Figure, FigureTable)> {
    let table = |figure: Figure| {
        let table = figure.table(results);
        let notes = figure.notes(&table, results);
        (figure, FigureTable { notes, ..table })
    };
    Figure::ALL.into_iter().map(table).collect()
}

fn rows<'a>(job: &'a Job, found: &'a PointResults) -> Vec<ResultRow<'a>> {
    let template = found.point.template();
    let diffused = template.filter(|template| template.method.flow().is_none());
    let sampler = diffused.map(|template| job.sampler.with(template.integration));
    let grid = diffused.map(|template| NoiseGrid::of(&job.sampler, &template));
    // What all classifiers of a point share.
    let of_point = ResultRow {
        method: found.point.method(),
        n_signal: found.point.n_signal().map(|count| count.0),
        side_band_gev: found.point.side_bands().map(|window| window.to_string()),
        signal_region_gev: template.map(|template| job.regions_of(&template.sample).signal.to_string()),
        sigma_prime: template.and_then(|template| template.sigma_prime).map(|sigma| sigma.0),
        sigma_used: grid.as_ref().map(NoiseGrid::start),
        solver: sampler.as_ref().map_or("", |sampler| sampler.solver.word()),
        steps: grid.as_ref().map(|grid| grid.sigmas.len()),
        oversampling: found.point.oversampling().map(|factor| factor.0),
        data_oversampling: match found.point.comparison {
            Comparison::GenSr { data_oversampling, .. } => Some(data_oversampling.0),
            _ => None,
        },
        inputs: found.point.classifier.inputs().word(),
        kinematics: found.point.kinematics().map_or("", Kinematics::word),
        classifier: found.point.classifier.word(),
        ..ResultRow::default()
    };
    let learnt = found.classifiers.iter().map(|result| {
        let Classifier { seed, fold, closure_auc, background_closure_auc, performance, .. } =
            &result.classifier;
        ResultRow {
            task: &result.task.0,
            injection_seed: result.draw.injection.map(|seed| seed.0),
            template_seed: result.draw.template.map(|seed| seed.0),
            seed: seed.0,
            fold: fold.0,
            auc: performance.auc,
            closure_auc: *closure_auc,
            background_closure_auc: *background_closure_auc,
            sic_at_1e3: performance.sic_at_1e3,
            sic_at_5e3: performance.sic_at_5e3,
            max_sic: performance.max_sic,
            max_sic_reliable: performance.max_sic_reliable,
            n_background: Some(performance.n_background),
            n_signal_evaluated: Some(performance.n_signal),
            seconds: result.seconds,
            ..of_point.clone()
        }
    });
    let diverged = found.diverged.iter().map(|result| ResultRow {
        task: &result.task.0,
        injection_seed: result.draw.injection.map(|seed| seed.0),
        template_seed: result.draw.template.map(|seed| seed.0),
        seed: result.classifier.seed.0,
        fold: result.classifier.fold.0,
        seconds: result.seconds,
        diverged_at_epoch: Some(result.classifier.epoch),
        ..of_point.clone()
    });
    learnt.chain(diverged).collect()
}

/// The closing table: methods, where they stand on the axes that the scan has, significance improvement, AUC and
/// closure, and on how many classifiers these rest; below it, closure by trees of each method, how good the dijet fits are, what is to be noted, and a warning
/// for each method whose templates are not like true background.
pub fn summary(results: &Results) -> String {
    let mut points: Vec<&PointResults> = results.points.iter().collect();
    points.sort_by_key(|found| (found.point.n_signal(), rank(found.point.method())));
    let axes = axes(&points);
    let measures = ["SIC at 10³", "AUC", "closure AUC", "trained"];
    let headings = axes.iter().map(|(heading, _)| *heading).chain(measures);
    let mut lines: Vec<Vec<String>> =
        vec![std::iter::once("method").chain(headings).map(str::to_owned).collect()];
    for found in points {
        let mut line = vec![label(found.point.method()).to_owned()];
        line.extend(axes.iter().map(|axis| place(&results.job, found, axis)));
        line.extend([
            band(found.band(|classifier| classifier.performance.sic_at_1e3), 2),
            band(found.band(|classifier| classifier.performance.auc), 3),
            band(found.band(|classifier| classifier.closure_auc), 3),
            match found.diverged.len() {
                0 => found.classifiers.len().to_string(),
                diverged => format!("{}, {diverged} more diverged", found.classifiers.len()),
            },
        ]);
        lines.push(line);
    }
    // A search by itself has no points that are judged by the truth.
    let mut text =
        if lines.len() > 1 || results.job.search.is_none() { columns(&lines) } else { String::new() };
    text.push_str(&search::told::told(results));
    text.push_str(&excess::told(results));
    text.push_str(&sources::told(results));
    text.push_str(&fit_quality::told(&results.each::<Fit>().collect::<Vec<_>>()));
    for summary in results.each::<MakeTemplate>() {
        if let (Some(template), Some(share)) =
            (summary.template, summary.in_tails.filter(|share| *share > MANY))
        {
            text.push_str(&format!(
                "\nnote: {:.1}% of the feature values of template/{template} lie beyond flow.tail and were not moved\n",
                100.0 * share
            ));
        }
    }
    for warning in &results.warnings {
        text.push_str(&format!("\nwarning: {warning}\n"));
    }
    for failure in closure::failures(results) {
        text.push_str(&format!("\n{}\n", failure.warning(results.job.closure.threshold)));
    }
    text
}

/// The axes of a scan that tell its points apart.
pub fn axes(points: &[&PointResults]) -> Vec<(&'static str, AxisValue)> {
    let tells = |(heading, axis): &(&str, AxisValue)| {
        let values = distinct(points.iter().filter_map(|found| axis(&found.point)));
        // Points in the job's own signal region do not name it.
        let always = ["injected", "over-sampling"].contains(heading);
        values.len() > 1 || always || (*heading == SIGNAL_REGION && !values.is_empty())
    };
    AXES.into_iter().filter(tells).collect()
}

/// The value of a point on an axis.
pub fn place(job: &Job, found: &PointResults, (heading, axis): &(&str, AxisValue)) -> String {
    match axis(&found.point) {
        Some(value) => value,
        None if *heading == SIGNAL_REGION => job.regions.signal.to_string(),
        None => "-".to_owned(),
    }
}

/// Share of feature values in the tails of a flow above which the summary says so.
const MANY: f64 = 0.01;

fn band(band: Option<Band>, digits: usize) -> String {
    let Some(Band { mean, low, high, .. }) = band else { return "-".to_owned() };
    format!("{mean:.digits$} [{low:.digits$}, {high:.digits$}]")
}
