//! A result as plain data: columns, rows and a few figures beside them. Renderers decide how it looks.

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Unknown, or not applicable.
    Null,
    /// Text, possibly from data: it may hold any character.
    Text(String),
    /// A number that names something, and is not grouped by thousands.
    Id(u64),
    /// A count.
    Count(u128),
    /// A number of bytes.
    Bytes(u128),
    /// A part of a whole, 0.0 to 1.0.
    Share(f64),
    /// Yes or no.
    Flag(bool),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

impl From<u64> for Value {
    fn from(count: u64) -> Self {
        Value::Count(count.into())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// A table with figures beside it. Names are `snake_case`, since they are JSON's keys and CSV's header.
///
/// plain and csv hold the rows only; table and json hold the figures of `beside` too.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// What the rows are, and their key in JSON: `candidates`.
    pub rows_name: String,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows, each with one value per column.
    pub rows: Vec<Vec<Value>>,
    /// Figures about the whole: `total_votes`.
    pub beside: Vec<(String, Value)>,
    /// Whether this is a single figure: the bare number in plain, a flat object in JSON.
    single: bool,
}

impl Report {
    /// An empty table.
    pub fn table(rows_name: &str, columns: &[&str]) -> Self {
        Report {
            rows_name: rows_name.to_owned(),
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
            rows: Vec::new(),
            beside: Vec::new(),
            single: false,
        }
    }

    /// A single figure.
    pub fn figure(name: &str, value: impl Into<Value>) -> Self {
        let mut report = Report::table(name, &[name]);
        report.rows.push(vec![value.into()]);
        report.single = true;
        report
    }

    /// Adds a row, which has one value per column.
    pub fn row(&mut self, values: impl IntoIterator<Item = Value>) {
        let row: Vec<Value> = values.into_iter().collect();
        debug_assert_eq!(row.len(), self.columns.len(), "one value per column");
        self.rows.push(row);
    }

    /// Adds a figure beside the rows.
    pub fn beside(&mut self, name: &str, value: impl Into<Value>) {
        self.beside.push((name.to_owned(), value.into()));
    }

    /// Whether this is a single figure, made by [`Report::figure`].
    pub fn is_single(&self) -> bool {
        self.single
    }
}
