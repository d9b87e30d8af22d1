//! Files in all layouts, good and bad.

mod bad_files;
mod description;
mod formulae;
mod jet_files;
mod layouts;
mod odd_hdf5;
mod odd_text;
mod odd_values;
mod real_files;
mod sample_files;

use std::path::Path;

use drapes_analysis::job::regions::{MassWindow, Regions};
use drapes_analysis::job::{Data, DefinedColumns, Generated, Layout};

/// A job's data with the features of the paper.
fn lhco(path: &Path) -> Data {
    data(path, Layout::LhcoFeatures, &["m_j1", "dm_jj", "tau21_j1", "tau21_j2", "dr_jj"])
}

/// A job's data from named columns.
pub fn table(path: &Path, group: &str, features: &[&str]) -> Data {
    data(path, Layout::Table { group: group.to_owned() }, features)
}

fn data(path: &Path, layout: Layout, features: &[&str]) -> Data {
    Data {
        events: path.to_owned(),
        directory: ".".into(),
        layout,
        resonant: "m_jj".to_owned(),
        features: features.iter().map(|name| (*name).to_owned()).collect(),
        label: "label".to_owned(),
        missing: Vec::new(),
        columns: DefinedColumns::default(),
        select: None,
        generated: Generated::default(),
    }
}

fn regions() -> Regions {
    Regions::new(MassWindow::new(3300.0, 3700.0), MassWindow::new(2800.0, 6000.0))
}
