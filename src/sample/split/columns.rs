//! Checks that diffusion and flows can model the features of a job: a constant column cannot be standardised.

use drapes_analysis::job::Job;
use drapes_analysis::job::point::ScanPoint;
use drapes_analysis::job::quantities::SignalCount;
use drapes_analysis::job::regions::{Region, Regions};
use drapes_analysis::job::template_spec::Inputs;
use drapes_analysis::text::number::short;
use ndarray::{ArrayView1, Axis};

use super::Sample;
use crate::data::columns::{self, Column};
use crate::error::Error;

impl Sample {
    /// Checks that no feature of the job is constant in single precision, where models learn and where they are compared.
    pub(super) fn check_columns(&self, job: &Job, regions: &[Regions]) -> Vec<Error> {
        if !uses_features(job) {
            return vec![];
        }
        let mut problems: Vec<Error> = Vec::new();
        for (feature, name) in job.data.features.iter().enumerate() {
            // A column that is constant everywhere is so in each region: one sentence is enough.
            problems.extend(self.constant(job, feature, name, regions));
        }
        problems
    }

    fn constant(&self, job: &Job, feature: usize, name: &str, regions: &[Regions]) -> Option<Error> {
        let unit = &job.unit;
        let column = self.events.features.index_axis(Axis(1), feature);
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
        let other = self.other.as_ref().map(|other| other.features.index_axis(Axis(1), feature).to_vec());
        refused("the other sample".to_owned(), &other.unwrap_or_default())
    }

    /// What users are told of the job's features: those that stand on certain values, or are ruled by outliers, over the
    /// data of all regions with the largest injection.
    pub fn notes_on_columns(&self, job: &Job) -> Vec<String> {
        if !uses_features(job) {
            return vec![];
        }
        let most = job.points.iter().filter_map(ScanPoint::n_signal).max().unwrap_or(SignalCount(0));
        let chosen = |wanted| self.chosen(most, &job.regions, wanted).unwrap_or_default();
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
