//! What events' columns and their table are called.

/// What the columns of an event are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventNames {
    /// The column of the time; `time` unless `--columns` says otherwise.
    pub time: String,
    /// The column of the user's id.
    pub uid: String,
    /// The column of the event's name.
    pub event_name: String,
    /// When the user installed, in exports that say so in each row. Then no event of an install is needed.
    pub install_time: Option<String>,
    /// Further columns; curves by value are by the first of them.
    pub kept: Vec<String>,
}

impl Default for EventNames {
    fn default() -> Self {
        let [time, uid, event_name] = ["time", "uid", "event_name"].map(str::to_owned);
        EventNames { time, uid, event_name, install_time: None, kept: Vec::new() }
    }
}

/// Where a database has its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableNames {
    /// The table's name, as `--table` gave it.
    pub table: String,
    /// Which of its columns hold user, event and time.
    pub columns: EventNames,
}

impl Default for TableNames {
    fn default() -> Self {
        TableNames { table: "piwik_track".to_owned(), columns: EventNames::default() }
    }
}
