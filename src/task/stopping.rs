//! Notes how far a stopped task came and in what time, so that the next run knows what is left of it.

use drapes_analysis::plan::Task;
use drapes_analysis::plan::fingerprint::Fingerprint;
use drapes_analysis::store::{Further, Stop, Store};

use crate::training::{Checkpointer, Progress};

/// Writes down how far a task came and in what time. Where that cannot be written, the next run knows less: that is no reason
/// to lose this one.
pub fn note(
    store: &Store,
    task: &Task,
    fingerprint: &Fingerprint,
    device: &str,
    checkpointer: &Checkpointer<'_>,
) {
    let Progress { seconds, share } = checkpointer.so_far();
    let further = if checkpointer.has_got_further() { Further::Yes } else { Further::No };
    let (device, kept) = (device.to_owned(), checkpointer.kept());
    let stop = Stop { fingerprint: fingerprint.clone(), device, seconds, share, kept, in_vain: 0 };
    let _ = store.note_stop(&task.id, &stop.after(store.stop_of(&task.id).as_ref(), further));
}
