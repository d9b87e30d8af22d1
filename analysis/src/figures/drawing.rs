//! Pictures from the tables of a directory.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

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
    for (figure, outcome) in side_by_side(store, figures) {
        match outcome {
            Ok(true) => drawn.push(figure),
            Ok(false) => {}
            Err(error @ Error::Drawing { .. }) => failed = failed.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    failed.map_or(Ok(drawn), Err)
}

/// What comes of drawing each of these figures, in their order. None needs another one, and a picture takes a core tens of
/// milliseconds: all cores that this process may use draw, for at the end of a scan nobody else has work for them.
fn side_by_side(store: &Store, figures: &[Figure]) -> Vec<(Figure, Result<bool, Error>)> {
    let next = AtomicUsize::new(0);
    let draw = || {
        let mut outcomes = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(figure) = figures.get(place) else { return outcomes };
            outcomes.push((place, *figure, figure.draw(store)));
        }
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(figures.len());
    let mut outcomes = thread::scope(|scope| {
        // Where there is no room for a thread, there is one fewer.
        let helpers = (1..threads).filter_map(|_| thread::Builder::new().spawn_scoped(scope, draw).ok());
        let helpers: Vec<_> = helpers.collect();
        let mut outcomes = draw();
        for helper in helpers {
            outcomes.extend(helper.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        outcomes
    });
    outcomes.sort_by_key(|(place, ..)| *place);
    outcomes.into_iter().map(|(_, figure, outcome)| (figure, outcome)).collect()
}
