//! The pictures of README.md are what their descriptions give today.

#[path = "../examples/pictures/described.rs"]
mod described;

use std::fs;
use std::path::Path;

#[test]
fn the_pictures_of_the_readme_are_those_that_the_crate_draws() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(crate_folder.join("README.md")).expect("README.md");
    for (name, picture) in described::all() {
        let kept = format!("pictures/{name}.svg");
        assert!(readme.contains(&format!("]({kept})")), "README.md does not show {kept}");
        let text = fs::read_to_string(crate_folder.join(&kept)).expect("a kept picture");
        assert!(
            text == drapes_draw::svg(&picture),
            "{kept} is not what is drawn today; cargo run --package drapes-draw --example pictures makes it again"
        );
    }
}

#[test]
fn every_picture_of_the_readme_is_a_bitmap_and_a_page_as_well() {
    for (name, picture) in described::all() {
        let svg = drapes_draw::svg(&picture);
        assert!(drapes_draw::png(&svg, 400).expect(name).starts_with(b"\x89PNG"));
        assert!(drapes_draw::pdf(&svg).expect(name).starts_with(b"%PDF"));
    }
}

#[test]
fn the_program_of_the_readme_is_the_one_that_is_compiled() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = |name| fs::read_to_string(crate_folder.join(name)).expect(name);
    let (readme, program) = (text("README.md"), text("examples/parabola.rs"));
    let (_, program) = program.split_once("\n\n").expect("a line of description");
    assert!(readme.contains(&format!("```rust\n{program}```")), "README.md shows another program");
}
