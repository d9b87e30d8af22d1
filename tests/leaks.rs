//! Jobs whose classifiers would know the answer: the truth among the features, and events that are judged by what was
//! trained on them.

mod support;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use drapes_analysis::plan::random_stream::Stream;
use rand::RngExt;
use support::{answer, directory, drapes, refusal, write};

/// A table of so many background events, and a tenth as much signal, that begins with this seed.
fn table(count: usize, seed: u64) -> String {
    let mut generator = Stream::of_job(seed).branch("table").generator();
    let mut text = String::from("m_jj,a,b,label\n");
    for event in 0..count + count / 10 {
        let is_signal = event >= count;
        let mass = if is_signal {
            generator.random_range(3400.0..3600.0)
        } else {
            generator.random_range(2800.0..6000.0)
        };
        let [a, b]: [f64; 2] = std::array::from_fn(|_| generator.random_range(0.0..1.0));
        writeln!(text, "{mass},{a},{b},{}", u8::from(is_signal)).expect("room");
    }
    text
}

/// The rows of a table.
fn rows(table: &str) -> &str {
    table.split_once('\n').expect("a header").1
}

/// A job on these files, with further lines.
fn job(place: &Path, features: &str, extra: &str) -> PathBuf {
    let text = format!(
        "schema = 1\nname = 'leak'\n[denoiser]\nepochs = 1\n[sampler]\nsteps = 3\n[template]\noversampling = 1\n\
         [classifier]\nepochs = 1\nseeds = '0'\n[[scan]]\nmethod = 'noise'\nn_signal = [100]\n[data]\n\
         events = 'e.csv'\nlayout = 'table'\nfeatures = {features}\n{extra}"
    );
    write(place, "job.toml", &text)
}

/// The message of a run that must be refused before anything is written.
fn refused(place: &Path, job: &Path) -> String {
    let out = place.join("out");
    let (code, message) = refusal(drapes().arg("run").arg(job).arg("--out").arg(&out));
    assert_eq!(code, 2, "{message}");
    assert!(!out.exists(), "{message}");
    message
}

const FURTHER: &str = "[independent_background]\nsource = 'file'\nevents = 'i.csv'\n";

#[test]
fn the_truth_among_the_features() {
    let place = directory();
    write(place.path(), "e.csv", &table(2000, 1));
    let message = refused(place.path(), &job(place.path(), "['a', 'label']", ""));
    assert!(message.contains("job.toml:18: data.features contains label"), "{message}");
    let message = refused(place.path(), &job(place.path(), "['a']", "label = 'm_jj'\n"));
    assert!(message.contains("job.toml:19: data.label is the resonant column m_jj"), "{message}");
    let message = refused(place.path(), &job(place.path(), "['a', 'm_jj']", ""));
    assert!(message.contains("data.features contains the resonant column m_jj"), "{message}");
}

#[test]
fn events_that_are_there_twice() {
    let place = directory();
    let table = table(2000, 1);
    write(place.path(), "e.csv", &format!("{table}{}", rows(&table)));
    let plain = job(place.path(), "['a', 'b']", "");
    let message = refused(place.path(), &plain);
    assert!(
        message.contains("2000 of the 4000 background events of e.csv are copies of others"),
        "{message}"
    );
    assert!(message.contains("200 of the 400 signal events of e.csv"), "{message}");
    let described = answer(drapes().args(["data", "describe"]).arg(place.path().join("e.csv")));
    assert!(described.contains("repeated: 2,200 events (50.00%) are copies of others"), "{described}");
    // A few are told and counted, and whoever knows better is heard.
    let few: Vec<&str> = rows(&table).split_inclusive('\n').take(5).collect();
    write(place.path(), "e.csv", &format!("{table}{}", few.concat()));
    let run = |job: &Path, name: &str| {
        let output = drapes().arg("run").arg(job).arg("--out").arg(place.path().join(name)).output();
        let output = output.expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        said
    };
    let said = run(&plain, "few");
    assert!(
        said.contains("warning: 5 of the 2005 background events of e.csv are copies of others"),
        "{said}"
    );
    write(place.path(), "e.csv", &format!("{table}{}", rows(&table)));
    run(&job(place.path(), "['a', 'b']", "most_repeated = 1\n"), "allowed");
}

#[test]
fn independent_background_that_is_the_data() {
    let place = directory();
    let table_of_data = table(2000, 1);
    write(place.path(), "e.csv", &table_of_data);
    let itself = FURTHER.replace("i.csv", "e.csv");
    let message = refused(place.path(), &job(place.path(), "['a', 'b']", &itself));
    assert!(message.contains("(e.csv) is the same file as data.events (e.csv)"), "{message}");
    // A copy under another name.
    fs::copy(place.path().join("e.csv"), place.path().join("i.csv")).expect("room");
    let job_of_two = job(place.path(), "['a', 'b']", FURTHER);
    let message = refused(place.path(), &job_of_two);
    assert!(
        message.contains("independent_background.events (i.csv) is the same file as data.events (e.csv)"),
        "{message}"
    );
    // The same rows in another order, without the label.
    let mut lines: Vec<String> = rows(&table_of_data)
        .lines()
        .filter_map(|line| line.rsplit_once(',').filter(|(_, label)| *label == "0"))
        .map(|(values, _)| values.to_owned())
        .collect();
    lines.reverse();
    write(place.path(), "i.csv", &format!("m_jj,a,b\n{}\n", lines.join("\n")));
    let message = refused(place.path(), &job_of_two);
    assert!(
        message.contains("in the signal region are also among the background events of e.csv"),
        "{message}"
    );
    // Half of the rows.
    let fresh = table(2000, 2);
    let half = format!("{},0\n", lines[..1000].join(",0\n"));
    let others: String = rows(&fresh).split_inclusive('\n').take(1000).collect();
    write(place.path(), "i.csv", &format!("m_jj,a,b,label\n{half}{others}"));
    let message = refused(place.path(), &job_of_two);
    assert!(message.contains("(data.most_repeated allows 1%"), "{message}");
    // The other sample likewise, and as the independent background.
    let other = "[other_sample]\nsource = 'file'\nevents = 'i.csv'\n";
    let message = refused(place.path(), &job(place.path(), "['a', 'b']", other));
    assert!(message.contains("background events of i.csv are also among the background"), "{message}");
    let message = refused(place.path(), &job(place.path(), "['a', 'b']", &format!("{FURTHER}{other}")));
    assert!(
        message.contains("other_sample.events (i.csv) is the same file as independent_background"),
        "{message}"
    );
    // Events of its own are what it should be.
    write(place.path(), "i.csv", &fresh);
    let job_of_two = job(place.path(), "['a', 'b']", FURTHER);
    let out = place.path().join("good");
    answer(drapes().arg("run").arg(&job_of_two).arg("--out").arg(out));
}
