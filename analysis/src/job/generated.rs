//! What models generate where that is not what classifiers see, and how the features follow from it.
//!
//! A selection cuts some features at a value that moves with the resonant mass, as a threshold of transverse momentum cuts the
//! distance of two jets: a network blurs an edge that moves. Other coordinates have their edges at one place, or none at all;
//! models learn and make these, and the features are computed from them and the mass.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::columns::DefinedColumns;
use super::document::Section;
use super::keys::{Described, Keys, keys};
use super::rules::{Rule, from_toml, number};
use crate::expression::Expression;

/// What models generate in place of the features; nothing where they generate the features themselves.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Generated {
    columns: Vec<String>,
    features: DefinedColumns,
}

impl Generated {
    /// Whether models generate the features themselves.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The columns that are generated.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The place of the scaled difference of pseudorapidities of the published layout among the columns, and the threshold in GeV
    /// that it goes by; none where it is not generated, or is somebody's own column of that name.
    pub fn scaled_difference(&self, columns: &DefinedColumns) -> Option<(usize, f64)> {
        let place = self.columns.iter().position(|column| column == DETA_SCALED)?;
        let [before, after] = DIFFERENCE_OVER_LARGEST;
        let threshold = columns.get(DETA_SCALED)?.text().strip_prefix(before)?.strip_suffix(after)?;
        Some((place, threshold.parse().ok()?))
    }

    /// The formula of a feature over these columns and the resonant mass; none for a feature that is itself generated.
    pub fn formula(&self, feature: &str) -> Option<&Expression> {
        self.features.get(feature)
    }
}

keys! {
    /// What models generate where it is not the features, such as coordinates in which no edge moves with the mass.
    pub(super) struct GeneratedKeys {
        /// Columns of the files or of `[data.columns]`; empty: the features. Of the layout `lhco_features` there are
        /// `deta_scaled_jj`, the difference of pseudorapidities over its largest value at the event's mass for jets at
        /// the threshold, and `acoplanarity_jj`, the azimuth between the jets less π, both with their sign: `dr_jj` follows
        /// from the two.
        columns: Vec<String> = [], names();
        /// The threshold on the leading jet's transverse momentum behind `deta_scaled_jj`, in GeV: 1200 for the LHC Olympics.
        jet_pt_threshold_gev: f64 = 1200, number("a momentum above 0", |x| x > 0.0 && x.is_finite());
    }
    sections {
        features: FormulaeOfFeatures;
    }
}

fn names() -> Rule<'static, Vec<String>> {
    Rule::new("a list of column names", |value| {
        from_toml::<Vec<String>>(value).filter(|names| names.iter().all(|name| !name.is_empty()))
    })
}

/// Features by formulae over what is generated and the mass.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct FormulaeOfFeatures(DefinedColumns);

impl Keys for FormulaeOfFeatures {
    fn keys(section: &Section<'_>) -> Self {
        Self(DefinedColumns::keys(section))
    }

    fn described() -> Described {
        Described {
            comment: &[
                " Features that are not generated, by formulae over what is generated and the resonant variable, such as",
                " dr_jj = \"sqrt(deta_jj^2 + dphi_jj^2)\". They must give back the features of the events that are read.",
            ],
            ..DefinedColumns::described()
        }
    }
}

/// What the published layout offers as coordinates, with the formula of each for a threshold in GeV.
const DETA_SCALED: &str = "deta_scaled_jj";
const ACOPLANARITY: &str = "acoplanarity_jj";
const DISTANCE: &str = "dr_jj";
/// The variable that the coordinates of the published layout depend on.
const DIJET_MASS: &str = "m_jj";

/// The threshold of the LHC Olympics, the default.
const USUAL_THRESHOLD: f64 = 1200.0;
/// What stands before and behind the threshold in the formula of the scaled difference.
const DIFFERENCE_OVER_LARGEST: [&str; 2] = ["(eta_j1-eta_j2)/(2*acosh(max(m_jj/(2*", "), 1.001)))"];

/// The largest difference of pseudorapidities of two massless jets at the threshold, back to back in azimuth:
/// `m = 2 p_T cosh(Δη/2)`. Below twice the threshold, where there is none, it stays small and finite.
fn largest_difference(threshold: f64) -> String {
    format!("2*acosh(max({DIJET_MASS}/(2*{threshold:?}), 1.001))")
}

/// What the rest of `[data]` says that bears on what is generated.
pub(super) struct Around<'a> {
    pub features: &'a [String],
    pub resonant: &'a str,
    pub label: &'a str,
    pub columns: &'a DefinedColumns,
    /// Whether the layout is the published one.
    pub is_published: bool,
}

impl GeneratedKeys {
    /// What a job keeps of these keys, and the columns that it defines with those of the published layout.
    pub fn generated(self, around: &Around<'_>) -> (Generated, DefinedColumns) {
        let mut columns = around.columns.clone();
        if self.columns.is_empty() || (self.columns == around.features && self.features.0.is_empty()) {
            return (Generated::default(), columns);
        }
        let mut features = self.features.0.clone();
        if around.is_published {
            let largest = largest_difference(self.jet_pt_threshold_gev);
            let has = |name: &str| self.columns.iter().any(|column| column == name);
            let formulae = [
                (DETA_SCALED, DIFFERENCE_OVER_LARGEST.join(&format!("{:?}", self.jet_pt_threshold_gev))),
                (ACOPLANARITY, "atan2(-sin(phi_j1-phi_j2), -cos(phi_j1-phi_j2))".to_owned()),
            ];
            for (name, formula) in formulae {
                if has(name) && columns.get(name).is_none() {
                    columns = columns.with(name, built_in(&formula));
                }
            }
            let wanted = around.features.iter().any(|feature| feature == DISTANCE);
            if wanted && self.follows(DISTANCE) {
                let formula = format!("sqrt(({DETA_SCALED}*{largest})^2 + (pi-abs({ACOPLANARITY}))^2)");
                features = features.with(DISTANCE, built_in(&formula));
            }
        }
        (Generated { columns: self.columns, features }, columns)
    }

    /// Whether a feature follows from the coordinates of the published layout, where the user has no formula for it.
    fn follows(&self, feature: &str) -> bool {
        let has = |name: &str| self.columns.iter().any(|column| column == name);
        feature == DISTANCE
            && !has(DISTANCE)
            && has(DETA_SCALED)
            && has(ACOPLANARITY)
            && self.features.0.get(DISTANCE).is_none()
    }

    /// The columns that are generated.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Whether a name is one of the coordinates that the published layout offers.
    pub fn offers(name: &str) -> bool {
        [DETA_SCALED, ACOPLANARITY].contains(&name)
    }

    /// Notes columns and formulae that do not lead to the features.
    pub fn check(&self, section: &Section<'_>, around: &Around<'_>) {
        let mut known = HashSet::new();
        for name in &self.columns {
            let why = if !known.insert(name) {
                "twice (it would be generated twice) remove one"
            } else if name == around.resonant {
                "(it is the resonant variable, at which events are generated) remove it"
            } else if name == around.label {
                "(it is the label, which is not to be learnt) remove it"
            } else {
                continue;
            };
            section.wrong("columns", format!("names {name} {why}"));
        }
        if around.is_published
            && self.columns.iter().any(|name| Self::offers(name))
            && around.resonant != DIJET_MASS
        {
            let message = format!(
                "names a coordinate of the published layout (it goes by {DIJET_MASS}, and resonant is {}) define one of your own in [data.columns]",
                around.resonant
            );
            section.wrong("columns", message);
        }
        let has_scaled = around.is_published && self.columns.iter().any(|name| name == DETA_SCALED);
        // The text of the defaults names every key.
        let is_own = (self.jet_pt_threshold_gev - USUAL_THRESHOLD).abs() > 0.0;
        if is_own && !has_scaled {
            let message =
                format!("is set (nothing that is generated goes by it) remove it, or generate {DETA_SCALED}");
            section.wrong("jet_pt_threshold_gev", message);
        }
        self.check_formulae(section, around);
    }

    fn check_formulae(&self, section: &Section<'_>, around: &Around<'_>) {
        let below = section.section("features");
        if self.columns.is_empty() {
            if let Some((name, _)) = self.features.0.iter().next() {
                below.wrong(name, "has a formula, and nothing is generated (a formula needs columns) name what models generate in data.generated.columns");
            }
            return;
        }
        let is_generated = |name: &str| self.columns.iter().any(|column| column == name);
        for (name, formula) in self.features.0.iter() {
            if !around.features.iter().any(|feature| feature == name) {
                below.wrong(
                    name,
                    "is no feature (no classifier would see it) name it in data.features, or leave it out",
                );
            } else if is_generated(name) {
                below.wrong(name, "is generated as well (it is not clear which is meant) remove it here or in data.generated.columns");
            }
            for used in formula.names().iter().filter(|used| !is_generated(used) && *used != around.resonant)
            {
                let message = format!(
                    "needs {used} (a generated event has nothing but {} and its {}) generate it too, or write the formula without it",
                    self.columns.join(", "),
                    around.resonant
                );
                below.wrong(name, message);
            }
        }
        for feature in around.features {
            let follows = below.names(feature) || (around.is_published && self.follows(feature));
            if !(is_generated(feature) || follows) {
                let message = format!(
                    "do not lead to the feature {feature} (classifiers compare it in data and template) generate it, or give its \
                     formula in [data.generated.features]"
                );
                section.wrong("columns", message);
            }
        }
    }
}

/// A formula of our own.
fn built_in(text: &str) -> Expression {
    Expression::parse(text).unwrap_or_else(|error| panic!("the built-in formula {text} {error}"))
}

#[cfg(test)]
mod tests;
