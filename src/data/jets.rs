//! Jets and their constituents, as `drapes-prepare` writes them.

use std::ops::Range;
use std::path::{Path, PathBuf};

use half::f16;

use super::dropped::DroppedJets;
use super::error::DataError;
use super::jet_table::{Constituent, FEWEST_CONSTITUENTS, Jets, Kinematics, MOST_CONSTITUENTS};
use super::source::{Dataset, Hdf5File, Kind, kind, row_ranges};

/// The arrays that are needed.
const NEEDED: [&str; 3] = ["constituents", "jets", "n_constituents"];

/// Jets of a file, and which rows they come from.
#[derive(Clone, Debug, PartialEq)]
pub struct JetEvents {
    /// The jets of the events that can be used, in the order asked for.
    pub jets: Jets,
    /// The row of each of these events.
    pub rows: Vec<u32>,
    /// The events that are left out.
    pub dropped: DroppedJets,
}

/// Reads the jets of some rows of a file, or of all: group `group` with `constituents` (n, 2, slots, 3), the shares of
/// the jet's transverse momentum, Δη and Δφ; `jets` (n, 2, 4), `p_T`, η, φ, mass; `n_constituents` (n, 2).
///
/// The jet of larger transverse momentum comes first, whatever the file's order. Events that cannot be used are left out and
/// counted. Of each jet the 128 hardest constituents are kept, the hardest
/// first, whatever their order in the file; slots beyond `n_constituents` are not looked at. Memory beside the result is
/// that of some thousand events.
///
/// # Units
/// GeV.
///
/// # Errors
/// The file is missing, damaged, of another layout, or has no such row; jets were cut short of 128 constituents, which the
/// models take to be the most that a jet keeps; no event is left.
pub fn read_jets(path: &Path, group: &str, rows: Option<&[u32]>) -> Result<JetEvents, DataError> {
    let file = JetFile::open(path, group)?;
    let all: Vec<u32>;
    let rows = if let Some(rows) = rows {
        rows
    } else {
        all = (0..file.events as u32).collect();
        &all
    };
    if let Some(last) = rows.iter().max().filter(|last| **last as usize >= file.events) {
        return Err(DataError::UnequalColumns {
            path: path.to_owned(),
            first: ("the table of events".to_owned(), *last as usize + 1),
            second: (file.jets.name().to_owned(), file.events),
        });
    }
    let (asked, mut dropped) = file.whole_jets(rows)?;
    let (jets, good) = file.constituents(&asked)?;
    dropped.not_finite += good.iter().filter(|good| !**good).count();
    let kept: Vec<u32> = (0..good.len() as u32).filter(|event| good[*event as usize]).collect();
    if kept.is_empty() {
        return Err(DataError::NoJets { path: path.to_owned(), dropped });
    }
    let rows = kept.iter().map(|event| asked[*event as usize].row).collect();
    // The copy is made only for files with bad constituents.
    let jets = if kept.len() == good.len() { jets } else { jets.select(&kept) };
    Ok(JetEvents { jets, rows, dropped })
}

/// An event that is asked for: its jets as a whole.
struct Asked {
    row: u32,
    /// The places of the leading and of the other jet in the file.
    order: [usize; 2],
    kinematics: [Kinematics; 2],
    counts: [usize; 2],
}

struct JetFile {
    path: PathBuf,
    events: usize,
    slots: usize,
    constituents: Dataset,
    jets: Dataset,
    counts: Dataset,
}

impl JetFile {
    fn open(path: &Path, group: &str) -> Result<Self, DataError> {
        let missing = |missing: Vec<String>, present: Vec<String>| DataError::MissingJets {
            path: path.to_owned(),
            group: group.to_owned(),
            missing,
            present,
        };
        let needed = || NEEDED.map(str::to_owned).to_vec();
        if let Kind::Csv = kind(path)? {
            return Err(missing(needed(), vec!["text".to_owned()]));
        }
        let file = Hdf5File::open(path)?;
        let group = group.trim_matches('/');
        if !file.has_group(if group.is_empty() { "/" } else { group }) {
            return Err(missing(needed(), file.group_names()?));
        }
        let mut found: Vec<Dataset> = file.datasets(group)?;
        let last = |dataset: &Dataset| dataset.name().rsplit('/').next().unwrap_or_default().to_owned();
        let names: Vec<String> = found.iter().map(last).collect();
        let mut take = |name: &str| {
            let place = found.iter().position(|dataset| last(dataset) == name)?;
            Some(found.swap_remove(place))
        };
        let (Some(constituents), Some(jets), Some(counts)) =
            (take(NEEDED[0]), take(NEEDED[1]), take(NEEDED[2]))
        else {
            let absent = NEEDED.iter().filter(|name| !names.contains(&(**name).to_owned()));
            return Err(missing(absent.map(|name| (*name).to_owned()).collect(), names));
        };
        let file = Self {
            path: path.to_owned(),
            events: jets.rows(),
            slots: constituents.shape().get(2).copied().unwrap_or(0),
            constituents,
            jets,
            counts,
        };
        file.check(path)?;
        Ok(file)
    }

    fn check(&self, path: &Path) -> Result<(), DataError> {
        let (n, slots) = (self.events, self.slots.max(1));
        let shapes = [
            (&self.constituents, vec![n, 2, slots, 3], "(events, 2, slots, 3)"),
            (&self.jets, vec![n, 2, 4], "(events, 2, 4)"),
            (&self.counts, vec![n, 2], "(events, 2)"),
        ];
        for (dataset, shape, wanted) in shapes {
            if dataset.shape() != shape {
                return Err(DataError::WrongShape {
                    path: path.to_owned(),
                    dataset: dataset.name().to_owned(),
                    found: dataset.shape().to_vec(),
                    wanted,
                });
            }
        }
        [&self.constituents, &self.jets, &self.counts]
            .into_iter()
            .try_for_each(|dataset| dataset.check(dataset.name()))
    }

    /// The jets as a whole of the rows that can be used.
    fn whole_jets(&self, rows: &[u32]) -> Result<(Vec<Asked>, DroppedJets), DataError> {
        let wanted = Wanted::of(rows);
        let mut asked: Vec<Option<Asked>> = Vec::new();
        asked.resize_with(rows.len(), || None);
        let (mut dropped, mut cut_short) = (DroppedJets::default(), 0_usize);
        let chunk = [self.jets.chunk_rows(), self.counts.chunk_rows()];
        for range in row_ranges(self.events, 10, chunk.into_iter()) {
            let places = wanted.within(&range);
            if places.is_empty() {
                continue;
            }
            let jets: Vec<f32> = self.jets.read_rows(range.clone())?;
            let counts: Vec<f32> = self.counts.read_rows(range.clone())?;
            for (row, place) in places {
                let at = *row as usize - range.start;
                let (jets, counts) = (&jets[8 * at..8 * at + 8], &counts[2 * at..2 * at + 2]);
                let kinematics = [0, 1].map(|jet| {
                    let values = &jets[4 * jet..4 * jet + 4];
                    Kinematics { pt: values[0], eta: values[1], phi: values[2], mass: values[3].max(0.0) }
                });
                let most = self.slots.min(MOST_CONSTITUENTS);
                // The conversion makes 0 of NaN, which is refused below as too few constituents.
                let counts = [counts[0], counts[1]].map(|count| count as usize);
                if self.slots < MOST_CONSTITUENTS && counts.iter().any(|count| *count >= self.slots) {
                    cut_short += 1;
                }
                let counts = counts.map(|count| count.min(most));
                if jets.iter().any(|value| !value.is_finite()) || kinematics.iter().any(|jet| jet.pt <= 0.0) {
                    dropped.not_finite += 1;
                } else if counts.iter().any(|count| *count < FEWEST_CONSTITUENTS) {
                    dropped.few_constituents += 1;
                } else {
                    let order = if kinematics[0].pt >= kinematics[1].pt { [0, 1] } else { [1, 0] };
                    asked[*place as usize] = Some(Asked {
                        row: *row,
                        order,
                        kinematics: order.map(|jet| kinematics[jet]),
                        counts: order.map(|jet| counts[jet]),
                    });
                }
            }
        }
        if cut_short > 0 {
            return Err(DataError::CutShort {
                path: self.path.clone(),
                dataset: self.constituents.name().to_owned(),
                slots: self.slots,
                events: cut_short,
            });
        }
        Ok((asked.into_iter().flatten().collect(), dropped))
    }

    /// The jets with their constituents, and whether those of each event are numbers.
    fn constituents(&self, asked: &[Asked]) -> Result<(Jets, Vec<bool>), DataError> {
        let rows: Vec<u32> = asked.iter().map(|event| event.row).collect();
        let wanted = Wanted::of(&rows);
        let total = asked.iter().map(|event| event.counts[0] + event.counts[1]).sum();
        let mut jets = Jets::with_capacity(2 * asked.len(), total);
        for event in asked {
            for (kinematics, count) in event.kinematics.into_iter().zip(event.counts) {
                jets.push(kinematics, std::iter::repeat_n(Constituent::default(), count));
            }
        }
        let mut good = vec![true; asked.len()];
        for range in row_ranges(self.events, 6 * self.slots, [self.constituents.chunk_rows()].into_iter()) {
            let places = wanted.within(&range);
            if places.is_empty() {
                continue;
            }
            let values = if self.constituents.is_half() {
                self.constituents.read_rows::<f16>(range.clone())?
            } else {
                let values = self.constituents.read_rows::<f32>(range.clone())?;
                values.into_iter().map(rounded).collect()
            };
            for (row, place) in places {
                for (jet, stored) in asked[*place as usize].order.into_iter().enumerate() {
                    let from = 3 * self.slots * (2 * (*row as usize - range.start) + stored);
                    let target = jets.constituents_mut(2 * *place as usize + jet);
                    let (slots, _) = values[from..from + 3 * self.slots].as_chunks::<3>();
                    target.copy_from_slice(&slots[..target.len()]);
                    good[*place as usize] &= target.iter().copied().all(is_good);
                    if !target.is_sorted_by(|one, next| one[0] >= next[0]) {
                        target.sort_by(|one, next| next[0].total_cmp(&one[0]));
                    }
                }
            }
        }
        Ok((jets, good))
    }
}

/// In half precision, where a share of transverse momentum must not become zero.
fn rounded(value: f32) -> f16 {
    let half = f16::from_f32(value);
    if half == f16::ZERO && value > 0.0 { f16::MIN_POSITIVE_SUBNORMAL } else { half }
}

fn is_good(constituent: Constituent) -> bool {
    constituent.iter().all(|value| value.is_finite()) && constituent[0] > f16::ZERO
}

/// Rows in the order of the file, each with its place among those asked for.
struct Wanted(Vec<(u32, u32)>);

impl Wanted {
    fn of(rows: &[u32]) -> Self {
        let mut places: Vec<(u32, u32)> = rows.iter().copied().zip(0..).collect();
        places.sort_unstable();
        Self(places)
    }

    fn within(&self, range: &Range<usize>) -> &[(u32, u32)] {
        let [start, end] =
            [range.start, range.end].map(|edge| self.0.partition_point(|(row, _)| (*row as usize) < edge));
        &self.0[start..end]
    }
}
