//! What every kind of task can do: be performed, and be tried for a moment.

use drapes_analysis::job::Job;
use drapes_analysis::machine::Seen;
use drapes_analysis::plan::rates::Rates;
use drapes_analysis::plan::{TaskId, TaskKind, Work};
use drapes_analysis::store::record::TaskResult;
use tch::Device;

use super::Workplace;
use crate::error::Error;
use crate::training::Checkpointer;

/// A kind of task that can be done: its descriptor, which says what is known of it before, and the work itself.
pub trait Perform: TaskKind {
    /// Does the task from beginning to end, or from where it was stopped; stores its arrays and returns the rest.
    ///
    /// # Errors
    /// What it needs cannot be read, its arrays cannot be stored, it was told to stop, or the work has failed.
    fn perform(
        &self,
        place: &Workplace,
        id: &TaskId,
        checkpointer: &Checkpointer<'_>,
    ) -> Result<TaskResult, Error>;

    /// The kind as one whose speed can be measured in a moment; none where that tells nothing, as of a fit, which takes no
    /// time.
    fn trial(&self) -> Option<&dyn Trial> {
        None
    }
}

/// Work of which a moment tells how fast this machine is at it.
pub trait Trial {
    /// Measures a moment of the work on random events: the time that it took, and its price at these rates. None where the
    /// work cannot be done here, or is too large to be tried.
    fn moment(&self, job: &Job, device: Device, rates: &Rates) -> Option<Seen>;
}

/// What was measured: operations that took some seconds, where a rate of 1e9 a second is expected of the device.
pub fn seen((operations, taken): (f64, f64), rate: f64) -> Seen {
    Seen { priced: operations / (rate * 1e9), taken }
}

macro_rules! performing {
    ($($work:ident($($kind:tt)*) $(leaves $result:ident)?;)*) => {
        /// How this work is done. A kind of task of the light crate's table that no file here performs does not compile.
        pub fn performing(work: &Work) -> &dyn Perform {
            match work {
                $(Work::$work(kind) => kind,)*
            }
        }
    };
}

drapes_analysis::every_kind!(performing);
