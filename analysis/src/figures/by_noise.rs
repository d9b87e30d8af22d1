//! The loss of a denoiser against the noise strength, on training and validation events: it shows at which strengths a
//! denoiser learns anything.

use super::{palette, panels, select};
use crate::figures::FigureTable;
use crate::job::Scope;
use crate::store::{DenoiserTraining, Results};
use drapes_draw::{Axis, Corner, Curve, Dash, Guide, Legend, Mark, Panel, Picture, Point, Style};

const TRAINING: &str = "training";
const VALIDATION: &str = "validation";

/// The background models with the least and the most signal in their side-bands, and the data model with the most.
pub fn table(name: &str, results: &Results) -> FigureTable {
    let mut table = FigureTable::new(name);
    let background = select::trainings(results, Scope::SideBands);
    let data = select::trainings(results, Scope::Everything);
    let least = background.first().copied();
    let most = background.last().copied().filter(|_| background.len() > 1);
    for training in [least, most, data.last().copied()].into_iter().flatten() {
        push(&mut table, training);
    }
    table
}

fn push(table: &mut FigureTable, training: &DenoiserTraining) {
    let scope = match training.scope {
        Scope::SideBands => "background",
        Scope::Everything => "data",
    };
    let panel = format!("{scope}-{}", training.sample.injection.n_signal);
    for loss in &training.by_noise {
        table.push_value(&panel, TRAINING, loss.sigma, loss.training);
    }
    for loss in &training.by_noise {
        if let Some(validation) = loss.validation {
            table.push_value(&panel, VALIDATION, loss.sigma, validation);
        }
    }
}

pub fn picture(table: &FigureTable) -> Picture {
    let looks = [
        (TRAINING, "events learnt from", palette::TRAINING, Dash::Solid),
        (VALIDATION, "events kept aside", palette::VALIDATION, Dash::Dashed),
    ];
    // The axis reaches at least one, the loss of a network that has learnt nothing, which is drawn as a line with a label.
    let highest = table.rows.iter().map(|row| row.mean).fold(1.0, f64::max);
    let panels = table.panels().into_iter().map(|panel| {
        let there = table.curves(panel);
        let marks =
            looks.iter().filter(|(word, ..)| there.contains(word)).map(|(word, label, colour, dash)| {
                let rows = table.curve(panel, word);
                let points = rows.iter().map(|row| Point::exact(row.x, row.mean)).collect();
                Mark::Curve(Curve::new(*label, Style::line(*colour).dashed(*dash), points))
            });
        let (scope, count) = panel.split_once('-').unwrap_or((panel, ""));
        let nothing =
            Guide::Horizontal { y: 1.0, dash: Dash::Dotted, label: Some("nothing learnt".to_owned()) };
        let x = Axis::log("noise strength *σ* [standard deviations]");
        let y = Axis::linear("loss of the network’s own target").within(0.0, 1.15 * highest);
        Panel {
            note: Some(panels::note(
                format!("{scope} model\n{}", panels::injected(count)),
                Corner::BottomLeft,
            )),
            guides: vec![nothing],
            ..Panel::new(x, y, marks.collect())
        }
    });
    Picture { legend: Legend::Above, ..Picture::new(panels::rows(panels.collect(), 3)) }
}
