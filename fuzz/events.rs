//! A file of events as a user would give it to drapes.

use drapes::data::{DataError, Label, describe, read_events};
use drapes_analysis::job::JobFile;
use drapes_analysis::job::regions::{MassWindow, Regions};

/// The longest message: less than a screen.
const LONGEST: usize = 2000;

/// Reads these bytes from a file of this name in each way that there is.
pub fn read(name: &str, bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("room on the disk");
    let regions = Regions { signal: MassWindow::new(3300.0, 3700.0), outer: MassWindow::new(2800.0, 6000.0) };
    look_at(describe(&path, &regions).map(|found| found.to_string()));
    for data in [
        "layout = \"table\"\nresonant = \"m_jj\"\nfeatures = [\"x\"]\nmissing = -999",
        "layout = \"lhco_features\"",
    ] {
        let text = format!(
            "schema = 1\nname = \"f\"\n[data]\nevents = \"{name}\"\n{data}\n[[scan]]\nmethod = \"noise\"\nn_signal = [0]\n"
        );
        let job = JobFile::from_text("job.toml", text).check().expect("a good job");
        for label in [Label::Expected, Label::Optional] {
            look_at(read_events(&path, &job.data, label));
        }
    }
}

fn look_at<T>(result: Result<T, DataError>) {
    if let Err(error) = result {
        let text = error.to_string();
        assert!(text.len() < LONGEST && !text.chars().any(char::is_control), "{text:?}");
    }
}
