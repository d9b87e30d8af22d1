//! Reads a document into a job: all sections and keys, and all checks that involve several of them.

use std::path::Path;
use std::sync::LazyLock;

use toml::de::DeTable;

use super::axes;
use super::bookkeeping::{ClosureSettings, FigureSettings, Pricing};
use super::change::{Change, Placed};
use super::classifiers::{ClassifierSettings, TreeSettings};
use super::compute::{ComputeKeys, Grouping};
use super::data::{BackgroundKeys, DataKeys, OtherSampleKeys, RegionKeys};
use super::diffusion::{DenoiserSettings, SamplerSettings, TemplateKeys};
use super::document::{Mistakes, Section};
use super::keys::{Keys, keys};
use super::rules::{Rule, fitting, from_toml};
use super::search::SearchKeys;
use super::{
    FlowSettings, InjectionSettings, JetClassifierSettings, JetModelSettings, Job, limits, sampling,
};
use crate::error::Error;
use crate::job::Regions;

/// The only layout of a job file so far.
const SCHEMA: u32 = 1;

keys! {
    /// A complete job with every key at its default. "P" marks a number of the paper, "D" a decision of drapes
    /// where the paper is silent. Keys that every job must name: schema, name, data.events and at least one scan or the windows of a search.
    struct Document {
        /// Version of the layout of a job file.
        schema: u32 = 1, fitting("schema = 1", |_| true).required();
        /// What the results are called.
        name: String = "defaults", name().required();
        /// Every random number follows from this seed and the coordinates of its task; any whole number from 0 to 2⁶⁴ − 1.
        seed: u64 = 1, fitting("a whole number from 0 to 18446744073709551615", |_| true);
    }
    sections {
        data: DataKeys;
        independent_background: BackgroundKeys;
        other_sample: OtherSampleKeys;
        regions: RegionKeys;
        injection: InjectionSettings;
        denoiser: DenoiserSettings;
        sampler: SamplerSettings;
        flow: FlowSettings;
        jet_model: JetModelSettings;
        template: TemplateKeys;
        classifier: ClassifierSettings;
        trees: TreeSettings;
        jet_classifier: JetClassifierSettings;
        closure: ClosureSettings;
        search: SearchKeys;
        compute: ComputeKeys;
        pricing: Pricing;
        figures: FigureSettings;
    }
    check Document::check;
}

fn name() -> Rule<'static, String> {
    Rule::new("a short name in quotes, without slashes", |value| {
        from_toml(value)
            .filter(|name: &String| !(name.is_empty() || name.contains('/') || name.starts_with('.')))
    })
}

/// The complete, commented job file that gives every key its default.
pub static DEFAULTS: LazyLock<String> = LazyLock::new(|| {
    let mut text = String::new();
    Document::described().write("", &mut text);
    text + "\n" + axes::DEFAULT_SCAN
});

/// Checks the text of a job file with what the command line changes of it, and groups its work.
pub fn job(path: &Path, text: &str, changes: &[Change], grouping: &Grouping) -> Result<Job, Error> {
    let refused =
        |mistakes: Mistakes<'_>| Error::JobFile { path: path.to_owned(), problems: mistakes.into_problems() };
    let changes = Placed::behind(text.len(), changes);
    let mistakes = Mistakes::new(text, &changes);
    let (mut user, syntax) = DeTable::parse_recoverable(text);
    for error in &syntax {
        mistakes.note(
            error.span().map_or(0, |span| span.start),
            "",
            format!("is not TOML ({}) see https://toml.io for its rules", error.message()),
        );
    }
    if syntax.is_empty() {
        for placed in &changes {
            if let Err(message) = placed.apply(user.get_mut()) {
                mistakes.note(placed.at, placed.change.key(), message);
            }
        }
    }
    // What follows from a key that is not there would hide why it is not.
    if mistakes.are_there() {
        return Err(refused(mistakes));
    }
    let (defaults, _) = DeTable::parse_recoverable(&DEFAULTS);
    let root = Section::root(user.get_ref(), defaults.get_ref(), &mistakes);
    let job = Document::keys(&root).job(root, grouping);
    if mistakes.are_there() { Err(refused(mistakes)) } else { Ok(job) }
}

impl Document {
    fn check(&self, root: &Section<'_>) {
        if self.schema != SCHEMA {
            root.wrong("schema", "is not 1 (this version of drapes reads no other) set schema = 1");
        }
        self.other_sample.check(&root.section("other_sample"), &self.data);
        self.flow.check_widths(&root.section("flow"), self.data.generated_count());
        self.denoiser.check(&root.section("denoiser"));
    }

    /// The job of these keys and of the scan blocks, where the notes of mistakes stay empty.
    fn job(self, root: Section<'_>, grouping: &Grouping) -> Job {
        let RegionKeys { signal_region_gev: signal, side_bands_gev: outer, collision_energy_gev } =
            self.regions;
        let TemplateKeys { oversampling, sigma_prime, sigma_prime_llv, momentum_llv } = self.template;
        let mut job = Job {
            schema: self.schema,
            name: self.name,
            seed: self.seed,
            most_repeated: self.data.most_repeated,
            unit: self.data.unit.clone(),
            data: self.data.data(),
            independent_background: self.independent_background.into(),
            regions: Regions::new(signal, outer),
            collision_energy: collision_energy_gev,
            injection: self.injection,
            denoiser: self.denoiser,
            sampler: self.sampler,
            flow: self.flow,
            jet_model: self.jet_model,
            other_sample: self.other_sample.into(),
            oversampling,
            sigma_prime,
            sigma_prime_llv,
            momentum_llv,
            classifier: self.classifier,
            trees: self.trees,
            jet_classifier: self.jet_classifier,
            closure: self.closure,
            compute: self.compute.grouped(grouping),
            pricing: self.pricing,
            figures: self.figures,
            search: None,
            points: vec![],
            generations: vec![],
            apart: vec![],
        };
        let scans = root.tables("scan");
        job.points = axes::points(scans, &job);
        if let Some((search, windows)) = self.search.search(&root.section("search"), &job) {
            job.search = Some(search);
            job.points.extend(windows);
        }
        // A search that is named and has a mistake has said so.
        let search = root.section("search");
        let is_told =
            search.has_mistakes() && ["windows_gev", "from_gev"].iter().any(|key| search.names(key));
        if !root.names("scan") && job.search.is_none() && !is_told {
            let message = "is missing (there is nothing to compute) add a [[scan]] block with a method, or a [search] with windows_gev";
            root.wrong("scan", message);
        }
        sampling::check_solvers(&root.section("sampler"), &job);
        limits::check_tasks(&root, &job.points, &job.compute, &job.classifier);
        root.finish();
        job
    }
}
