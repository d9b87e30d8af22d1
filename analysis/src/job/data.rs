//! The events of a job: data, further background, another sample, and the regions that they fall into.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::checks::{check_energy, check_side_bands};
use super::columns::{CONSTANT, DefinedColumns};
use super::document::Section;
use super::generated::{Around, Generated, GeneratedKeys};
use super::keys::keys;
use super::rules::{Rule, fitting, from_toml, number, one_or_many, text, window, word};
use crate::expression::Expression;
use crate::job::{Gev, MassUnit, MassWindow, hlv};

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
    /// Columns by formulae, absent from the text of jobs without any, as is `select`.
    #[serde(default, skip_serializing_if = "DefinedColumns::is_empty")]
    pub columns: DefinedColumns,
    /// The events for which this is true are taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub select: Option<Expression>,
    /// What models generate, where it is not the features. Absent from the text of jobs where it is.
    #[serde(default, skip_serializing_if = "Generated::is_empty")]
    pub generated: Generated,
}

impl Data {
    /// The columns that models learn and make.
    pub fn generated(&self) -> &[String] {
        if self.generated.is_empty() { &self.features } else { self.generated.columns() }
    }
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
        /// The variable in which the signal is a resonance.
        resonant: String = "m_jj", text("the name of a column");
        /// Its unit in the files, printed on axes and in tables; nothing is converted, and all keys with `_gev` are in this unit.
        pub unit: MassUnit = "GeV", fitting("a unit of mass in quotes, as \"MeV\"", is_unit);
        /// What the classifiers see, and the models generate (P) where `generated` names nothing else.
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
        /// A formula such as "Q1*Q2 > 0 && pt1 > 25": the events for which it is true are taken, in all files of the job. Empty:
        /// all of them.
        select: String = "", fitting("a formula in quotes, as \"Q1*Q2 > 0\"", |_: &String| true);
    }
    sections {
        columns: DefinedColumns;
        generated: GeneratedKeys;
    }
    check DataKeys::check;
}

fn is_unit(unit: &MassUnit) -> bool {
    (1..=8).contains(&unit.0.chars().count()) && unit.0.chars().all(char::is_alphabetic)
}

fn is_named(path: &Path) -> bool {
    !path.as_os_str().is_empty()
}

/// The name of a file.
pub(super) fn file() -> Rule<'static, PathBuf> {
    fitting("the name of a file", |path: &PathBuf| is_named(path))
}

/// The name of a file, or a list of names.
pub(super) fn files() -> Rule<'static, Vec<PathBuf>> {
    Rule::new("the name of a file, or a list of names", |value| {
        one_or_many(value)
            .filter(|paths: &Vec<PathBuf>| !paths.is_empty() && paths.iter().all(|path| is_named(path)))
    })
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
        self.check_names(section);
        self.check_truth(section);
        self.check_formulae(section);
        self.generated.check(&section.section("generated"), &self.around());
    }

    fn around(&self) -> Around<'_> {
        Around {
            features: &self.features,
            resonant: &self.resonant,
            label: &self.label,
            columns: &self.columns,
            is_published: self.layout == LayoutWord::LhcoFeatures,
        }
    }

    /// Notes features that are named twice, and the mass among them.
    fn check_names(&self, section: &Section<'_>) {
        let Self { resonant, features, .. } = self;
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
    }

    /// Notes columns that would show classifiers the truth.
    fn check_truth(&self, section: &Section<'_>) {
        let Self { resonant, features, label, columns, .. } = self;
        // A classifier that sees the truth finds any signal, and no figure would show why.
        if features.contains(label) {
            let message = format!(
                "contains {label}, which label names (classifiers would see the truth, and find any signal) remove it, or name \
                 another column in label"
            );
            section.wrong("features", message);
        }
        for name in features.iter().filter(|name| *name != label) {
            if columns.behind([name.as_str()]).contains(&label.as_str()) {
                let message = format!(
                    "contains {name}, whose formula needs {label}, which label names (classifiers would see the truth, and find \
                     any signal) remove it"
                );
                section.wrong("features", message);
            }
        }
        if label == resonant {
            let message = format!(
                "is the resonant column {label} (a mass does not tell signal from background) name the column that is 1 for \
                 simulated signal and 0 for background"
            );
            section.wrong("label", message);
        }
    }

    /// Notes a selection that cannot be read, and names that the layout does not give.
    fn check_formulae(&self, section: &Section<'_>) {
        let select = Expression::parse(&self.select);
        match &select {
            _ if self.select.is_empty() => {}
            Ok(select) if select.names().is_empty() => section.wrong("select", CONSTANT),
            Ok(_) => {}
            Err(error) => section.wrong("select", error.to_string()),
        }
        if self.layout != LayoutWord::LhcoFeatures {
            return;
        }
        let known = hlv::names().join(", ");
        let below = section.section("columns");
        // A definition that cannot be read is told by itself.
        let is_unknown = |name: &str| hlv::Variable::named(name).is_none() && !below.names(name);
        let wrong = |section: &Section<'_>, key: &str, name: &str| {
            let message = format!("names {name} (the LHCO layout does not give it) choose from {known}");
            section.wrong(key, message);
        };
        let named = self.features.iter().map(|name| ("features", name)).chain([("resonant", &self.resonant)]);
        let selected = select.iter().flat_map(Expression::names).map(|name| ("select", name));
        for (key, name) in named.chain(selected).filter(|(_, name)| is_unknown(name)) {
            wrong(section, key, name);
        }
        let generated = self.generated.columns().iter().filter(|name| !GeneratedKeys::offers(name));
        let coordinates = section.section("generated");
        generated.filter(|name| is_unknown(name)).for_each(|name| wrong(&coordinates, "columns", name));
        for (name, formula) in self.columns.iter() {
            if hlv::Variable::named(name).is_some() {
                let message = "is a variable that the LHCO layout gives (it is not clear which is meant) give it another name";
                below.wrong(name, message);
            }
            formula.names().iter().filter(|used| is_unknown(used)).for_each(|used| wrong(&below, name, used));
        }
    }

    /// How many columns models generate.
    pub fn generated_count(&self) -> usize {
        let columns = self.generated.columns();
        if columns.is_empty() { self.features.len() } else { columns.len() }
    }

    /// What a job keeps of these keys.
    pub fn data(self) -> Data {
        let (generated, columns) = self.generated.clone().generated(&self.around());
        let layout = match self.layout {
            LayoutWord::LhcoFeatures => Layout::LhcoFeatures,
            LayoutWord::Table => Layout::Table { group: self.group },
        };
        let select = Expression::parse(&self.select).ok().filter(|_| !self.select.is_empty());
        let Self { events, directory, resonant, features, label, missing, .. } = self;
        Data { events, directory, layout, resonant, features, label, missing, columns, select, generated }
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
        /// The column of their weights, by which events are drawn. Absent from the text of jobs without.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        weight: Option<String>,
    },
}

impl OtherSample {
    /// Its file.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File { events, .. } => Some(events),
            Self::None => None,
        }
    }

    /// The column of weights, where its events have some.
    pub fn weight(&self) -> Option<&str> {
        match self {
            Self::File { weight, .. } => weight.as_deref(),
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
        /// The column of its weights, or one of `[data.columns]`: an event is kept with a probability of its weight over the
        /// largest one, and counts once then. Empty: its events have none.
        weight: String = "", fitting("the name of a column", |_: &String| true);
    }
}

impl OtherSampleKeys {
    /// Notes weights that are something else as well.
    pub fn check(&self, section: &Section<'_>, data: &DataKeys) {
        let Self { weight, .. } = self;
        let role = if data.features.contains(weight) {
            "a feature"
        } else if *weight == data.resonant {
            "the resonant column"
        } else if *weight == data.label {
            "the label"
        } else {
            return;
        };
        let message = format!(
            "is {weight}, which is {role} (a weight says how often an event counts) name the column of weights"
        );
        section.wrong("weight", message);
    }
}

impl From<OtherSampleKeys> for OtherSample {
    fn from(OtherSampleKeys { source, events, weight }: OtherSampleKeys) -> Self {
        match source {
            OtherSource::None => Self::None,
            OtherSource::File => Self::File { events, weight: Some(weight).filter(|name| !name.is_empty()) },
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
        /// x of the dijet fit is m / this energy (P), in the unit of the masses.
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
