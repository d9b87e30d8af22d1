//! Made-up records of a search.

use drapes_analysis::job::JobFile;
use drapes_analysis::job::point::ScanPoint;
use drapes_analysis::plan::work::search_window::fine_edges;
use drapes_analysis::plan::work::{
    CutOutcome, FeatureBehind, FeatureLook, Passed, PseudoCount, PseudoExperiment, PseudoExperiments,
    PseudoWindow, SearchedWindow, SensedCount, SensedExperiment, SensedWindow, SensitivityExperiments,
    WindowCut,
};

use super::JOB;

/// A window with an excess, the larger the stronger the cut is.
pub fn searched(point: ScanPoint) -> SearchedWindow {
    let job = JobFile::from_text("job.toml", JOB).check().expect("a good job");
    let regions = job.regions_of(&point.template().expect("a window has a template").sample);
    let edges = fine_edges(&regions);
    let spectrum = |scale: f64, excess: u32| -> Vec<u32> {
        let integral = |m: f64| -500.0 * (-(m - 2800.0) / 500.0).exp();
        let count = |pair: &[f64]| {
            let middle = f64::midpoint(pair[0], pair[1]);
            let more = if (3480.0..3520.0).contains(&middle) { excess } else { 0 };
            (scale * (integral(pair[1]) - integral(pair[0]))).round() as u32 + more
        };
        edges.windows(2).map(count).collect()
    };
    let inside = |counts: &[u32]| -> usize {
        let bins = edges.windows(2).zip(counts);
        let inside = bins.filter(|(pair, _)| regions.signal.contains(f64::midpoint(pair[0], pair[1])));
        inside.map(|(_, count)| *count as usize).sum()
    };
    let before = spectrum(40.0, 300);
    let cut = |efficiency: f64, excess: u32| {
        let spectrum = spectrum(40.0 * efficiency, excess);
        let template = (50_000.0 * efficiency) as usize;
        WindowCut {
            efficiency,
            outcome: CutOutcome::Passed(Passed {
                thresholds: vec![Some(0.5); 5],
                template,
                independent: template as f64,
                data: inside(&spectrum),
                signal: Some(excess as usize),
                spectrum,
            }),
        }
    };
    SearchedWindow {
        diverged: 0,
        point,
        n_data: inside(&before),
        n_signal: Some(300),
        n_template: 50_000,
        cuts: vec![cut(0.1, 240), cut(0.01, 150)],
        edges: edges.clone(),
        spectrum: before,
        looks: (0..job.data.features.len()).map(look).collect(),
    }
}

/// A feature of which both cuts select larger values, the more so of the data, and the more the later it stands.
fn look(feature: usize) -> FeatureLook {
    let bell = |events: f64, middle: f64| -> Vec<u32> {
        (0..20_u8).map(|bin| (events * (-((f64::from(bin) - middle) / 5.0).powi(2)).exp()) as u32).collect()
    };
    let moved = |events: f64| {
        let by = feature as f64;
        FeatureBehind {
            template: bell(events, 8.0 + by),
            data: bell(0.3 * events, 8.0 + 2.0 * by),
            template_moved: 0.1 * by,
            data_moved: Some(0.2 * by),
        }
    };
    FeatureLook {
        edges: (0..=20_u8).map(|edge| f64::from(edge) * (1 + feature) as f64).collect(),
        template: bell(5000.0, 8.0),
        cuts: vec![Some(moved(500.0)), Some(moved(50.0))],
    }
}

/// Pseudo-experiments whose counts lie around what is expected, in steps of a tenth of a standard deviation.
pub fn pseudo(these: &PseudoExperiments) -> PseudoWindow {
    let count = |number: usize, efficiency: f64, turn: usize| {
        let (expected, template) = (10_000.0 * efficiency, 50_000.0 * efficiency);
        let deviations = ((7 * number + turn) % 41) as f64 / 10.0 - 2.0;
        Some(PseudoCount {
            template: template as usize,
            data: (expected + deviations * expected.sqrt()) as usize,
        })
    };
    let experiment = |number| PseudoExperiment {
        n_data: 10_000,
        cuts: vec![count(number, 0.1, 0), count(number, 0.01, 11)],
    };
    PseudoWindow {
        point: these.point,
        first: these.first,
        n_template: 50_000,
        experiments: these.numbers().map(experiment).collect(),
    }
}

/// Pseudo-experiments of which the stronger cut finds the more of a signal, the more there is.
pub fn sensed(these: &SensitivityExperiments) -> SensedWindow {
    let mean_signal = these.strength * 100.0;
    let experiment = |number: usize| {
        let n_signal = mean_signal as usize + number;
        let count = |efficiency: f64, share: f64| {
            let (expected, signal) = (10_000.0 * efficiency, (share * n_signal as f64) as usize);
            Some(SensedCount {
                template: (50_000.0 * efficiency) as usize,
                data: expected as usize + signal,
                signal,
            })
        };
        SensedExperiment {
            n_data: 10_000 + n_signal,
            n_signal,
            cuts: vec![count(0.1, 0.6), count(0.01, (0.1 * these.strength).min(0.5))],
        }
    };
    SensedWindow {
        point: these.experiments.point,
        strength: these.strength,
        mean_signal,
        share_in_window: 0.8,
        n_template: 50_000,
        experiments: these.experiments.numbers().map(experiment).collect(),
    }
}
