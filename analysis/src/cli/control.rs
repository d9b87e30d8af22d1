//! `control`: δ of the cuts of a search by another one, whose events hold no signal.

use std::path::{Path, PathBuf};

use super::{answer, tell};
use crate::error::{Error, Exit, SearchError};
use crate::figures::search::control::counts_of_other;
use crate::figures::{figure_stamp, reduce};
use crate::job::Job;
use crate::report::renew;
use crate::store::control_searches::ControlSearch;
use crate::store::unblinding::Blinding;
use crate::store::{Results, Store};

/// Lets a search of events without signal measure the cuts of another one, as control windows do.
///
/// Such events are same-sign pairs, an inverted selection, or the sample of another generator: the same job, run on them, is the other
/// search. How many of its data pass each cut beyond what its template says enters the expected background here.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "EXAMPLES\n  drapes run jobs/mine.toml --set data.events=same_sign.csv --out out/same_sign\n  drapes control out/mine \
                  --from out/same_sign",
    group = clap::ArgGroup::new("which").required(true)
)]
pub struct Control {
    /// The directory of the search.
    directory: PathBuf,
    /// The directory of a search of events without signal; what it has counted is copied.
    #[arg(long, value_name = "DIR", group = "which")]
    from: Option<PathBuf>,
    /// Forget what was taken over from this directory.
    #[arg(long, value_name = "DIR", group = "which")]
    remove: Option<PathBuf>,
}

impl Control {
    pub fn run(&self) -> Result<Exit, Error> {
        let store = Store::open(&self.directory)?;
        // A run that ends draws too.
        let _lock = store.lock_drawing()?;
        let job = store.job()?.job;
        if job.search.is_none() {
            return Err(SearchError::None { path: self.directory.clone() }.into());
        }
        if let Some(from) = &self.from {
            let found = read(&store, &job, from)?;
            let windows = found.cuts.iter().map(|cut| cut.window).fold(vec![], |mut all, window| {
                if !all.contains(&window) {
                    all.push(window);
                }
                all
            });
            let many = if windows.len() == 1 { "window measures" } else { "windows measure" };
            answer(format_args!("{} {many} the cuts of this search: {}\n\n", windows.len(), from.display()));
            store.add_control_search(found)?;
        }
        if let Some(directory) = &self.remove
            && !store.remove_control_search(directory)?
        {
            let known = store.control_searches()?.into_iter().map(|search| search.directory).collect();
            return Err(SearchError::NoControl { asked: directory.clone(), known }.into());
        }
        let results = Results::read(&store)?;
        figure_stamp::draw(&store, &results)?;
        renew(&store)?;
        answer(reduce::summary(&results));
        Ok(Exit::Done)
    }
}

/// What another search has counted behind the cuts that this one has, too.
fn read(store: &Store, job: &Job, from: &Path) -> Result<ControlSearch, Error> {
    let other = Store::open(from)?;
    let results = Results::read(&other)?;
    let refused = |why: String| SearchError::NotControl { path: from.to_owned(), why }.into();
    let Some(search) = &results.job.search else {
        return Err(SearchError::None { path: from.to_owned() }.into());
    };
    if results.blinding() == Blinding::Blind {
        return Err(
            SearchError::Blind { path: from.to_owned(), what: "how many events pass its cuts" }.into()
        );
    }
    let injected = search.injected.added().0;
    if injected > 0 {
        return Err(refused(format!(
            "{injected} signal events are among its data) run it with --set search.injected=0"
        )));
    }
    let content =
        |store: &Store| store.job().map(|stored| stored.inputs.first().map(|file| file.sha256.clone()));
    if content(store)? == content(&other)? {
        return Err(refused(
            "its data are those of this search) name a search of other events, or take control_windows_gev of this one"
                .to_owned(),
        ));
    }
    if results.job.data.features != job.data.features {
        return Err(refused(format!(
            "its classifiers see {}, and not {}) run it with the features of this search",
            results.job.data.features.join(", "),
            job.data.features.join(", ")
        )));
    }
    let own = job.search.as_ref().map_or(&[][..], |search| &search.efficiencies);
    let cuts: Vec<_> = counts_of_other(&results).filter(|cut| own.contains(&cut.efficiency)).collect();
    if cuts.is_empty() {
        return Err(refused(format!(
            "it has no numbers behind the cuts of this search, {}) finish it, with the same search.efficiencies",
            own.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        )));
    }
    let differing = differing(job, &results.job);
    if !differing.is_empty() {
        tell(format_args!(
            "note: both searches differ in [{}]; δ of one need not be that of the other",
            differing.join("], [")
        ));
    }
    Ok(ControlSearch::of(from, &results.job.name, &results.digest, cuts))
}

/// The sections of a job that decide what a search does with given events, in which two jobs differ.
fn differing(one: &Job, other: &Job) -> Vec<&'static str> {
    let (one, other) = (one.physics(), other.physics());
    ["denoiser", "sampler", "flow", "classifier", "trees", "oversampling"]
        .into_iter()
        .filter(|section| one.get(section) != other.get(section))
        .collect()
}
