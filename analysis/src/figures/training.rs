//! Training and validation losses against epochs: where they part, a network over-trains.

use super::{palette, panels, select};
use crate::figures::FigureTable;
use crate::job::{ClassifierKind, Inputs, NoisePath, ScanPoint, Scope, method_names};
use crate::plan::work::{TrainFlows, TrainJets, TrainKinematics};
use crate::statistics::band::Band;
use crate::store::{FlowTraining, Loss, Results};
use drapes_draw::{Axis, Colour, Corner, Curve, Dash, Mark, Note, Panel, Picture, Place, Point, Style};

const TRAINING: &str = "training";
const VALIDATION: &str = "validation";

/// One side of a loss.
type Value = fn(&Loss) -> Option<f64>;

pub fn table(name: &str, results: &Results) -> FigureTable {
    let mut table = FigureTable::new(name);
    // GenSR has such a network as well, which the paper's figures do without.
    let is_efficient = |point: &ScanPoint| point.method() == "noise_efficient";
    let of_all = results.job.points.iter().any(is_efficient);
    let diffusion_of_all = ("denoiser of all data", Scope::Everything, NoisePath::Diffusion);
    for (word, scope, path) in [
        ("denoiser", Scope::SideBands, NoisePath::Diffusion),
        ("flow matching", Scope::SideBands, NoisePath::Straight),
        ("flow matching of all data", Scope::Everything, NoisePath::Straight),
    ]
    .into_iter()
    .chain(of_all.then_some(diffusion_of_all))
    {
        if let Some(training) = select::trainings_by(results, scope, path).last() {
            push(&mut table, &format!("{word}-{}", training.sample), &[training.losses.as_slice()]);
        }
    }
    let kinematics: Vec<_> = results.each::<TrainKinematics>().flatten().collect();
    let jets: Vec<_> = results.each::<TrainJets>().flatten().collect();
    for (word, trainings) in [("kinematics", kinematics), ("jets", jets)] {
        let nominal =
            trainings.into_iter().filter(|training| training.sample.is_nominal(&results.job.regions));
        if let Some(training) = nominal.max_by_key(|training| training.sample.injection.n_signal) {
            push(&mut table, &format!("{word}-{}", training.sample), &[training.losses.as_slice()]);
        }
    }
    let nominal = |flow: &&FlowTraining| flow.sample.is_nominal(&results.job.regions);
    let mut flows: Vec<&FlowTraining> = results.each::<TrainFlows>().flatten().filter(nominal).collect();
    flows.sort_by_key(|flow| {
        (flow.flow.base_density().is_some(), flow.flow.word(), flow.sample.injection.n_signal)
    });
    for (index, training) in flows.iter().enumerate() {
        // The largest injection of each kind.
        if flows.get(index + 1).is_none_or(|next| next.flow != training.flow) {
            let panel = format!("flow-{}-{}", training.flow.word(), training.sample);
            push(&mut table, &panel, &[training.losses.as_slice()]);
        }
    }
    let most = select::injections(results).into_iter().max();
    let of = |kind| move |count| select::headline_by(results, kind, count, &select::ALL);
    let by_features = most.into_iter().flat_map(of(ClassifierKind::Mlp));
    for found in by_features.chain(most.into_iter().flat_map(of(ClassifierKind::Transformer))) {
        let courses: Vec<&[Loss]> =
            found.classifiers.iter().map(|result| result.classifier.losses.as_slice()).collect();
        let network = match found.point.classifier.inputs() {
            Inputs::Hlv => "classifier",
            Inputs::Llv => "jet classifier",
        };
        push(&mut table, &format!("{network}-{}", found.point.method()), &courses);
    }
    table
}

fn push(table: &mut FigureTable, panel: &str, courses: &[&[Loss]]) {
    let moments = courses.iter().map(|losses| losses.len()).min().unwrap_or(0);
    let values: [(&str, Value); 2] = [
        (TRAINING, |loss| Some(f64::from(loss.training))),
        (VALIDATION, |loss| loss.validation.map(f64::from)),
    ];
    for (curve, value) in values {
        for moment in 0..moments {
            if let Some(band) = Band::of(courses.iter().map(|losses| value(&losses[moment]))) {
                table.push(panel, curve, courses[0][moment].epoch, band, None);
            }
        }
    }
}

pub fn picture(table: &FigureTable) -> Picture {
    let panels = table.panels().into_iter().map(|panel| {
        // A band over single classifiers would show the fluctuations of small validation samples, not the course of training.
        let means = |name: &str| -> Vec<Point> {
            table.curve(panel, name).iter().map(|row| Point::exact(row.x, row.mean)).collect()
        };
        let (training, validation) = (means(TRAINING), means(VALIDATION));
        // The losses of the first epochs lie far above the others, which would be squeezed together.
        let late =
            |points: &[Point]| points[points.len() / 10..].iter().map(|point| point.mean).collect::<Vec<_>>();
        let shown = [late(&training), late(&validation)].concat();
        let (low, high) =
            shown.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| (y.min(low), y.max(high)));
        let room = (0.35 * (high - low)).max(1e-4);
        let curve = |name: &str, dash: Dash, colour: Colour, points: Vec<Point>| {
            Mark::Curve(Curve::new(name, Style::line(colour).dashed(dash), points))
        };
        let marks = vec![
            curve(TRAINING, Dash::Solid, palette::TRAINING, training),
            curve(VALIDATION, Dash::Dashed, palette::VALIDATION, validation),
        ];
        let title = match panel.split_once('-') {
            Some(("classifier", word)) => format!("classifiers, {}", method_names::label(word)),
            Some(("jet classifier", word)) => format!("classifiers of jets, {}", method_names::label(word)),
            Some((network, sample)) => {
                let (kind, sample) =
                    sample.split_once("-s").map_or(("", sample), |(kind, sample)| (kind, sample));
                let sample = sample.trim_start_matches('s').replace("-w", " injected, ");
                format!("{network} {}, {sample}", kind.replace('_', " ")).replace(" ,", ",")
            }
            None => panel.to_owned(),
        };
        let note = Some(Note { text: title, place: Place::At(Corner::TopRight) });
        let y = Axis::linear("loss").within(low - room / 3.0, high + room);
        Panel { note, ..Panel::new(Axis::linear("epoch"), y, marks) }
    });
    Picture::new(panels::rows(panels.collect(), 3))
}
