//! `control`: δ of the cuts of a search by another one, whose events hold no signal.

use std::path::{Path, PathBuf};

use super::{answer, tell};
use crate::error::{Error, Exit, SearchError};
use crate::figures::search::other_search::{Counted, counted};
use crate::figures::{figure_stamp, reduce};
use crate::report::renew;
use crate::store::control_searches::{ControlSearch, WindowOfOther};
use crate::store::unblinding::Blinding;
use crate::store::{Results, Store, StoredJob};

/// Lets a search of events without signal measure the cuts of another one, as control windows do.
///
/// Such events are same-sign pairs, an inverted selection, or the sample of another generator; the same job, run on them, is the
/// other search. By how much more of them pass each cut than their template says enters the expected background of this one.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "EXAMPLES\n  drapes run jobs/mine.toml --set 'data.events=\"same_sign.csv\"' --set search.blind=false --out \
                  out/same_sign\n  drapes control out/mine --from out/same_sign\n  drapes control out/mine --remove out/same_sign",
    group = clap::ArgGroup::new("which").required(true)
)]
pub struct Control {
    /// The directory of the search.
    directory: PathBuf,
    /// The directory of a search of events without signal; what it has counted is copied.
    #[arg(long, value_name = "DIR", group = "which")]
    from: Option<PathBuf>,
    /// Forget what was copied from this directory.
    #[arg(long, value_name = "DIR", group = "which")]
    remove: Option<PathBuf>,
}

impl Control {
    pub fn run(&self) -> Result<Exit, Error> {
        let store = Store::open(&self.directory)?;
        // A run that ends draws too.
        let _lock = store.lock_drawing()?;
        let stored = store.job()?;
        if stored.job.search.is_none() {
            return Err(SearchError::None { path: self.directory.clone() }.into());
        }
        if let Some(from) = &self.from {
            take_over(&store, &stored, from)?;
        }
        if let Some(directory) = &self.remove {
            let removed = store.remove_control_search(directory)?;
            answer(format_args!("{} measures the cuts of this search no more\n\n", removed.name));
        }
        let results = Results::read(&store)?;
        figure_stamp::draw(&store, &results)?;
        renew(&store)?;
        answer(reduce::summary(&results));
        Ok(Exit::Done)
    }
}

/// Copies what another search has counted, and says what of it counts here.
fn take_over(store: &Store, stored: &StoredJob, from: &Path) -> Result<(), Error> {
    let other = Store::open(from)?;
    let there = other.job()?;
    let results = Results::read(&other)?;
    refuse_signal(from, &results)?;
    let events = events_of(&there);
    let refused = |why: String| SearchError::NotControl { path: from.to_owned(), why }.into();
    if events == events_of(stored) {
        return Err(refused(
            "its events are those of this search) name a search of other events, or take control_windows_gev of this one".to_owned(),
        ));
    }
    let unlike = stored.job.unlike(&there.job);
    if !unlike.decisive.is_empty() {
        return Err(refused(format!(
            "{}: by how much its templates fail says nothing of these) run the job of this search on its events",
            unlike.decisive.join("; ")
        )));
    }
    let Counted { windows, overlapping } = counted(&results);
    let efficiencies = stored.job.search.as_ref().map_or(&[][..], |search| &search.efficiencies);
    let missing = unmeasured(efficiencies, &windows);
    if missing.len() == efficiencies.len() {
        return Err(refused(format!(
            "it has no numbers behind its cuts, ε = {}) finish it, with the same search.efficiencies",
            missing.join(", ")
        )));
    }
    tell_doubts(stored, &there, &results, &missing);
    if !unlike.told.is_empty() {
        tell(format_args!(
            "note: both searches differ in {}; what one measures need not hold for the other",
            unlike.told.join(", ")
        ));
    }
    let many = windows.len();
    let search = ControlSearch::of(from, events, windows)?;
    let replaced = store.add_control_search(search)?;
    let verb = if many == 1 { "window measures" } else { "windows measure" };
    let left = match overlapping {
        0 => String::new(),
        others => {
            format!("; {others} more overlap them and are left out, for events in both would count twice")
        }
    };
    answer(format_args!("{many} {verb} the cuts of this search: {}{left}\n", from.display()));
    for old in replaced {
        answer(format_args!(
            "what was taken over from {} at {}, of the same events or directory, is replaced\n",
            old.directory.display(),
            old.at
        ));
    }
    answer(format_args!("\n"));
    Ok(())
}

/// Refuses a search whose data are to stay unseen, or hold signal.
fn refuse_signal(from: &Path, results: &Results) -> Result<(), Error> {
    let Some(search) = &results.job.search else {
        return Err(SearchError::None { path: from.to_owned() }.into());
    };
    if results.blinding() == Blinding::Blind {
        let what = "how many events pass its cuts";
        return Err(SearchError::Blind { path: from.to_owned(), what }.into());
    }
    let injected = search.injected.added().0;
    if injected > 0 {
        let why = format!(
            "{injected} signal events are among its data) run it again with --set search.injected=0 and another --out"
        );
        return Err(SearchError::NotControl { path: from.to_owned(), why }.into());
    }
    Ok(())
}

/// What is not known to be wrong, and may be.
fn tell_doubts(stored: &StoredJob, there: &StoredJob, results: &Results, missing: &[String]) {
    if data_of(stored) == data_of(there) {
        tell(format_args!(
            "note: both searches read the same file ({}); that no event is data of both is taken for granted: their data.select must \
             exclude each other",
            there.job.data.events.display()
        ));
    }
    if !results.missing.is_empty() {
        tell(format_args!(
            "note: {} of its tasks have no result yet; take it over again when they have",
            results.missing.len()
        ));
    }
    if !missing.is_empty() {
        tell(format_args!("note: it has no numbers behind ε = {}", missing.join(", ")));
    }
}

/// The cuts that no window has numbers of.
fn unmeasured(efficiencies: &[f64], windows: &[WindowOfOther]) -> Vec<String> {
    let is_behind = |efficiency: f64| {
        windows
            .iter()
            .flat_map(|window| &window.cuts)
            .any(|cut| cut.efficiency.to_bits() == efficiency.to_bits())
    };
    efficiencies.iter().filter(|cut| !is_behind(**cut)).map(ToString::to_string).collect()
}

/// The digest of the file of data, which is the first of the inputs.
fn data_of(stored: &StoredJob) -> &str {
    stored.inputs.first().map_or("", |input| input.sha256.as_str())
}

/// What tells the events of a search from those of another one.
fn events_of(stored: &StoredJob) -> String {
    stored.job.selection_of(data_of(stored))
}
