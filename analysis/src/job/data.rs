//! The events of a job: data, further background, another sample, and the regions that they fall into.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::checks::{check_energy, check_side_bands};
use super::document::Section;
use super::keys::keys;
use super::rules::{Rule, fitting, from_toml, number, one_or_many, text, window, word};
use crate::job::{Gev, MassWindow, hlv};

/// Where the events come from and which columns are used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Data {
    /// The file of signal and background events.
    pub events: PathBuf,
    /// Where the files lie, relative to the job file; not part of what the results depend on.
    #[serde(skip)]
    pub directory: PathBuf,
    /// How the file is laid out.
    pub layout: Layout,
    /// The column in which the signal is a resonance (GeV).
    pub resonant: String,
    /// The columns that are generated and classified.
    pub features: Vec<String>,
    /// The column that is 1 for simulated signal.
    pub label: String,
    /// Numbers that stand for a missing value. Absent from the text of jobs without any, whose results do not depend on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<f64>,
}

/// How a file of events is laid out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// The published LHC Olympics features: two jets' momenta, masses and N-subjettiness.
    LhcoFeatures,
    /// Named columns: a group of 1-D HDF5 datasets, or a CSV file.
    Table {
        /// The HDF5 group.
        group: String,
    },
}

/// The word for a layout.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum LayoutWord {
    LhcoFeatures,
    Table,
}

keys! {
    /// The events, and which of their columns are used.
    pub(super) struct DataKeys {
        /// Relative to --data-dir where it is given, else to `directory`, itself relative to this file.
        events: PathBuf = "events_anomalydetection_v2.features.h5", file().required();
        /// Where the files of events lie.
        directory: PathBuf = ".", fitting("a folder", |path: &PathBuf| is_named(path));
        /// `lhco_features`: four-vectors and N-subjettiness of two jets, as published.
        /// `table`: named columns, in an HDF5 group of 1-D datasets or in a CSV file.
        layout: LayoutWord = "lhco_features", word();
        /// Where the columns of a table lie in an HDF5 file; ignored in a CSV file.
        group: String = "events", text("the name of an HDF5 group");
        /// The variable in which the signal is a resonance, in GeV.
        resonant: String = "m_jj", text("the name of a column");
        /// What the diffusion model generates and the classifiers see (P).
        pub features: Vec<String> = ["m_j1", "dm_jj", "tau21_j1", "tau21_j2", "dr_jj"], columns();
        /// 1 for simulated signal, 0 for background; or 1 and -1.
        label: String = "label", text("the name of a column");
        /// Largest share of a sample's events that may occur more than once, within it or in another file of the job:
        /// classifiers would be judged on events that they were trained on. Fewer are warned of, more are refused; 1 allows
        /// any (D).
        pub most_repeated: f64 = 0.01, number("a share from 0 to 1", |x| (0.0..=1.0).contains(&x));
        /// Numbers that stand for a missing value, as -999 or [-999, 9999]: rows with one of them in a column of the job are
        /// left out and counted.
        missing: Vec<f64> = [], Rule::new("a number, or a list of numbers", one_or_many);
    }
    check DataKeys::check;
}

fn is_named(path: &Path) -> bool {
    !path.as_os_str().is_empty()
}

fn file() -> Rule<'static, PathBuf> {
    fitting("the name of a file", |path: &PathBuf| is_named(path))
}

fn columns() -> Rule<'static, Vec<String>> {
    Rule::new("a list of column names", |value| {
        let names = from_toml::<Vec<String>>(value)?;
        (!names.is_empty() && names.iter().all(|name| !name.is_empty())).then_some(names)
    })
}

impl DataKeys {
    /// Notes columns that carry nothing, or too much, or are not there.
    fn check(&self, section: &Section<'_>) {
        let Self { resonant, features, label, .. } = self;
        let mut known = HashSet::new();
        for name in features {
            if !known.insert(name) {
                let message = format!("names {name} twice (a column carries nothing twice) remove one");
                section.wrong("features", message);
            }
            if name == resonant {
                let why = "the search would see the mass that defines the signal region";
                section.wrong("features", format!("contains the resonant column {name} ({why}) remove it"));
            }
        }
        let named = features.iter().map(|name| ("features", name)).chain([("resonant", resonant)]);
        let is_unknown =
            |name: &str| self.layout == LayoutWord::LhcoFeatures && hlv::Variable::named(name).is_none();
        for (key, name) in named.filter(|(_, name)| is_unknown(name)) {
            let known = hlv::names().join(", ");
            section
                .wrong(key, format!("names {name} (the LHCO layout does not give it) choose from {known}"));
        }
        // A classifier that sees the truth finds any signal, and no figure would show why.
        if features.contains(label) {
            let message = format!(
                "contains {label}, which label names (classifiers would see the truth, and find any signal) remove it, or name \
                 another column in label"
            );
            section.wrong("features", message);
        }
        if label == resonant {
            let message = format!(
                "is the resonant column {label} (a mass does not tell signal from background) name the column that is 1 for \
                 simulated signal and 0 for background"
            );
            section.wrong("label", message);
        }
    }

    /// What a job keeps of these keys.
    pub fn data(self) -> Data {
        let layout = match self.layout {
            LayoutWord::LhcoFeatures => Layout::LhcoFeatures,
            LayoutWord::Table => Layout::Table { group: self.group },
        };
        let Self { events, directory, resonant, features, label, missing, .. } = self;
        Data { events, directory, layout, resonant, features, label, missing }
    }
}

/// True background that never enters the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IndependentBackground {
    /// There is none.
    None,
    /// A share of the signal region's background is kept out of the data.
    Withheld {
        /// The share, between 0 and 1.
        fraction: f64,
    },
    /// Further background events.
    File {
        /// The file, laid out as the data.
        events: PathBuf,
    },
    /// A share of the signal region's background, and further events.
    WithheldAndFile {
        /// The share, between 0 and 1.
        fraction: f64,
        /// The file, laid out as the data.
        events: PathBuf,
    },
}

impl IndependentBackground {
    /// The share of the signal region's background that is kept out of the data.
    pub fn withheld(&self) -> Option<f64> {
        match self {
            Self::Withheld { fraction } | Self::WithheldAndFile { fraction, .. } => Some(*fraction),
            Self::None | Self::File { .. } => None,
        }
    }

    /// The file of further events.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File { events } | Self::WithheldAndFile { events, .. } => Some(events),
            Self::None | Self::Withheld { .. } => None,
        }
    }
}

/// The word for where independent background comes from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum BackgroundSource {
    None,
    Withheld,
    File,
    WithheldAndFile,
}

keys! {
    /// True background that never enters the data: the template of the idealised references, the background of
    /// the supervised one, and more background to evaluate on.
    pub(super) struct BackgroundKeys {
        /// `none`; `withheld`: a share of the signal region's background is kept out of the data; `file`: further events;
        /// `withheld_and_file`: both together.
        source: BackgroundSource = "none", word();
        /// The share that is withheld.
        fraction: f64 = 0.5, number("a share between 0 and 1", |x| 0.0 < x && x < 1.0);
        /// The file of further events, laid out as the data.
        events: PathBuf = "events_anomalydetection_qcd_extra_inneronly_features.h5", file();
    }
}

impl From<BackgroundKeys> for IndependentBackground {
    fn from(BackgroundKeys { source, fraction, events }: BackgroundKeys) -> Self {
        match source {
            BackgroundSource::None => Self::None,
            BackgroundSource::Withheld => Self::Withheld { fraction },
            BackgroundSource::File => Self::File { events },
            BackgroundSource::WithheldAndFile => Self::WithheldAndFile { fraction, events },
        }
    }
}

/// Another sample of background events, such as another generator's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OtherSample {
    /// There is none.
    None,
    /// Events of a file.
    File {
        /// The file, laid out as the data.
        events: PathBuf,
    },
}

impl OtherSample {
    /// Its file.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File { events } => Some(events),
            Self::None => None,
        }
    }
}

/// The word for whether there is another sample.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OtherSource {
    None,
    File,
}

keys! {
    /// Another sample of background, such as another generator's: where DRAPES MC starts.
    pub(super) struct OtherSampleKeys {
        /// `none`; `file`: events of a file, laid out as the data.
        source: OtherSource = "none", word();
        /// That file.
        events: PathBuf = "events_anomalydetection_DelphesHerwig_qcd_features.h5", file();
    }
}

impl From<OtherSampleKeys> for OtherSample {
    fn from(OtherSampleKeys { source, events }: OtherSampleKeys) -> Self {
        match source {
            OtherSource::None => Self::None,
            OtherSource::File => Self::File { events },
        }
    }
}

keys! {
    /// The windows of the resonant mass.
    pub(super) struct RegionKeys {
        /// The search looks here (P), in GeV. Low edge inside, high edge outside.
        pub signal_region_gev: MassWindow = [3300, 3700], window();
        /// Outer edges of the side-bands (P), in GeV; a scan may name others.
        pub side_bands_gev: MassWindow = [2800, 6000], window();
        /// x of the dijet fit is m / this energy (P), in GeV.
        pub collision_energy_gev: Gev = 13000, fitting("an energy in GeV", |energy: &Gev| energy.0 > 0.0);
    }
    check RegionKeys::check;
}

impl RegionKeys {
    fn check(&self, section: &Section<'_>) {
        check_side_bands(section, self.side_bands_gev, self.signal_region_gev);
        check_energy(section, self.side_bands_gev, self.collision_energy_gev);
    }
}

#[cfg(test)]
mod tests {
    use crate::error::{Error, MistakeAt};
    use crate::job::JobFile;

    /// The mistakes of a job with these lines in its `[data]`: line, key, message.
    fn mistakes(data: &str) -> Vec<(MistakeAt, String, String)> {
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
        assert_eq!(
            (found.len(), &found[0].0, found[0].1.as_str()),
            (1, &MistakeAt::Line(7), "data.features")
        );
        assert!(
            found[0].2.contains("contains label, which label names (classifiers would see the truth"),
            "{found:?}"
        );
        let found = mistakes("resonant = 'm'\nfeatures = ['x', 'y']\nlabel = 'y'");
        assert_eq!(
            (found.len(), &found[0].0, found[0].1.as_str()),
            (1, &MistakeAt::Line(7), "data.features")
        );
        let found = mistakes("resonant = 'm'\nfeatures = ['x', 'y']\nlabel = 'm'");
        assert_eq!((found.len(), &found[0].0, found[0].1.as_str()), (1, &MistakeAt::Line(8), "data.label"));
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
