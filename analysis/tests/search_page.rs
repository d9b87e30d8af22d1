//! The page of a search by itself: its table, its figures, and what is withheld while it is blind.

mod records;

use std::collections::HashMap;

use drapes_analysis::figures::reduce;
use drapes_analysis::report::{self, Moment};
use drapes_analysis::store::{Results, Store};
use records::finished_job;

/// A search without anything beside it.
fn search(blind: bool) -> String {
    format!(
        "schema = 1\nname = 'alone'\n[data]\nevents = 'a.h5'\nlayout = 'table'\nunit = 'MeV'\n[search]\n\
         windows_gev = [[3300, 3700], [3700, 4100]]\nefficiencies = [0.1, 0.01]\ninjected = 1000\nblind = {blind}\n"
    )
}

fn page(store: &Store) -> String {
    let (_, path, _) = report::write(store, Moment::Ended, None).expect("a page");
    std::fs::read_to_string(path).expect("a page")
}

#[test]
fn a_search_by_itself_has_its_table_and_figures_and_no_table_of_methods() {
    let directory = tempfile::tempdir().expect("a directory");
    let page = page(&finished_job(directory.path(), &search(false)));
    for part in
        ["<h2 id=\"searched-h\">Search</h2>", "window [MeV]", "3300–3700", "purity", "class=\"sortable\""]
    {
        assert!(page.contains(part), "{part}");
    }
    for figure in ["search", "search_spectra", "search_limits", "search_features"] {
        assert!(page.contains(&format!("<figure id=\"{figure}\"")), "{figure}");
    }
    assert!(!page.contains("id=\"methods\"") && !page.contains("No classifier has a result yet"));
    assert!(!page.contains(">blind</td>"));
    let mut names: Vec<&str> =
        page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    names.sort_unstable();
    let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "each part of the page has a name of its own: {twice:?}");
    // A row before a cut and one behind each, of both windows.
    let table = page.split("class=\"sortable\"").nth(1).and_then(|rest| rest.split("</table>").next());
    let rows = table.expect("the table").matches("<tr>").count() - 1;
    assert_eq!(rows, 6);
}

#[test]
fn the_functions_of_the_spectra_stand_on_the_page_as_in_their_table() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = finished_job(directory.path(), &search(true));
    reduce::reduce(&store, &Results::read(&store).expect("records")).expect("room");
    let mut table = csv::Reader::from_path(directory.path().join("fits.csv")).expect("a table");
    let fits: Vec<HashMap<String, String>> = table.deserialize().map(|row| row.expect("a row")).collect();
    let page = page(&store);
    let shown =
        page.split("Functions of the mass spectra (").nth(1).and_then(|rest| rest.split("</table>").next());
    let shown = shown.expect("a table");
    assert_eq!(shown.matches("<tr><td>").count(), fits.len(), "a row for each parameter");
    for fit in &fits {
        for text in [&fit["function"], &fit["parameter"]] {
            assert!(shown.contains(&format!("<td>{text}</td>")), "{text}");
        }
        let [value, error] = ["value", "error"].map(|key| fit[key].parse::<f64>().expect("a number"));
        let is_told = |cell: &str| {
            let mut numbers = cell.split(" ± ").map(str::parse::<f64>);
            let near = |told: f64, exact: f64| (told - exact).abs() <= 1e-3 * exact.abs();
            matches!((numbers.next(), numbers.next()), (Some(Ok(one)), Some(Ok(other))) if near(one, value) && near(other, error))
        };
        assert!(shown.split("<td>").any(|rest| is_told(rest.split('<').next().unwrap_or(""))), "{fit:?}");
    }
    // Each parameter is correlated with itself by 1.
    assert!(shown.contains("<td>1.0000 "), "{shown}");
}

#[test]
fn a_blind_page_says_so_and_withholds_counts_until_somebody_looks() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = finished_job(directory.path(), &search(true));
    let blind = page(&store);
    assert!(blind.contains("The search is blind.") && blind.contains(">blind</td>"));
    assert!(!blind.contains("<figure id=\"search\"") && blind.contains("<figure id=\"search_spectra\""));
    store.unblind(&store.job().expect("a job").job).expect("room");
    let open = page(&store);
    assert!(open.contains("Unblinded by ") && !open.contains("The search is blind."));
    // N behind the stronger cut of the first window is on the open page alone.
    let count =
        open.split("0.01</td><td class=\"n\" data-v=\"").nth(1).and_then(|rest| rest.split('"').next());
    let count = format!("data-v=\"{}\"", count.expect("a count"));
    assert!(open.contains(&count) && !blind.contains(&count), "{count}");
}

#[test]
fn the_page_has_the_notes_of_the_table() {
    let directory = tempfile::tempdir().expect("a directory");
    // All of this signal is more than what limits exclude, which the rows note.
    let store = finished_job(directory.path(), &format!("{}sensitivity = [50]\n", search(false)));
    reduce::reduce(&store, &Results::read(&store).expect("records")).expect("room");
    let mut table = csv::Reader::from_path(directory.path().join("search.csv")).expect("a table");
    let rows = table.deserialize::<HashMap<String, String>>();
    let notes: Vec<String> = rows.map(|row| row.expect("a row")["note"].clone()).collect();
    let page = page(&store);
    let told = notes.iter().filter(|note| !note.is_empty());
    assert!(told.clone().count() > 0, "{notes:?}");
    for note in told {
        assert!(page.contains(&format!(": {note}.</li>")), "{note}");
    }
    assert!(page.contains("<li>3300–3700 at ε = "), "a note says of which rows it is");
}
