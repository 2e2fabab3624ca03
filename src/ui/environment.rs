//! What kind of terminal this is, if it is one.

use std::io::{self, IsTerminal};

use super::progress::Mode;

/// Live bars only where they can be redrawn and somebody looks: a terminal that is not `dumb`, outside CI.
pub(super) fn progress() -> Mode {
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let ci = std::env::var_os("CI").is_some_and(|ci| !ci.is_empty() && ci != "false" && ci != "0");
    if io::stderr().is_terminal() && !dumb && !ci { Mode::Bars } else { Mode::Lines }
}

/// Columns of the terminal that stdout is; `None` for pipes and files, whose lines are never cut.
pub(super) fn width() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    let set = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0);
    set.or_else(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)))
}
