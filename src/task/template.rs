//! Tasks that make events: background templates in the signal region by ∅, partial diffusion and flows, and over-sampled data
//! (GenSR).

use std::ops::Range;

use drapes_analysis::job::Solver;
use drapes_analysis::job::hlv;
use drapes_analysis::job::noise_grid::NoiseGrid;
use drapes_analysis::job::regions::Region;
use drapes_analysis::job::template_spec::{
    MassCondition, NoisePath, Start, TemplateMethod, TemplateSpec, TrainingSample,
};
use drapes_analysis::plan::TaskId;
use drapes_analysis::plan::random_stream::Stream;
use drapes_analysis::plan::work::template_summary::TemplateSummary;
use drapes_analysis::plan::work::{Fit, MadePool, MakePool, MakeTemplate, Resample, ResultOf};
use drapes_analysis::store::record::TaskResult;
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use rand_distr::Distribution;
use tch::Device;

use super::summary::{self, FEATURES, Made};
use super::unfinished_template::{Generators, UnfinishedTemplate};
use super::{Perform, Trial, Workplace, flow, train};
use crate::arrays::{ArrayReader, ArrayWriter, Column};
use crate::error::Error;
use crate::models::diffusion::{Condition, Denoiser, Sampler};
use crate::models::flow::{FlowModel, Transform};
use crate::progress_sink::ProgressSink;
use crate::sample::derived::Derivation;
use crate::sample::dijet::DijetShape;
use crate::sample::split::RegionEvents;
use crate::training::Checkpointer;

impl Perform for MakeTemplate {
    fn perform(
        &self,
        place: &Workplace,
        id: &TaskId,
        checkpointer: &Checkpointer<'_>,
    ) -> Result<TaskResult, Error> {
        let template = self.template;
        let starts = starts(place, &template)?;
        let model = make(place, id, self, (&starts, &stream(place, &template)), checkpointer)?;
        let (grid, in_tails) = match &model {
            Model::Denoiser(_, grid) => (Some(grid), None),
            Model::Flow(_) if template.method == TemplateMethod::Cathode => (None, None),
            Model::Flow(flow) => (None, Some(flow.share_in_tails(starts.generated()))),
        };
        let summary = summarise(place, id, Some(template), grid, &starts)?;
        Ok(TaskResult::Template(Box::new(TemplateSummary { in_tails, ..summary })))
    }

    fn trial(&self) -> Option<&dyn Trial> {
        Some(self)
    }
}

/// Events for pseudo-experiments, made as those of a template are.
impl Perform for MakePool {
    fn perform(
        &self,
        place: &Workplace,
        id: &TaskId,
        checkpointer: &Checkpointer<'_>,
    ) -> Result<TaskResult, Error> {
        let template = &self.events.template;
        let starts = starts(place, template)?;
        // Other events than those of the template that data are compared with.
        let stream = stream(place, template).branch("pool");
        make(place, id, &self.events, (&starts, &stream), checkpointer)?;
        let events = starts.len() * self.events.oversampling.0 as usize;
        Ok(TaskResult::Pool(MadePool { events }))
    }

    fn trial(&self) -> Option<&dyn Trial> {
        Some(&self.events)
    }
}

/// Makes the events of a template from those that its method starts from, by the random numbers of a stream, and stores them.
/// Returns the model that has made them.
fn make(
    place: &Workplace,
    id: &TaskId,
    MakeTemplate { template, oversampling, model, fit }: &MakeTemplate,
    (starts, stream): (&RegionEvents, &Stream),
    checkpointer: &Checkpointer<'_>,
) -> Result<Model, Error> {
    let count = starts.len() * oversampling.0 as usize;
    let masses = target_masses(place, template, fit.as_ref(), (starts, stream), count)?;
    let method = template.method;
    let model = match method.flow() {
        Some(kind) => Model::Flow(flow::read(place, kind, model)?),
        None => Model::Denoiser(
            train::read(place, model, method.path())?,
            NoiseGrid::of(&place.job.sampler, template),
        ),
    };
    let solver = place.job.sampler.with(template.integration).solver;
    let condition = match method.mass_condition() {
        MassCondition::Own => Condition::Own,
        MassCondition::Edges => Condition::Edges(place.job.asked_around(&template.sample)),
    };
    let maker = Maker { method, starts, model, solver, condition, device: place.device };
    let noise = match template.method {
        method if method.moves_events() => stream.branch("added noise"),
        _ => stream.branch("starting noise"),
    }
    .generator();
    let spread = stream.branch("spread").generator();
    let events =
        ToMake { masses: &masses, generators: Generators { noise, spread }, portion: maker.portion() };
    store(place, id, events, checkpointer, |rows, generators, sink| {
        maker.make(&masses[rows.clone()], rows, generators, sink)
    })?;
    Ok(maker.model)
}

/// The masses that the events of a template are made at: drawn from the fit of the side-bands, or those of the events that it
/// starts from, round and round.
fn target_masses(
    place: &Workplace,
    template: &TemplateSpec,
    fit: Option<&TaskId>,
    (starts, stream): (&RegionEvents, &Stream),
    count: usize,
) -> Result<Vec<f64>, Error> {
    let Some(fit) = fit else { return Ok(starts.masses.iter().copied().cycle().take(count).collect()) };
    let mut generator = stream.branch("target masses").generator();
    let window = shape(place, fit)?.within(place.job.regions_of(&template.sample).signal);
    Ok(window.sample_iter(&mut generator).take(count).collect())
}

/// The finished model that makes a template.
enum Model {
    Denoiser(Denoiser, NoiseGrid),
    Flow(FlowModel),
}

/// How a template is made, and what it is made of.
struct Maker<'a> {
    method: TemplateMethod,
    /// The events that the method starts from.
    starts: &'a RegionEvents,
    model: Model,
    /// How a denoiser integrates.
    solver: Solver,
    condition: Condition,
    device: Device,
}

impl Maker<'_> {
    /// How many events are made together.
    fn portion(&self) -> usize {
        match &self.model {
            Model::Denoiser(denoiser, grid) => self.sampler(denoiser, grid).portion(),
            Model::Flow(flow) => flow.portion(),
        }
    }

    fn sampler<'a>(&self, denoiser: &'a Denoiser, grid: &'a NoiseGrid) -> Sampler<'a> {
        Sampler { denoiser, grid, solver: self.solver, condition: self.condition, device: self.device }
    }

    /// Makes some rows of a template at their target masses, from noise or from the events that the method starts from.
    fn make(
        &self,
        to: &[f64],
        rows: Range<usize>,
        Generators { noise, spread }: &mut Generators,
        sink: &dyn ProgressSink,
    ) -> Result<Array2<f32>, Error> {
        let from = || portion(self.starts, rows);
        match &self.model {
            Model::Denoiser(denoiser, grid) => {
                let sampler = self.sampler(denoiser, grid);
                if self.method.moves_events() {
                    sampler.from_events(from().generated(), to, (noise, spread), sink)
                } else {
                    sampler.from_noise(to, noise, sink)
                }
            }
            Model::Flow(flow) => match self.method {
                TemplateMethod::Cathode => flow.sample(to, noise, sink),
                TemplateMethod::Feta => {
                    flow.transport(from().generated(), Transform::Correction(to), spread, sink)
                }
                _ => {
                    let from = from();
                    let transform = Transform::Masses { own: &from.masses, target: to };
                    flow.transport(from.generated(), transform, spread, sink)
                }
            },
        }
    }
}

/// The events that these rows of a template start from, round and round.
fn portion(starts: &RegionEvents, rows: Range<usize>) -> RegionEvents {
    let chosen: Vec<usize> = rows.map(|row| row % starts.len()).collect();
    starts.only(&chosen)
}

/// The random stream of a template, which gives the same noise and masses for every σ′ and solver, so that templates differ by what is
/// studied and not by chance.
pub fn stream(place: &Workplace, template: &TemplateSpec) -> Stream {
    place.stream().branch("template").branch(template.method.word()).branch(template.sample)
}

/// Data of the signal region from a model that has learnt them, at their own masses.
///
/// Source: the paper, appendix B.2.
impl Perform for Resample {
    fn perform(
        &self,
        place: &Workplace,
        id: &TaskId,
        checkpointer: &Checkpointer<'_>,
    ) -> Result<TaskResult, Error> {
        let Self { sample, oversampling, model } = self;
        let data = signal_region(place, *sample)?;
        let count = data.len() * oversampling.0 as usize;
        let stream = place.stream().branch("data from noise").branch(sample);
        let masses: Vec<f64> = data.masses.iter().copied().cycle().take(count).collect();
        let denoiser = train::read(place, model, NoisePath::Diffusion)?;
        let grid = NoiseGrid::full(&place.job.sampler);
        let solver = place.job.sampler.solver;
        let (condition, device) = (Condition::Own, place.device);
        let sampler = Sampler { denoiser: &denoiser, grid: &grid, solver, condition, device };
        let noise = stream.branch("starting noise").generator();
        // Nothing is spread where events begin as noise.
        let generators = Generators { spread: noise.clone(), noise };
        let events = ToMake { masses: &masses, generators, portion: sampler.portion() };
        store(place, id, events, checkpointer, |rows, generators, sink| {
            sampler.from_noise(&masses[rows], &mut generators.noise, sink)
        })?;
        let summary = summarise(place, id, None, Some(&grid), &data)?;
        Ok(TaskResult::Template(Box::new(summary)))
    }

    fn trial(&self) -> Option<&dyn Trial> {
        Some(self)
    }
}

fn summarise(
    place: &Workplace,
    id: &TaskId,
    template: Option<TemplateSpec>,
    grid: Option<&NoiseGrid>,
    starts: &RegionEvents,
) -> Result<TemplateSummary, Error> {
    let features = &ArrayReader::of(&place.store, id)?;
    summary::summarise(place, &Made { template, grid, starts, features })
}

/// The events that a method starts from.
pub fn starts(place: &Workplace, template: &TemplateSpec) -> Result<RegionEvents, Error> {
    match template.method.starts() {
        Start::SignalRegion => signal_region(place, template.sample),
        Start::SideBands => {
            let regions = place.job.regions_of(&template.sample);
            place.sample()?.data(template.sample.injection, &regions, Region::SideBand)
        }
        Start::OtherSample => {
            place.sample()?.other_in(&place.job.regions_of(&template.sample), Region::Signal)
        }
    }
}

fn signal_region(place: &Workplace, sample: TrainingSample) -> Result<RegionEvents, Error> {
    place.sample()?.data(sample.injection, &place.job.regions_of(&sample), Region::Signal)
}

/// The events of a template before the first is made.
struct ToMake<'a> {
    /// The mass of each (GeV).
    masses: &'a [f64],
    generators: Generators,
    /// How many are made together.
    portion: usize,
}

/// Makes the events of a template, beginning where an earlier run was stopped, and stores them when all are made. Events are
/// made in portions, and a stop takes effect between two of them, so that hardly any work is lost.
fn store(
    place: &Workplace,
    id: &TaskId,
    ToMake { masses, generators, portion }: ToMake<'_>,
    checkpointer: &Checkpointer<'_>,
    mut make: impl FnMut(Range<usize>, &mut Generators, &dyn ProgressSink) -> Result<Array2<f32>, Error>,
) -> Result<(), Error> {
    let mut unfinished_template =
        UnfinishedTemplate::new(masses.len(), place.job.data.generated().len(), generators);
    checkpointer.resume(&mut unfinished_template);
    while let Some(rows) = unfinished_template.next(portion) {
        let count = masses.len() as f64;
        let part =
            Part { whole: checkpointer, begin: rows.start as f64 / count, len: rows.len() as f64 / count };
        checkpointer.save_or_stop(&unfinished_template, part.begin)?;
        // What is stopped on the way is made again from the generators as they are now.
        let mut generators = unfinished_template.generators.clone();
        let made = match make(rows, &mut generators, &part) {
            Err(Error::Stopped) => return Err(checkpointer.stopped(&unfinished_template, part.begin)),
            made => made?,
        };
        if let Some(value) = made.iter().find(|value| !value.is_finite()) {
            return Err(Error::NotFinite { what: format!("a generated feature is {value}") });
        }
        unfinished_template.add(made.view(), generators);
    }
    let writer = ArrayWriter::create(&place.store.arrays(id))?;
    let data = &place.job.data;
    writer.list("masses_gev", ArrayView1::from(masses))?;
    writer.describe("masses_gev", &[Column::new(&data.resonant, &place.job.unit.0)])?;
    let events = unfinished_template.events();
    let Some(derivation) = Derivation::of(data) else {
        table(&writer, FEATURES, &data.features, events)?;
        return writer.finish();
    };
    table(&writer, GENERATED, data.generated(), events)?;
    table(&writer, FEATURES, &data.features, derivation.features(events, masses)?.view())?;
    writer.finish()
}

/// Stores a table of events whose columns have these names.
fn table(
    writer: &ArrayWriter,
    name: &str,
    columns: &[String],
    events: ArrayView2<'_, f32>,
) -> Result<(), Error> {
    writer.begin_table(name, events.dim())?;
    let columns: Vec<Column<'_>> = columns.iter().map(|name| Column::new(name, hlv::unit(name))).collect();
    writer.describe(name, &columns)?;
    for (part, rows) in events.axis_chunks_iter(Axis(0), STORED_TOGETHER).enumerate() {
        writer.rows(name, part * STORED_TOGETHER, rows)?;
    }
    Ok(())
}

/// The table of what models have generated, where it is not the features.
const GENERATED: &str = "generated";

/// Events that are stored together.
const STORED_TOGETHER: usize = 1 << 18;

/// The progress of one portion as that of the whole.
pub struct Part<'a> {
    pub whole: &'a dyn ProgressSink,
    /// The share of the whole that comes before it.
    pub begin: f64,
    /// Its own share.
    pub len: f64,
}

impl<'a> Part<'a> {
    /// So many equal parts, one after the other.
    pub fn of_equal(whole: &'a dyn ProgressSink, count: usize) -> impl Iterator<Item = Self> {
        let len = 1.0 / count as f64;
        (0..count).map(move |place| Self { whole, begin: len * place as f64, len })
    }
}

impl ProgressSink for Part<'_> {
    fn progress(&self, share: f64) {
        self.whole.progress(self.begin + share * self.len);
    }

    fn should_stop(&self) -> bool {
        self.whole.should_stop()
    }
}

/// The fitted spectrum of masses.
pub fn shape(place: &Workplace, fit: &TaskId) -> Result<DijetShape, Error> {
    let result = place.store.result(fit)?;
    let fit = ResultOf::<Fit>::of_kind(&result).expect("the record of a fit is a fit");
    Ok(DijetShape::of(fit, place.job.collision_energy))
}

/// The first events of a finished template, `(events, features)`.
pub fn read(place: &Workplace, id: &TaskId, events: usize) -> Result<Array2<f32>, Error> {
    ArrayReader::of(&place.store, id)?.first_rows(FEATURES, events)
}
