//! Shows a result again whenever it changes: redrawn in place on a terminal, appended in a pipe.
use std::io::IsTerminal;

use unicode_width::UnicodeWidthChar;

use super::output;

/// The state on the screen.
#[derive(Debug)]
pub(crate) struct Live {
    in_place: bool,
    colored: bool,
    lines_shown: usize,
    last: String,
}

impl Live {
    /// Shows results on stdout, in place if that is a terminal and `for_people` is set. `colored` says whether styles may be
    /// used.
    pub(crate) fn new(for_people: bool, colored: bool) -> Self {
        Live { in_place: for_people && std::io::stdout().is_terminal(), colored, lines_shown: 0, last: String::new() }
    }

    /// Whether each state replaces the one before.
    pub(crate) fn in_place(&self) -> bool {
        self.in_place
    }

    /// Shows `text`, whole lines without control characters except `\n` and our own styles. Does nothing if it is already
    /// shown. The cursor stays below it and no terminal mode is changed, so nothing needs to be restored however the program
    /// ends.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub(crate) fn show(&mut self, text: &str) -> anyhow::Result<()> {
        if text == self.last {
            return Ok(());
        }
        text.clone_into(&mut self.last);
        if !self.in_place {
            return output::write_stdout(text);
        }
        let size = terminal_size::terminal_size_of(std::io::stdout());
        let (width, height) = size.map_or((80, 24), |(width, height)| (usize::from(width.0), usize::from(height.0)));
        let visible = fitted(text, width.max(20), height.max(4), self.colored);
        let lines = visible.lines().count();
        let up = match self.lines_shown {
            0 => String::new(),
            shown => format!("\x1b[{shown}A"),
        };
        self.lines_shown = lines;
        // Up to the first line shown, clear everything below, then the new text: in one write, so that it does not flicker.
        output::write_stdout(&format!("{up}\r\x1b[J{visible}"))
    }

    /// Leaves the current state on the screen, so that the next begins below it. Needed after other output.
    pub(crate) fn leave(&mut self) {
        self.lines_shown = 0;
        self.last.clear();
    }
}

/// As much of `text` as fits on a screen without scrolling or wrapping, with a note about the rest.
fn fitted(text: &str, width: usize, height: usize, colored: bool) -> String {
    let lines: Vec<&str> = text.lines().collect();
    // One line is for the cursor.
    let room = height - 1;
    let shown = if lines.len() <= room { lines.len() } else { room - 1 };
    let mut out = String::with_capacity(text.len());
    for line in &lines[..shown] {
        out.push_str(&cut(line, width, colored));
        out.push('\n');
    }
    if shown < lines.len() {
        out.push_str(&format!("… {} more lines\n", lines.len() - shown));
    }
    out
}

/// `line` cut to `width` columns, not counting styles.
fn cut(line: &str, width: usize, colored: bool) -> String {
    let mut out = String::with_capacity(line.len());
    let mut used = 0;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == '\x1b' {
            out.push(c);
            for c in chars.by_ref() {
                out.push(c);
                if c == 'm' {
                    break;
                }
            }
            continue;
        }
        used += c.width().unwrap_or(0);
        if used > width {
            if colored {
                out.push_str("\x1b[0m");
            }
            break;
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_left_out_and_said() {
        assert_eq!(fitted("1\n2\n3\n", 20, 4, false), "1\n2\n3\n");
        assert_eq!(fitted("1\n2\n3\n4\n5\n", 20, 4, false), "1\n2\n… 3 more lines\n");
        assert_eq!(fitted("薯片薯片\n", 5, 4, false), "薯片\n");
        assert_eq!(fitted("\x1b[1mabc\x1b[0mdef\n", 4, 4, true), "\x1b[1mabc\x1b[0md\x1b[0m\n");
    }
}
