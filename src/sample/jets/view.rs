//! A view of some events of a table of jets, without copying them.

use crate::data::Jets;

/// Some events of a table of jets, in an order of their own.
#[derive(Clone, Copy, Debug)]
pub struct EventJets<'a> {
    jets: &'a Jets,
    /// None where all are meant.
    events: Option<&'a [u32]>,
}

impl<'a> EventJets<'a> {
    /// All events of a table.
    pub fn all(jets: &'a Jets) -> Self {
        Self { jets, events: None }
    }

    /// Some events of a table.
    ///
    /// # Panics
    /// If there is no such event.
    pub fn only(jets: &'a Jets, events: &'a [u32]) -> Self {
        assert!(events.iter().all(|event| (*event as usize) < jets.events()), "events of the table");
        Self { jets, events: Some(events) }
    }

    /// The table.
    pub fn jets(self) -> &'a Jets {
        self.jets
    }

    /// Number of events.
    pub fn len(self) -> usize {
        self.events.map_or(self.jets.events(), <[u32]>::len)
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The jets of an event, by their places in the table.
    ///
    /// # Panics
    /// If there is no such event.
    pub fn pair(self, event: usize) -> [usize; 2] {
        let event = self.events.map_or(event, |events| events[event] as usize);
        [2 * event, 2 * event + 1]
    }

    /// The events, by their places in the table.
    pub fn events(self) -> impl Iterator<Item = u32> + use<'a> {
        (0..self.len()).map(move |event| self.events.map_or(event as u32, |events| events[event]))
    }

    /// The jets of all events, by their places in the table.
    pub fn places(self) -> impl Iterator<Item = usize> + use<'a> {
        (0..self.len()).flat_map(move |event| self.pair(event))
    }
}
