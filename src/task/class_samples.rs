//! The two classes of events that the classifiers of a point tell apart, and the events that evaluate them.

use drapes_analysis::job::injection::Injection;
use drapes_analysis::job::point::{Comparison, ScanPoint};
use drapes_analysis::job::quantities::Oversampling;
use drapes_analysis::job::regions::Region;
use drapes_analysis::job::template_spec::{Inputs, TemplateMethod, TemplateSpec};
use drapes_analysis::plan::random_stream::Stream;
use drapes_analysis::statistics::replicas::{Counts, draw_counts};
use rand::seq::SliceRandom;

use super::{Workplace, jet_template, template};
use crate::error::Error;
use crate::models::classifier::{EventCounts, TemplateFolds, TemplateTruth};

/// The events of both classes of a two-sample task and those that no classifier sees, by where they come from.
pub struct ClassSamples {
    pub data: Origin,
    /// Which data are signal; none where the data are generated.
    pub is_signal: Option<Vec<bool>>,
    pub template: Origin,
    pub truth: TemplateTruth,
    pub folds: TemplateFolds,
    /// Events of the sample.
    pub unseen_background: Vec<u32>,
    /// Events of the sample.
    pub unseen_signal: Vec<u32>,
}

/// The origin of the events of a class.
pub enum Origin {
    /// These events of the sample.
    Sample(Vec<u32>),
    /// The first events, so many, of what template tasks have made.
    Made(usize),
}

impl Origin {
    /// Number of events.
    pub fn len(&self) -> usize {
        match self {
            Self::Sample(events) => events.len(),
            Self::Made(count) => *count,
        }
    }
}

impl ClassSamples {
    /// How often the events count in replicas of the evaluation events: an event of the sample equally often in all points of a
    /// job, whatever it is there, so that the replicas of two of them differ by what these do with the events alone.
    ///
    /// `stream` is the random stream of the job.
    pub fn event_counts(&self, stream: &Stream) -> EventCounts {
        let stream = stream.branch("evaluation events");
        let of = |events: &[u32]| -> Vec<Counts> {
            events.iter().map(|event| draw_counts(&mut stream.branch(event).generator())).collect()
        };
        let of_class = |origin: &Origin| match origin {
            Origin::Sample(events) => Some(of(events)),
            Origin::Made(_) => None,
        };
        EventCounts {
            data: of_class(&self.data),
            template: of_class(&self.template),
            unseen_background: of(&self.unseen_background),
            unseen_signal: of(&self.unseen_signal),
        }
    }
}

/// The events of a point.
///
/// A point is evaluated on the signal beyond its own injection, which neither its models nor its classifiers have seen; a
/// method that sees no data has all signal. So a point is the same in every job that has it, whatever else is injected.
pub fn class_samples(place: &Workplace, point: &ScanPoint) -> Result<ClassSamples, Error> {
    let sample = place.sample()?;
    let injection = point.injection().unwrap_or_default();
    let regions =
        point.template().map_or(place.job.regions, |template| place.job.regions_of(&template.sample));
    let usable = |events: Vec<u32>| match point.classifier.inputs() {
        Inputs::Hlv => events,
        Inputs::Llv => sample.with_jets(events),
    };
    let unseen_signal = usable(sample.unused_signal(injection, regions.signal));
    // Independent background is that of the job's own signal region.
    let here = regions.signal == place.job.regions.signal;
    let independent = if here { usable(sample.independent().to_vec()) } else { vec![] };
    let data = |injection: Injection| sample.chosen(injection, &regions, Region::Signal).map(usable);
    let truth_of = |data: &[u32]| data.iter().map(|event| sample.is_signal(*event)).collect();
    match point.comparison {
        Comparison::Search { template, oversampling } | Comparison::Window { template, oversampling, .. } => {
            let data = data(template.sample.injection)?;
            Ok(ClassSamples {
                template: Origin::Made(made(place, &template, oversampling)?),
                folds: match template.method {
                    TemplateMethod::SignalRegion => TemplateFolds::OfData,
                    _ => of_origins(place, &template)?,
                },
                is_signal: Some(truth_of(&data)),
                data: Origin::Sample(data),
                truth: TemplateTruth::Generated,
                unseen_background: independent,
                unseen_signal,
            })
        }
        Comparison::GenSr { template, oversampling, data_oversampling } => {
            // The classifiers see generated data only, so that all true events may evaluate them.
            let data = data(template.sample.injection)?;
            let (signal, background): (Vec<u32>, Vec<u32>) =
                data.iter().partition(|event| sample.is_signal(**event));
            Ok(ClassSamples {
                data: Origin::Made(data.len() * data_oversampling.0 as usize),
                is_signal: None,
                template: Origin::Made(made(place, &template, oversampling)?),
                truth: TemplateTruth::Generated,
                folds: of_origins(place, &template)?,
                unseen_background: [background, independent].concat(),
                unseen_signal: [signal, unseen_signal].concat(),
            })
        }
        Comparison::Idealised { injection } => {
            reference(place, injection, data(injection)?, 1, independent, unseen_signal)
        }
        Comparison::OverIdealised { injection, oversampling } => {
            reference(place, injection, data(injection)?, oversampling.0 as usize, independent, unseen_signal)
        }
        Comparison::Supervised => Ok(ClassSamples {
            is_signal: Some(vec![true; unseen_signal.len()]),
            data: Origin::Sample(unseen_signal),
            template: Origin::Sample(independent),
            truth: TemplateTruth::Background,
            folds: TemplateFolds::Random,
            unseen_background: data(Injection::default())?,
            unseen_signal: vec![],
        }),
    }
}

/// Events of a generated template.
fn made(place: &Workplace, what: &TemplateSpec, factor: Oversampling) -> Result<usize, Error> {
    Ok(starts(place, what)? * factor.0 as usize)
}

/// Events that a template starts from.
fn starts(place: &Workplace, what: &TemplateSpec) -> Result<usize, Error> {
    Ok(match what.inputs {
        Inputs::Hlv => template::starts(place, what)?.len(),
        Inputs::Llv => jet_template::starts(place, what)?.len(),
    })
}

/// Copies of an event stay together, where events are what a template began as.
fn of_origins(place: &Workplace, what: &TemplateSpec) -> Result<TemplateFolds, Error> {
    if !what.method.moves_events() {
        return Ok(TemplateFolds::Random);
    }
    starts(place, what).map(TemplateFolds::OfOrigins)
}

/// A template of true background: so many times the background of the data, drawn without replacement, anew for each injection.
fn reference(
    place: &Workplace,
    injection: Injection,
    data: Vec<u32>,
    factor: usize,
    mut independent: Vec<u32>,
    unseen_signal: Vec<u32>,
) -> Result<ClassSamples, Error> {
    let sample = place.sample()?;
    let is_signal: Vec<bool> = data.iter().map(|event| sample.is_signal(*event)).collect();
    let background = is_signal.iter().filter(|signal| !**signal).count();
    let needed = sample.reference_size(background, factor)?;
    // The first injection has the order that it had before there were others.
    let mut stream = place.stream().branch("reference template");
    if !injection.injection_seed.is_first() {
        stream = stream.branch(injection.injection_seed.0);
    }
    independent.shuffle(&mut stream.generator());
    // Those without usable jets may be missing here.
    let rest = independent.split_off(needed.min(independent.len()));
    Ok(ClassSamples {
        data: Origin::Sample(data),
        is_signal: Some(is_signal),
        template: Origin::Sample(independent),
        truth: TemplateTruth::Background,
        folds: TemplateFolds::Random,
        unseen_background: rest,
        unseen_signal,
    })
}
