//! Named styles, and whether they show.

use anstyle::{AnsiColor, Style as Ansi};

use super::Failure;
use crate::cli::Color;

/// What a piece of text is, from which its look follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A heading.
    Heading,
    /// Something good: fresh, done, passed.
    Good,
    /// Something to look at: stale, changed.
    Changed,
    /// Something bad: failed, missing.
    Bad,
    /// Something of little weight: hashes, paths already known.
    Faint,
}

impl Style {
    /// The text with its escape codes; they are removed on output where colour is off.
    pub fn paint(self, text: &str) -> String {
        let ansi = match self {
            Style::Heading => Ansi::new().bold(),
            Style::Good => Ansi::new().fg_color(Some(AnsiColor::Green.into())),
            Style::Changed => Ansi::new().fg_color(Some(AnsiColor::Yellow.into())),
            Style::Bad => Ansi::new().fg_color(Some(AnsiColor::Red.into())).bold(),
            Style::Faint => Ansi::new().dimmed(),
        };
        format!("{ansi}{text}{ansi:#}")
    }
}

/// Tells `anstream` what the user asked for; `Auto` leaves the decision to the terminal and the environment.
pub(super) fn apply(color: Color) {
    match color {
        Color::Auto => anstream::ColorChoice::Auto.write_global(),
        Color::Always => anstream::ColorChoice::Always.write_global(),
        Color::Never => anstream::ColorChoice::Never.write_global(),
    }
}

/// The block `error: … / cause: … / hint: …`.
pub(super) fn failure(failure: &Failure<'_>) -> String {
    let mut out = format!("{} {}\n", Style::Bad.paint("error:"), failure.message);
    for cause in failure.causes {
        out.push_str(&format!("  {} {cause}\n", Style::Faint.paint("cause:")));
    }
    if let Some(excerpt) = failure.excerpt {
        for line in excerpt.lines() {
            out.push_str(&format!("  {line}\n"));
        }
    }
    for hint in failure.hints {
        out.push_str(&format!("  {} {hint}\n", Style::Good.paint("hint:")));
    }
    out
}
