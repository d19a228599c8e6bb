//! Layout of help: commands in groups, examples where people look for them, and `-h` on one screen.
use clap::Command;

/// The groups of commands, in the order shown.
const GROUPS: [(&str, &[&str]); 5] = [
    ("Logs", &["logsum"]),
    ("Retention", &["q1"]),
    ("Votes", &["init", "candidates", "vote", "tally", "export", "check"]),
    ("Running a vote", &["open", "close", "set", "reset", "history", "backup"]),
    ("Service", &["serve"]),
];

/// Options shown only by `--help`: a command, and the ids of its options.
const ONLY_IN_LONG_HELP: [(&str, &[&str]); 4] = [
    ("votekit", &["color", "verbose"]),
    (
        "logsum",
        &[
            "files_from",
            "include",
            "keep_going",
            "utc_offset",
            "time_zone",
            "date_order",
            "ext",
            "url",
            "equal",
            "log_format",
            "columns",
            "delimiter",
            "rejects",
            "sorted",
            "strict",
            "allow_bad",
            "memory",
        ],
    ),
    (
        "q1",
        &[
            "files_from",
            "include",
            "sample",
            "install_column",
            "data_end",
            "utc_offset",
            "timeout",
            "collation",
            "strict",
            "literal",
            "time",
            "user",
            "event_column",
            "table",
            "top",
            "horizon",
            "brackets",
            "return_event",
            "print_sql",
        ],
    ),
    ("serve", &["grace", "queue", "connections", "keep_alive", "shutdown_delay"]),
];

/// The heading of the examples in the text after a command's help.
const EXAMPLES: &str = "Examples:\n";
/// Number of examples shown by `-h`.
const EXAMPLES_SHORT: usize = 3;

/// About, examples, usage, options. Each part ends with its own line breaks.
const TEMPLATE: &str = "{about-with-newline}\n{before-help}{usage-heading} {usage}\n\n{all-args}{after-help}";

/// Arranges the help of `command` and all its subcommands.
pub(super) fn arranged(command: Command) -> Command {
    let groups = groups(&command);
    let command = one(command).mut_subcommands(below);
    command.help_template(format!(
        "{{about-with-newline}}\n{{before-help}}{{usage-heading}} {{usage}}\n\n{groups}Options:\n{{options}}{{after-help}}"
    ))
}

fn below(command: Command) -> Command {
    one(command).mut_subcommands(below)
}

/// `--help` begins with the examples, `-h` ends with the first of them.
fn one(mut command: Command) -> Command {
    command = command.help_template(TEMPLATE);
    let hidden = ONLY_IN_LONG_HELP.iter().find(|(name, _)| *name == command.get_name());
    for id in hidden.map(|(_, ids)| *ids).unwrap_or_default() {
        if command.get_arguments().any(|arg| arg.get_id() == *id) {
            command = command.mut_arg(id, |arg| arg.hide_short_help(true));
        }
    }
    let text = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    let Some((examples, rest)) = split(&text) else { return command };
    let short: Vec<&str> = examples.lines().take(1 + EXAMPLES_SHORT).collect();
    let short = short.join("\n");
    let (examples, rest) = (examples.to_owned(), rest.to_owned());
    command.before_long_help(examples).after_help(short).after_long_help(rest)
}

/// Splits the text into examples and the rest.
fn split(text: &str) -> Option<(&str, &str)> {
    text.starts_with(EXAMPLES).then(|| text.split_once("\n\n").unwrap_or((text, "")))
}

/// The commands in their groups, one per line.
fn groups(command: &Command) -> String {
    let mut text = String::new();
    for (group, names) in GROUPS {
        text.push_str(&format!("{group}:\n"));
        for name in names {
            let about = command.find_subcommand(name).and_then(Command::get_about).map(ToString::to_string);
            text.push_str(&format!("  {name:<12}{}\n", about.unwrap_or_default()));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_is_in_one_group() {
        use clap::CommandFactory as _;
        let command = crate::cli::Cli::command();
        let mut known: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        let mut shown: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        known.sort_unstable();
        shown.sort_unstable();
        assert_eq!(shown, known);
    }

    #[test]
    fn examples_are_told_from_what_follows() {
        let text = "Examples:\n  a\n  b\n  c\n  d\n\nMore.";
        let command = below(Command::new("x").after_long_help(text));
        let shown = |text: Option<&clap::builder::StyledStr>| text.map(ToString::to_string).unwrap_or_default();
        assert_eq!(shown(command.get_before_long_help()), "Examples:\n  a\n  b\n  c\n  d");
        assert_eq!(shown(command.get_after_help()), "Examples:\n  a\n  b\n  c");
        assert_eq!(shown(command.get_after_long_help()), "More.");
    }
}
