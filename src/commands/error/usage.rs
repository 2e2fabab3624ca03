//! clap's words about a wrong command line, in the look of every other failure.

use crate::commands::Failure;

/// From an error that is neither help nor version.
pub(in crate::commands) fn from_clap(error: &clap::Error) -> Failure {
    from_text(&error.render().to_string())
}

/// clap prints `error: WHAT`, indented lines that belong to it, `tip: …`, `Usage: …` and where to read more.
fn from_text(text: &str) -> Failure {
    let mut lines = text.lines().map(str::trim_end);
    let first = lines.next().unwrap_or_default();
    let mut message = backticks(first.strip_prefix("error: ").unwrap_or(first));
    let mut hints = Vec::new();
    for line in lines.filter(|line| !line.is_empty()) {
        if let Some(tip) = line.trim_start().strip_prefix("tip: ") {
            hints.push(backticks(tip));
        } else if let Some(usage) = line.strip_prefix("Usage: ") {
            hints.push(format!("usage: {usage}"));
        } else if let Some(command) = line.strip_prefix("For more information, try '") {
            let command = command.trim_end_matches(['.', '\'']);
            let words = hints.iter().find_map(|hint: &String| hint.strip_prefix("usage: ")).map(subcommand);
            hints.push(format!("`{} {command}` says more", words.unwrap_or_else(|| "derm".to_owned())));
        } else if line.starts_with("  ") {
            message = format!("{message} {}", line.trim_start());
        }
    }
    hints.into_iter().fold(Failure::usage(message), Failure::hint)
}

/// `derm data split [OPTIONS] <DATASET>` → `derm data split`.
fn subcommand(usage: &str) -> String {
    let plain = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase());
    usage.split(' ').take_while(plain).collect::<Vec<_>>().join(" ")
}

/// `'add'` → `` `add` ``.
fn backticks(text: &str) -> String {
    text.replace('\'', "`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(line: &str) -> (String, Vec<String>) {
        let error = crate::cli::command().try_get_matches_from(line.split(' ')).unwrap_err();
        let failure = from_clap(&error);
        let shown = failure.shown();
        assert_eq!(shown.exit_code, 2);
        (shown.message.to_owned(), shown.hints.to_vec())
    }

    #[test]
    fn near_misses_are_named() {
        let (message, hints) = failure("derm stauts");
        assert_eq!(message, "unrecognized subcommand `stauts`");
        assert_eq!(hints[0], "a similar subcommand exists: `status`");
        assert_eq!(hints.last().unwrap(), "`derm --help` says more");
        let (message, _) = failure("derm status --jsno");
        assert_eq!(message, "unexpected argument `--jsno` found");
    }

    #[test]
    fn missing_and_wrong_values_stay_in_one_message() {
        let (message, hints) = failure("derm completions");
        assert!(message.starts_with("the following required arguments were not provided: <SHELL>"), "{message}");
        assert_eq!(hints.last().unwrap(), "`derm completions --help` says more");
        let (message, _) = failure("derm --color sometimes status");
        assert!(message.contains("`sometimes`") && message.contains("[possible values: auto, always, never]"), "{message}");
    }
}
