//! Who asks for what events lack.

/// Whose points need the truth of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskedBy {
    /// A scan's.
    Scan,
    /// Windows of a search, which could do without.
    Search,
}

impl AskedBy {
    /// What else could be done than to name the truth.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Scan => "leave these points out of the scan",
            Self::Search => "take `injected` out of [search], which then searches all events",
        }
    }
}
