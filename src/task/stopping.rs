//! What a task that is stopped leaves of its length, and whether it goes on from there.

use drapes_analysis::dispatch::IfStopped;
use drapes_analysis::fingerprint::Fingerprint;
use drapes_analysis::plan::{Task, Work};
use drapes_analysis::point::ClassifierKind;
use drapes_analysis::store::{Further, Stop, Store};

use crate::training::{Checkpointer, Progress};

/// Writes down how far a task came and in what time. Where that cannot be written, the next run knows less: that is no reason
/// to lose this one.
pub fn note(
    store: &Store,
    (task, fingerprint): (&Task, &Fingerprint),
    device: &str,
    checkpointer: &Checkpointer<'_>,
) {
    let Progress { seconds, share } = checkpointer.so_far();
    let further = if checkpointer.has_got_further() { Further::Yes } else { Further::No };
    let (device, kept) = (device.to_owned(), checkpointer.kept());
    let stop = Stop { fingerprint: fingerprint.clone(), device, seconds, share, kept, in_vain: 0 };
    let _ = store.note_stop(&task.id, &stop.after(store.stop_of(&task.id).as_ref(), further));
}

/// Trainings and templates are saved; trees begin anew.
pub fn if_stopped(task: &Task) -> IfStopped {
    match &task.work {
        Work::Train { .. }
        | Work::TrainFlow { .. }
        | Work::TrainKinematics { .. }
        | Work::TrainJets { .. }
        | Work::Template { .. }
        | Work::TemplateJets { .. }
        | Work::Resample { .. } => IfStopped::GoesOn,
        Work::Classify { point, .. } => match point.classifier {
            ClassifierKind::Mlp | ClassifierKind::Transformer => IfStopped::GoesOn,
            ClassifierKind::Trees => IfStopped::Lost,
        },
        Work::Fit { .. } => IfStopped::Lost,
    }
}
