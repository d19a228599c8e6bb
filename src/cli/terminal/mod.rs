//! What any command needs: console, output, redrawing, progress, files, inputs, stdin, times and exit codes.
pub(crate) mod console;
pub(crate) mod exit;
pub(crate) mod files;
pub(crate) mod inputs;
pub(crate) mod live;
pub(crate) mod output;
pub(crate) mod progress;
pub(crate) mod stdin;
pub(crate) mod times;
