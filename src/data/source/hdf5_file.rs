//! The groups of an HDF5 file.

use std::path::{Path, PathBuf};

use hdf5::LocationType;
use hdf5::types::TypeDescriptor;

use super::super::error::DataError;
use super::dataset::Dataset;
use super::records::Records;
use super::trouble::trouble;

/// How deep groups are followed: links may lead in circles.
const DEPTH: usize = 4;

/// The most arrays of a file that are looked at.
const MOST_DATASETS: usize = 10_000;

/// An open HDF5 file.
pub(in crate::data) struct Hdf5File {
    path: PathBuf,
    file: hdf5::File,
}

/// A group with its arrays.
pub(in crate::data) struct Node {
    /// Its full name without the leading slash; empty for the root.
    pub name: String,
    /// Its arrays.
    pub datasets: Vec<Dataset>,
}

impl Hdf5File {
    /// Opens a file for reading.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        // The library's own report goes to stderr, once for each level of its calls.
        hdf5::silence_errors(true);
        let file = hdf5::File::open(path).map_err(|error| trouble(path, "the header", error))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Its path in the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a group of this name exists.
    pub fn has_group(&self, name: &str) -> bool {
        self.file.group(name).is_ok()
    }

    /// Whether a group is a frame of the pandas fixed layout.
    pub fn is_frame(&self, name: &str) -> bool {
        self.file
            .group(name)
            .is_ok_and(|group| group.link_exists("axis0") && group.link_exists("block0_values"))
    }

    /// Records under a name: a dataset of them, or the only such dataset of a group. Those of a pandas frame in table
    /// format are columns where it was written with `data_columns=True`.
    pub fn records(&self, name: &str) -> Result<Option<Records>, DataError> {
        let name = name.trim_matches('/');
        if self.is_array(name) {
            return Ok(Records::of(self.dataset(name)?));
        }
        if !self.has_group(if name.is_empty() { "/" } else { name }) {
            return Ok(None);
        }
        let datasets = self.datasets(name)?;
        if datasets.iter().any(|dataset| dataset.is_column() && dataset.is_numeric()) {
            return Ok(None);
        }
        let mut records = datasets.into_iter().filter_map(Records::of);
        let first = records.next().filter(|_| records.next().is_none());
        Ok(first.filter(|_| !self.is_appendable_frame(name)))
    }

    /// Names of the records in the root.
    pub fn record_names(&self) -> Result<Vec<String>, DataError> {
        let datasets = self.datasets("")?;
        let records = datasets.iter().filter(|dataset| dataset.fields().is_some());
        Ok(records.map(|dataset| dataset.name().to_owned()).collect())
    }

    /// Whether an array of this full name exists.
    pub fn is_array(&self, name: &str) -> bool {
        !name.is_empty() && self.file.dataset(name).is_ok()
    }

    /// Names in a group of links that lead nowhere.
    pub fn dead_links(&self, group: &str) -> Vec<String> {
        let Ok(folder) = self.file.group(if group.is_empty() { "/" } else { group }) else {
            return Vec::new();
        };
        let names = folder.member_names().unwrap_or_default();
        names.into_iter().filter(|name| folder.loc_type_by_name(name).is_err()).collect()
    }

    /// Whether a group is a frame of the pandas table layout whose columns lie in blocks without names.
    pub fn is_appendable_frame(&self, name: &str) -> bool {
        self.file.group(name).is_ok_and(|group| {
            let records = group.link_exists("table").then(|| group.dataset("table")).and_then(Result::ok);
            let dtype = records.and_then(|records| records.dtype().ok()?.to_descriptor().ok());
            match dtype {
                Some(TypeDescriptor::Compound(record)) => {
                    record.fields.iter().any(|field| field.name.starts_with("values_block_"))
                }
                _ => false,
            }
        })
    }

    /// The key of the frame: `df` as published, or else the only frame of the file.
    pub fn frame_key(&self) -> Result<Option<String>, DataError> {
        let keys = self.frame_keys()?;
        let published = keys.iter().find(|key| *key == "df");
        Ok(published.or(keys.first().filter(|_| keys.len() == 1)).cloned())
    }

    /// The keys of all frames.
    pub fn frame_keys(&self) -> Result<Vec<String>, DataError> {
        Ok(self.group_names()?.into_iter().filter(|name| self.is_frame(name)).collect())
    }

    /// The groups below the root.
    pub fn group_names(&self) -> Result<Vec<String>, DataError> {
        let names =
            self.file.member_names().map_err(|source| trouble(&self.path, "the list of groups", source))?;
        Ok(names.into_iter().filter(|name| self.has_group(name)).collect())
    }

    /// An array by its full name.
    pub fn dataset(&self, name: &str) -> Result<Dataset, DataError> {
        Dataset::open(&self.path, &self.file, name)
    }

    /// Whether an array or group of this full name exists.
    pub fn has(&self, group: &str, name: &str) -> bool {
        self.file.group(group).is_ok_and(|group| group.link_exists(name))
    }

    /// The arrays of a group.
    pub fn datasets(&self, group: &str) -> Result<Vec<Dataset>, DataError> {
        self.members(group, LocationType::Dataset)?.iter().map(|name| self.dataset(name)).collect()
    }

    /// All groups that hold arrays, the root first.
    pub fn tree(&self) -> Result<Vec<Node>, DataError> {
        let mut nodes: Vec<Node> = Vec::new();
        let mut level = vec![String::new()];
        for _ in 0..DEPTH {
            let mut next = Vec::new();
            for name in level {
                let datasets = self.datasets(&name)?;
                next.extend(self.members(&name, LocationType::Group)?);
                nodes.push(Node { name, datasets });
                if nodes.iter().map(|node| node.datasets.len()).sum::<usize>() > MOST_DATASETS {
                    return Ok(nodes);
                }
            }
            level = next;
        }
        Ok(nodes)
    }

    /// Full names of the members of one type. Links that lead nowhere are passed over.
    fn members(&self, group: &str, wanted: LocationType) -> Result<Vec<String>, DataError> {
        let part = || format!("group /{group}");
        let folder = if group.is_empty() { "/" } else { group };
        let folder = self.file.group(folder).map_err(|source| trouble(&self.path, &part(), source))?;
        let names = folder.member_names().map_err(|source| trouble(&self.path, &part(), source))?;
        let is_wanted = |name: &&String| folder.loc_type_by_name(name).is_ok_and(|found| found == wanted);
        let full = |name: &String| if group.is_empty() { name.clone() } else { format!("{group}/{name}") };
        Ok(names.iter().filter(is_wanted).map(full).collect())
    }
}
