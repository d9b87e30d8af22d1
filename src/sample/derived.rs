//! Features that follow from what models generate and from the resonant mass.

use std::cmp::Ordering;

use drapes_analysis::expression::Expression;
use drapes_analysis::job::Data;
use drapes_analysis::text::number::short;
use ndarray::{Array2, ArrayView2};

use super::split::RegionEvents;
use crate::error::{Error, FormulaError};

/// How the features of a job follow from what is generated.
pub struct Derivation {
    features: Vec<Feature>,
}

/// How one of them does.
enum Feature {
    /// It is generated itself: its place.
    Generated(usize),
    /// By a formula.
    Formula { name: String, expression: Expression, arguments: Vec<Argument> },
}

/// A number that a formula needs.
#[derive(Clone, Copy)]
enum Argument {
    Generated(usize),
    Mass,
}

/// A feature that is computed may differ from the one that was read by so much, in units of its standard deviation, whatever its
/// unit is: classifiers do not see less.
const TOLERANCE: f64 = 1e-3;
/// And by so much of its own value: it is kept in single precision, and so is what it is computed from.
const ROUNDING: f64 = 4e-6;

impl Derivation {
    /// That of a job; none where models generate the features themselves.
    ///
    /// # Panics
    /// The job was not checked: a feature does not follow.
    pub fn of(data: &Data) -> Option<Self> {
        if data.generated.is_empty() {
            return None;
        }
        let place = |name: &str| data.generated().iter().position(|column| column == name);
        let argument = |name: &String| {
            place(name).map_or_else(
                || {
                    assert_eq!(*name, data.resonant, "a checked formula needs columns and the mass");
                    Argument::Mass
                },
                Argument::Generated,
            )
        };
        let feature = |name: &String| match (place(name), data.generated.formula(name)) {
            (Some(column), _) => Feature::Generated(column),
            (None, Some(expression)) => Feature::Formula {
                name: name.clone(),
                expression: expression.clone(),
                arguments: expression.names().iter().map(argument).collect(),
            },
            (None, None) => panic!("a checked job leads to the feature {name}"),
        };
        Some(Self { features: data.features.iter().map(feature).collect() })
    }

    /// The features of generated events at their masses.
    ///
    /// # Shapes
    /// `(events, columns)` and as many masses; `(events, features)`.
    ///
    /// # Errors
    /// A formula has no value for some of them.
    pub fn features(&self, generated: ArrayView2<'_, f32>, masses: &[f64]) -> Result<Array2<f32>, Error> {
        let mut features = Array2::zeros((generated.nrows(), self.features.len()));
        for (feature, mut column) in self.features.iter().zip(features.columns_mut()) {
            for ((value, row), mass) in column.iter_mut().zip(generated.rows()).zip(masses) {
                *value = feature.value(row, *mass) as f32;
            }
            let Feature::Formula { name, expression, arguments } = feature else { continue };
            let mut without = column.iter().enumerate().filter(|(_, value)| !value.is_finite());
            if let Some((first, _)) = without.next() {
                let (row, mass) = (generated.row(first), masses[first]);
                let given = expression.names().iter().zip(arguments);
                let given =
                    given.map(|(name, argument)| format!("{name} = {}", short(argument.of(row, mass))));
                return Err(FormulaError::NotDerived {
                    feature: name.clone(),
                    formula: expression.text().to_owned(),
                    events: 1 + without.count(),
                    of: column.len(),
                    first: given.collect::<Vec<_>>().join(", "),
                }
                .into());
            }
        }
        Ok(features)
    }

    /// Notes formulae that do not give back the features of events that were read: a template would be compared with something
    /// else.
    pub fn contradictions(&self, events: &RegionEvents) -> Vec<Error> {
        let Some(generated) = &events.generated else { return vec![] };
        let mut found = vec![];
        for (place, feature) in self.features.iter().enumerate() {
            let Feature::Formula { name, expression, .. } = feature else { continue };
            let column = events.features.column(place);
            let spread = column.mapv(f64::from).std(0.0);
            let rows = generated.rows().into_iter().zip(&events.masses).zip(column);
            let pairs = rows.map(|((row, mass), read)| (feature.value(row, *mass), f64::from(*read)));
            let differ = |(computed, read): &(f64, f64)| {
                let close = TOLERANCE * spread + ROUNDING * read.abs();
                // What cannot be computed differs as well.
                (computed - read).abs().partial_cmp(&close).is_none_or(Ordering::is_gt)
            };
            let different: Vec<(f64, f64)> = pairs.filter(differ).collect();
            if let Some((computed, read)) = different.first() {
                let error = FormulaError::OtherFeature {
                    feature: name.clone(),
                    formula: expression.text().to_owned(),
                    events: different.len(),
                    of: events.len(),
                    computed: short(*computed),
                    read: short(*read),
                };
                found.push(error.into());
            }
        }
        found
    }
}

impl Argument {
    fn of(self, row: ndarray::ArrayView1<'_, f32>, mass: f64) -> f64 {
        match self {
            Self::Generated(column) => f64::from(row[column]),
            Self::Mass => mass,
        }
    }
}

impl Feature {
    fn value(&self, row: ndarray::ArrayView1<'_, f32>, mass: f64) -> f64 {
        match self {
            Self::Generated(column) => f64::from(row[*column]),
            Self::Formula { expression, arguments, .. } => {
                let numbers: Vec<f64> = arguments.iter().map(|argument| argument.of(row, mass)).collect();
                expression.value(&numbers)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use drapes_analysis::job::JobFile;
    use ndarray::arr2;

    use super::*;

    fn derivation(formula: &str) -> Derivation {
        let text = format!(
            "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\nlayout = 'table'\nresonant = 'm'\nfeatures = ['x', 'r']\n\
             [data.generated]\ncolumns = ['a', 'x']\n[data.generated.features]\nr = '{formula}'\n[[scan]]\nmethod = 'noise'\n\
             n_signal = [0]\n"
        );
        let job = JobFile::from_text("job.toml", text).check().expect("a good job");
        Derivation::of(&job.data).expect("generated columns")
    }

    #[test]
    fn features_come_in_the_order_of_the_job_and_know_the_mass() {
        let found = derivation("abs(a)*m/1000 + x")
            .features(arr2(&[[-2.0, 5.0], [0.5, 1.0]]).view(), &[3000.0, 4000.0]);
        assert_eq!(found.expect("finite"), arr2(&[[5.0, 11.0], [1.0, 3.0]]));
    }

    #[test]
    fn what_cannot_be_computed_is_counted_and_the_first_is_named() {
        let rows = arr2(&[[4.0, 5.0], [-1.5, 1.0], [-2.0, 1.0]]);
        let masses = [3300.0, 3400.0, 3500.0];
        let error =
            derivation("sqrt(a*m)").features(rows.view(), &masses).expect_err("roots of negative numbers");
        let text = error.to_string();
        assert!(text.contains("sqrt(a*m)") && text.contains("2 of 3"), "{text}");
        assert!(text.contains("the first with a = -1.5, m = 3400 ("), "{text}");
    }

    #[test]
    fn a_formula_that_gives_other_features_than_the_file_is_refused() {
        let events = |r: [f32; 2]| RegionEvents {
            features: arr2(&[[5.0, r[0]], [1.0, r[1]]]),
            generated: Some(arr2(&[[-2.0, 5.0], [0.5, 1.0]])),
            masses: vec![3000.0, 4000.0],
            is_signal: vec![false; 2],
        };
        let formula = derivation("abs(a)*m");
        assert!(formula.contradictions(&events([6000.0, 2000.1])).is_empty());
        let text = formula.contradictions(&events([6000.0, 2100.0]))[0].to_string();
        assert!(text.contains("1 of 2") && text.contains("2000") && text.contains("2100"), "{text}");
        assert_eq!(formula.contradictions(&events([f32::NAN, 2000.0])).len(), 1);
    }

    #[test]
    fn a_small_unit_hides_no_contradiction() {
        // The same in millionths: momenta in the unit of the beam, say.
        let events = |r: [f32; 2]| RegionEvents {
            features: arr2(&[[5.0, r[0]], [1.0, r[1]]]),
            generated: Some(arr2(&[[-2.0, 5.0], [0.5, 1.0]])),
            masses: vec![3000.0, 4000.0],
            is_signal: vec![false; 2],
        };
        let formula = derivation("abs(a)*m/1e6");
        assert!(formula.contradictions(&events([0.006, 0.002])).is_empty());
        assert_eq!(formula.contradictions(&events([0.006, 0.0021])).len(), 1);
    }
}
