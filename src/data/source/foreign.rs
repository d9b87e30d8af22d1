//! Files that hold something else than a table this program reads, and how to make one of them.

use std::path::Path;

/// A kind of file that this program does not read, and how to make one that it reads.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Foreign {
    /// What the file is.
    pub what: &'static str,
    /// What to do.
    pub remedy: String,
}

/// How a table is made from a kind of file.
#[derive(Clone, Copy)]
enum Remedy {
    /// In these words.
    Words(&'static str),
    /// By a shell command; `IN` is the file, `OUT` its name without extension.
    Command(&'static str),
    /// By a line of Python; `IN` and `OUT` as above.
    Python(&'static str),
}
use Remedy::{Command, Python, Words};

/// Files by their first bytes.
const BEGINNINGS: [(&[u8], &str, Remedy); 26] = [
    (
        b"version https://git-lfs",
        "a Git LFS pointer, not the file itself",
        Words("fetch the file by `git lfs pull` in its folder"),
    ),
    (
        b"PAR1",
        "a Parquet file",
        Python("import pandas; pandas.read_parquet('IN').to_csv('OUT.csv', index=False)"),
    ),
    (
        b"\x93NUMPY",
        "a NumPy array without column names",
        Python(
            "import numpy as n; n.savetxt('OUT.csv', n.load('IN'), delimiter=',', header='m_jj,a,b,label', comments='')",
        ),
    ),
    (
        b"ARROW1",
        "an Arrow (Feather) file",
        Python("import pandas; pandas.read_feather('IN').to_csv('OUT.csv', index=False)"),
    ),
    (
        b"FEA1",
        "a Feather file",
        Python("import pandas; pandas.read_feather('IN').to_csv('OUT.csv', index=False)"),
    ),
    (b"ORC", "an ORC file", Python("import pandas; pandas.read_orc('IN').to_csv('OUT.csv', index=False)")),
    (
        b"root",
        "a ROOT file",
        Python(
            "import uproot; uproot.open('IN')['TREE'].arrays(library='pd').to_csv('OUT.csv', index=False)",
        ),
    ),
    (
        b"SQLite format 3\0",
        "an SQLite database",
        Command("sqlite3 -header -csv IN 'select * from TABLE' > OUT.csv"),
    ),
    (b"CDF\x01", "a netCDF file of the classic format", Command("ncdump IN | less")),
    (b"CDF\x02", "a netCDF file of the classic format", Command("ncdump IN | less")),
    (b"\x0e\x03\x13\x01", "an HDF4 file", Command("h4toh5 IN OUT.h5")),
    (b"SIMPLE  =", "a FITS file", Python("import astropy.table as t; t.Table.read('IN').write('OUT.csv')")),
    (b"MATLAB 5.0", "a MATLAB file", Words("save it with -v7.3, or as CSV")),
    (b"BZh", "compressed by bzip2", Command("bunzip2 -k IN")),
    (b"\xfd7zXZ", "compressed by xz", Command("unxz -k IN")),
    (b"\x28\xb5\x2f\xfd", "compressed by Zstandard", Command("unzstd IN")),
    (b"7z\xbc\xaf", "a 7-Zip archive", Command("7z x IN")),
    (b"Rar!", "a RAR archive", Command("unrar x IN")),
    (b"\x89PNG", "a picture", Words("name the file of the events")),
    (b"\xff\xd8\xff", "a picture", Words("name the file of the events")),
    (b"GIF8", "a picture", Words("name the file of the events")),
    (b"%PDF", "a PDF document", Words("name the file of the events")),
    (b"\xd0\xcf\x11\xe0", "an old Excel file", Words("save the sheet as CSV")),
    (
        b"HepMC::",
        "a HepMC file of generated particles",
        Words("make jets and their features of them, and write those as CSV or HDF5"),
    ),
    (
        b"<LesHouches",
        "a Les Houches file of generated particles",
        Words("shower it, make jets and their features, and write those as CSV or HDF5"),
    ),
    (b"\x7fELF", "a program", Words("name the file of the events")),
];

/// What begins like this is, if it is known to be no table.
pub(super) fn foreign(path: &Path, start: &[u8]) -> Option<Foreign> {
    let found = |what, remedy| Some(Foreign { what, remedy: written(path, remedy) });
    if let Some((_, what, remedy)) = BEGINNINGS.iter().find(|(bytes, ..)| start.starts_with(bytes)) {
        return found(what, *remedy);
    }
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    match start {
        [b'P', b'K', 3 | 5, 4 | 6, ..] => Some(archive(path, start)),
        // The opcode of a protocol, and its number.
        [0x80, 2..=5, ..] => found(
            "a Python pickle",
            Python("import pandas; pandas.read_pickle('IN').to_csv('OUT.csv', index=False)"),
        ),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            found("text in UTF-16", Command("iconv -f UTF-16 -t UTF-8 IN > OUT.utf8.csv"))
        }
        _ if start.get(257..262) == Some(b"ustar") => found("a tar archive", Command("tar -xf IN")),
        _ if text.starts_with(b"<") => {
            found("a web page", Words("download the file itself, not the page about it"))
        }
        _ if text.starts_with(b"{") || text.starts_with(b"[") => {
            found("JSON", Python("import pandas; pandas.read_json('IN').to_csv('OUT.csv', index=False)"))
        }
        _ => None,
    }
}

/// The kinds of files that are zip archives, by the name of what comes first in them.
fn archive(path: &Path, start: &[u8]) -> Foreign {
    let has = |name: &[u8]| start.windows(name.len()).any(|bytes| bytes == name);
    let (what, remedy) = if has(b".npy") {
        (
            "a NumPy archive, npz",
            Python(
                "import numpy, pandas; pandas.DataFrame(dict(numpy.load('IN'))).to_csv('OUT.csv', index=False)",
            ),
        )
    } else if has(b"[Content_Types].xml") || has(b"xl/") {
        ("an Excel file", Python("import pandas; pandas.read_excel('IN').to_csv('OUT.csv', index=False)"))
    } else if has(b"data.pkl") {
        ("a PyTorch file", Words("write its arrays as CSV or HDF5 from Python"))
    } else {
        ("a zip archive", Command("unzip IN"))
    };
    Foreign { what, remedy: written(path, remedy) }
}

/// A remedy with the names of files in it, where a shell takes them as they are.
fn written(path: &Path, remedy: Remedy) -> String {
    let is_plain = |text: &&str| {
        text.len() < 100
            && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "/._-+=".contains(letter))
    };
    let names = |text: &str| {
        let input = path.to_str().filter(is_plain).unwrap_or("IN");
        let output = path.file_stem().and_then(|stem| stem.to_str()).filter(is_plain).unwrap_or("OUT");
        text.replace("IN", "\0").replace("OUT", output).replace('\0', input)
    };
    match remedy {
        Words(words) => words.to_owned(),
        Command(command) => format!("convert it: {}", names(command)),
        Python(line) => format!("convert it: python -c \"{}\"", names(line)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_into_commands_only_where_a_shell_takes_them_as_they_are() {
        let plain = foreign(Path::new("a/e.parquet"), b"PAR1").expect("a known beginning");
        assert_eq!(
            plain.remedy,
            "convert it: python -c \"import pandas; pandas.read_parquet('a/e.parquet').to_csv('e.csv', index=False)\""
        );
        let odd = foreign(Path::new("it's; rm -r.parquet"), b"PAR1").expect("a known beginning");
        assert!(odd.remedy.contains("read_parquet('IN').to_csv('OUT.csv'"), "{}", odd.remedy);
        assert_eq!(foreign(Path::new("e.csv"), b"m_jj,label\n"), None);
    }
}
