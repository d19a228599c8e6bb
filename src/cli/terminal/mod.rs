//! What any command needs: console, output, redrawing, progress, files, inputs, stdin and exit codes.
pub mod console;
pub mod exit;
pub mod files;
pub mod inputs;
pub mod live;
pub mod output;
pub mod progress;
pub mod stdin;
