//! The page of a scan in a real browser: it loads without a complaint, asks nobody for anything, and shows what the tables say.

mod browser;
mod records;

use std::path::{Path, PathBuf};

use browser::{Browser, browser};
use drapes_analysis::figures::reduce;
use drapes_analysis::figures::table::{FigureTable, Row};
use drapes_analysis::report::{self, Moment};
use drapes_analysis::store::results::Results;
use records::{finished, finished_job};
use serde_json::Value;

/// The page of a finished scan with every method and figure.
fn page(directory: &Path) -> PathBuf {
    let store = finished(directory);
    reduce::reduce(&store, &Results::read(&store).expect("results")).expect("tables");
    report::write(&store, Moment::AtWork, None).expect("a page").1
}

/// A point of Fig. 5 that lies in its frame, by the table beside the page.
fn row_of(directory: &Path, curve: &str) -> Row {
    let table = FigureTable::read(&directory.join("figures/fig05.csv")).expect("the table");
    let panel = table.panels()[0];
    let rows = table.curve(panel, curve);
    let found = rows.into_iter().rfind(|row| row.x > 0.0 && row.low < row.high).expect("a point with a band");
    found.clone()
}

/// Where a point of the first frame of Fig. 5 is in the window: by the axes that the page tells, which the value from the
/// table does not come from.
fn place(browser: &mut Browser, row: &Row) -> (f64, f64) {
    let data = browser.text("document.querySelector('#fig05 script').textContent");
    let data: Value = serde_json::from_str(&data).expect("the data of the page");
    let tile = &data["tiles"][0];
    let frame = &tile["frames"][0];
    let number = |value: &Value| value.as_f64().expect("a number");
    let share = |axis: &Value, value: f64| {
        let (low, high) = (number(&axis[0]), number(&axis[1]));
        if axis[2] == 1 { (value / low).ln() / (high / low).ln() } else { (value - low) / (high - low) }
    };
    let rect: Vec<f64> = (0..4).map(|side| number(&frame["rect"][side])).collect();
    let x = rect[0] + share(&frame["x"], row.x) * rect[2];
    let y = rect[1] + (1.0 - share(&frame["y"], row.mean)) * rect[3];
    let (left, top, width, _) = browser.rect("#fig05 .tile svg");
    let scale = width / number(&tile["width"]);
    (left + x * scale, top + y * scale)
}

#[test]
fn a_page_opens_without_complaint_and_asks_nobody() {
    let Some(program) = browser() else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let page = page(directory.path());
    let mut browser = Browser::open(&program, &page, (1400, 900));
    assert!(browser.text("document.title").starts_with("golden"));
    // Every figure that has a table is there, with its axes' names in words for those who cannot see it.
    let figures = std::fs::read_dir(directory.path().join("figures")).expect("figures").flatten();
    let tables: Vec<PathBuf> = figures
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "csv"))
        .collect();
    assert!(tables.len() > 20);
    for table in &tables {
        let name = table.file_stem().expect("a name").to_string_lossy();
        let shown = browser.value(&format!(
            "(() => {{ const f = document.getElementById('{name}'); return f !== null && f.querySelector('.tile svg path') !== \
             null && f.querySelector('.tile').getAttribute('aria-label').includes(' against '); }})()"
        ));
        assert_eq!(shown, true, "{name}");
    }
    // Nothing is wider than the window, from a phone to a large screen.
    for (width, height) in [(360, 740), (820, 1180), (1400, 900), (2200, 1200)] {
        browser.resize(width, height);
        let widths = browser.value("[document.documentElement.scrollWidth, window.innerWidth]");
        assert!(widths[0].as_f64() <= widths[1].as_f64(), "{width}: {widths}");
    }
    // Everything that can be used can be reached by keyboard, and has a name.
    let nameless = browser.value(
        "[...document.querySelectorAll('button,[tabindex=\"0\"]:not(pre),input')].filter(e => !(e.getAttribute('aria-label') \
         || e.textContent.trim() || e.labels?.length)).length",
    );
    assert_eq!(nameless, 0);
    let address = format!("file://{}", page.display());
    assert_eq!(
        browser
            .requests
            .iter()
            .filter(|asked| **asked != address && *asked != "about:blank" && *asked != "data:,")
            .count(),
        0,
        "{:?}",
        browser.requests
    );
    assert!(browser.requests.contains(&address));
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
fn hovering_shows_the_value_of_the_table_and_the_legend_switches_it_off() {
    let Some(program) = browser() else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let page = page(directory.path());
    let mut browser = Browser::open(&program, &page, (1400, 900));
    let row = row_of(directory.path(), "noise");
    let tip = "(() => { const t = document.getElementById('tip'); return t.hidden ? '' : t.innerText; })()";
    assert_eq!(browser.text(tip), "", "nothing is pointed at");
    let at = place(&mut browser, &row);
    browser.point_at(at);
    let shown = browser.text(tip);
    // Other methods may have the same value, and are told with it.
    let lines: Vec<&str> = shown.lines().skip_while(|line| *line != "DRAPES ∅").collect();
    assert!(lines.len() > 3, "{shown}");
    assert_eq!(lines[1], format!("signal events in the signal region: {}", row.x), "{shown}");
    let band = if row.low < row.high { format!(" [{}, {}]", row.low, row.high) } else { String::new() };
    assert_eq!(lines[2], format!("significance improvement εS/√εB: {}{band}", row.mean), "{shown}");
    let events = row.background_events.expect("events behind it");
    assert_eq!(lines[3], format!("background events: {events}"), "{shown}");
    // A mouse that leaves takes the values along; a finger that is lifted has pointed at them.
    let (x, y) = at;
    let mut left_by = |kind: &str| {
        let event = |name: &str| {
            format!(
                "new PointerEvent('{name}', {{ pointerType: '{kind}', clientX: {x}, clientY: {y}, bubbles: true }})"
            )
        };
        browser.value(&format!(
            "(() => {{ const t = document.querySelector('#fig05 .tile'); t.dispatchEvent({}); t.dispatchEvent({}); return 0; }})()",
            event("pointerdown"),
            event("pointerleave")
        ));
        browser.text(tip)
    };
    assert_eq!(left_by("touch"), shown);
    assert_eq!(left_by("mouse"), "");
    browser.point_at(at);
    // Its name above the figure takes the curve away, and its values.
    let key = browser.value(
        "[...document.querySelectorAll('#fig05 .keys button')].findIndex(b => b.innerText.trim() === 'DRAPES ∅')",
    );
    let button = format!("#fig05 .keys button[data-k=\"{key}\"]");
    let drawn = format!(
        "[...document.querySelectorAll('#fig05 .tile g[data-k=\"{key}\"]')].filter(g => getComputedStyle(g).display !== 'none').length"
    );
    assert!(browser.value(&drawn).as_u64() > Some(0));
    browser.click(&button);
    assert_eq!(browser.value(&drawn), 0);
    assert_eq!(
        browser.text(&format!("document.querySelector('{button}').getAttribute('aria-pressed')")),
        "false"
    );
    let at = place(&mut browser, &row);
    browser.point_at(at);
    assert!(!browser.text(tip).contains("DRAPES ∅"));
    // By keyboard, and back.
    browser.value(&format!("document.querySelector('{button}').focus()"));
    browser.press("Enter");
    assert!(browser.value(&drawn).as_u64() > Some(0));
    let at = place(&mut browser, &row);
    browser.point_at(at);
    assert!(browser.text(tip).contains(&row.mean.to_string()));
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
fn values_are_read_by_arrow_keys_and_as_a_table() {
    let Some(program) = browser() else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let page = page(directory.path());
    let mut browser = Browser::open(&program, &page, (1400, 900));
    browser.value("document.querySelector('#fig05 .tile').focus()");
    let mut said = vec![];
    for key in ["ArrowRight", "ArrowRight", "ArrowDown", "End"] {
        browser.press(key);
        said.push(browser.text("document.getElementById('say').textContent"));
    }
    assert!(said.iter().all(|text| text.contains("signal events in the signal region: ")), "{said:?}");
    assert!(said[0] != said[1] && said[1] != said[2], "{said:?}");
    let name = |text: &str| text.split(',').next().unwrap_or_default().to_owned();
    assert!(name(&said[0]) == name(&said[1]) && name(&said[1]) != name(&said[2]), "{said:?}");
    browser.click("#fig05 .values summary");
    browser.wait_for("document.querySelector('#fig05 .values table') !== null");
    let row = row_of(directory.path(), "noise");
    let rows = browser.text("document.querySelector('#fig05 .values table').innerText");
    assert!(
        rows.contains(&format!("DRAPES ∅\t{}\t{}\t{}\t{}", row.x, row.mean, row.low, row.high)),
        "{rows}"
    );
    // The sizes of all tasks are told, too.
    browser.value("document.querySelector('.lanes').focus()");
    browser.press("ArrowRight");
    assert!(browser.text("document.getElementById('say').textContent").ends_with(": 6.0 s"));
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
fn the_table_of_methods_is_sorted_and_searched() {
    let Some(program) = browser() else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let page = page(directory.path());
    let mut browser = Browser::open(&program, &page, (1400, 900));
    let column = browser.value("[...document.querySelectorAll('#table thead th')].findIndex(h => h.innerText.startsWith('SIC at 10³'))");
    let column = column.as_u64().expect("a column") + 1;
    let head = format!("#table thead th:nth-child({column})");
    let values = format!(
        "[...document.querySelectorAll('#table tbody tr:not([hidden])')].map(r => r.cells[{}].dataset.v).filter(v => v).map(Number)",
        column - 1
    );
    let numbers = |found: Value| -> Vec<f64> {
        found.as_array().expect("a list").iter().map(|value| value.as_f64().expect("a number")).collect()
    };
    browser.click(&format!("{head} button"));
    let down = numbers(browser.value(&values));
    assert!(down.len() > 20 && down.is_sorted_by(|one, other| one >= other), "{down:?}");
    assert_eq!(
        browser.text(&format!("document.querySelector('{head}').getAttribute('aria-sort')")),
        "descending"
    );
    browser.click(&format!("{head} button"));
    assert!(numbers(browser.value(&values)).is_sorted());
    browser.value(
        "(() => { const f = document.getElementById('filter'); f.value = 'over-idealised 3000'; f.dispatchEvent(new Event('input')); })()",
    );
    let methods = browser.value(
        "[...document.querySelectorAll('#table tbody tr:not([hidden])')].map(r => r.cells[0].innerText)",
    );
    let methods = methods.as_array().expect("a list");
    assert!(
        !methods.is_empty()
            && methods
                .iter()
                .all(|method| method.as_str().is_some_and(|name| name.starts_with("Over-idealised"))),
        "{methods:?}"
    );
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
fn the_page_of_all_figures_of_the_paper_is_small_enough_for_a_mail() {
    let directory = tempfile::tempdir().expect("a directory");
    let job = Path::new(env!("CARGO_MANIFEST_DIR")).join("../jobs/paper_quick.toml");
    let store = finished_job(directory.path(), &std::fs::read_to_string(job).expect("the job"));
    let (_, path, bytes) = report::write(&store, Moment::AtWork, None).expect("a page");
    let page = std::fs::read_to_string(path).expect("the page");
    assert_eq!(page.len(), bytes);
    for figure in ["fig04", "fig12", "fig19", "corner", "training"] {
        assert!(page.contains(&format!("<figure id=\"{figure}\"")), "{figure}");
    }
    let mut names: Vec<&str> =
        page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    names.sort_unstable();
    let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "each part of the page has a name of its own: {twice:?}");
    assert!(bytes < 5_000_000, "{bytes}");
}

#[test]
fn the_page_of_a_run_that_was_killed_says_how_old_it_is() {
    let Some(program) = browser() else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let store = finished(directory.path());
    // A run on another machine is at the last task.
    let records = std::fs::read_dir(directory.path().join("tasks/classify")).expect("records").flatten();
    let left = records.map(|entry| entry.path()).max().expect("a record");
    std::fs::remove_file(left).expect("a record");
    let owner = serde_json::json!({
        "process": {"host": "elsewhere", "pid": 7, "started": 1, "space": "another machine"},
        "since": 0, "shard": 1, "shards": 1, "ranks": 1, "running": [],
    });
    std::fs::create_dir_all(directory.path().join("running")).expect("room");
    std::fs::write(directory.path().join("running/1-of-1.json"), owner.to_string()).expect("room");
    let page = report::write(&store, Moment::AtWork, None).expect("a page").1;
    let text = std::fs::read_to_string(&page).expect("a page");
    let (before, rest) = text.split_once("data-running=\"").expect("the page of a run");
    let (written, behind) = rest.split_once('"').expect("an end");
    let now = "document.getElementById('stale').hidden ? '' : document.getElementById('stale').textContent";
    let told = |text: &str| {
        std::fs::write(&page, text).expect("room");
        Browser::open(&program, &page, (900, 600)).text(now)
    };
    assert_eq!(told(&text), "", "written a moment ago: {written}");
    for (hours, said) in [(3, "written 3 hours ago"), (50, "written 50 hours ago")] {
        let then = std::time::SystemTime::now() - std::time::Duration::from_secs(hours * 3600);
        // In the page's own words for a time.
        let then = humantime::format_rfc3339_seconds(then).to_string().replace('T', " ").replace('Z', " UTC");
        assert_eq!(then.len(), written.len());
        let told = told(&format!("{before}data-running=\"{then}\"{behind}"));
        assert!(told.contains(said) && told.contains("drapes status"), "{told}");
    }
}
