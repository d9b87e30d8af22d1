//! How long it takes to learn what a large, finished scan has done.
//!
//! `cargo bench -p drapes-analysis --bench resume` makes a scan of 100,000 tasks in a temporary directory and looks at it;
//! `-- --fill DIR` gives every task of the job in DIR a record, so that `drapes run` and `drapes status` can be timed on it.

mod fill;

use std::path::Path;
use std::time::Instant;

use drapes_analysis::job::JobFile;
use drapes_analysis::plan::Plan;
use drapes_analysis::plan::fingerprint::fingerprints;
use drapes_analysis::store::{Store, StoredJob};
use fill::fill;

/// A hundred points of a thousand chunks.
const JOB: &str = "schema = 1\nname = 'large'\n[data]\nevents = 'a.h5'\n[classifier]\nseeds = '0-999'\n[compute]\n\
                   classifier_seeds_per_task = 1\n[[scan]]\nmethod = 'noise'\nn_signal = [0, 50, 100, 333, 500, 667, 1000, \
                   2000, 3000, 4000]\noversampling = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\n";

fn main() {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--fill").skip(1);
    if let Some(directory) = arguments.next() {
        let store = Store::open(Path::new(&directory)).expect("a directory of results");
        let stored = store.job().expect("a stored job");
        println!("{} records in {directory}", fill(&store, &stored));
        return;
    }
    let place = tempfile::tempdir().expect("a directory");
    let file = JobFile::from_text("job.toml", JOB);
    let stored = StoredJob { job: file.check().expect("a good job"), inputs: vec![] };
    let store = Store::create(place.path(), &file, &stored).expect("room");
    let count = fill(&store, &stored);
    let timed = |what: &str, work: &mut dyn FnMut() -> usize| {
        let start = Instant::now();
        let found = work();
        println!("{what:<14} {:>7.3} s   {found}", start.elapsed().as_secs_f64());
    };
    println!("{count} tasks");
    timed("plan", &mut || Plan::of(&stored.job).tasks.len());
    let plan = Plan::of(&stored.job);
    timed("fingerprints", &mut || fingerprints(&stored.job, &stored.inputs, &plan).len());
    timed("states", &mut || store.states(&stored, &plan).iter().filter(|state| state.is_done()).count());
    timed("fold", &mut || {
        let mut folding = store.fold().expect("room");
        plan.tasks.iter().for_each(|task| folding.add(&task.id).expect("a record"));
        folding.finish().expect("room")
    });
    let store = Store::open(place.path()).expect("results");
    timed("states, folded", &mut || {
        store.states(&stored, &plan).iter().filter(|state| state.is_done()).count()
    });
}
