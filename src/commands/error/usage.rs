//! clap's words about a wrong command line, in the look of every other failure.

use std::ffi::OsString;

use crate::commands::Failure;

/// From an error that is neither help nor version.
/// of the command line `args`.
pub(in crate::commands) fn from_clap(error: &clap::Error, args: &[OsString]) -> Failure {
    from_text(&error.render().to_string(), &command_of(args))
}

/// Rust's and clap's words, and ours.
const WORDS: [(&str, &str); 6] = [
    ("subcommand", "command"),
    (": invalid digit found in string", ": must be a whole number"),
    (": cannot parse integer from empty string", ": must be a whole number"),
    (": number too large to fit in target type", ": is too large"),
    (": number would be zero for non-zero type", ": must be a whole number of at least 1"),
    (": invalid float literal", ": must be a number"),
];

/// `derm data split …` → `derm data split`; options of the first level and their values are passed over.
fn command_of(args: &[OsString]) -> String {
    let mut command = crate::cli::command();
    let mut words = vec!["derm".to_owned()];
    let mut is_value = false;
    for arg in args.iter().skip(1).filter_map(|arg| arg.to_str()) {
        let sub = command.find_subcommand(arg).filter(|_| !is_value).cloned();
        is_value = ["--cd", "--jobs", "-j", "--color"].contains(&arg);
        if let Some(sub) = sub {
            words.push(sub.get_name().to_owned());
            command = sub;
        }
    }
    words.join(" ")
}

/// clap prints `error: WHAT`, indented lines that belong to it, `tip: …`, `Usage: …` and where to read more.
fn from_text(text: &str, command: &str) -> Failure {
    let text = WORDS.iter().fold(text.to_owned(), |text, (theirs, ours)| text.replace(theirs, ours));
    let mut lines = text.lines().map(str::trim_end);
    let first = lines.next().unwrap_or_default();
    let mut message = backticks(first.strip_prefix("error: ").unwrap_or(first));
    let mut hints = Vec::new();
    for line in lines.filter(|line| !line.is_empty()) {
        if let Some(tip) = line.trim_start().strip_prefix("tip: ") {
            hints.push(backticks(tip));
        } else if let Some(usage) = line.strip_prefix("Usage: ") {
            hints.push(format!("usage: {usage}"));
        } else if line.starts_with("For more information, try '") {
            hints.push(format!("`{command} --help` says more"));
        } else if line.starts_with("  ") {
            message = format!("{message} {}", line.trim_start());
        }
    }
    hints.into_iter().fold(Failure::usage(message), Failure::hint)
}

/// `'add'` → `` `add` ``.
fn backticks(text: &str) -> String {
    text.replace('\'', "`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(line: &str) -> (String, Vec<String>) {
        let args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let error = crate::cli::command().try_get_matches_from(&args).unwrap_err();
        let failure = from_clap(&error, &args);
        let shown = failure.shown();
        assert_eq!(shown.exit_code, 2);
        (shown.message.to_owned(), shown.hints.to_vec())
    }

    #[test]
    fn near_misses_are_named() {
        let (message, hints) = failure("derm doctro");
        assert_eq!(message, "unrecognized command `doctro`");
        assert_eq!(hints[0], "a similar command exists: `doctor`");
        assert_eq!(hints.last().unwrap(), "`derm --help` says more");
        let (message, _) = failure("derm status --jsno");
        assert_eq!(message, "unexpected argument `--jsno` found");
    }

    #[test]
    fn missing_and_wrong_values_stay_in_one_message() {
        let (message, hints) = failure("derm completions");
        assert!(message.starts_with("the following required arguments were not provided: <SHELL>"), "{message}");
        assert_eq!(hints.last().unwrap(), "`derm completions --help` says more");
        let (message, hints) = failure("derm completions klingon");
        assert!(message.contains("`klingon`"), "{message}");
        assert_eq!(hints.last().unwrap(), "`derm completions --help` says more");
        for jobs in ["0", "abc", "-1"] {
            let (message, hints) = failure(&format!("derm -j {jobs} status"));
            assert_eq!(message, format!("invalid value `{jobs}` for `--jobs <N>`: must be a whole number of at least 1"));
            assert_eq!(hints.last().unwrap(), "`derm status --help` says more");
        }
        let (message, _) = failure("derm --color sometimes status");
        assert!(message.contains("`sometimes`") && message.contains("[possible values: auto, always, never]"), "{message}");
    }
}
