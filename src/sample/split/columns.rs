//! Checks that diffusion and flows can model the features of a job: a constant column cannot be standardised.

use drapes_analysis::job::Job;
use drapes_analysis::job::injection::Injection;
use drapes_analysis::job::point::ScanPoint;
use drapes_analysis::job::quantities::MassUnit;
use drapes_analysis::job::regions::{Region, Regions};
use drapes_analysis::job::template_spec::Inputs;
use drapes_analysis::text::number::short;
use ndarray::{Array2, ArrayView1, Axis};

use super::Sample;
use crate::data::columns::{self, Column};
use crate::error::Error;
use crate::sample::derived::Derivation;
use crate::sample::threshold;

impl Sample {
    /// Checks that no feature of the job is constant in single precision, where models learn and where they are compared.
    pub(super) fn check_columns(&self, job: &Job, regions: &[Regions]) -> Vec<Error> {
        if !uses_features(job) {
            return vec![];
        }
        let other = self.other.as_ref();
        let features = (&self.events.features, other.map(|other| &other.features), &job.data.features[..]);
        let generated = self.events.generated.as_ref().map(|generated| {
            let other = other.and_then(|other| other.generated.as_ref());
            (generated, other, job.data.generated())
        });
        let mut problems: Vec<Error> = Vec::new();
        for (table, other, names) in [features].into_iter().chain(generated) {
            for (place, name) in names.iter().enumerate() {
                let is_same = |known: &Error| matches!(known, Error::ConstantFeature { feature, .. } if feature == name);
                // What is generated may be a feature as well.
                if problems.iter().any(is_same) {
                    continue;
                }
                let column = |table: &Array2<f32>| table.index_axis(Axis(1), place).to_vec();
                // A column that is constant everywhere is so in each region: one sentence is enough.
                problems.extend(self.constant(name, (&column(table), other.map(column)), regions, &job.unit));
            }
        }
        problems.extend(self.check_formulae(job, regions));
        problems.extend(self.check_threshold(job, regions));
        problems
    }

    /// Notes a threshold behind a built-in coordinate that is not that of the background.
    fn check_threshold(&self, job: &Job, regions: &[Regions]) -> Option<Error> {
        let (place, threshold) = job.data.generated.scaled_difference(&job.data.columns)?;
        let generated = self.events.generated.as_ref()?;
        let inside = |event: &&u32| regions.iter().any(|regions| regions.outer.contains(self.mass(**event)));
        let of_each = self.background.iter().filter(inside);
        let (scaled, masses): (Vec<f32>, Vec<f64>) =
            of_each.map(|event| (generated[[*event as usize, place]], self.mass(*event))).unzip();
        threshold::contradiction(&scaled, &masses, threshold).map(Error::from)
    }

    /// Notes formulae that do not give back the features of the events of any region.
    fn check_formulae(&self, job: &Job, regions: &[Regions]) -> Vec<Error> {
        let Some(derivation) = Derivation::of(&job.data) else { return vec![] };
        let inside = |mass: f64| regions.iter().any(|regions| regions.outer.contains(mass));
        let all: Vec<u32> = (0..self.events.len() as u32).filter(|event| inside(self.mass(*event))).collect();
        let problems = derivation.contradictions(&self.events(&all));
        match &self.other {
            // One sentence for each formula.
            Some(other) if problems.is_empty() => {
                let all: Vec<usize> = (0..other.len()).filter(|event| inside(other.masses[*event])).collect();
                derivation.contradictions(&other.only(&all))
            }
            _ => problems,
        }
    }

    fn constant(
        &self,
        name: &str,
        (column, other): (&[f32], Option<Vec<f32>>),
        regions: &[Regions],
        unit: &MassUnit,
    ) -> Option<Error> {
        let value = |event: &u32| column[*event as usize];
        let refused = |what: String, values: &[f32]| {
            let first = *values.first()?;
            values.iter().all(|value| (value - first).abs() == 0.0).then(|| Error::ConstantFeature {
                feature: name.to_owned(),
                value: short(f64::from(first)),
                events: values.len(),
                region: what,
            })
        };
        for regions in regions {
            let parts = [("the side-bands", Region::SideBand), ("the signal region", Region::Signal)];
            for (part, wanted) in parts {
                let inside = |event: &&u32| regions.region(self.mass(**event)) == wanted;
                let values: Vec<f32> = self.background.iter().filter(inside).map(value).collect();
                let what = format!("{part} of {} {unit} around {}", regions.outer, regions.signal);
                if let Some(error) = refused(what, &values) {
                    return Some(error);
                }
            }
        }
        refused("the other sample".to_owned(), &other.unwrap_or_default())
    }

    /// What users are told of the job's features: those that stand on certain values, or are ruled by outliers, over the
    /// data of all regions with the largest injection.
    pub fn notes_on_columns(&self, job: &Job) -> Vec<String> {
        if !uses_features(job) {
            return vec![];
        }
        let most = job.points.iter().filter_map(ScanPoint::n_signal).max().unwrap_or_default();
        let chosen = |wanted| self.chosen(Injection::first(most), &job.regions, wanted).unwrap_or_default();
        let events = [chosen(Region::SideBand), chosen(Region::Signal)].concat();
        let rows = self.features(&events);
        let notes = |(name, column): (&String, ArrayView1<'_, f32>)| {
            Column::of(column.iter().copied())
                .map(|column| columns::notes(&format!("feature {name}"), &column))
                .unwrap_or_default()
        };
        job.data.features.iter().zip(rows.axis_iter(Axis(1))).flat_map(notes).collect()
    }
}

/// Whether any point has to do with features: jets' constituents are another matter.
fn uses_features(job: &Job) -> bool {
    job.points.iter().any(|point| point.classifier.inputs() == Inputs::Hlv)
}
