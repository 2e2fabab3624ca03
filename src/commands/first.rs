//! The command line before it is understood: `derm help …`, help pages, versions and mistakes.

use std::ffi::OsString;

use clap::error::ErrorKind;

use super::error::from_clap;
use super::{Exit, Explain};
use crate::cli::Color;
use crate::ui::{Options, Ui};

/// `derm help data split` becomes `derm data split --help`: as a subcommand of its own it would be
/// repeated in every completion file.
pub(super) fn with_help_command(mut args: Vec<OsString>) -> Vec<OsString> {
    if args.get(1).is_some_and(|arg| arg == "help") {
        args.remove(1);
        args.truncate(args.iter().position(|arg| arg.to_string_lossy().starts_with('-')).unwrap_or(args.len()));
        args.push("--help".into());
    }
    args
}

/// How to answer, as far as a command line shows it that may turn out to be wrong.
pub(super) fn options(args: &[OsString]) -> Options {
    let mut options = Options::default();
    let words: Vec<&str> = args.iter().filter_map(|arg| arg.to_str()).take_while(|arg| *arg != "--").collect();
    options.json = words.contains(&"--json");
    for (i, word) in words.iter().enumerate() {
        let value = word.strip_prefix("--color=").or_else(|| (*word == "--color").then(|| words.get(i + 1).copied()).flatten());
        options.color = match value {
            Some("always") => Color::Always,
            Some("never") => Color::Never,
            _ => options.color,
        };
    }
    options
}

/// Shows a help page or the version on stdout, or what is wrong with the command line.
pub(super) fn answer(ui: &Ui, error: &clap::Error, args: &[OsString]) -> Exit {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let shown = ui.raw(&format!("{}\n", error.render().ansi().to_string().trim_end()));
        return match shown {
            Ok(()) => Exit::Done,
            Err(error) => super::show(ui, &error.explain()),
        };
    }
    super::show(ui, &from_clap(error, args))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn help_is_also_a_command() {
        assert_eq!(with_help_command(words("derm help")), words("derm --help"));
        assert_eq!(with_help_command(words("derm help data split")), words("derm data split --help"));
        assert_eq!(with_help_command(words("derm help train --json")), words("derm train --help"));
        assert_eq!(with_help_command(words("derm add help")), words("derm add help"));
    }

    #[test]
    fn json_and_colour_are_known_before_the_rest() {
        let seen = options(&words("derm nosuch --json --color never"));
        assert!(seen.json && seen.color == Color::Never);
        assert_eq!(options(&words("derm x --color=always")).color, Color::Always);
        assert!(!options(&words("derm add -- --json")).json);
    }
}
