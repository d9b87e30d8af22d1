//! The one font family of all figures.

use std::sync::{Arc, OnceLock};

use resvg::usvg::{
    Options,
    fontdb::{Database, Source},
};

/// Family name of the embedded font.
pub(crate) const FAMILY: &str = "DejaVu Sans";

/// Families for viewers of the SVG: the embedded one first, then one with the same proportions.
pub(crate) const FAMILIES: &str = "DejaVu Sans, Verdana, sans-serif";

/// Options for reading SVG with the embedded font and no other.
pub(crate) fn options() -> Options<'static> {
    Options { font_family: FAMILY.to_owned(), fontdb: database(), ..Options::default() }
}

/// The faces in use; fonts of the machine stay out, so that a figure looks the same everywhere.
fn database() -> Arc<Database> {
    static DATABASE: OnceLock<Arc<Database>> = OnceLock::new();
    DATABASE
        .get_or_init(|| {
            use dejavu::sans::{bold, bold_oblique, oblique, regular};
            let faces = [regular(), oblique(), bold(), bold_oblique()];
            let mut database = Database::new();
            for face in faces {
                database.load_font_source(Source::Binary(Arc::new(face)));
            }
            Arc::new(database)
        })
        .clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_four_faces_in_use_are_loaded() {
        let database = database();
        assert_eq!(database.len(), 4);
        assert!(database.faces().all(|face| face.families.iter().any(|(name, _)| name == FAMILY)));
    }
}
