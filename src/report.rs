//! A result as plain data: columns, rows and totals. Renderers decide how it looks.

/// The value of one cell or one total.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Unknown or not applicable: empty, or null in JSON.
    Null,
    /// Text, possibly from the data: it may hold any character, and renderers escape it.
    Text(String),
    /// A number that identifies something: never written with thousands separators.
    Id(u64),
    /// A count, written with thousands separators in tables.
    Count(u128),
    /// A number of bytes, written with a unit under `--human`.
    Bytes(u128),
    /// A fraction of a whole, 0.0 to 1.0; a percentage in tables.
    Share(f64),
    /// `true` or `false` in JSON, `yes` or `no` elsewhere.
    Flag(bool),
    /// In place of a group's key: all groups that have no row of their own. `(other)`, or `"other": true` in JSON.
    Other,
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

/// A table with totals. Names are `snake_case`: they are JSON keys and the CSV header.
///
/// Plain and CSV show the rows only; table and JSON also show the totals in `beside`.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// What the rows are, such as `candidates`: their key in JSON.
    pub rows_name: String,
    /// Column names, left to right.
    pub columns: Vec<String>,
    /// Rows, each with one value per column.
    pub rows: Vec<Vec<Value>>,
    /// Totals and other figures about the whole: `votes`.
    pub beside: Vec<(String, Value)>,
    /// What was asked, with the values that options have when they are left out. JSON echoes it as `question`.
    pub question: Vec<(String, Value)>,
    shape: Shape,
}

/// What a report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Table,
    /// A single figure: the bare number in plain, a flat object in JSON.
    Figure,
    /// A single figure about sample data, which every format marks as such.
    Sample,
}

impl Report {
    /// A table without rows or totals.
    pub fn table(rows_name: &str, columns: &[&str]) -> Self {
        Report {
            rows_name: rows_name.to_owned(),
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
            rows: Vec::new(),
            beside: Vec::new(),
            question: Vec::new(),
            shape: Shape::Table,
        }
    }

    /// A result that is one figure.
    pub fn figure(name: &str, value: impl Into<Value>) -> Self {
        let mut report = Report::table(name, &[name]);
        report.rows.push(vec![value.into()]);
        report.shape = Shape::Figure;
        report
    }

    /// A single figure about sample data that nobody asked for: each format says so, and none has a bare `name`, so that it
    /// cannot pass for a result.
    pub fn sample(name: &str, value: impl Into<Value>) -> Self {
        Report { shape: Shape::Sample, ..Report::figure(name, value) }
    }

    /// Adds a row with one value per column.
    pub fn row(&mut self, values: impl IntoIterator<Item = Value>) {
        let row: Vec<Value> = values.into_iter().collect();
        debug_assert_eq!(row.len(), self.columns.len(), "one value per column");
        self.rows.push(row);
    }

    /// Adds a named value beside the rows, such as a total.
    pub fn beside(&mut self, name: &str, value: impl Into<Value>) {
        self.beside.push((name.to_owned(), value.into()));
    }

    /// Adds a part of the question.
    pub fn asked(&mut self, name: &str, value: impl Into<Value>) {
        self.question.push((name.to_owned(), value.into()));
    }

    /// Whether this is a single figure, made by [`Report::figure`] or [`Report::sample`].
    pub fn is_single(&self) -> bool {
        self.shape != Shape::Table
    }

    /// Whether this is about sample data, made by [`Report::sample`].
    pub fn is_sample(&self) -> bool {
        self.shape == Shape::Sample
    }
}
