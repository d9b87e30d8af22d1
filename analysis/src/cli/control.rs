//! `control`: δ of the cuts of a search by another one, whose events hold no signal.

use std::path::{Path, PathBuf};

use super::answer;
use crate::error::{Error, Exit, SearchError};
use crate::figures::search::other_search::{Counted, counted};
use crate::figures::{figure_stamp, reduce};
use crate::job::{EventFile, InCommon, MassWindow, SearchedEvents};
use crate::plan::work::SearchWindow;
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
    after_help = "EXAMPLES\n  drapes run mine.toml --set 'data.select=\"Q1*Q2 > 0\"' --set search.blind=false --out out/ss\n  \
                  drapes control out/mine --from out/ss\n  drapes control out/mine --remove out/ss",
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

/// Two searches, of which one is to measure the cuts of the other.
struct Both<'a> {
    /// The search that is measured.
    here: &'a StoredJob,
    /// The one that measures, and where it is.
    there: &'a StoredJob,
    from: &'a Path,
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
            let which = removed.directory.display();
            answer(format_args!("{which} measures the cuts of this search no more\n\n"));
        }
        let results = Results::read(&store)?;
        figure_stamp::draw(&store, &results)?;
        renew(&store)?;
        answer(reduce::summary(&results));
        Ok(Exit::Done)
    }
}

/// Copies what another search has counted, and says what of it counts here.
fn take_over(store: &Store, here: &StoredJob, from: &Path) -> Result<(), Error> {
    let other = Store::open(from)?;
    let there = other.job()?;
    let both = Both { here, there: &there, from };
    both.refuse_unfit()?;
    let own = Results::read(store)?;
    // What is compared could still change with the job.
    if own.each::<SearchWindow>().next().is_none() {
        return Err(both.refused("no window of this search is finished", "finish one first"));
    }
    let results = Results::read(&other)?;
    both.refuse_signal(&results)?;
    let efficiencies = here.job.search.as_ref().map_or(&[][..], |search| &search.efficiencies);
    let Counted { windows, overlapping } = counted(&results, efficiencies);
    let missing = unmeasured(efficiencies, &windows);
    if missing.len() == efficiencies.len() {
        let why = format!("it has no numbers behind ε = {}", missing.join(", "));
        return Err(both.refused(&why, "finish it, with the same search.efficiencies"));
    }
    let many = windows.len();
    let mut search = ControlSearch::of(from, events_of(&there), windows)?;
    let known = store.control_searches()?;
    let others: Vec<&ControlSearch> = known.iter().filter(|known| !search.replaces(known)).collect();
    search.doubts = both.doubts(&results, &others);
    search.doubts.extend(same_spectrum(&own, &results));
    let replaced = store.add_control_search(search)?;
    let verb = if many == 1 { "window measures" } else { "windows measure" };
    let left = match overlapping {
        0 => String::new(),
        1 => "; another one overlaps them and is left out, for events in both would count twice".to_owned(),
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

impl Both<'_> {
    fn refused(&self, why: &str, advice: &str) -> Error {
        let (why, advice) = (why.to_owned(), advice.to_owned());
        SearchError::NotControl { path: self.from.to_owned(), why, advice }.into()
    }

    /// Refuses a search of the same events, and one whose δ says nothing of the other. Nothing of its results is looked at: nobody is
    /// to unblind a search for that.
    fn refuse_unfit(&self) -> Result<(), Error> {
        if self.there.job.search.is_none() {
            return Err(SearchError::None { path: self.from.to_owned() }.into());
        }
        if events_of(self.there).in_common(&events_of(self.here)) == InCommon::Certainly {
            return Err(self.refused(
                "its events are those of this search, or some of them, which may hold a signal",
                "name a search of other events, with a data.select that excludes these where they lie in one file, or take \
                 control_windows_gev of this one",
            ));
        }
        let mut decisive = self.here.job.unlike(&self.there.job).decisive;
        let sample = |stored: &StoredJob| stored.content_of(EventFile::OtherSample).to_owned();
        if self.here.job.searches_by_other_sample() && sample(self.here) != sample(self.there) {
            decisive.push("other_sample.events is another file there".to_owned());
        }
        if decisive.is_empty() {
            return Ok(());
        }
        let why = format!("{}: by how much its templates fail says nothing of these", decisive.join("; "));
        Err(self.refused(&why, "run the job of this search on its events"))
    }

    /// Refuses a search whose data are to stay unseen, or hold signal.
    fn refuse_signal(&self, results: &Results) -> Result<(), Error> {
        let injected = self.there.job.search.as_ref().map_or(0, |search| search.injected.added().0);
        if injected > 0 {
            let why = format!("{injected} signal events are among its data");
            return Err(self.refused(&why, "run it again with --set search.injected=0 and another --out"));
        }
        if results.blinding() == Blinding::Blind {
            let what = "how many events pass its cuts";
            return Err(SearchError::Blind { path: self.from.to_owned(), what }.into());
        }
        Ok(())
    }

    /// What is not known to be wrong, and may be; beside the control searches that there are.
    fn doubts(&self, results: &Results, known: &[&ControlSearch]) -> Vec<String> {
        let mut doubts = vec![];
        let events = events_of(self.there);
        let may_share = |others: &SearchedEvents| others.in_common(&events) == InCommon::Perhaps;
        if may_share(&events_of(self.here)) {
            doubts.push(
                "both searches read one file, and that no event is data of both is taken for granted"
                    .to_owned(),
            );
        }
        doubts.extend(known.iter().filter(|known| may_share(&known.events)).map(|known| {
            format!("it reads the file of {}, and that no event is in both is taken for granted", known.name)
        }));
        let told = self.here.job.unlike(&self.there.job).told;
        if !told.is_empty() {
            doubts.push(format!("it differs from this search in {}", told.join(", ")));
        }
        let windows = results.job.points.iter().filter(|point| point.is_window()).count();
        let missing = windows - results.each::<SearchWindow>().count().min(windows);
        if missing > 0 {
            doubts.push(format!(
                "{missing} of its {windows} windows had no result when it was taken over (`drapes status` says why)"
            ));
        }
        doubts
    }
}

/// What is to be thought of a window that has exactly as many data at each mass in both searches: a file that was written anew has
/// another content, and may hold the same events.
fn same_spectrum(own: &Results, others: &Results) -> Option<String> {
    let of = |results: &Results| -> Vec<(MassWindow, Vec<u32>)> {
        let windows = results.each::<SearchWindow>();
        windows.map(|one| (results.job.signal_region_of(&one.point), one.spectrum.clone())).collect()
    };
    let others = of(others);
    let same =
        of(own).into_iter().find(|window| window.1.iter().any(|count| *count > 0) && others.contains(window));
    same.map(|(window, _)| {
        format!(
            "window {window} has as many data at each mass as here, so that both may hold the same events"
        )
    })
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

/// The events of a search.
fn events_of(stored: &StoredJob) -> SearchedEvents {
    stored.job.searched_events(stored.content_of(EventFile::Data))
}
