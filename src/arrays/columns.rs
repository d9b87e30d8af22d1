//! What arrays say of themselves to other programs: names and units of their columns, as attributes.
//!
//! Nothing here is read back, so that arrays of earlier revisions, which have none, are read as before. Texts have a fixed
//! length: they then lie beside the array, under the same checksum, and not in a heap that has none.

use std::str::FromStr;

use hdf5::types::{FixedUnicode, TypeDescriptor};

/// The number of this layout of arrays, which grows when names or shapes change.
pub const SCHEMA: u32 = 1;

/// Bytes of a text, at most; a longer one is cut.
const LONGEST: usize = 255;
type Text = FixedUnicode<LONGEST>;

/// A column of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its unit: `1` for a plain number, nothing where it is not known.
    pub unit: &'a str,
}

impl<'a> Column<'a> {
    /// A column of a name and a unit.
    pub const fn new(name: &'a str, unit: &'a str) -> Self {
        Self { name, unit }
    }
}

/// Writes the number of the layout.
pub fn number(place: &hdf5::Location) -> hdf5::Result<()> {
    place.new_attr::<u32>().create("schema")?.write_scalar(&SCHEMA)
}

/// Writes what the columns of an array are.
pub fn describe(array: &hdf5::Location, columns: &[Column<'_>]) -> hdf5::Result<()> {
    number(array)?;
    texts(array, "columns", columns.iter().map(|column| column.name))?;
    texts(array, "units", columns.iter().map(|column| column.unit))
}

/// The text, or as much of it as fits.
fn fitting(text: &str) -> &str {
    let mut ends = (0..=LONGEST.min(text.len())).rev();
    ends.find(|end| text.is_char_boundary(*end)).map_or("", |end| &text[..end])
}

fn texts<'a>(array: &hdf5::Location, name: &str, texts: impl Iterator<Item = &'a str>) -> hdf5::Result<()> {
    let texts: Vec<&str> = texts.map(fitting).collect();
    let bytes = texts.iter().map(|text| text.len()).max().unwrap_or(0).max(1);
    // Each fits by now.
    let texts: Vec<Text> = texts.iter().filter_map(|text| Text::from_str(text).ok()).collect();
    let attribute = array.new_attr_builder().empty_as(TypeDescriptor::FixedUnicode(bytes));
    attribute.shape(texts.len()).create(name)?.write_raw(&texts)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;
    use crate::arrays::{ArrayReader, ArrayWriter};

    /// The texts of an attribute.
    fn read(array: &hdf5::Location, name: &str) -> Vec<String> {
        let texts =
            array.attr(name).and_then(|attribute| attribute.read_raw::<Text>()).expect("an attribute");
        texts.iter().map(|text| text.as_str().to_owned()).collect()
    }

    #[test]
    fn arrays_say_what_their_columns_are_and_read_as_before() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a.h5");
        let writer = ArrayWriter::create(&path).expect("room");
        let values: Array2<f32> = array![[1.0, 2.0], [3.0, 4.0]];
        writer.table("features", values.view()).expect("room");
        let long = "ü".repeat(200);
        writer.describe("features", &[Column::new("τ21", "1"), Column::new(&long, "")]).expect("room");
        writer.list("plain", array![1.0_f64].view()).expect("room");
        writer.finish().expect("room");
        let reader = ArrayReader::open(&path).expect("a file");
        assert_eq!(reader.table::<f32>("features").expect("a table"), values);
        let features = reader.group.dataset("features").expect("a table");
        let names = read(&features, "columns");
        assert_eq!((names[0].as_str(), names[1].as_str()), ("τ21", &*"ü".repeat(127)));
        assert_eq!(read(&features, "units"), ["1", ""]);
        for place in [&*features, &*reader.group] {
            let schema = place.attr("schema").and_then(|attribute| attribute.read_scalar::<u32>());
            assert_eq!(schema.expect("a number"), SCHEMA);
        }
        assert!(reader.group.dataset("plain").expect("a list").attr("columns").is_err());
    }

    #[test]
    fn names_do_not_change_the_bytes_of_values() {
        let directory = tempfile::tempdir().expect("a directory");
        let write = |name: &str, columns: &[Column<'_>]| {
            let path = directory.path().join(name);
            let writer = ArrayWriter::create(&path).expect("room");
            writer.table("features", Array2::<f32>::ones((1000, 2)).view()).expect("room");
            if !columns.is_empty() {
                writer.describe("features", columns).expect("room");
            }
            writer.finish().expect("room");
            let file = hdf5::File::open(&path).expect("a file");
            let chunk = file.dataset("features").map(|array| {
                let place = array.chunk_info(0).expect("a piece");
                (place.addr, place.size)
            });
            let (start, bytes) = chunk.expect("an array");
            // With the checksum behind them.
            std::fs::read(&path).expect("a file")[start as usize..(start + bytes) as usize].to_vec()
        };
        let columns = [Column::new("a", "GeV"), Column::new("b", "GeV")];
        assert_eq!(write("a.h5", &columns), write("b.h5", &[]));
    }
}
