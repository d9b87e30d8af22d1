//! The control windows of a search: windows beside those that are searched, where no signal is looked for, which measure by how
//! much more background passes a cut than a template says.

use serde::{Deserialize, Serialize};

use super::SearchKeys;
use crate::job::checks::repeated;
use crate::job::document::Section;
use crate::job::{Job, MassWindow, Regions, TrainingSample};

/// Where control windows come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Control {
    /// A list, if there is one.
    Listed,
    /// As many as fit into what lies below and above all windows.
    SideBands,
}

/// The share of their width that control windows which nobody has named keep from the windows and from the end of the data.
const MARGIN: f64 = 0.5;

/// The masses from the first to the last window, which templates of control windows do not see.
pub(super) fn searched(windows: &[MassWindow]) -> Option<MassWindow> {
    let low = windows.iter().map(|window| window.low.0).min_by(f64::total_cmp)?;
    let high = windows.iter().map(|window| window.high.0).max_by(f64::total_cmp)?;
    Some(MassWindow::new(low, high))
}

impl SearchKeys {
    /// The control windows, where they can be ones; a note of each mistake.
    pub(super) fn control_windows(
        &self,
        section: &Section<'_>,
        windows: &[MassWindow],
        job: &Job,
    ) -> Vec<(MassWindow, TrainingSample)> {
        let Some(searched) = searched(windows) else { return vec![] };
        let (key, controls) = match self.control {
            Control::Listed => ("control_windows_gev", self.control_windows_gev.clone()),
            Control::SideBands => ("control", self.beside(section, windows, searched, job)),
        };
        let sample = |window: MassWindow| TrainingSample {
            signal_region: Some(window),
            left_out: Some(searched),
            ..TrainingSample::new(self.injected.added(), self.outer(window, job))
        };
        let mut good: Vec<(MassWindow, TrainingSample)> = vec![];
        for window in controls {
            let sample = sample(window);
            if let Some(why) = unfit(&job.regions_of(&sample), searched) {
                section.wrong(key, format!("contains {window} ({why}"));
            } else if good.iter().any(|(known, _)| *known == window) {
                repeated(section, key, &window.to_string());
            } else if let Some((known, _)) = good.iter().find(|(known, _)| known.overlaps(&window)) {
                let message = format!(
                    "contains {window} beside {known} (they overlap, and what is in both would count twice) move one of both"
                );
                section.wrong(key, message);
            } else {
                good.push((window, sample));
            }
        }
        good
    }

    /// The outer edges of the side-bands of a control window.
    fn outer(&self, window: MassWindow, job: &Job) -> MassWindow {
        match self.side_band_width_gev {
            width if width > 0.0 => MassWindow::new(window.low.0 - width, window.high.0 + width),
            _ => job.regions.outer,
        }
    }

    /// Windows as wide as the nearest one, from the windows outwards.
    fn beside(
        &self,
        section: &Section<'_>,
        windows: &[MassWindow],
        searched: MassWindow,
        job: &Job,
    ) -> Vec<MassWindow> {
        if !self.control_windows_gev.is_empty() {
            let message =
                "is \"side-bands\", with control_windows_gev (they are found or listed) remove one of both";
            section.wrong("control", message);
            return vec![];
        }
        let ends = windows.iter().map(|window| self.outer(*window, job)).collect::<Vec<_>>();
        let Some(ends) = super::control::searched(&ends) else { return vec![] };
        let width = |is_nearest: &dyn Fn(&&MassWindow) -> bool| {
            windows.iter().find(is_nearest).map_or(searched.width(), MassWindow::width)
        };
        let below = width(&|window| window.low == searched.low);
        let above = width(&|window| window.high == searched.high);
        let count = |room: f64, width: f64| (room / width - 2.0 * MARGIN + 1e-9).floor().max(0.0) as usize;
        let low = (0..count(searched.low.0 - ends.low.0, below)).map(|place| {
            let high = searched.low.0 - (MARGIN + place as f64) * below;
            MassWindow::new(high - below, high)
        });
        let high = (0..count(ends.high.0 - searched.high.0, above)).map(|place| {
            let low = searched.high.0 + (MARGIN + place as f64) * above;
            MassWindow::new(low, low + above)
        });
        let found: Vec<MassWindow> = low.chain(high).collect();
        if found.is_empty() {
            let message = format!(
                "is \"side-bands\", where no window fits (between {ends} and the windows, {searched}, there must be room for twice \
                 the width of one) widen the side-bands, or list control_windows_gev"
            );
            section.wrong("control", message);
        }
        found
    }
}

/// Why a window cannot be a control window: the rest of a message.
fn unfit(regions: &Regions, searched: MassWindow) -> Option<String> {
    let Regions { signal, outer, .. } = regions;
    if signal.overlaps(&searched) {
        return Some(format!(
            "it overlaps {searched}, from the first to the last window of the search, where nothing is to be assumed of signal) \
             move it below or above all of them"
        ));
    }
    let bands = regions.side_bands();
    let has = |is: &dyn Fn(&MassWindow) -> bool| bands.iter().any(is);
    if has(&|band| band.high <= signal.low) && has(&|band| band.low >= signal.high) {
        return None;
    }
    Some(format!(
        "without the windows of the search its side-bands {outer} do not lie on both sides of it) move it, or widen side_bands_gev \
         of [regions] or side_band_width_gev"
    ))
}
