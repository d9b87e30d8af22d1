//! The figures of a page: their drawings, with the values that hovering shows.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::json;

use crate::error::Error;
use crate::figures::{Figure, FigureTable, Subject};
use crate::plan::work::Fit;
use crate::store::{Results, Store};
use drapes_draw::{Tile, WebKey, WebValue, html, web};

/// A figure as it stands on the page.
#[derive(Serialize)]
pub struct Shown {
    pub name: &'static str,
    pub title: &'static str,
    /// Its number in the paper.
    pub number: Option<&'static str>,
    #[serde(skip)]
    subject: Subject,
    #[serde(skip)]
    pub keys: Vec<WebKey>,
    #[serde(skip)]
    pub tiles: Vec<Tile>,
    /// Tiles beside each other, where there is room.
    #[serde(skip)]
    pub columns: usize,
    #[serde(skip)]
    pub description: String,
    /// Small print, as HTML.
    #[serde(skip)]
    pub footnote: Option<String>,
    pub warning: Option<String>,
    /// The values, for the script of the page.
    #[serde(skip)]
    pub data: String,
}

impl Shown {
    /// Whether the figure is about training and closure.
    pub fn is_of_training(&self) -> bool {
        self.subject == Subject::Training
    }

    /// Whether it is about a search.
    pub fn is_of_search(&self) -> bool {
        self.subject == Subject::Search
    }

    /// Whether it is about what methods find.
    pub fn is_of_results(&self) -> bool {
        self.subject == Subject::Results
    }

    /// Whether it needs the whole width of a page: its panels stand side by side.
    pub fn is_wide(&self) -> bool {
        self.tiles.len() > 1 || self.tiles.iter().any(|tile| tile.width > 620.0)
    }
}

/// The figures that a scan gives so far, drawn from their tables in the directory where these are those of the records.
pub fn of(store: &Store, results: &Results, are_tables_current: bool) -> Result<Vec<Shown>, Error> {
    // Somebody may have brought home the tables alone.
    let from_files =
        are_tables_current || results.points.is_empty() && results.each::<Fit>().next().is_none();
    let mut shown = Vec::new();
    for figure in Figure::ALL {
        let file = store.directory().join(format!("figures/{}.csv", figure.name()));
        let table = if from_files && file.exists() {
            FigureTable::read(&file)?
        } else {
            let mut table = figure.table(results);
            table.notes = figure.notes(&table, results);
            table.rounded()
        };
        if !table.rows.is_empty() {
            shown.push(show(figure, &table));
        }
    }
    Ok(shown)
}

fn show(figure: Figure, table: &FigureTable) -> Shown {
    let picture = figure.warned(table);
    let mut web = web(&picture, figure.name());
    let events = Events::of(table);
    for mark in web.tiles.iter_mut().flat_map(|tile| &mut tile.frames).flat_map(|frame| &mut frame.marks) {
        for value in &mut mark.values {
            if let WebValue::Point([x, mean, ..], passing) = value {
                *passing = events.behind(*x, *mean);
            }
        }
    }
    let keys: Vec<&str> = web.keys.iter().map(|key| key.plain.as_str()).collect();
    let tiles: Vec<_> =
        web.tiles.iter().map(|tile| json!({ "width": tile.width, "frames": tile.frames })).collect();
    // No text of the values may end the element that they stand in.
    let data = json!({ "keys": keys, "tiles": tiles }).to_string().replace('<', "\\u003c");
    Shown {
        name: figure.name(),
        title: figure.title(),
        number: figure.number(),
        subject: figure.subject(),
        keys: web.keys,
        tiles: web.tiles,
        columns: web.columns.clamp(1, 3),
        description: web.description,
        footnote: picture.footnote.as_deref().map(html),
        warning: picture.warning,
        data,
    }
}

/// The background events behind the values of a table.
struct Events(HashMap<(u64, u64), Option<f64>>);

impl Events {
    fn of(table: &FigureTable) -> Self {
        let mut events: HashMap<(u64, u64), Option<f64>> = HashMap::new();
        for row in &table.rows {
            let place = (row.x.to_bits(), row.mean.to_bits());
            // Two curves that meet may rest on different numbers: better none than the wrong one.
            let known = events.entry(place).or_insert(row.background_events);
            if *known != row.background_events {
                *known = None;
            }
        }
        Self(events)
    }

    fn behind(&self, x: f64, mean: f64) -> Option<f64> {
        self.0.get(&(x.to_bits(), mean.to_bits())).copied().flatten()
    }
}
