//! What the room of statistics computes is what scipy, pyhf and iminuit compute.

#[path = "../../tests/support/python.rs"]
mod python;

use std::path::Path;
use std::process::Command;

use drapes_analysis::statistics::search::background::Background;
use drapes_analysis::statistics::search::counting::CountLikelihood;
use drapes_analysis::statistics::search::intervals::{Interval, clopper_pearson, garwood};
use drapes_analysis::statistics::search::likelihood::{SignalLikelihood, signed_z};
use drapes_analysis::statistics::search::limits::{QUOTED_LEVEL, cls, upper_limits};
use drapes_analysis::statistics::search::p_value::PValue;
use drapes_analysis::statistics::search::small_counts::{
    exact_p, negative_binomial_tail, poisson_against_poisson,
};
use drapes_analysis::statistics::search::uniformity::uniformity;
use drapes_analysis::statistics::spectrum::binned::{Fitted, Spectrum, Window};
use drapes_analysis::statistics::spectrum::choice::f_test;
use drapes_analysis::statistics::spectrum::fit::fit;
use drapes_analysis::statistics::spectrum::shape::Shape;
use drapes_analysis::statistics::spectrum::signal::SignalShape;
use drapes_analysis::statistics::spectrum::strength::SpectrumLikelihood;
use serde_json::{Value, json};

#[test]
fn scipy_pyhf_and_iminuit_agree() {
    let python = match python::python(Path::new(env!("CARGO_TARGET_TMPDIR"))) {
        Ok(python) => python,
        Err(reason) => {
            eprintln!("skipped: {reason}");
            return;
        }
    };
    let cases: Vec<Value> =
        [tails(), small_counts(), intervals(), tests(), counts(), spectra()].into_iter().flatten().collect();
    let place = tempfile::tempdir().expect("room");
    let file = place.path().join("cases.json");
    std::fs::write(&file, serde_json::to_string(&cases).expect("numbers")).expect("room");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/referee/statistics.py");
    let said =
        python::run(Command::new(python).arg(script).arg(file)).unwrap_or_else(|said| panic!("{said}"));
    assert!(said.contains(&format!("{} cases agree", cases.len())), "{said}");
}

fn case(kind: &str, given: Value, found: Value) -> Value {
    json!({ "kind": kind, "in": given, "out": found })
}

fn tails() -> Vec<Value> {
    let tail = |z: f64| {
        let p = PValue::of_z(z);
        case("tail", json!({ "z": z }), json!({ "ln_p": p.ln(), "z": PValue::of_ln(p.ln()).z() }))
    };
    [-3.0, -0.5, 0.0, 1.0, 5.0, 19.9, 20.1, 37.0, 60.0, 1000.0].map(tail).into()
}

fn small_counts() -> Vec<Value> {
    let mut cases = Vec::new();
    for count in [1, 3, 10, 100, 3000] {
        for control in [0.0, 0.7, 5.0, 80.0, 1500.0] {
            for ratio in [0.5, 1.0, 4.0] {
                let given = json!({ "count": count, "control": control, "ratio": ratio });
                let found = poisson_against_poisson(count, control, ratio).value();
                if found > 1e-290 {
                    cases.push(case("poisson_against_poisson", given, json!({ "p": found })));
                }
            }
        }
        for (successes, success) in [(0.3, 0.5), (4.0, 0.5), (30.5, 0.2), (900.0, 0.6)] {
            let given = json!({ "count": count, "successes": successes, "success": success });
            let found = negative_binomial_tail(count, successes, success).value();
            if found > 1e-290 {
                cases.push(case("negative_binomial", given, json!({ "p": found })));
            }
        }
        for expected in [0.2, 3.0, 90.0, 2900.0] {
            let found = exact_p(count, Background { expected, error: 0.0 }).value();
            if found > 1e-290 {
                let given = json!({ "count": count, "expected": expected });
                cases.push(case("poisson", given, json!({ "p": found })));
            }
        }
    }
    cases
}

fn intervals() -> Vec<Value> {
    let ends = |interval: Interval| json!({ "low": interval.low, "high": interval.high });
    let mut cases = Vec::new();
    for (passed, all) in [(0, 10), (1, 10), (9, 10), (10, 10), (50, 1000), (480, 1000), (3, 100_000)] {
        for content in [0.68, 0.95] {
            let given = json!({ "passed": passed, "all": all, "content": content });
            let rate = ends(clopper_pearson(passed, all, content));
            cases.push(case(
                "intervals",
                given,
                json!({ "rate": rate, "mean": ends(garwood(passed, content)) }),
            ));
        }
    }
    cases
}

fn tests() -> Vec<Value> {
    let mut cases = Vec::new();
    for (chi_squared, parameters, bins) in
        [([40.0, 31.0], [2, 3], 30), ([300.0, 30.0], [2, 4], 25), ([31.0, 30.9], [3, 4], 50)]
    {
        let found = f_test(chi_squared, parameters, bins).expect("degrees of freedom");
        let given = json!({ "chi_squared": chi_squared, "parameters": parameters, "bins": bins });
        cases.push(case("f_test", given, json!({ "f": found.f, "p": found.p })));
    }
    for (count, power) in [(15_u32, 1.0), (40, 1.3), (400, 1.05)] {
        let p_values: Vec<f64> =
            (0..count).map(|i| ((f64::from(i) * 0.618_034).fract() * 0.98 + 0.01).powf(power)).collect();
        let found =
            uniformity(&p_values.iter().map(|p| PValue::new(*p)).collect::<Vec<_>>()).expect("values");
        let found = json!({ "distance": found.distance, "p": found.p });
        cases.push(case("uniformity", json!({ "p_values": p_values }), found));
    }
    cases
}

fn counts() -> Vec<Value> {
    let mut cases = Vec::new();
    for (count, expected, error, efficiency_error) in [
        (5.0, 3.0, 0.01, 0.0),
        (12.0, 3.0, 0.0, 0.1),
        (5.0, 3.0, 1.0, 0.0),
        (0.0, 3.0, 1.0, 0.0),
        (12.0, 3.0, 1.5, 0.1),
        (100.0, 100.0, 8.0, 0.0),
        (150.0, 100.0, 10.0, 0.15),
        (80.0, 100.0, 12.0, 0.05),
        (1040.0, 1000.0, 60.0, 0.1),
        (30.0, 20.0, 15.0, 0.0),
    ] {
        let background = Background { expected, error };
        let likelihood = CountLikelihood { count, background, efficiency_error };
        let signal = 2.0 * f64::sqrt(expected) + f64::max(count - expected, 0.0);
        let Ok(of_signal) = cls(&likelihood, signal);
        let limits = upper_limits(&likelihood, QUOTED_LEVEL, 1.0).expect("a limit");
        let given = json!({
            "count": count, "expected": expected, "error": error, "efficiency_error": efficiency_error, "signal": signal
        });
        let found = json!({
            "z": likelihood.z(), "cls": of_signal, "observed": limits.observed, "expected": limits.expected
        });
        cases.push(case("count", given, found));
    }
    cases
}

/// A falling spectrum with a fixed pattern of fluctuations and a bump.
fn falling(bump: f64) -> Spectrum {
    let edges: Vec<f64> = (0..=30).map(|edge| 2500.0 + 70.0 * f64::from(edge)).collect();
    let count = |(bin, pair): (usize, &[f64])| {
        let m = f64::midpoint(pair[0], pair[1]);
        let background = 3000.0 * (-(m - 2500.0) / 500.0).exp();
        let mean = background + bump * (-0.5 * ((m - 3400.0) / 100.0).powi(2)).exp();
        let pull = (bin as f64 * 0.754_877).fract() * 3.0 - 1.5;
        (mean + pull * mean.sqrt()).round().max(0.0)
    };
    let counts = edges.windows(2).enumerate().map(count).collect();
    Spectrum::new(edges, counts).expect("a spectrum")
}

fn spectra() -> Vec<Value> {
    let dijet = |parameters| Shape::Dijet { parameters, collision_energy: 13_000.0 };
    let exponential = |degree| Shape::ExponentialOfPolynomial { degree };
    let mut cases = Vec::new();
    for (shape, bump) in [
        (dijet(2), 0.0),
        (dijet(3), 150.0),
        (dijet(4), 0.0),
        (exponential(1), 150.0),
        (exponential(3), -60.0),
        (Shape::Bernstein { degree: 5 }, 150.0),
    ] {
        cases.push(spectrum_case(shape, &falling(bump)));
    }
    cases
}

fn spectrum_case(shape: Shape, spectrum: &Spectrum) -> Value {
    let window = Window { low: 3200.0, high: 3620.0 };
    let (mean, width) = (3400.0, 100.0);
    let fitted = Fitted::Outside(window);
    let side_bands = fit(spectrum, fitted, shape).expect("a fit");
    let in_window = side_bands.expected_in(window);
    let signal = SignalShape::Gaussian { mean, width };
    let likelihood = SpectrumLikelihood::new(spectrum, shape, signal).expect("a fit");
    let limits = upper_limits(&likelihood, QUOTED_LEVEL, 50.0).expect("a limit");
    let shape = match shape {
        Shape::Dijet { parameters, collision_energy } => {
            json!({ "kind": "dijet", "number": parameters, "energy": collision_energy })
        }
        Shape::ExponentialOfPolynomial { degree } => json!({ "kind": "exponential", "number": degree }),
        Shape::Bernstein { degree } => json!({ "kind": "bernstein", "number": degree }),
    };
    let given = json!({
        "shape": shape, "edges": spectrum.edges(), "counts": spectrum.counts(), "fitted": spectrum.fitted(fitted),
        "window": [window.low, window.high], "signal": [mean, width],
    });
    let found = json!({
        "nll": side_bands.nll, "in_window": in_window.value, "error": in_window.error,
        "signal": likelihood.best().expect("a fit").signal, "z": signed_z(&likelihood).expect("a fit"),
        "observed": limits.observed,
    });
    case("spectrum", given, found)
}
