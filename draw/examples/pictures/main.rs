//! Makes the pictures of README.md again: `cargo run --package drapes-draw --example pictures [FOLDER]`.
//!
//! Without a folder, the SVG in `draw/pictures` are replaced; a folder gets each picture as SVG, PDF and PNG.

mod described;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    for (name, picture) in described::all() {
        let svg = drapes_draw::svg(&picture);
        let Some(folder) = &folder else {
            let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("pictures");
            fs::write(kept.join(format!("{name}.svg")), &svg)?;
            continue;
        };
        fs::create_dir_all(folder)?;
        let file = |ending: &str| folder.join(format!("{name}.{ending}"));
        fs::write(file("pdf"), drapes_draw::pdf(&svg)?)?;
        fs::write(file("png"), drapes_draw::png(&svg, 1600)?)?;
        fs::write(file("svg"), svg)?;
    }
    Ok(())
}
