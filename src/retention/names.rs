//! What events' columns and their table are called.

/// What the columns of an event are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventNames {
    /// When it happened.
    pub time: String,
    /// To which user.
    pub uid: String,
    /// What happened.
    pub event_name: String,
}

impl Default for EventNames {
    fn default() -> Self {
        EventNames { time: "time".to_owned(), uid: "uid".to_owned(), event_name: "event_name".to_owned() }
    }
}

/// Where a database has its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableNames {
    /// The table.
    pub table: String,
    /// Its columns.
    pub columns: EventNames,
}

impl Default for TableNames {
    fn default() -> Self {
        TableNames { table: "piwik_track".to_owned(), columns: EventNames::default() }
    }
}
