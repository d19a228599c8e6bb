//! What is taken for something else than it says: NULL, escapes, and a user without a name.

/// What is taken as it is written, against the usual rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Literal {
    /// `NULL` and `\N` are texts. By default a field that is one of them is NULL, as `mysql --batch` and mysqldump write it.
    pub null: bool,
    /// An empty user is a user. By default an event without a user counts for nobody.
    pub empty: bool,
    /// Backslashes in TSV stay. By default `\t`, `\n`, `\r`, `\0` and `\\` are the characters for which `mysql --batch` writes them.
    pub escapes: bool,
}

/// How often a rule of [`Literal`] changed what a field says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Remarks {
    /// Fields that are the word `NULL`, in the columns that the question needs. `\N` is not counted: it cannot be meant otherwise.
    pub null_words: u64,
    /// Events whose user is empty or blank.
    pub empty_users: u64,
    /// Fields with backslash escapes, in the columns that the question needs.
    pub escapes: u64,
}

impl Remarks {
    /// Adds those of further events.
    pub(super) fn add(&mut self, other: &Remarks) {
        self.null_words += other.null_words;
        self.empty_users += other.empty_users;
        self.escapes += other.escapes;
    }
}
