//! Tables and pictures that are replaced: they are moved to `figures/earlier/`, never removed.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::Store;
use crate::error::Error;

/// The first bytes of the table of a figure, written by drapes or saved by a spreadsheet.
const HEADINGS: [&[u8]; 2] = [b"figure,panel,curve", b"figure;panel;curve"];
/// The first bytes of results.csv.
const RESULTS: [&[u8]; 2] = [b"task,method", b"task;method"];
/// Files of a figure.
const KINDS: [&str; 4] = ["csv", "svg", "png", "pdf"];

/// A table beside results.csv, which some scans have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SideTable {
    /// Tests of templates by trees.
    Closure,
    /// The windows of a search.
    Search,
    /// The fits of their spectra.
    Fits,
    /// Its control windows.
    Control,
    /// Its pseudo-experiments.
    Calibration,
    /// Those with simulated signal.
    Sensitivity,
    /// Where bands come from.
    Variance,
    /// Differences between methods.
    Differences,
}

impl SideTable {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Closure,
        Self::Search,
        Self::Fits,
        Self::Control,
        Self::Calibration,
        Self::Sensitivity,
        Self::Variance,
        Self::Differences,
    ];

    /// The file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Closure => "closure.csv",
            Self::Search => "search.csv",
            Self::Fits => "fits.csv",
            Self::Control => "control.csv",
            Self::Calibration => "calibration.csv",
            Self::Sensitivity => "sensitivity.csv",
            Self::Variance => "variance.csv",
            Self::Differences => "differences.csv",
        }
    }

    /// Its first bytes.
    fn beginnings(self) -> [&'static [u8]; 2] {
        match self {
            Self::Closure => [b"method,n_signal,", b"method;n_signal;"],
            Self::Search => [b"window_low_gev,window_high_gev", b"window_low_gev;window_high_gev"],
            Self::Fits => {
                [b"fit_window_low_gev,fit_window_high_gev", b"fit_window_low_gev;fit_window_high_gev"]
            }
            Self::Control => [b"control_low_gev,control_high_gev", b"control_low_gev;control_high_gev"],
            Self::Calibration => {
                [b"calibrated_low_gev,calibrated_high_gev", b"calibrated_low_gev;calibrated_high_gev"]
            }
            Self::Sensitivity => [b"sensed_low_gev,sensed_high_gev", b"sensed_low_gev;sensed_high_gev"],
            Self::Variance => [b"point,method,n_signal,measure", b"point;method;n_signal;measure"],
            Self::Differences => [b"n_signal,measure,method,minus", b"n_signal;measure;method;minus"],
        }
    }
}

impl Store {
    /// Moves a figure's table and pictures to `figures/earlier/`: the results no longer give it. Files of that name that
    /// stand beside no table of ours are somebody else's and stay.
    ///
    /// # Errors
    /// A file is there and cannot be moved.
    pub fn set_aside(&self, figure: &str) -> Result<(), Error> {
        if self.has_table(figure) { self.move_figure(figure) } else { Ok(()) }
    }

    /// Before a figure is made for the first time: what stands under its names is somebody else's and makes room.
    ///
    /// # Errors
    /// As [`Store::set_aside`].
    pub fn make_room(&self, figure: &str) -> Result<(), Error> {
        if self.has_table(figure) { Ok(()) } else { self.move_figure(figure) }
    }

    /// The same for results.csv.
    ///
    /// # Errors
    /// As [`Store::set_aside`].
    pub fn make_room_for_results(&self) -> Result<(), Error> {
        let path = self.directory.join("results.csv");
        // That of a scan without classifiers was empty once; now it has its headings.
        let is_empty = fs::metadata(&path).is_ok_and(|found| found.is_file() && found.len() == 0);
        if is_empty || begins(&path, &RESULTS) { Ok(()) } else { self.move_aside(&path) }
    }

    /// The same for a table beside it.
    ///
    /// # Errors
    /// As [`Store::set_aside`].
    pub fn make_room_for_table(&self, table: SideTable) -> Result<(), Error> {
        let path = self.directory.join(table.name());
        if begins(&path, &table.beginnings()) { Ok(()) } else { self.move_aside(&path) }
    }

    /// Moves such a table away where the results no longer give it; a file of somebody else stays.
    ///
    /// # Errors
    /// As [`Store::set_aside`].
    pub fn set_aside_table(&self, table: SideTable) -> Result<(), Error> {
        let path = self.directory.join(table.name());
        if begins(&path, &table.beginnings()) { self.move_aside(&path) } else { Ok(()) }
    }

    /// The same for report.html; `beginning` is what a report of ours begins with.
    ///
    /// # Errors
    /// As [`Store::set_aside`].
    pub fn make_room_for_report(&self, beginning: &str) -> Result<(), Error> {
        let path = self.directory.join("report.html");
        if begins(&path, &[beginning.as_bytes()]) { Ok(()) } else { self.move_aside(&path) }
    }

    fn has_table(&self, figure: &str) -> bool {
        begins(&self.directory.join(format!("figures/{figure}.csv")), &HEADINGS)
    }

    fn move_figure(&self, figure: &str) -> Result<(), Error> {
        let mut files = KINDS.iter().map(|kind| self.directory.join(format!("figures/{figure}.{kind}")));
        files.try_for_each(|file| self.move_aside(&file))
    }

    fn move_aside(&self, path: &Path) -> Result<(), Error> {
        if fs::symlink_metadata(path).is_err() {
            return Ok(());
        }
        let earlier = self.directory.join("figures/earlier");
        let moved = fs::create_dir_all(&earlier).and_then(|()| fs::rename(path, free_name(&earlier, path)));
        moved.map_err(|source| Error::CannotWrite { path: path.to_owned(), source })
    }
}

/// Whether a file begins as one of ours; a byte order mark before that is a spreadsheet's.
fn begins(path: &Path, beginnings: &[&[u8]]) -> bool {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(64).read_to_end(&mut start));
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start);
    read.is_ok() && beginnings.iter().any(|beginning| start.starts_with(beginning))
}

/// `fig06.csv` in a folder, or `fig06-2.csv` where that is taken.
fn free_name(folder: &Path, path: &Path) -> PathBuf {
    let part =
        |part: Option<&std::ffi::OsStr>| part.map_or_else(String::new, |part| part.display().to_string());
    let (stem, kind) = (part(path.file_stem()), part(path.extension()));
    let names =
        std::iter::once(format!("{stem}.{kind}")).chain((2..).map(|count| format!("{stem}-{count}.{kind}")));
    let mut free = names.map(|name| folder.join(name)).filter(|path| fs::symlink_metadata(path).is_err());
    free.next().unwrap_or_else(|| folder.join("earlier"))
}
