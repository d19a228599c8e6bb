//! The terminal as all commands use it: colours, width, and how notes, warnings and errors are written.
use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use super::progress::Bar;

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Options and properties of the terminal that every command needs.
#[derive(Debug, Clone)]
pub(crate) struct Console {
    quiet: bool,
    verbose: bool,
    color: Color,
    json: bool,
    human_bytes: bool,
}

impl Console {
    /// The console for `--quiet`, `--verbose`, `--color` and `--format json`, which makes messages JSON too.
    pub(crate) fn new(quiet: bool, verbose: bool, color: Color, json: bool) -> Self {
        Console { quiet, verbose, color, json, human_bytes: false }
    }

    /// The console before the command line is parsed.
    pub(crate) fn early(json: bool) -> Self {
        Console::new(false, false, Color::Auto, json)
    }

    /// Whether messages are JSON objects, one per line.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// The same console, with bytes written as `12.1 GB` for people if `human_bytes` is set; see `--human`.
    pub(crate) fn with_human_bytes(&self, human_bytes: bool) -> Console {
        Console { human_bytes, ..self.clone() }
    }

    /// Whether `--quiet` was given.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether bytes are shown as `12.1 GB`.
    pub(crate) fn human_bytes(&self) -> bool {
        self.human_bytes
    }

    /// Width for pictures on stdout: the terminal's, or 80 columns without one.
    pub(crate) fn width_stdout(&self) -> usize {
        let terminal = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
        terminal.filter(|width| *width > 0).unwrap_or(80)
    }

    /// Writes a note to stderr, unless `--quiet` is set.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.tell("note", None, text, &[]);
        }
    }

    /// Writes a detail to stderr if `--verbose` is set.
    pub(crate) fn detail(&self, text: &str) {
        if self.verbose {
            self.tell("note", None, text, &[]);
        }
    }

    /// Writes a warning to stderr, for anything that may make a result differ from what was wanted. Never silenced.
    pub(crate) fn warn(&self, text: &str) {
        self.tell("warning", Some("\x1b[1;33m"), text, &[]);
    }

    /// Warns that `bad` of `all` rows could not be read, and lists the `first` of them. Does nothing if `bad` is 0. `what`
    /// names the rows (`events`), `where_not` what they are missing from (`in the sum`).
    pub(crate) fn warn_of_bad_rows(&self, what: &str, bad: u64, all: u64, first: &[String], where_not: &str) {
        if bad == 0 {
            return;
        }
        let verb = if bad == 1 { "is" } else { "are" };
        let mut text = format!(
            "{bad} of {all} {what} could not be read and {verb} not {where_not} (--strict makes this an error):"
        );
        for row in first {
            text.push('\n');
            text.push_str(row);
        }
        if bad > first.len() as u64 {
            text.push_str("\n…");
        }
        self.warn(&text);
    }

    /// Notes which inputs have no rows: they may be the answer, or a job that failed.
    pub(crate) fn note_empty(&self, names: &[String]) {
        const LISTED: usize = 3;
        let rest = names.len().saturating_sub(LISTED);
        let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        if !names.is_empty() {
            self.note(&format!("no rows in {}{more}", names[..names.len() - rest].join(", ")));
        }
    }

    /// Writes to stderr why the run failed, and the hint on separate lines.
    pub(crate) fn error(&self, message: &str, hint: Option<&str>, exit_code: u8) {
        if self.json {
            let more = [("hint", hint.into()), ("exit_code", exit_code.into())];
            return self.tell("error", None, message, &more);
        }
        let text = hint.map_or_else(|| message.to_owned(), |hint| format!("{message}\n{hint}"));
        self.tell("error", Some("\x1b[1;31m"), &text, &[]);
    }

    /// A bar on stderr over `bytes_total` bytes; never drawn if stderr is not a terminal or `--quiet` is set.
    pub(crate) fn bar(&self, bytes_total: Option<u64>) -> Bar {
        Bar::new(!self.quiet && io::stderr().is_terminal(), bytes_total)
    }

    /// Whether stdout gets colours.
    pub(crate) fn colors_stdout(&self) -> bool {
        self.colors(io::stdout().is_terminal())
    }

    fn colors(&self, is_terminal: bool) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
                is_terminal && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        }
    }

    /// Writes a message of this `kind`. Its label is shown if it has a `style`; in JSON, `more` entries are added.
    fn tell(&self, kind: &str, style: Option<&str>, text: &str, more: &[(&str, serde_json::Value)]) {
        let line = if self.json {
            let text = serde_json::Value::from(text);
            let entries =
                [("message", text)].into_iter().chain(more.iter().map(|(name, value)| (*name, value.clone())));
            let entries: Vec<String> = entries.map(|(name, value)| format!("\"{name}\":{value}")).collect();
            printable_json(&format!("{{\"{kind}\":{{{}}}}}", entries.join(","))).into_owned() + "\n"
        } else {
            let text = text.split('\n').map(printable).collect::<Vec<_>>().join("\n  ");
            match style {
                None => format!("votekit: {text}\n"),
                Some(style) if self.colors(io::stderr().is_terminal()) => {
                    format!("votekit: {style}{kind}: \x1b[0m{text}\n")
                }
                Some(_) => format!("votekit: {kind}: {text}\n"),
            }
        };
        // If stderr is gone, there is nowhere left to report it.
        let _ = io::stderr().write_all(line.as_bytes());
    }
}

/// Escapes everything in `json` that could control a terminal, which does not change its meaning. `serde_json` escapes only
/// the C0 control characters.
pub(crate) fn printable_json(json: &str) -> Cow<'_, str> {
    if !json.chars().any(is_unprintable) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_unprintable(c) { out.push_str(&format!("\\u{:04x}", u32::from(c))) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// `text` with everything that could control a terminal, or break a line or a column, escaped as `\n`, `\t`, `\u{1b}`:
/// control characters (C0 and C1) and those that change the writing direction (Unicode TR 36).
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unprintable(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// Whether `c` could control a terminal, break a line, or change the writing direction.
pub(crate) fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_escaped_and_the_rest_is_not() {
        assert_eq!(printable("薯片 é"), "薯片 é");
        assert_eq!(printable("a\x1b[31mb"), "a\\u{1b}[31mb");
        assert_eq!(printable("a\tb\nc"), "a\\tb\\nc");
        assert_eq!(printable("\u{9b}2J\u{202e}"), "\\u{9b}2J\\u{202e}");
    }
}
