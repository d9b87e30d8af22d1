//! What a network is told of the masses of the events that it makes: their own, or the edges of the window that they lie in.

use drapes_analysis::job::MassWindow;

/// What the network is told of an event's mass, in the unit of masses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Condition {
    /// The mass itself.
    Own,
    /// The edges of a window, between whose answers the event's lies.
    Edges(MassWindow),
}

/// Masses of some events as a network is told them.
pub enum Told {
    /// The mass of each event, mapped.
    Own(Vec<f32>),
    /// The edges, mapped, and where each event is on the way from the lower to the upper one.
    Edges([f32; 2], Vec<f64>),
}

impl Condition {
    /// What is told of masses that a map takes to what networks know.
    pub fn of(self, masses: &[f64], mapped: impl Fn(f64) -> f32) -> Told {
        match self {
            Self::Own => Told::Own(masses.iter().map(|mass| mapped(*mass)).collect()),
            Self::Edges(window) => {
                let share = |mass: &f64| (mass - window.low.0) / window.width();
                Told::Edges(
                    [window.low, window.high].map(|edge| mapped(edge.0)),
                    masses.iter().map(share).collect(),
                )
            }
        }
    }
}
