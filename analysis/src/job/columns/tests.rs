//! Columns by formulae, and what can be wrong with them.

use crate::error::{Error, MistakeAt};
use crate::expression::Expression;
use crate::job::{Job, JobFile};
use crate::plan::Plan;
use crate::plan::fingerprint::fingerprints;

/// A job with these lines at the end of its `[data]`, the first of which is line 6.
fn checked(data: &str) -> Result<Job, Error> {
    let text = format!(
        "schema = 1\nname = 'a'\nscan = [{{ method = 'noise', n_signal = [0] }}]\n[data]\nevents = 'a.h5'\n{data}\n"
    );
    JobFile::from_text("job.toml", text).check()
}

fn job(data: &str) -> Job {
    checked(data).unwrap_or_else(|error| panic!("{data}: {error}"))
}

/// The mistakes of such a job: line, key, message.
fn mistakes(data: &str) -> Vec<(usize, String, String)> {
    match checked(data) {
        Ok(_) => Vec::new(),
        Err(Error::JobFile { problems, .. }) => problems
            .into_iter()
            .map(|found| {
                let MistakeAt::Line(line) = found.place else { panic!("{found}") };
                (line, found.key, found.message)
            })
            .collect(),
        Err(other) => panic!("{other}"),
    }
}

/// The only mistake of such a job.
fn mistake(data: &str) -> (usize, String, String) {
    let mut found = mistakes(data);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

const TABLE: &str = "layout = 'table'\nresonant = 'm_ee'\nfeatures = ['x', 'ratio']\nselect = 'Q1*Q2 > 0 && ratio < 5'\n\
                     [data.columns]\n";

#[test]
fn columns_are_defined_in_any_order() {
    let job = job(&format!("{TABLE}ratio = 'm_ee/pt'\n'm_ee' = 'sqrt(e^2 - pt^2)'\nunused = 'x'"));
    let columns = &job.data.columns;
    assert_eq!(columns.behind(["x", "ratio"]), ["x", "e", "pt", "m_ee", "ratio"]);
    assert_eq!(columns.behind(["ratio", "x", "m_ee"]), ["e", "pt", "m_ee", "ratio", "x"]);
    assert_eq!(columns.users("pt").collect::<Vec<_>>(), ["m_ee", "ratio"]);
    assert_eq!(job.data.select.as_ref().map(Expression::text), Some("Q1*Q2 > 0 && ratio < 5"));
    let stored = serde_json::to_string(&job).expect("JSON");
    assert_eq!(serde_json::from_str::<Job>(&stored).expect("the same job").data.columns, *columns);
}

#[test]
fn jobs_without_formulae_are_what_they_were() {
    let text = serde_json::to_string(&job("").data).expect("JSON");
    assert!(!text.contains("columns") && !text.contains("select"), "{text}");
    let of = |data: &str| {
        let job = job(data);
        fingerprints(&job, &[], &Plan::of(&job))
    };
    let table = |more: &str| format!("layout = 'table'\nresonant = 'm'\nfeatures = ['x']\n{more}");
    assert_eq!(of(&table("")), of(&table("select = ''\n[data.columns]\n")));
    for changed in ["select = 'x > 0'", "[data.columns]\ny = 'x'"] {
        assert!(of(&table("")).iter().all(|known| !of(&table(changed)).contains(known)), "{changed}");
    }
}

#[test]
fn mistakes_in_formulae_have_their_line_and_key() {
    let found = mistakes(&format!("{TABLE}ratio = 'm_ee/'\nm_ee = 'sqrt(e'\nother = 3\nfar = 'quux(x)'\n"));
    let told: Vec<(usize, &str, &str)> =
        found.iter().map(|(line, key, message)| (*line, key.as_str(), message.as_str())).collect();
    assert_eq!(
        told[..3],
        [
            (
                11,
                "data.columns.ratio",
                "ends too early (a value is expected there) write a number, a column, a function or a bracket"
            ),
            (
                12,
                "data.columns.m_ee",
                "makes no sense at character 5, \"(e\" (the bracket that opens there has no end) close it"
            ),
            (
                13,
                "data.columns.other",
                "is 3 (that has no meaning here) write a formula in quotes, as \"pt1/pt2\""
            ),
        ]
    );
    assert!(told[3].2.starts_with("makes no sense at character 1, \"quux(x)\" (there is no function quux)"));
    let (line, key, message) =
        mistake("layout = 'table'\nresonant = 'm'\nfeatures = ['x']\nselect = '60 < m < 120'");
    assert_eq!((line, key.as_str()), (9, "data.select"));
    assert!(message.contains("(comparisons do not chain) write a < b && b < c"), "{message}");
}

#[test]
fn circles_are_told_with_the_way_round() {
    let (line, key, message) =
        mistake(&format!("{TABLE}ratio = 'm_ee/pt'\nm_ee = 'far + x'\nfar = 'ratio*2'"));
    assert_eq!((line, key.as_str()), (13, "data.columns.far"));
    assert_eq!(
        message,
        "needs itself (far needs ratio needs m_ee needs far) define one of them by columns of the file alone"
    );
    let (_, key, message) = mistake(&format!("{TABLE}ratio = 'x'\nm_ee = 'm_ee/1000'"));
    assert_eq!(key, "data.columns.m_ee");
    assert!(
        message.starts_with("needs itself (inside of its formula m_ee is the column that is being defined)")
    );
    // A column behind a circle is none of it.
    let found = mistakes(&format!("{TABLE}ratio = 'a'\na = 'b'\nb = 'a'\nm_ee = 'c'\nc = 'm_ee'"));
    let keys: Vec<&str> = found.iter().map(|(_, key, _)| key.as_str()).collect();
    assert_eq!(keys, ["data.columns.a", "data.columns.c"]);
}

#[test]
fn formulae_that_cannot_be_meant_are_refused() {
    let (_, key, message) = mistake(&format!("{TABLE}ratio = 'label*x'"));
    assert_eq!(key, "data.features");
    assert!(message.contains("contains ratio, whose formula needs label, which label names"), "{message}");
    let (_, key, message) = mistake(&format!("{TABLE}ratio = '2*pi'"));
    assert_eq!((key.as_str(), message.starts_with("names no column (")), ("data.columns.ratio", true));
    let (_, key, message) = mistake("layout = 'table'\nresonant = 'm'\nfeatures = ['x']\nselect = '1 > 0'");
    assert_eq!((key.as_str(), message.starts_with("names no column (")), ("data.select", true));
    let (_, key, _) = mistake(&format!("{TABLE}'' = 'x'"));
    assert_eq!(key, "data.columns.");
    let (line, key, message) = mistake("columns = 3");
    assert_eq!((line, key.as_str()), (6, "data.columns"));
    assert!(message.starts_with("is 3 (that has no meaning here) write a table"), "{message}");
}

#[test]
fn formulae_of_the_lhco_layout_know_its_variables() {
    let job = job("features = ['m_j1', 'eta_share']\nselect = 'pt_j2 > 1200'\n[data.columns]\n\
                   eta_share = 'deta_jj / (2*acosh(m_jj/2400))'");
    assert_eq!(job.data.columns.behind(["eta_share"]), ["deta_jj", "m_jj", "eta_share"]);
    let found = mistakes(
        "features = ['m_j1', 'far']\nselect = 'pt_j3 > 1200'\n[data.columns]\nfar = 'deta_jk'\nm_jj = 'm_j1'",
    );
    let told: Vec<String> =
        found.iter().map(|(line, key, message)| format!("{line} {key} {message}")).collect();
    let known = "(the LHCO layout does not give it) choose from m_jj, m_j1, m_j2, dm_jj";
    assert!(told[0].starts_with(&format!("7 data.select names pt_j3 {known}")), "{told:?}");
    assert!(told[1].starts_with(&format!("9 data.columns.far names deta_jk {known}")), "{told:?}");
    assert!(told[2].starts_with("10 data.columns.m_jj is a variable that the LHCO layout gives"), "{told:?}");
    assert_eq!(told.len(), 3, "{told:?}");
    // A formula that cannot be read is one mistake, not two.
    assert_eq!(
        mistake("features = ['m_j1', 'far']\n[data.columns]\nfar = 'deta_jj +'").1,
        "data.columns.far"
    );
}
