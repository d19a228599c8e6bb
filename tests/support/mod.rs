//! Shared by several test files.
pub(crate) mod mysql;
