//! Columns by formulae, selections, and what is said of rows for which they have no answer.

use std::path::Path;

use drapes_analysis::expression::Expression;
use drapes_analysis::job::{Data, Layout};

use super::super::{DataError, Dropped, Events, Label, describe, read_events};
use super::real_files::shared;
use super::sample_files::{columns, place, published, rows};
use super::{lhco, regions, table};

fn formula(text: &str) -> Expression {
    Expression::parse(text).expect("a formula")
}

/// The data of a job with columns by formulae and a selection.
fn defined(data: Data, columns: &[(&str, &str)], select: &str) -> Data {
    let with = |all: drapes_analysis::job::DefinedColumns, (name, text): &(&str, &str)| {
        all.with(name, formula(text))
    };
    Data {
        columns: columns.iter().fold(data.columns.clone(), with),
        select: (!select.is_empty()).then(|| formula(select)),
        ..data
    }
}

const PAIRS: &str = "pt1,pt2,Q1,Q2,label,x\n30,40,1,-1,0,0.5\n30,0,1,1,1,0.25\n-3,12,-1,-1,0,1\n20,5,-1,1,0,2\n\
                     60,90,1,1,1,nan\n50,120,-1,-1,0,3\n";

fn read(path: &Path, columns: &[(&str, &str)], select: &str, features: &[&str]) -> Result<Events, DataError> {
    let data = Data { resonant: "m".to_owned(), ..table(path, "events", features) };
    read_events(path, &defined(data, columns, select), Label::Expected)
}

#[test]
fn columns_are_computed_and_events_selected() {
    let (_folder, path) = place("pairs.csv");
    std::fs::write(&path, PAIRS).expect("a writable folder");
    let columns =
        [("ratio", "pt1/half"), ("m", "hypot(pt1, pt2)"), ("half", "pt2/2"), ("unused", "nothing*2")];
    let found = read(&path, &columns, "", &["ratio", "x"]).expect("a good file");
    assert_eq!(found.mass, [50.0, 153.0_f64.sqrt(), 425.0_f64.sqrt(), 130.0]);
    assert_eq!(found.features.column(0).to_vec(), [1.5, -0.5, 8.0, 5.0 / 6.0]);
    assert_eq!(found.rows, [0, 2, 3, 5]);
    // One row divides by zero, and one lacks x.
    assert_eq!(found.dropped, Dropped { not_computed: 1, not_finite: 1, ..Dropped::default() });
    let told = "pairs.csv: the formula of ratio has no value in 1 of 6 rows, as where one divides by zero or takes the root of \
                a negative number: they are left out";
    assert_eq!(found.remarks, [told]);

    // Rows that are not selected are not damaged, whatever they lack.
    let found = read(&path, &columns, "Q1*Q2 < 0", &["ratio", "x"]).expect("a good file");
    assert_eq!((found.rows.as_slice(), found.remarks.len()), (&[0, 3][..], 0));
    assert_eq!(found.dropped, Dropped { not_selected: 4, ..Dropped::default() });
    assert_eq!(found.dropped.to_string(), "4 rows not selected");
    let found = read(&path, &columns, "Q1*Q2 > 0 && m > 100", &["ratio", "x"]).expect("a good file");
    assert_eq!(found.rows, [5]);
    assert_eq!(found.dropped, Dropped { not_selected: 4, not_finite: 1, ..Dropped::default() });
    // A selection without an answer is told as such.
    let found = read(&path, &columns, "sqrt(pt1) > 5", &["ratio"]).expect("a good file");
    assert_eq!(found.dropped, Dropped { not_selected: 1, not_computed: 2, ..Dropped::default() });
    assert_eq!(found.remarks.len(), 2, "{:?}", found.remarks);
    assert!(
        found.remarks[1].contains("the formula of select has no value in 1 of 6 rows"),
        "{:?}",
        found.remarks
    );
}

#[test]
fn a_label_may_be_a_formula() {
    let (_folder, path) = place("pairs.csv");
    std::fs::write(&path, PAIRS).expect("a writable folder");
    let data =
        Data { resonant: "pt2".to_owned(), label: "same".to_owned(), ..table(&path, "events", &["pt1"]) };
    let data = defined(data, &[("same", "Q1 == Q2")], "pt2 > 0");
    let found = read_events(&path, &data, Label::Expected).expect("a good file");
    assert_eq!(found.is_signal, [false, true, false, true, true]);
    assert_eq!(found.features.dim(), (5, 1));
    let (_folder, other) = place("other.csv");
    std::fs::write(&other, "pt1,pt2\n1,2\n").expect("a writable folder");
    let found = read_events(&other, &data, Label::Optional).expect("a file without labels");
    assert_eq!(found.is_signal, [false]);
    let error = read_events(&other, &data, Label::Expected).expect_err("no label").to_string();
    assert!(error.contains("has no column same"), "{error}");
}

#[test]
fn a_value_that_stands_for_a_missing_one_leaves_its_row_out() {
    let (_folder, path) = place("pairs.csv");
    std::fs::write(&path, PAIRS).expect("a writable folder");
    let data = Data { resonant: "pt2".to_owned(), missing: vec![-3.0], ..table(&path, "events", &["y"]) };
    let found =
        read_events(&path, &defined(data, &[("y", "2*pt1")], ""), Label::Expected).expect("a good file");
    assert_eq!(found.dropped, Dropped { missing: 1, ..Dropped::default() });
}

#[test]
fn formulae_that_a_file_does_not_suit_are_told() {
    let (_folder, path) = place("pairs.csv");
    std::fs::write(&path, PAIRS).expect("a writable folder");
    let message = |columns: &[(&str, &str)], select: &str| {
        let error = read(&path, columns, select, &["x"]).expect_err("a bad job").to_string();
        error.replace(&path.display().to_string(), "FILE")
    };
    assert_eq!(
        message(&[("m", "hypot(pt1, pt_2)")], ""),
        "FILE lacks column pt_2 (it has pt1, pt2, Q1, Q2, label, x; the formula of m needs it) did you mean pt2 for pt_2?"
    );
    let message_of_two = message(&[("m", "2*far"), ("far", "y")], "Q3 > 0");
    assert!(message_of_two.contains("lacks columns y, Q3 ("), "{message_of_two}");
    assert!(message_of_two.contains("; formulae of far, select need it)"), "{message_of_two}");
    assert_eq!(
        message(&[("m", "hypot(pt1, pt2)"), ("Q1", "pt1")], ""),
        "FILE has a column Q1, and [data.columns] defines one (it is not clear which is meant) give that of [data.columns] \
         another name"
    );
    assert_eq!(
        message(&[("m", "hypot(pt1, pt2)")], "pt1 > 1000"),
        "FILE has no events to use (dropped: 6 rows not selected) correct `select` in [data], or use another file"
    );
    assert_eq!(
        message(&[("m", "sqrt(-1 - pt1^2)")], ""),
        "FILE has no events to use (the formula of m has no value in 5 rows, as where one divides by zero or takes the root of \
         a negative number; all that is left out: 1 row with NaN or infinity, 5 rows with a formula that has no value) correct \
         the formula"
    );
}

#[test]
fn formulae_over_two_jets() {
    let mut values = rows(40);
    let column = |name: &str| columns().iter().position(|column| column == name).expect("a known column");
    values[[1, column("tau1j2")]] = 0.0;
    let (_folder, path) = place("features.h5");
    published(&path, &values);
    let plain = read_events(&path, &lhco(&path), Label::Expected).expect("a good file");
    let data = Data { features: vec!["m_j1".to_owned(), "r".to_owned(), "t".to_owned()], ..lhco(&path) };
    let formulae = [("r", "hypot(deta_jj, dphi_jj)"), ("t", "1/tau32_j1")];
    let found =
        read_events(&path, &defined(data.clone(), &formulae, ""), Label::Expected).expect("a good file");
    // Here τ₁ is of no use, and its row stays.
    assert_eq!(found.len(), 40);
    for (event, row) in plain.rows.iter().enumerate() {
        let same = (plain.features[[event, 4]] - found.features[[*row as usize, 1]]).abs();
        assert!(same < 1e-6, "{same}");
    }
    let select = "m_j1 > 0 && tau21_j1 > 0 && pt_j1 > 0 && label_is_no_variable > 0";
    let error = read_events(&path, &defined(data.clone(), &formulae, select), Label::Expected);
    let error = error.expect_err("no such variable").to_string();
    assert!(
        error.contains("lacks column label_is_no_variable (it has m_jj, ")
            && error.contains("select needs it"),
        "{error}"
    );
    let middle = plain.mass[20];
    let select = format!("m_jj >= {middle} && tau21_j1 >= 0 && tau21_j2 >= 0");
    let found = read_events(&path, &defined(data, &formulae, &select), Label::Expected).expect("a good file");
    assert!(found.mass.iter().all(|mass| *mass >= middle) && !found.is_empty());
    assert_eq!(found.dropped.zero_tau, 1);
    assert_eq!(found.dropped.not_selected + found.len() + 1, 40);
}

#[test]
fn pairs_of_electrons_as_published() {
    let Some(path) = shared("real/cms_zee_2011a.csv") else { return };
    let mass = "sqrt(2*pt1*pt2*(cosh(eta1-eta2)-cos(phi1-phi2)))";
    let data = Data { resonant: "m_ee".to_owned(), ..table(&path, "events", &["sigmaEtaEta1", "share"]) };
    let columns = [("m_ee", mass), ("share", "pt1/m_ee")];
    let all = read_events(&path, &defined(data.clone(), &columns, ""), Label::Optional).expect("a good file");
    assert_eq!((all.len(), all.dropped), (18_885, Dropped::default()));
    let described = describe(&path, &regions()).expect("a good file");
    assert_eq!((described.tables[0].events.all(), described.tables[0].columns.len()), (18_885, 20));
    let same =
        read_events(&path, &defined(data, &columns, "Q1*Q2 > 0"), Label::Optional).expect("a good file");
    assert_eq!((same.len(), same.dropped), (4337, Dropped { not_selected: 14_548, ..Dropped::default() }));
    assert!(same.mass.iter().all(|mass| (60.0..120.0).contains(mass)));
}

#[test]
fn charmed_mesons_as_published() {
    let Some(path) = shared("real/lhcb_d0_kpi.csv") else { return };
    let data = Data { resonant: "mass".to_owned(), ..table(&path, "events", &["pt", "log_ip"]) };
    let data = defined(data, &[("log_ip", "log10(ipchi2)")], "ipchi2 >= 13");
    let found = read_events(&path, &data, Label::Optional).expect("a good file");
    assert_eq!(
        (found.len(), found.dropped),
        (29_297, Dropped { not_selected: 59_243, ..Dropped::default() })
    );
    let described = describe(&path, &regions()).expect("a good file");
    assert_eq!((described.tables[0].events.all(), described.tables[0].columns.len()), (88_540, 4));
    assert!(found.features.column(1).iter().all(|log| *log >= 13.0_f32.log10() - 1e-5));
    assert_eq!((data.layout, found.n_signal()), (Layout::Table { group: "events".to_owned() }, 0));
}

#[test]
fn what_a_selection_does_not_need_may_be_missing() {
    // The second event has one jet; the third has neither what is asked for nor another reason to be taken.
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("jets.csv");
    let table = "m,x,n,pt2,b,label\n50,1,2,40,1,0\n51,1,1,,2,0\n52,1,2,,4,0\n53,1,1,NaN,0,0\n";
    std::fs::write(&path, table).expect("a writable folder");
    let of = |select: &str| {
        let found = read(&path, &[("r", "1/b")], select, &["x"]).expect("a table");
        (found.len(), found.dropped)
    };
    let none = Dropped::default();
    assert_eq!(of("n < 2 || pt2 > 30"), (3, Dropped { not_finite: 1, ..none }));
    assert_eq!(of("n >= 2 && pt2 > 30"), (1, Dropped { not_selected: 2, not_finite: 1, ..none }));
    // A defined column that has no value does not hide what is known without it.
    assert_eq!(of("b == 0 || r > 0.4"), (3, Dropped { not_selected: 1, ..none }));
}
