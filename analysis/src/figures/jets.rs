//! Generated jets against true ones: distributions of jets and constituents, and their distances against σ′.

use super::palette::{self, Marked};
use super::{histogram, panels};
use crate::figures::FigureTable;
use crate::job::{Kinematics, SignalCount, TemplateMethod, TemplateSpec, method_names};
use crate::plan::work::MakeJets;
use crate::store::{JetQuantity, JetSpectrum, JetSummary, Results};
use drapes_draw::{Axis, Corner, Dash, Filling, Guide, Legend, Mark, Panel, Picture, Steps, Style};

/// The word of the curve with the distance between two halves of the true background, which is what chance gives.
const CHANCE: &str = "chance";

/// The first copies of such templates from the nominal side-bands by the job's own sampler, at each method's smallest
/// injection.
fn chosen(results: &Results, wanted: impl Fn(&TemplateSpec) -> bool) -> Vec<&JetSummary> {
    let nominal = |summary: &&JetSummary| {
        let template = summary.template;
        summary.copy == 0
            && template.integration.is_none()
            && wanted(&template)
            && template.sample.is_nominal(&results.job.regions)
    };
    let mut found: Vec<&JetSummary> = results.each::<MakeJets>().map(Box::as_ref).filter(nominal).collect();
    let injected = |summary: &JetSummary| summary.template.sample.injection.n_signal;
    let all: Vec<(TemplateMethod, SignalCount)> =
        found.iter().map(|summary| (summary.template.method, injected(summary))).collect();
    found.retain(|summary| {
        let of_method = all.iter().filter(|(method, _)| *method == summary.template.method);
        of_method.map(|(_, count)| *count).min() == Some(injected(summary))
    });
    found.sort_by(|one, other| {
        let rank = |summary: &JetSummary| method_names::rank(summary.template.method.word());
        rank(one).cmp(&rank(other)).then(one.sigma_used.total_cmp(&other.sigma_used))
    });
    found
}

/// Whether jets have their method's usual kinematics: those of existing jets, where there are some.
fn is_plain(template: &TemplateSpec) -> bool {
    template.kinematics == Kinematics::Kept
}

/// The template of each method whose σ′ is nearest to that of the job.
fn headline(results: &Results, wanted: impl Fn(&TemplateSpec) -> bool) -> Vec<&JetSummary> {
    let usual = results.job.sigma_prime_llv.0;
    let far = |summary: &JetSummary| match summary.template.method {
        TemplateMethod::Noise => (summary.sigma_used / results.job.sampler.sigma_max).ln().abs(),
        _ => (summary.sigma_used / usual).ln().abs(),
    };
    let mut best: Vec<&JetSummary> = Vec::new();
    for summary in chosen(results, wanted) {
        match best.iter_mut().find(|known| known.template.method == summary.template.method) {
            Some(known) if far(summary) < far(known) => *known = summary,
            Some(_) => {}
            None => best.push(summary),
        }
    }
    best
}

fn spectrum(summary: &JetSummary, quantity: JetQuantity) -> Option<&JetSpectrum> {
    summary.spectra.iter().find(|spectrum| spectrum.quantity == quantity)
}

/// Distributions of jets and constituents: one panel a quantity.
pub fn table(name: &str, results: &Results) -> FigureTable {
    distributions(name, &headline(results, is_plain), &JetQuantity::OF_JETS)
}

/// Distributions of generated kinematics: one panel a quantity.
pub fn kinematics(name: &str, results: &Results) -> FigureTable {
    distributions(name, &headline(results, TemplateSpec::makes_kinematics), &JetQuantity::KINEMATIC)
}

fn distributions(name: &str, shown: &[&JetSummary], quantities: &[JetQuantity]) -> FigureTable {
    let mut table = FigureTable::new(name);
    for quantity in quantities {
        let Some(truth) = shown.iter().find_map(|summary| spectrum(summary, *quantity)) else { continue };
        let panel = quantity.word();
        histogram::push(&mut table, panel, "background", &truth.edges, &truth.background);
        histogram::push(&mut table, panel, "signal", &truth.edges, &truth.signal);
        for summary in shown {
            if let Some(found) = spectrum(summary, *quantity) {
                let method = summary.template.method.word();
                histogram::push(&mut table, panel, method, &found.edges, &found.generated);
            }
        }
    }
    table
}

pub fn picture(table: &FigureTable) -> Picture {
    let note = "jets and constituents of the signal region; generated from data with the least injected signal of the job";
    distributions_picture(table, note, 4)
}

pub fn kinematics_picture(table: &FigureTable) -> Picture {
    let note = "jets of the signal region; generated from data with the least injected signal of the job";
    distributions_picture(table, note, 5)
}

fn distributions_picture(table: &FigureTable, footnote: &str, columns: usize) -> Picture {
    let panel = |word: &str| {
        let quantity = JetQuantity::named(word)?;
        let marks = table.curves(word).into_iter().map(|curve| {
            let truth = |label, colour| {
                let style = Style { width: 1.0, ..Style::line(colour) };
                Steps { filling: Filling::Light, ..histogram::steps(table, word, curve, label, style) }
            };
            Mark::Steps(match curve {
                "background" => truth("true background", palette::TRUE_BACKGROUND),
                "signal" => {
                    let outline = truth("true signal", palette::TRUE_SIGNAL);
                    Steps { filling: Filling::Empty, ..outline }
                }
                method => {
                    let style = Style::line(palette::colour(method));
                    histogram::steps(table, word, method, method_names::label(method), style)
                }
            })
        });
        let y = Axis::linear(histogram::SHARE).within(0.0, 1.25 * histogram::highest(table, word));
        Some(Panel::new(Axis::linear(quantity.label()), y, marks.collect()))
    };
    let panels = table.panels().into_iter().filter_map(panel).collect();
    Picture {
        legend: Legend::Above,
        footnote: Some(footnote.to_owned()),
        frame_width: 300.0,
        ..Picture::new(panels::rows(panels, columns))
    }
}

/// Wasserstein distances against σ′: one panel a quantity.
pub fn distances(name: &str, results: &Results) -> FigureTable {
    let mut table = FigureTable::new(name);
    let found = chosen(results, is_plain);
    for quantity in JetQuantity::OF_JETS {
        let mut ends: Vec<f64> = Vec::new();
        for summary in &found {
            if let Some(spectrum) = spectrum(summary, quantity) {
                ends.push(summary.sigma_used);
                let (panel, method) = (quantity.word(), summary.template.method.word());
                table.push_value(panel, method, summary.sigma_used, spectrum.distance);
            }
        }
        let chance = found.iter().find_map(|summary| spectrum(summary, quantity)).map(|found| found.chance);
        let (least, most) =
            (ends.iter().copied().fold(f64::INFINITY, f64::min), ends.iter().copied().fold(0.0, f64::max));
        if let Some(chance) = chance.filter(|_| least < most) {
            for end in [least, most] {
                table.push_value(quantity.word(), CHANCE, end, chance);
            }
        }
    }
    table.only_if_some_curve_runs()
}

pub fn distances_picture(table: &FigureTable) -> Picture {
    let panel = |word: &str| {
        let quantity = JetQuantity::named(word)?;
        let curves = table.curves(word).into_iter().filter(|curve| *curve != CHANCE);
        let marks =
            curves.map(|method| Mark::Curve(palette::curve(method, &table.curve(word, method), Marked::Yes)));
        let chance = table.curve(word, CHANCE).first().map(|row| row.mean);
        let guide = |y| Guide::Horizontal { y, dash: Dash::Dotted, label: None };
        let x = Axis::log("noise strength *σ*′ [standard deviations]");
        let y = Axis::linear("distance [standard deviations]").starting_at(0.0);
        Some(Panel {
            note: Some(panels::note(quantity.label(), Corner::TopRight)),
            guides: chance.map(guide).into_iter().collect(),
            ..Panel::new(x, y, marks.collect())
        })
    };
    let panels = table.panels().into_iter().filter_map(panel).collect();
    Picture {
        legend: Legend::Above,
        footnote: Some(
            "Wasserstein distance of generated jets from true background; dotted: of two halves of the true background"
                .to_owned(),
        ),
        frame_width: 300.0,
        ..Picture::new(panels::rows(panels, 4))
    }
}
