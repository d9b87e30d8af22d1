//! What people read first: README.md fits two screens, its job is one, and links of all documents lead somewhere.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use drapes_analysis::job::JobFile;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository")
}

/// Every Markdown file of the top folder, of docs/ and of the crate that draws, with its text.
fn documents() -> BTreeMap<PathBuf, String> {
    let folders = [repository().to_owned(), repository().join("docs"), repository().join("draw")];
    let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).expect("a folder"));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let documents = paths.filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    documents.map(|path| (path.clone(), fs::read_to_string(&path).expect("a text"))).collect()
}

/// The text without blocks of code, which hold brackets of their own.
fn prose(text: &str) -> String {
    let parts = text.split("```").enumerate();
    parts.filter(|(part, _)| part % 2 == 0).map(|(_, part)| part).collect()
}

/// The targets of links and pictures, `](TARGET)`.
fn targets(text: &str) -> Vec<String> {
    let text = prose(text);
    let ends = text.match_indices("](").map(|(start, mark)| start + mark.len());
    ends.filter_map(|start| text[start..].split_once(')')).map(|(target, _)| target.to_owned()).collect()
}

/// The anchors that a page has, made from its headings as GitHub makes them.
fn anchors(text: &str) -> Vec<String> {
    let headings =
        prose(text).lines().filter(|line| line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>();
    let anchor = |heading: &String| {
        let words = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        words.chars().filter(|letter| letter.is_alphanumeric() || "-_".contains(*letter)).collect()
    };
    headings.iter().map(anchor).collect()
}

#[test]
fn the_readme_fits_two_screens() {
    let readme = fs::read_to_string(repository().join("README.md")).expect("README.md");
    let lines = readme.lines().count();
    assert!(lines <= 120, "README.md has {lines} lines: move what is long to docs/ and link it");
}

#[test]
fn links_of_documents_lead_to_files_and_headings() {
    let documents = documents();
    let mut found = 0;
    for (page, text) in &documents {
        for target in targets(text).iter().filter(|target| !target.contains("://")) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = match file {
                "" => page.clone(),
                _ => page.parent().expect("a folder").join(file),
            };
            let path = path.canonicalize();
            let path = path.unwrap_or_else(|_| panic!("{}: there is no {target}", page.display()));
            if !anchor.is_empty() {
                let other = documents.get(&path).unwrap_or_else(|| panic!("{target} is no page"));
                assert!(
                    anchors(other).iter().any(|one| one == anchor),
                    "{}: no heading {target}",
                    page.display()
                );
            }
            found += 1;
        }
    }
    assert!(found > 40, "only {found} links: the documents have more");
}

#[test]
fn the_readme_links_every_document() {
    let readme = fs::read_to_string(repository().join("README.md")).expect("README.md");
    let linked = targets(&readme).join(" ");
    for page in documents().keys().filter(|page| !page.ends_with("README.md")) {
        let name = page.strip_prefix(repository()).expect("below").display().to_string();
        assert!(linked.contains(&name), "README.md does not lead to {name}");
    }
}

#[test]
fn the_job_of_the_readme_is_one_of_ten_lines() {
    let readme = fs::read_to_string(repository().join("README.md")).expect("README.md");
    let (_, rest) = readme.split_once("```toml\n").expect("a job");
    let (job, _) = rest.split_once("```").expect("its end");
    assert_eq!(job.lines().count(), 10, "{job}");
    let job = JobFile::from_text("mine.toml", job).check().expect("a job without mistakes");
    assert_eq!(job.points.len(), 3);
    assert_eq!(job.data.features, ["mass_1", "tau21_1"]);
}
