//! Events that occur more than once where they must not: classifiers would be evaluated on what they were trained on, and the
//! counts behind an uncertainty would be too large.
//!
//! Samples are the background and the signal of the data file, the independent background of the signal region, and the
//! other sample. No two of them may share events, and none may hold an event twice. Files that are equal byte by byte are
//! refused before any is read; of all others the rows are compared: the resonant variable and the features, not the label.
//!
//! Coarse values, such as whole numbers, make different events look the same. How many such coincidences to expect follows
//! from the pairs of events that agree in the mass alone or in the features alone ([`Agreement`]); they are not counted.

mod agreement;
mod group;

use drapes_analysis::job::{EventFile, Job};
use drapes_analysis::plan::fingerprint::InputFile;

use crate::data::Events;
use crate::error::Error;
use group::Group;

pub use crate::error::Repeat;
pub use agreement::Agreement;

/// Refuses files of a job that are the same file, under whatever names.
///
/// # Errors
/// Two of them are equal.
pub fn check_files(job: &Job, inputs: &[InputFile]) -> Result<(), Error> {
    let keys = job.event_files().map(|(which, _)| which.key());
    let files: Vec<(&str, &InputFile)> = keys.zip(inputs).collect();
    let mut problems = Vec::new();
    for (index, (key, file)) in files.iter().enumerate() {
        let same = files[..index].iter().find(|(_, other)| other.sha256 == file.sha256);
        problems.extend(same.map(|(other_key, other)| Error::SameFile {
            key: (*key).to_owned(),
            file: file.name.clone(),
            other_key: (*other_key).to_owned(),
            other: other.name.clone(),
        }));
    }
    Error::of_all(problems)
}

/// The events of a job that occur more than once, few enough to go on with; `further` are the events of a file of
/// independent background, `other` those of another sample, `simulated` those of files of simulated signal.
///
/// # Errors
/// They are more than the job allows of a sample.
pub fn check(
    job: &Job,
    data: &Events,
    further: Option<&Events>,
    other: Option<&Events>,
    simulated: &[Events],
) -> Result<Vec<Repeat>, Error> {
    let name = |file: &std::path::Path| file.display().to_string();
    let file = name(&job.data.events);
    let window = job.regions.signal;
    let mut groups = vec![
        Group::new(format!("background events of {file}"), data, |event| !data.is_signal[event]),
        Group::new(format!("signal events of {file}"), data, |event| data.is_signal[event]),
    ];
    if let (Some(events), Some(path)) = (further, job.independent_background.file()) {
        let title = format!("background events of {} in the signal region", name(path));
        // Of this file nothing else is used.
        let used = |event: usize| !events.is_signal[event] && window.contains(events.mass[event]);
        groups.push(Group::new(title, events, used).within(window));
    }
    if let (Some(events), Some(path)) = (other, job.other_sample.file()) {
        let title = format!("background events of {}", name(path));
        groups.push(Group::new(title, events, |event| !events.is_signal[event]));
    }
    for (place, events) in simulated.iter().enumerate() {
        let Some(path) = job.event_file(EventFile::SimulatedSignal(place)) else { continue };
        let title = format!("signal events of {}", name(path));
        groups.push(Group::new(title, events, events.is_simulated()));
    }
    let mut repeats: Vec<Repeat> = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        repeats.extend(group.repeats());
        repeats.extend(groups[..index].iter().filter_map(|other| group.shares_with(other)));
    }
    let (too_many, few): (Vec<Repeat>, Vec<Repeat>) =
        repeats.into_iter().partition(|repeat| repeat.share() > job.most_repeated);
    let most = job.most_repeated;
    Error::of_all(too_many.into_iter().map(|repeat| Error::Repeated { repeat, most }).collect())?;
    Ok(few)
}

#[cfg(test)]
mod tests;
