//! Pictures from the tables of a directory.

use super::Figure;
use crate::error::Error;
use crate::store::Store;

/// Whether a figure has a table in a directory.
pub fn has_table(store: &Store, figure: Figure) -> bool {
    store.directory().join(format!("figures/{}.csv", figure.name())).exists()
}

/// Draws every figure that has a table.
///
/// # Errors
/// A table is torn, or a picture cannot be written.
pub fn draw_all(store: &Store) -> Result<Vec<Figure>, Error> {
    let there: Vec<Figure> = Figure::ALL.into_iter().filter(|figure| has_table(store, *figure)).collect();
    draw(store, &there)
}

/// Draws these figures; those that are drawn. One that cannot be drawn does not take the others with it, and is told at the end.
///
/// # Errors
/// As [`draw_all`].
pub fn draw(store: &Store, figures: &[Figure]) -> Result<Vec<Figure>, Error> {
    let (mut drawn, mut failed) = (Vec::new(), None);
    for figure in figures {
        match figure.draw(store) {
            Ok(true) => drawn.push(*figure),
            Ok(false) => {}
            Err(error @ Error::Drawing { .. }) => failed = failed.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    failed.map_or(Ok(drawn), Err)
}
