//! A result as plain data: columns, rows and a few figures beside them. How it looks is the business of who prints it.

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing is known or nothing applies.
    Null,
    /// Text, possibly from data, and then possibly with anything in it.
    Text(String),
    /// A number that names something: not to be added up, nor grouped by thousands.
    Id(u64),
    /// A number of things.
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

/// A table with figures beside it. Names are `snake_case`: they are the keys of JSON and the header of CSV.
///
/// plain and csv hold the rows alone; table and json hold the figures of `beside` too.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// What the rows are, the key they stand under in JSON: `candidates`.
    pub rows_name: String,
    /// The columns' names, left to right.
    pub columns: Vec<String>,
    /// Each row has one value a column.
    pub rows: Vec<Vec<Value>>,
    /// Figures that belong to the whole: `total_votes`.
    pub beside: Vec<(String, Value)>,
    /// One figure and nothing else: the bare number in plain, one flat object in JSON.
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

    /// A single figure under its name.
    pub fn figure(name: &str, value: impl Into<Value>) -> Self {
        let mut report = Report::table(name, &[name]);
        report.rows.push(vec![value.into()]);
        report.single = true;
        report
    }

    /// Adds a row; it has one value a column.
    pub fn row(&mut self, values: impl IntoIterator<Item = Value>) {
        let row: Vec<Value> = values.into_iter().collect();
        debug_assert_eq!(row.len(), self.columns.len(), "one value a column");
        self.rows.push(row);
    }

    /// Adds a figure beside the rows.
    pub fn beside(&mut self, name: &str, value: impl Into<Value>) {
        self.beside.push((name.to_owned(), value.into()));
    }

    /// Whether this is one figure and nothing else.
    pub fn is_single(&self) -> bool {
        self.single
    }
}
