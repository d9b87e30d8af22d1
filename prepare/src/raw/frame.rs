//! Which frame of a file holds raw events, and where its columns are.

use std::path::Path;

use hdf5::Group;
use hdf5::types::{FixedAscii, FixedUnicode, TypeDescriptor, VarLenAscii, VarLenUnicode};

use super::PARTICLE_VALUES;
use super::block::Block;
use crate::error::PrepareError;

/// The matrices of the frame with raw events.
pub(super) fn blocks(path: &Path, file: &hdf5::File) -> Result<Vec<Block>, PrepareError> {
    let other = |reason: String| PrepareError::NotRaw { path: path.to_owned(), reason };
    let group = frame(path, file)?;
    let (mut blocks, mut columns) = (Vec::new(), 0);
    while group.link_exists(&format!("block{}_values", blocks.len())) {
        let index = blocks.len();
        let items = format!("block{index}_items");
        let names = names(&group, &items).map_err(|error| PrepareError::damaged(path, &items, &error))?;
        let Some(names) = names else {
            return Err(other("its column names are pickled Python objects".to_owned()));
        };
        let places: Vec<usize> = names.iter().filter_map(|name| name.parse().ok()).collect();
        if let Some(name) = names.iter().find(|name| name.parse::<usize>().is_err()) {
            let of_features = name.starts_with("px") || name.starts_with("tau");
            let what = if of_features { ", as in a file of features" } else { "" };
            return Err(other(format!("it has a column {name}{what}, raw events have numbers as names")));
        }
        columns += places.len();
        blocks.push(Block::open(path, &group, &format!("block{index}_values"), places)?);
    }
    if !matches!(columns, PARTICLE_VALUES | 2101) {
        return Err(PrepareError::OtherWidth { path: path.to_owned(), columns });
    }
    if let Some(missing) = (0..columns).find(|column| !blocks.iter().any(|block| block.holds(*column))) {
        return Err(other(format!(
            "its columns are called something else than 0 to 2100: {missing} is missing"
        )));
    }
    if let Some(block) = blocks.iter().find(|block| block.rows() != blocks[0].rows()) {
        let reason = format!("{} and {} rows in one frame", blocks[0].rows(), block.rows());
        return Err(PrepareError::damaged(path, &group.name(), &reason));
    }
    Ok(blocks)
}

/// The frame `df` as published, or else the only one.
fn frame(path: &Path, file: &hdf5::File) -> Result<Group, PrepareError> {
    let names =
        file.member_names().map_err(|error| PrepareError::damaged(path, "the list of groups", &error))?;
    let groups: Vec<Group> = names.iter().filter_map(|name| file.group(name).ok()).collect();
    let is_frame = |group: &&Group| group.link_exists("axis0") && group.link_exists("block0_values");
    let frames: Vec<&Group> = groups.iter().filter(is_frame).collect();
    if let Some(group) = frames.iter().find(|group| group.name() == "/df") {
        return Ok((**group).clone());
    }
    let reason = match &frames[..] {
        [group] => return Ok((*group).clone()),
        [] if groups.iter().any(|group| group.link_exists("table")) => {
            "its pandas frame is in table format; write it again with format=\"fixed\"".to_owned()
        }
        [] if groups.iter().any(|group| group.link_exists("constituents")) => {
            "it has jets with constituents already".to_owned()
        }
        [] => "it has no pandas frame".to_owned(),
        _ => "it has several pandas frames, none of them called df".to_owned(),
    };
    Err(PrepareError::NotRaw { path: path.to_owned(), reason })
}

/// The longest name of a column.
const LONGEST: usize = 64;

/// The most columns whose names are read: a damaged file may announce any number.
const MOST: usize = 1 << 16;

/// The names of the columns of a block; nothing if only Python can read them.
fn names(group: &Group, items: &str) -> hdf5::Result<Option<Vec<String>>> {
    let dataset = group.dataset(items)?;
    if dataset.size() > MOST || dataset.ndim() != 1 {
        return Err(format!("shape {:?} is no list of column names", dataset.shape()).into());
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    Ok(match dataset.dtype()?.to_descriptor() {
        Ok(TypeDescriptor::Integer(_) | TypeDescriptor::Unsigned(_)) => {
            Some(dataset.read_raw::<i64>()?.iter().map(i64::to_string).collect())
        }
        // The bytes are taken as they come: `as_str` of these types trusts the file to be valid.
        Ok(TypeDescriptor::FixedAscii(length)) if length <= LONGEST => {
            let names = dataset.read_raw::<FixedAscii<LONGEST>>()?;
            Some(names.iter().map(|name| text(name.as_bytes())).collect())
        }
        Ok(TypeDescriptor::FixedUnicode(length)) if length <= LONGEST => {
            let names = dataset.read_raw::<FixedUnicode<LONGEST>>()?;
            Some(names.iter().map(|name| text(name.as_bytes())).collect())
        }
        // The pointer of a text that was never written is null.
        Ok(TypeDescriptor::VarLenAscii) => {
            let names = dataset.read_raw::<VarLenAscii>()?;
            let bytes = names.iter().filter(|name| !name.as_ptr().is_null());
            Some(bytes.map(|name| text(name.as_bytes())).collect())
        }
        Ok(TypeDescriptor::VarLenUnicode) => {
            let names = dataset.read_raw::<VarLenUnicode>()?;
            let bytes = names.iter().filter(|name| !name.as_ptr().is_null());
            Some(bytes.map(|name| text(name.as_bytes())).collect())
        }
        _ => None,
    })
}
