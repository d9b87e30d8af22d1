//! That nothing of a job tells a classifier the answer.

use super::document::{Found, Section};
use super::read::number;

/// The columns that a job names, each with its place in the file.
pub struct NamedColumns<'a> {
    /// What the search looks along.
    pub resonant: &'a Found<String>,
    /// What classifiers see.
    pub features: &'a Found<Vec<String>>,
    /// What tells signal from background.
    pub label: &'a Found<String>,
}

/// Refuses a label that is one of the quantities searched with: a classifier that sees the truth finds any signal, and
/// no figure would show why.
pub fn check(section: &Section<'_>, columns: &NamedColumns<'_>) {
    let NamedColumns { resonant, features, label } = columns;
    if features.value.contains(&label.value) {
        let message = format!(
            "contains {}, which label names (classifiers would see the truth, and find any signal) remove it, or name another \
             column in label",
            label.value
        );
        section.wrong("features", features.at, message);
    }
    if label.value == resonant.value {
        let message = format!(
            "is the resonant column {} (a mass does not tell signal from background) name the column that is 1 for \
             simulated signal and 0 for background",
            label.value
        );
        section.wrong("label", label.at, message);
    }
}

/// The largest share of a sample's events that may occur more than once.
pub fn most_repeated(section: &Section<'_>) -> Option<f64> {
    number(section, "most_repeated", "a share from 0 to 1", |x| (0.0..=1.0).contains(&x))
}

#[cfg(test)]
mod tests {
    use crate::error::{Error, Place};
    use crate::job::JobFile;

    /// The mistakes of a job with these lines in its `[data]`: line, key, message.
    fn mistakes(data: &str) -> Vec<(Place, String, String)> {
        let text = format!(
            "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\nlayout = 'table'\n{data}\n[[scan]]\nmethod = 'noise'\n\
             n_signal = [0]\n"
        );
        match JobFile::from_text("job.toml", text).check() {
            Ok(_) => Vec::new(),
            Err(Error::JobFile { problems, .. }) => {
                problems.into_iter().map(|found| (found.place, found.key, found.message)).collect()
            }
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn the_truth_is_no_feature_and_no_mass() {
        assert_eq!(mistakes("resonant = 'm'\nfeatures = ['x', 'y']\nlabel = 'truth'"), []);
        let found = mistakes("resonant = 'm'\nfeatures = ['x', 'label']");
        assert_eq!((found.len(), &found[0].0, found[0].1.as_str()), (1, &Place::Line(7), "data.features"));
        assert!(
            found[0].2.contains("contains label, which label names (classifiers would see the truth"),
            "{found:?}"
        );
        let found = mistakes("resonant = 'm'\nfeatures = ['x', 'y']\nlabel = 'y'");
        assert_eq!((found.len(), &found[0].0, found[0].1.as_str()), (1, &Place::Line(7), "data.features"));
        let found = mistakes("resonant = 'm'\nfeatures = ['x', 'y']\nlabel = 'm'");
        assert_eq!((found.len(), &found[0].0, found[0].1.as_str()), (1, &Place::Line(8), "data.label"));
        assert!(found[0].2.contains("is the resonant column m"), "{found:?}");
        let found = mistakes("resonant = 'm'\nfeatures = ['x', 'm']");
        assert!(found.len() == 1 && found[0].2.contains("contains the resonant column m"), "{found:?}");
    }

    #[test]
    fn a_share_is_no_percentage() {
        let columns = "resonant = 'm'\nfeatures = ['x']\n";
        assert_eq!(mistakes(&format!("{columns}most_repeated = 0")), []);
        let found = mistakes(&format!("{columns}most_repeated = 5"));
        assert!(found.len() == 1 && found[0].2.contains("write a share from 0 to 1"), "{found:?}");
    }
}
