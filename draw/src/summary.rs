//! What a figure shows, in words, for readers who cannot see it.

use std::fmt::Write;

use super::{Panel, Picture, markup};

/// The title without markup.
pub(crate) fn title(picture: &Picture) -> String {
    markup::plain(picture.title.as_deref().unwrap_or("Figure"))
}

/// The description, made from axes, notes and labels if the author gave none.
pub(crate) fn description(picture: &Picture) -> String {
    let panels = picture.rows.iter().flat_map(|row| &row.panels);
    let made = || panels.map(panel).collect::<Vec<_>>().join(" ");
    markup::plain(&picture.description.clone().unwrap_or_else(made))
}

fn panel(panel: &Panel) -> String {
    let mut text = format!("{} against {}", named(&panel.y.label), named(&panel.x.label));
    if let Some(note) = &panel.note {
        let _ = write!(text, " ({})", note.text);
    }
    let labels: Vec<_> =
        panel.marks.iter().filter_map(|mark| mark.drawn().key()).map(|(label, _)| label).collect();
    if !labels.is_empty() {
        let _ = write!(text, ": {}", labels.join(", "));
    }
    text + "."
}

fn named(label: &str) -> &str {
    if label.is_empty() { "values" } else { label }
}
