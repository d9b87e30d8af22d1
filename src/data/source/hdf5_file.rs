//! The groups of an HDF5 file.

use std::path::{Path, PathBuf};

use hdf5::types::TypeDescriptor;
use hdf5::{LocationType, MinorErrorCode};

use super::super::error::DataError;
use super::dataset::Dataset;

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
        match hdf5::File::open(path) {
            Ok(file) => Ok(Self { path: path.to_owned(), file }),
            Err(error) if error.contains_minor(MinorErrorCode::Truncated) => {
                let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
                Err(DataError::Truncated { path: path.to_owned(), bytes })
            }
            Err(error) => Err(damaged(path, "the header", error)),
        }
    }

    /// Where it lies.
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

    /// Whether a group is a frame of the pandas table layout, whose rows are records.
    pub fn is_appendable_frame(&self, name: &str) -> bool {
        self.file.group(name).is_ok_and(|group| {
            let records = group.link_exists("table").then(|| group.dataset("table")).and_then(Result::ok);
            let dtype = records.and_then(|records| records.dtype().ok()?.to_descriptor().ok());
            matches!(dtype, Some(TypeDescriptor::Compound(_)))
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
            self.file.member_names().map_err(|source| damaged(&self.path, "the list of groups", source))?;
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
        let folder = self.file.group(folder).map_err(|source| damaged(&self.path, &part(), source))?;
        let names = folder.member_names().map_err(|source| damaged(&self.path, &part(), source))?;
        let is_wanted = |name: &&String| folder.loc_type_by_name(name).is_ok_and(|found| found == wanted);
        let full = |name: &String| if group.is_empty() { name.clone() } else { format!("{group}/{name}") };
        Ok(names.iter().filter(is_wanted).map(full).collect())
    }
}

fn damaged(path: &Path, part: &str, source: hdf5::Error) -> DataError {
    DataError::Damaged { path: path.to_owned(), part: part.to_owned(), source: source.into() }
}
