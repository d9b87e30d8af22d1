//! A description as a page of text.

use std::fmt;

use super::super::wording::printable;
use super::histogram::{Histogram, MassBin};
use super::{ColumnSummary, Counts, Description, EventTable, FileLayout, StoredDataset};

/// Longest bar, in characters.
const BAR: usize = 48;

/// Width of the page, in characters.
const WIDTH: usize = 100;

/// Most remarks on a table that are shown.
const REMARKS: usize = 20;

/// Most arrays that are listed.
const DATASETS: usize = 40;

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str());
        writeln!(f, "{} ({})", name.display(), size(self.bytes))?;
        match &self.form {
            Some(form) => writeln!(f, "{}: {form}", self.layout)?,
            None => writeln!(f, "{}", self.layout)?,
        }
        if !self.datasets.is_empty() {
            writeln!(f)?;
            datasets(f, &self.datasets)?;
        }
        for table in &self.tables {
            writeln!(f)?;
            if self.tables.len() > 1 {
                writeln!(f, "Group /{}", table.name)?;
            }
            self.table(f, table)?;
            remarks(f, &[&table.remarks[..], &table.notes].concat())?;
        }
        let advice = self.advice();
        if !advice.is_empty() {
            writeln!(f)?;
            folded(f, advice, "")?;
        }
        Ok(())
    }
}

impl Description {
    fn table(&self, f: &mut fmt::Formatter<'_>, table: &EventTable) -> fmt::Result {
        let has_label = table.label.is_some();
        if has_label {
            writeln!(f, "{:<48}{:>12}{:>12}{:>12}", "Events", "background", "signal", "all")?;
        } else {
            writeln!(f, "{:<48}{:>12}", "Events", "unlabelled")?;
        }
        let mut line = |name: &str, counts: Counts| {
            if has_label {
                let (background, signal) = (grouped(counts.background), grouped(counts.signal));
                writeln!(f, "  {name:<46}{background:>12}{signal:>12}{:>12}", grouped(counts.all()))
            } else {
                writeln!(f, "  {name:<46}{:>12}", grouped(counts.all()))
            }
        };
        line("in the file", table.events)?;
        if table.resonant.is_some() {
            line(&format!("in the signal region {} GeV", self.regions.signal), table.signal_region)?;
            let [lower, upper] = self.regions.around();
            line(&format!("in the side-bands {lower} and {upper} GeV"), table.side_bands)?;
        }
        writeln!(f, "  dropped: {}", table.dropped)?;
        if table.repeated > 0 {
            let share = 100.0 * table.repeated as f64 / table.events.all().max(1) as f64;
            let (count, what) = (grouped(table.repeated), "are copies of others, but for label and number");
            writeln!(f, "  repeated: {count} events ({share:.2}%) {what}")?;
        }
        summaries(f, "Columns", &table.columns)?;
        summaries(f, "High-level variables", &table.variables)?;
        match (&table.resonant, &table.histogram) {
            (Some(name), Some(histogram)) => spectrum(f, name, histogram, has_label),
            _ => Ok(()),
        }
    }

    fn advice(&self) -> &'static str {
        let has_mass = self.tables.iter().any(|table| table.resonant.is_some());
        match self.layout {
            FileLayout::LhcoRaw => {
                "drapes needs jets and their features, and cannot search raw particles yet: use the features file."
            }
            FileLayout::OtherHdf5 => "drapes finds no table of numbers here that it could search.",
            _ if self.tables.is_empty() => "The column names are pickled Python objects: write them as text.",
            _ if !has_mass => {
                "No column of numbers is called m_jj: name the resonant variable in [data] of the job."
            }
            _ if self.tables.iter().all(|table| table.label.is_none()) => {
                "No column tells signal from background: these events are unlabelled, and all count as background. Points of \
                 a scan that inject signal or train on it need a column that is 1 for simulated signal: name it in `label` of \
                 [data]."
            }
            _ => "",
        }
    }
}

impl fmt::Display for FileLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LhcoFeatures => "LHC Olympics features: two jets an event, in a pandas frame",
            Self::LhcoRaw => "LHC Olympics raw events: 700 particles an event, in a pandas frame",
            Self::PandasFrame => "pandas frame",
            Self::Constituents => "HDF5 groups with the constituents of jets",
            Self::Groups => "HDF5 groups of one-dimensional arrays",
            Self::Records => "HDF5 records (structured datasets), whose fields are the columns",
            Self::Csv => "CSV text",
            Self::OtherHdf5 => "HDF5 without a table of events",
        })
    }
}

fn datasets(f: &mut fmt::Formatter<'_>, datasets: &[StoredDataset]) -> fmt::Result {
    let cells: Vec<[String; 5]> = datasets.iter().take(DATASETS).map(cells).collect();
    let header = ["Arrays", "shape", "type", "compression", "chunks"].map(str::to_owned);
    let width = |column: usize| {
        cells.iter().chain([&header]).map(|row| row[column].chars().count()).max().unwrap_or(0)
    };
    let widths: [usize; 5] = std::array::from_fn(width);
    for (row, indent) in std::iter::once((&header, "")).chain(cells.iter().map(|row| (row, "  "))) {
        let name = format!("{indent}{}", row[0]);
        let text = format!(
            "{name:<0$}  {1:<5$}  {2:<6$}  {3:<7$}  {4}",
            widths[0] + 2,
            row[1],
            row[2],
            row[3],
            row[4],
            widths[1],
            widths[2],
            widths[3]
        );
        writeln!(f, "{}", text.trim_end())?;
    }
    if datasets.len() > DATASETS {
        writeln!(f, "  and {} more", datasets.len() - DATASETS)?;
    }
    Ok(())
}

fn cells(dataset: &StoredDataset) -> [String; 5] {
    let product = |extents: &[usize]| extents.iter().map(|n| grouped(*n)).collect::<Vec<_>>().join(" × ");
    [
        printable(&dataset.name),
        product(&dataset.shape),
        dataset.dtype.clone(),
        if dataset.filters.is_empty() { "none".to_owned() } else { dataset.filters.join(", ") },
        dataset.chunk.as_deref().map_or_else(|| "contiguous".to_owned(), product),
    ]
}

fn summaries(f: &mut fmt::Formatter<'_>, title: &str, columns: &[ColumnSummary]) -> fmt::Result {
    if columns.is_empty() {
        return Ok(());
    }
    let width = columns.iter().map(|column| column.name.chars().count()).max().unwrap_or(0).clamp(22, 40);
    writeln!(f, "\n{title:<0$}  {1:<5}{2:>12}{3:>12}{4:>12}", width + 2, "unit", "min", "mean", "max")?;
    for column in columns {
        let (min, mean, max) = (short(column.min), short(column.mean), short(column.max));
        let name = printable(&column.name);
        write!(f, "  {name:<width$}  {:<5}{min:>12}{mean:>12}{max:>12}", printable(&column.unit))?;
        if column.not_finite > 0 {
            write!(f, "  {} NaN or infinite", grouped(column.not_finite))?;
        }
        if column.missing > 0 {
            write!(f, "  {} missing", grouped(column.missing))?;
        }
        writeln!(f)?;
    }
    Ok(())
}

fn remarks(f: &mut fmt::Formatter<'_>, remarks: &[String]) -> fmt::Result {
    if remarks.is_empty() {
        return Ok(());
    }
    writeln!(f, "\nNotes")?;
    for remark in remarks.iter().take(REMARKS) {
        folded(f, remark, "  ")?;
    }
    if remarks.len() > REMARKS {
        writeln!(f, "  and {} more", remarks.len() - REMARKS)?;
    }
    Ok(())
}

/// A paragraph in lines of the page's width.
fn folded(f: &mut fmt::Formatter<'_>, text: &str, indent: &str) -> fmt::Result {
    let mut line = indent.to_owned();
    for word in text.split(' ') {
        if line.chars().count() + word.chars().count() >= WIDTH && line.trim() != "" {
            writeln!(f, "{}", line.trim_end())?;
            line = format!("{indent}{}", if indent.is_empty() { "" } else { "  " });
        }
        line.push_str(word);
        line.push(' ');
    }
    writeln!(f, "{}", line.trim_end())
}

fn spectrum(f: &mut fmt::Formatter<'_>, name: &str, histogram: &Histogram, has_label: bool) -> fmt::Result {
    let title = format!("{name} (GeV)");
    let counts =
        if has_label { format!("{:>11}{:>10}", "background", "signal") } else { format!("{:>11}", "events") };
    writeln!(f, "\n{title:<21}{:<BAR$}{counts}", " all events, log scale")?;
    let filled = || histogram.bins.iter().map(|bin| bin.events.all()).filter(|events| *events > 0);
    let scale = Scale::new(filled().min().unwrap_or(1), filled().max().unwrap_or(1));
    let outside = |f: &mut fmt::Formatter<'_>, text: String, events: Counts| {
        if events.all() == 0 { Ok(()) } else { spectrum_line(f, &text, "", events, has_label, "") }
    };
    let (Some(first), Some(last)) = (histogram.bins.first(), histogram.bins.last()) else { return Ok(()) };
    let decimals = decimals(&histogram.bins);
    outside(f, format!("below {:.decimals$}", first.window.low.0), histogram.below)?;
    for bin in &histogram.bins {
        let edges = format!("{:.decimals$} - {:.decimals$}", bin.window.low.0, bin.window.high.0);
        let mark = if bin.in_signal_region { "  SR" } else { "" };
        spectrum_line(f, &edges, &scale.bar(bin.events.all()), bin.events, has_label, mark)?;
    }
    outside(f, format!("above {:.decimals$}", last.window.high.0), histogram.above)
}

fn spectrum_line(
    f: &mut fmt::Formatter<'_>,
    edges: &str,
    bar: &str,
    events: Counts,
    has_label: bool,
    mark: &str,
) -> fmt::Result {
    let counts = if has_label {
        format!("{:>11}{:>10}", grouped(events.background), grouped(events.signal))
    } else {
        format!("{:>11}", grouped(events.all()))
    };
    writeln!(f, "{edges:>19} │{bar:<BAR$}{counts}{mark}")
}

/// Digits that tell the edges of the bins apart.
fn decimals(bins: &[MassBin]) -> usize {
    let is_whole = |digits: i32| {
        let scale = 10_f64.powi(digits);
        bins.iter().all(|bin| ((bin.window.low.0 * scale).round() - bin.window.low.0 * scale).abs() < 1e-6)
    };
    (0..4).find(|digits| is_whole(*digits)).unwrap_or(4) as usize
}

/// The logarithmic scale of the bars.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    /// From half of the power of ten below the smallest number, so that it has a bar, too.
    fn new(least: usize, most: usize) -> Self {
        Self { low: (least as f64).log10().floor() - 2_f64.log10(), high: (most as f64).log10() }
    }

    /// A bar in eighths of a character.
    fn bar(&self, events: usize) -> String {
        if events == 0 {
            return String::new();
        }
        let share = ((events as f64).log10() - self.low) / (self.high - self.low);
        let eighths = (share * 8.0 * BAR as f64).round().max(1.0) as usize;
        let mut bar = "█".repeat(eighths / 8);
        bar.push_str(["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]);
        bar
    }
}

/// A number with commas between thousands.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number in five significant digits or so.
fn short(value: f64) -> String {
    let magnitude = value.abs();
    if !value.is_finite() {
        "-".to_owned()
    } else if value.fract() == 0.0 && magnitude < 1e6 {
        format!("{value}")
    } else if !(1e-3..1e6).contains(&magnitude) {
        format!("{value:.3e}")
    } else {
        let decimals = (4 - magnitude.log10().floor() as i32).clamp(0, 5) as usize;
        format!("{value:.decimals$}")
    }
}

fn size(bytes: u64) -> String {
    let bytes = bytes as f64;
    match bytes {
        1e9.. => format!("{:.2} GB", bytes / 1e9),
        1e6.. => format!("{:.1} MB", bytes / 1e6),
        1e3.. => format!("{:.1} kB", bytes / 1e3),
        _ => format!("{bytes} bytes"),
    }
}
