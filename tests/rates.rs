//! Measured rates (`--rates`) price a run where they are of the device that it computes on.

mod support;

use std::path::{Path, PathBuf};

use drapes_analysis::plan::rates::Rates;
use serde_json::Value;
use support::{directory, drapes, small_job, write};

/// A file of rates of a device that is a thousand times slower than the built-in core.
fn slow(place: &Path, name: &str, device: &str) -> PathBuf {
    let mut rates = serde_json::to_value(Rates::CPU_CORE).expect("rates");
    for value in rates.as_object_mut().expect("an object").values_mut() {
        match value {
            Value::Number(number) => *value = (number.as_f64().expect("a rate") / 1e3).into(),
            Value::Array(pair) => {
                for rate in pair {
                    *rate = (rate.as_f64().expect("a rate") / 1e3).into();
                }
            }
            _ => *value = device.into(),
        }
    }
    write(place, name, &rates.to_string())
}

/// What a run says of its time at the beginning, and all that it says; it does the trainings alone.
fn told(job: &Path, out: &Path, rates: &[&Path]) -> (String, String) {
    let mut run = drapes();
    run.arg("run").arg(job).arg("--out").arg(out).args(["--only", "train/*", "--device", "cpu"]);
    for file in rates {
        run.arg("--rates").arg(file);
    }
    let output = run.output().expect("the program starts");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    let line = told.lines().find(|line| line.contains("tasks to do, about ")).expect("a price");
    let time = line.rsplit("about ").next().expect("a time").to_owned();
    (time, told)
}

#[test]
fn rates_of_the_device_at_hand_price_a_run_and_those_of_others_are_named() {
    let place = directory();
    let job = small_job(place.path(), "");
    let own = slow(place.path(), "core.json", "core");
    let other = slow(place.path(), "h200.json", "NVIDIA H200");
    let note = "note: the rates of NVIDIA H200 are not used: the ranks compute on core";
    for (name, rates, is_slow, is_noted) in [
        ("built-in", &[][..], false, false),
        ("slow", &[own.as_path()][..], true, false),
        ("both", &[other.as_path(), own.as_path()][..], true, true),
        ("other", &[other.as_path()][..], false, true),
    ] {
        let (time, said) = told(&job, &place.path().join(name), rates);
        // Two trainings of a second, or a thousand times as long.
        assert_eq!(time.split_whitespace().nth(1) != Some("s"), is_slow, "{name}: {time}\n{said}");
        assert_eq!(said.contains(note), is_noted, "{name}: {said}");
    }
}
