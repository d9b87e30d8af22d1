//! By how much more true background passes a cut on the scores of boosted trees than the template says, against the share of
//! the template that passes: what a search with such a template would take for signal.

use serde::Serialize;

use super::palette::{self, Marked};
use super::{panels, select};
use crate::figures::FigureTable;
use crate::job::method_names::{label, rank};
use crate::job::{InjectionSeed, SignalCount, TemplateSeed, TemplateSpec};
use crate::plan::work::closure_by_trees::{auc_text, excess_text};
use crate::plan::work::{ClosureByTrees, TestedClosure};
use crate::statistics::band::Band;
use crate::statistics::closure::{Closure, Excess, Measured, QUOTED_EFFICIENCIES, cut_grid};
use crate::store::Results;
use crate::text::columns;
use drapes_draw::{
    Axis, Colour, Corner, Curve, Dash, Guide, Legend, Mark, Marker, Panel, Picture, Row, Style,
};

const PANEL: &str = "closure";

/// A curve that others have published.
struct Published {
    word: &'static str,
    label: &'static str,
    dash: Dash,
    /// Efficiency and excess.
    points: [(f64, f64); 3],
}

/// Means over nine windows and ten runs without signal, of other events and features.
///
/// Source: arXiv:2411.00085.
const PUBLISHED: [Published; 2] = [
    Published {
        word: "published",
        label: "published: CATHODE by flow matching",
        dash: Dash::Dotted,
        points: [(1e-2, 0.064), (1e-3, 0.156), (1e-4, 0.708)],
    },
    Published {
        word: "published_idealised",
        label: "published: idealised",
        dash: Dash::DashDot,
        points: [(1e-2, -0.007), (1e-3, 0.012), (1e-4, 0.046)],
    },
];

/// The tests of a method, one for each of its injections and templates.
pub struct MethodClosure {
    method: &'static str,
    /// The template of the first seeds; none for the floor.
    pub template: Option<TemplateSpec>,
    /// The mean over templates.
    closure: Closure,
    /// How many there are.
    templates: usize,
}

/// The test of each method that is most like what the job calls nominal, in the order of legends, and the floor behind
/// them: without signal where there is such a template, with the job's own side-bands, sampler and σ′, and the mean over all
/// injections and templates of that.
pub fn by_method(results: &Results) -> Vec<MethodClosure> {
    let mut best: Vec<Vec<&TestedClosure>> = vec![];
    for tested in results.each::<ClosureByTrees>() {
        match best.iter_mut().find(|known| known[0].method() == tested.method()) {
            Some(known) if of_first_seeds(known[0]) == of_first_seeds(tested) => known.push(tested),
            Some(known) if distance(results, tested) < distance(results, known[0]) => *known = vec![tested],
            Some(_) => {}
            None => best.push(vec![tested]),
        }
    }
    best.sort_by_key(|tests| (tests[0].template.is_none(), rank(tests[0].method())));
    best.iter().map(|tests| MethodClosure::of(tests)).collect()
}

impl MethodClosure {
    fn of(tests: &[&TestedClosure]) -> Self {
        let closures: Vec<&Closure> = tests.iter().map(|tested| &tested.closure).collect();
        Self {
            method: tests[0].method(),
            template: of_first_seeds(tests[0]),
            closure: Closure::mean(&closures),
            templates: tests.len(),
        }
    }
}

/// The template as one of the first seeds.
fn of_first_seeds(tested: &TestedClosure) -> Option<TemplateSpec> {
    tested.template.map(|template| TemplateSpec { sample: template.sample.of_first_seeds(), ..template })
}

/// How far a tested template is from what the job calls nominal.
fn distance(results: &Results, tested: &TestedClosure) -> (SignalCount, bool, bool, f64) {
    let Some(template) = tested.template else { return (SignalCount(0), false, false, 0.0) };
    let TemplateSpec { sample, integration, sigma_prime, .. } = template;
    let usual = if select::PARTIAL.contains(&template.method.word()) {
        results.job.sigma_prime.0
    } else {
        results.job.sampler.sigma_max
    };
    let strength = sigma_prime.map_or(0.0, |sigma| (sigma.0 / usual).ln().abs());
    let nominal = sample.of_first_seeds().is_nominal(&results.job.regions);
    (sample.injection.n_signal, !nominal, integration.is_some(), strength)
}

/// The tests of all methods, and what others have published.
pub fn table(name: &str, results: &Results) -> FigureTable {
    let mut table = FigureTable::new(name);
    for tested in by_method(results) {
        for (efficiency, excess) in cut_grid().zip(&tested.closure.excesses) {
            if let Some(Excess { delta: Measured { value, error }, passing }) = *excess {
                let band = Band { mean: value, low: value - error, high: value + error, n: tested.templates };
                table.push(PANEL, tested.method, efficiency, band, Some(passing));
            }
        }
    }
    let mut table = table.only_if(|row| row.curve != TestedClosure::FLOOR);
    push_published(&mut table, PANEL);
    table
}

/// Adds what others have published to a panel of a table that has rows.
pub fn push_published(table: &mut FigureTable, panel: &str) {
    if table.rows.is_empty() {
        return;
    }
    for published in &PUBLISHED {
        for (efficiency, excess) in published.points {
            table.push_value(panel, published.word, efficiency, excess);
        }
    }
}

/// The published curve of this name as it is drawn; none where it is another's.
pub fn published_curve(word: &str, plain: Curve) -> Option<Curve> {
    PUBLISHED.iter().find(|published| published.word == word).map(|published| Curve {
        label: Some(published.label.to_owned()),
        style: Style::line(Colour::GREY).dashed(published.dash).marked(Marker::Square),
        ..plain
    })
}

/// A curve a method, with true background and the published ones beside them.
pub fn picture(table: &FigureTable) -> Picture {
    let curve = |word: &str| {
        let plain = palette::curve(word, &table.curve(PANEL, word), Marked::Yes);
        if word == TestedClosure::FLOOR {
            let style = Style::line(palette::TRUE_BACKGROUND).dashed(Dash::Dashed);
            return Curve { label: Some("true background".to_owned()), style, ..plain };
        }
        published_curve(word, plain.clone()).unwrap_or(plain)
    };
    let marks = table.curves(PANEL).into_iter().map(|word| Mark::Curve(curve(word))).collect();
    let panel = Panel {
        note: Some(panels::note("boosted trees", Corner::BottomLeft)),
        guides: vec![Guide::Horizontal { y: 0.0, dash: Dash::Solid, label: None }],
        ..Panel::new(
            // A little beyond the ends of the grid, so that markers are whole.
            Axis::log("share *ε* of the template that passes").within(8e-5, 1.0),
            Axis::linear("excess of true background *δ* = *N*′/(*εN*) − 1"),
            marks,
        )
    };
    Picture {
        legend: Legend::Above,
        footnote: Some(
            "bands: numbers of events, and templates where there are several; hollow: fewer than 25 pass; curves end where fewer than ten are expected; published values \
             are of other events and features"
                .to_owned(),
        ),
        ..Picture::new(vec![Row::new(vec![panel])])
    }
}

/// A row of the closing table and of the report: name, injected signal, AUC and the quoted excesses.
pub fn told_row(tested: &MethodClosure) -> [String; 6] {
    let name = match (tested.template, tested.templates) {
        (Some(template), 1) => label(template.method.word()).to_owned(),
        (Some(template), several) => format!("{} ({several} templates)", label(template.method.word())),
        (None, _) => "true background".to_owned(),
    };
    let injected =
        tested.template.map_or_else(|| "-".to_owned(), |made| made.sample.injection.n_signal.to_string());
    let [low, middle, high] =
        QUOTED_EFFICIENCIES.map(|efficiency| excess_text(tested.closure.excess(efficiency)));
    [name, injected, auc_text(tested.closure.auc), low, middle, high]
}

/// The part of the closing summary on these tests; nothing where there are none.
pub fn told(results: &Results) -> String {
    let tests = by_method(results);
    if tests.iter().all(|tested| tested.template.is_none()) {
        return String::new();
    }
    let mut headings: Vec<String> = ["closure by trees", "injected", "AUC"].map(str::to_owned).to_vec();
    headings.extend(QUOTED_EFFICIENCIES.map(|efficiency| format!("δ({efficiency})")));
    let mut lines = vec![headings];
    lines.extend(tests.iter().map(|tested| told_row(tested).to_vec()));
    format!("\n{}", columns(&lines))
}

/// A row of `closure.csv`: a tested template, or true background.
#[derive(Serialize)]
struct TestRow {
    method: &'static str,
    n_signal: Option<u32>,
    injection_seed: Option<InjectionSeed>,
    template_seed: Option<TemplateSeed>,
    side_band_gev: Option<String>,
    sigma_prime: Option<f64>,
    solver: Option<&'static str>,
    steps: Option<usize>,
    n_template: usize,
    n_background: usize,
    efficiency: f64,
    delta: Option<f64>,
    delta_error: Option<f64>,
    passing: Option<f64>,
    auc: Option<f64>,
    auc_error: Option<f64>,
}

/// All tests as CSV, a row for each and each efficiency; none where there are none. Numbers that events are too few for are
/// empty cells.
pub fn csv(results: &Results) -> Option<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for tested in results.each::<ClosureByTrees>() {
        for (efficiency, excess) in cut_grid().zip(&tested.closure.excesses) {
            // Writing to memory cannot fail, and every row has the same fields.
            let _ = writer.serialize(TestRow::of(tested, efficiency, *excess));
        }
    }
    writer.into_inner().ok().filter(|bytes| !bytes.is_empty())
}

impl TestRow {
    fn of(tested: &TestedClosure, efficiency: f64, excess: Option<Excess>) -> Self {
        let template = tested.template;
        let integration = template.and_then(|made| made.integration);
        Self {
            method: tested.method(),
            n_signal: template.map(|made| made.sample.injection.n_signal.0),
            injection_seed: template.map(|made| made.sample.injection.injection_seed),
            template_seed: template.map(|made| made.sample.template_seed),
            side_band_gev: template.map(|made| made.sample.side_bands.to_string()),
            sigma_prime: template.and_then(|made| made.sigma_prime).map(|sigma| sigma.0),
            solver: integration.map(|own| own.solver.word()),
            steps: integration.map(|own| own.steps),
            n_template: tested.n_template,
            n_background: tested.n_background,
            efficiency: super::table::round(efficiency),
            delta: excess.map(|excess| excess.delta.value),
            delta_error: excess.map(|excess| excess.delta.error),
            passing: excess.map(|excess| excess.passing),
            auc: tested.closure.auc.map(|auc| auc.value),
            auc_error: tested.closure.auc.map(|auc| auc.error),
        }
    }
}
