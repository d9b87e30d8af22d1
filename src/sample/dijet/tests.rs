use drapes_analysis::job::quantities::SignalCount;
use drapes_analysis::plan::random_stream::Stream;

use super::*;

const ENERGY: Gev = Gev(13_000.0);

fn regions() -> Regions {
    Regions::new(MassWindow::new(3300.0, 3700.0), MassWindow::new(2800.0, 6000.0))
}

fn sample() -> TrainingSample {
    TrainingSample::new(SignalCount(0), regions().outer)
}

fn truth() -> DijetShape {
    DijetShape::new([12.0, -6.0, -0.3], ENERGY, Gev(4000.0))
}

fn toy(count: usize, seed: u64) -> Vec<f64> {
    let mut generator = Stream::of_job(seed).generator();
    truth().within(regions().outer).sample_iter(&mut generator).take(count).collect()
}

/// Events of the signal region for one of the side-bands.
fn share(shape: &DijetShape) -> f64 {
    let [lower, upper] = regions().around();
    shape.integral(regions().signal) / (shape.integral(lower) + shape.integral(upper))
}

/// The relative error of that by the covariance of a fit, all of whose entries take part: the exponents are strongly correlated.
fn error_of_share(fit: &MassFit) -> f64 {
    let exponents = [1, 2, 3].map(|place| fit.parameters[place]);
    let gradient = [0, 1, 2].map(|axis| {
        let step = 1e-2 * fit.covariance[axis][axis].sqrt();
        let [above, below] = [step, -step].map(|step| {
            let mut moved = exponents;
            moved[axis] += step;
            share(&DijetShape::new(moved, ENERGY, Gev(4400.0)))
        });
        (above - below) / (2.0 * step)
    });
    let variance: f64 = (0..3)
        .flat_map(|row| (0..3).map(move |column| (row, column)))
        .map(|(row, column)| gradient[row] * fit.covariance[row][column] * gradient[column])
        .sum();
    variance.sqrt() / share(&DijetShape::of(fit, ENERGY))
}

#[test]
fn a_fit_predicts_the_signal_region_and_its_own_errors() {
    // The three exponents are strongly correlated; what the search uses is the density.
    let rms = |values: &[f64]| (values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64).sqrt();
    let (mut pulls, mut misses, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for seed in 0..20 {
        let fit = fit(&toy(40_000, seed), &regions(), ENERGY, sample()).expect("a good spectrum");
        let shape = DijetShape::of(&fit, ENERGY);
        misses.push(share(&shape) / share(&truth()) - 1.0);
        let reduced = fit.chi_squared / fit.degrees_of_freedom as f64;
        assert!((0.4..1.9).contains(&reduced), "χ²/ndf {reduced}");
        pulls.push((fit.parameters[2] + 6.0) / fit.covariance[1][1].sqrt());
        errors.push(error_of_share(&fit));
    }
    // 33,000 side-band events predict the 6,500 of the signal region to about 2%, without a bias.
    let (spread, bias) = (rms(&misses), misses.iter().sum::<f64>() / misses.len() as f64);
    assert!(spread < 0.03 && bias.abs() < 3.0 * spread / 20_f64.sqrt(), "spread {spread}, bias {bias}");
    let expected = rms(&errors);
    assert!((0.6..1.6).contains(&(spread / expected)), "spread {spread}, by the covariance {expected}");
    let width = rms(&pulls);
    assert!((0.6..1.5).contains(&width), "pulls of p3 have width {width}");
}

#[test]
fn the_expected_side_band_events_are_the_fitted_ones() {
    let masses = toy(5_000, 3);
    let fit = fit(&masses, &regions(), ENERGY, sample()).expect("a good spectrum");
    assert!((fit.counts.iter().sum::<f64>() - 5_000.0).abs() < 1e-9);
    let signal = regions().signal;
    let in_bands: f64 = fit
        .edges
        .windows(2)
        .zip(&fit.expected)
        .filter(|(pair, _)| !signal.contains(f64::midpoint(pair[0], pair[1])))
        .map(|(_, expected)| expected)
        .sum();
    assert!((in_bands / fit.n_events as f64 - 1.0).abs() < 1e-6);
    assert!(fit.edges.contains(&3300.0) && fit.edges.contains(&3700.0));
}

#[test]
fn drawn_masses_follow_the_density() {
    let shape = truth();
    let window = regions().signal;
    let mut generator = Stream::of_job(1).generator();
    let masses: Vec<f64> = shape.within(window).sample_iter(&mut generator).take(200_000).collect();
    assert!(masses.iter().all(|mass| window.contains(*mass)));
    let half = MassWindow::new(3300.0, 3500.0);
    let expected = shape.integral(half) / shape.integral(window);
    let seen = masses.iter().filter(|mass| half.contains(**mass)).count() as f64 / 200_000.0;
    assert!((seen - expected).abs() < 4.0 * (0.25_f64 / 200_000.0).sqrt(), "{seen} {expected}");
}

#[test]
fn too_few_events_are_refused() {
    let error = fit(&[2900.0; 3], &regions(), ENERGY, sample()).expect_err("three events");
    assert!(error.to_string().contains("too few"), "{error}");
}

#[test]
fn masses_far_below_the_collision_energy_are_fitted_as_well() {
    // Masses of D mesons in MeV, where x is 10⁻⁴ and all three terms are nearly one: exponents are thousands, and cancel.
    let regions = Regions::new(MassWindow::new(1855.0, 1875.0), MassWindow::new(1815.0, 1915.0));
    let sample = TrainingSample::new(SignalCount(0), regions.outer);
    let falling = DijetShape::new([0.0, -4.0, 0.0], Gev(13e6), Gev(1865.0));
    let mut generator = Stream::of_job(5).generator();
    let masses: Vec<f64> = falling.within(regions.outer).sample_iter(&mut generator).take(10_000).collect();
    let predicted = [13e3, 13e6, 13e9].map(|energy| {
        let fit =
            fit(&masses, &regions, Gev(energy), sample).unwrap_or_else(|error| panic!("{energy}: {error}"));
        let shape = DijetShape::of(&fit, Gev(energy));
        let bands: f64 = regions.side_bands().iter().map(|band| shape.integral(*band)).sum();
        assert!(fit.covariance[1][1] > 0.0, "{energy}");
        fit.n_events as f64 * shape.integral(regions.signal) / bands
    });
    let inside = masses.iter().filter(|mass| regions.signal.contains(**mass)).count() as f64;
    for expected in predicted {
        assert!((expected - inside).abs() < 5.0 * inside.sqrt() * 2.0, "{expected} of {inside}");
        assert!(
            (expected / predicted[0] - 1.0).abs() < 0.01,
            "{predicted:?}: the energy is nearly no matter"
        );
    }
}
