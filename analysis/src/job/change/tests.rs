use super::super::{DEFAULTS, Job, JobFile};
use super::*;
use crate::error::Error;

const FILE: &str = "# of a user\nschema = 1\nname = 'small' # short\n[data]\nevents = 'a.h5'\n\n[independent_background]\n\
                    source = 'withheld'\n[denoiser]\nepochs = 30 # enough\n\n[[scan]]\nmethod = 'noise'\n\
                    n_signal = [0, 500]\n\n[[scan]]\nmethod = 'idealised'\nn_signal = [500]\n";

fn changed(text: &str, changes: &[&str]) -> JobFile {
    let changes = changes.iter().map(|text| text.parse().expect("a change")).collect();
    JobFile::from_text("job.toml", text).with(changes)
}

fn job(text: &str, changes: &[&str]) -> Job {
    changed(text, changes).check().expect("a job")
}

/// What is said of changes that are no good.
fn mistakes(changes: &[&str]) -> String {
    changed(FILE, changes).check().expect_err("a mistake").to_string()
}

#[test]
fn any_key_is_changed_as_if_it_stood_in_the_file() {
    let cases: [(&[&str], &str, &str); 12] = [
        (&["denoiser.epochs=100"], "epochs = 30", "epochs = 100"),
        (&["name = \"other\""], "name = 'small'", "name = 'other'"),
        (&["scan.0.n_signal=[0,50]"], "[0, 500]", "[0, 50]"),
        (&["scan.1.n_signal.0=50"], "n_signal = [500]", "n_signal = [50]"),
        (&["scan.0.oversampling=[1]"], "method = 'noise'", "method = 'noise'\noversampling = [1]"),
        (&["scan=[{method='noise',n_signal=[0,500]},{method='idealised',n_signal=[500]}]"], "", ""),
        (
            &["scan.1={method='supervised'}"],
            "method = 'idealised'\nn_signal = [500]",
            "method = 'supervised'",
        ),
        (&["classifier.seeds='0-3'"], "[denoiser]", "[classifier]\nseeds = '0-3'\n[denoiser]"),
        (&["flow.top.epochs=3"], "[denoiser]", "[flow.top]\nepochs = 3\n[denoiser]"),
        (&["denoiser={epochs=7,width=8}"], "epochs = 30", "epochs = 7\nwidth = 8"),
        (
            &["regions.signal_region_gev=[3400,3600]"],
            "[denoiser]",
            "[regions]\nsignal_region_gev = [3400, 3600]\n[denoiser]",
        ),
        (
            &["denoiser.epochs=1", "sampler.steps=20", "denoiser.epochs=2"],
            "epochs = 30",
            "epochs = 2\n[sampler]\nsteps = 20",
        ),
    ];
    for (changes, from, to) in cases {
        let expected = FILE.replacen(from, to, 1);
        assert_eq!(job(FILE, changes), job(&expected, &[]), "{changes:?}");
    }
}

#[test]
fn the_stored_text_is_the_changed_job_with_the_comments_of_the_user() {
    let changes: [&[&str]; 9] = [
        &["denoiser.epochs=100"],
        &["scan.0.n_signal=[0,50]", "scan.1.n_signal.0=50", "scan.0.oversampling=[1, 2]"],
        &["scan=[{method='noise',n_signal=[0]}]", "scan.0.n_signal=[7]"],
        &["scan.1={method='supervised'}"],
        &["classifier.seeds='0-3'", "flow.top.epochs=3"],
        &["denoiser={epochs=7,width=8}", "denoiser.width=16"],
        &["data.missing=-999", "seed=18446744073709551615"],
        &["data.features=['m_j1', 'm_j2']", "data.features.1='delta_m'"],
        &["sampler={solver='euler'}", "sampler.steps=20"],
    ];
    for changes in changes {
        for file in [FILE, DEFAULTS.as_str()] {
            let changes = if file == DEFAULTS.as_str() { &changes[..1] } else { changes };
            let Ok(expected) = changed(file, changes).check() else { continue };
            let text = changed(file, changes).text();
            assert_eq!(job(&text, &[]), expected, "{changes:?}\n{text}");
            assert!(text.contains("# "), "{text}");
        }
    }
    let large = FILE.replace("schema = 1", "seed = 0xffffffffffffffff\nschema = 1");
    let text = changed(&large, &["denoiser.epochs=100"]).text();
    assert_eq!(text, large.replace("epochs = 30", "epochs = 100"));
    let text = changed(FILE, &["denoiser.epochs=100"]).text();
    assert_eq!(text, FILE.replace("epochs = 30", "epochs = 100"));
    assert_eq!(changed(FILE, &[]).text(), FILE);
}

#[test]
fn mistakes_name_the_change_in_the_words_of_the_file() {
    let cases: [(&str, &str); 14] = [
        (
            "denoiser.epoch=3",
            "--set denoiser.epoch=3: denoiser.epoch is not a key of drapes (it would be ignored) did you mean epochs?",
        ),
        (
            "denoisr.epochs=3",
            "--set denoisr.epochs=3: denoisr is not a key of drapes (it would be ignored) did you mean denoiser?",
        ),
        (
            "denoiser.epochs='many'",
            "--set denoiser.epochs='many': denoiser.epochs is the text \"many\" (that has no meaning here) write a whole number from 1",
        ),
        ("denoiser.epochs=1.5", "denoiser.epochs is 1.5 (that has no meaning here)"),
        ("denoiser=3", "--set denoiser=3: denoiser is 3 (that has no meaning here) write a table"),
        (
            "sampler.solver=euler",
            "sampler.solver is euler, which is not TOML (a text stands in quotes) write --set 'sampler.solver=\"euler\"'",
        ),
        ("sampler.solver=", "sampler.solver is not TOML ("),
        ("scan.0.n_signal=[0,", "scan.0.n_signal is not TOML ("),
        (
            "scan.0.n_signl=[0]",
            "--set scan.0.n_signl=[0]: scan.n_signl is not a key of drapes (it would be ignored) did you mean n_signal?",
        ),
        ("scan.0.method='noize'", "scan.method is the text \"noize\""),
        (
            "scan.2.n_signal=[0]",
            "scan.2.n_signal names entry 2 of scan (it has 2 entries, 0 to 1) write scan.PLACE and then its key",
        ),
        ("scan.n_signal=[0]", "scan.n_signal names entry n_signal of scan (it has 2 entries"),
        ("name.first='a'", "name.first leads through name (name is a value and has no keys)"),
        ("denoiser.epochs=3\nname='b'", "is several keys (one --set changes one)"),
    ];
    for (change, expected) in cases {
        let message = mistakes(&[change]);
        assert!(message.contains("1 mistake\n") && message.contains(expected), "{change}: {message}");
    }
    // All at once, with those of the file, which have their lines.
    let file = FILE.replace("epochs = 30", "epochs = 0");
    let error = changed(&file, &["denoiser.width=0", "sampler.step=3"]).check().expect_err("mistakes");
    let Error::JobFile { problems, .. } = &error else { panic!("{error}") };
    assert_eq!(problems.len(), 3, "{error}");
    assert!(error.to_string().contains("job.toml:10: denoiser.epochs is 0"), "{error}");
    // A default that is in the way of a change is blamed on the change.
    assert!(mistakes(&["denoiser.log_noise_std=-1"]).contains("--set denoiser.log_noise_std=-1: "));
}

#[test]
fn what_is_no_change_is_refused() {
    let refused = |text: &str| text.parse::<Change>().expect_err("no change");
    assert!(refused("denoiser.epochs").contains("has no equals sign (it changes no key) write key=value"));
    for text in ["=3", "denoiser..epochs=3", "scan[0].n_signal=[0]", "a b=3", ".=3"] {
        assert!(refused(text).contains("is no key (keys are words between dots)"), "{text}");
    }
    assert_eq!("a.b = [1, 2]".parse::<Change>().expect("a change").to_string(), "a.b=[1, 2]");
}
