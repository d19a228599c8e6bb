//! Reports clap's errors about the command line in the form of all other errors.
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use votekit::nearest::nearest;

use super::terminal::console::Console;
use super::terminal::exit::Exit;

/// Prints help or version if asked for, else reports what is wrong with the command line `args` of `command`.
pub(super) fn conclude(error: &clap::Error, command: &clap::Command, args: &[OsString], console: &Console) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // A closed pipe is not an error.
            let _ = error.print();
            return Exit::Done;
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if !console.is_json() => {
            let _ = error.print();
            return Exit::Misused;
        }
        _ => {}
    }
    let (asked, path) = asked(command, args);
    let (message, mut hints) = match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => ("no command given".to_owned(), Vec::new()),
        ErrorKind::InvalidSubcommand => {
            let (message, hints) = parts(&error.render().to_string());
            (message, nearest_command(error, asked).map_or(hints, |name| vec![format!("did you mean '{name}'?")]))
        }
        _ => parts(&error.render().to_string()),
    };
    hints.push(format!("for all options: {path} --help"));
    console.error(&message, Some(&hints.join("\n")), Exit::Misused as u8);
    Exit::Misused
}

/// Whether the command line asks for JSON, as far as can be told before it is parsed.
pub(super) fn asks_for_json(args: &[OsString]) -> bool {
    let mut args = args.iter().skip(1).filter_map(|arg| arg.to_str()).take_while(|arg| *arg != "--");
    while let Some(arg) = args.next() {
        let format = if arg == "--format" { args.next() } else { arg.strip_prefix("--format=") };
        if arg == "--json" || format == Some("json") {
            return true;
        }
    }
    false
}

/// The subcommand of `command` nearest to the unknown one that was typed. clap names each that is similar at all, in no order.
fn nearest_command<'a>(error: &clap::Error, command: &'a clap::Command) -> Option<&'a str> {
    let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidSubcommand) else { return None };
    nearest(typed, command.get_subcommands().map(clap::Command::get_name))
}

/// The command named in `args`, and how it is called: `votekit q1 load`.
fn asked<'a>(command: &'a clap::Command, args: &[OsString]) -> (&'a clap::Command, String) {
    let (mut command, mut path) = (command, command.get_name().to_owned());
    for word in args.iter().skip(1).filter_map(|arg| arg.to_str()) {
        if let Some(inner) = command.find_subcommand(word) {
            path.push(' ');
            path.push_str(inner.get_name());
            command = inner;
        }
    }
    (command, path)
}

/// The message and the tips in clap's text, without label and usage line.
fn parts(rendered: &str) -> (String, Vec<String>) {
    let (mut message, mut hints) = (String::new(), Vec::new());
    for paragraph in rendered.strip_prefix("error: ").unwrap_or(rendered).trim_end().split("\n\n") {
        if message.is_empty() {
            message =
                paragraph.lines().map(|line| line.strip_prefix("  ").unwrap_or(line)).collect::<Vec<_>>().join("\n");
        } else if !paragraph.starts_with("Usage:") && !paragraph.starts_with("For more information") {
            hints.extend(paragraph.lines().map(hint));
        }
    }
    (message, hints)
}

/// `  tip: a similar argument exists: '--from'` as `did you mean '--from'?`
fn hint(line: &str) -> String {
    let tip = line.trim_start().trim_start_matches("tip: ");
    match tip.split_once(": ") {
        Some((start, names)) if start.contains("similar") => format!("did you mean {names}?"),
        _ => tip.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_and_tips_are_taken_apart() {
        let rendered = "error: unexpected argument '--form' found\n\n  tip: a similar argument exists: '--from'\n\n\
            Usage: votekit logsum --from <TIME>\n\nFor more information, try '--help'.\n";
        let (message, hints) = parts(rendered);
        assert_eq!(message, "unexpected argument '--form' found");
        assert_eq!(hints, ["did you mean '--from'?"]);
        let rendered = "error: invalid value 'x' for '--format <FORMAT>'\n  [possible values: table, plain]\n\n\
            For more information, try '--help'.\n";
        assert_eq!(parts(rendered).0, "invalid value 'x' for '--format <FORMAT>'\n[possible values: table, plain]");
    }

    #[test]
    fn json_is_known_before_the_command_line_is_parsed() {
        let asks = |line: &str| asks_for_json(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        for line in ["votekit --format json q1", "votekit q1 --format=json", "votekit q1 --bad --json"] {
            assert!(asks(line), "{line}");
        }
        for line in ["votekit json", "votekit q1 --format csv", "votekit vote -- --json"] {
            assert!(!asks(line), "{line}");
        }
    }
}
