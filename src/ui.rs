//! The terminal: the answer on stdout, everything else on stderr.
//!
//! A command hands over one [`Report`]; the same struct becomes a page for people or, with
//! `--json`, one JSON document with a schema number. Remarks, warnings, hints, progress and
//! errors go to stderr. A closed stdout (`derm … | head`) is a quiet success.

mod chart;
mod environment;
mod page;
mod plot;
mod progress;
mod style;
mod table;

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use serde::Serialize;

pub use chart::chart;
pub use page::Page;
pub use plot::{paint as paint_series, plot};
pub use style::Style;
pub use table::{Align, Table};

use crate::cli::Color;
use crate::observer::Observer;

/// What a command answers.
pub trait Report: Serialize {
    /// The document's `kind` in JSON, such as `"status"`.
    const KIND: &'static str;
    /// The document's `schema` number; it grows when a field changes its meaning or goes.
    const SCHEMA: u32 = 1;

    /// Writes the answer for people.
    fn human(&self, page: &mut Page);
}

/// How the user wants to be spoken to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// One JSON document on stdout.
    pub json: bool,
    /// No remarks, no progress.
    pub quiet: bool,
    /// How many times `-v` was given.
    pub verbose: u8,
    /// When to use colour.
    pub color: Color,
}

/// The one way to reach the user.
pub struct Ui {
    options: Options,
    progress: Arc<progress::Terminal>,
}

impl Ui {
    /// Looks at the terminal and the environment once.
    pub fn new(options: Options) -> Self {
        style::apply(options.color);
        Self { options, progress: Arc::new(progress::Terminal::new(options.quiet, environment::progress())) }
    }

    /// Whether the answer is wanted as JSON.
    pub fn is_json(&self) -> bool {
        self.options.json
    }

    /// Whether remarks and progress are unwanted.
    pub fn is_quiet(&self) -> bool {
        self.options.quiet
    }

    /// Whether a program that derm starts, in a process group of its own, may write to the terminal that
    /// stderr is: with `stty tostop` it would be stopped (POSIX, SIGTTOU).
    pub fn may_share_terminal(&self) -> bool {
        let error = io::stderr();
        let settings = rustix::termios::tcgetattr(&error);
        let free = settings.is_ok_and(|settings| !settings.local_modes.contains(rustix::termios::LocalModes::TOSTOP));
        !self.options.json && !self.options.quiet && error.is_terminal() && free
    }

    /// Whether colours reach who reads stderr.
    pub fn paints(&self) -> bool {
        anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
    }

    /// Whether stdout is a terminal that may be drawn on again.
    pub fn owns_terminal(&self) -> bool {
        !self.options.json && io::stdout().is_terminal()
    }

    /// How many times `-v` was given.
    pub fn verbosity(&self) -> u8 {
        self.options.verbose
    }

    /// Shows a command's answer.
    pub fn show<R: Report>(&self, report: &R) -> io::Result<()> {
        if self.options.json {
            return self.raw(&document(report));
        }
        let mut page = Page::for_width(environment::width());
        report.human(&mut page);
        self.raw(&page.into_text())
    }

    /// Writes text to stdout as it is (completions, DOT, CSV).
    pub fn raw(&self, text: &str) -> io::Result<()> {
        self.progress.aside(|| {
            let mut out = anstream::stdout().lock();
            match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                done => done,
            }
        })
    }

    /// A remark on stderr, silenced by `--quiet`.
    pub fn note(&self, message: impl Display) {
        self.progress.note(&message.to_string());
    }

    /// A warning on stderr.
    pub fn warn(&self, message: impl Display) {
        self.progress.warn(&message.to_string());
    }

    /// Whether somebody can answer a question.
    pub fn can_ask(&self) -> bool {
        !self.options.json && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks a question with yes or no, where [`Ui::can_ask`].
    pub fn confirm(&self, question: &str) -> bool {
        self.progress.aside(|| tell_plain(&format!("{question} [y/N] ")));
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer);
        read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
    }

    /// The observer that engines report their progress to.
    pub fn observer(&self) -> Arc<dyn Observer> {
        self.progress.clone()
    }

    /// Shows why a command failed: an `error:` block on stderr and, with `--json`, one object on stdout.
    pub fn failure(&self, failure: &Failure<'_>) {
        if self.options.json {
            self.failure_as_json(failure);
        }
        self.progress.aside(|| tell(failure));
    }

    /// Only the object on stdout.
    pub fn failure_as_json(&self, failure: &Failure<'_>) {
        let text = serde_json::json!({ "schema": 1, "kind": "error", "error": failure });
        let _ = self.raw(&format!("{text:#}\n"));
    }
}

/// The `error:` block on stderr, from where there is no [`Ui`]. A closed stderr is no reason to complain.
pub fn tell(failure: &Failure<'_>) {
    tell_plain(&style::failure(failure));
}

/// Text on stderr as it is.
pub fn tell_plain(text: &str) {
    let mut err = anstream::stderr().lock();
    let _ = err.write_all(text.as_bytes());
}

/// A failed command, in words.
#[derive(Debug, Serialize)]
pub struct Failure<'a> {
    /// What failed: a lower-case fragment without a full stop.
    pub message: &'a str,
    /// Why, outermost first.
    pub causes: &'a [String],
    /// The offending line of a file with a caret, if there is one.
    pub excerpt: Option<&'a str>,
    /// What to do, each a sentence or a command.
    pub hints: &'a [String],
    /// The exit code.
    pub exit_code: u8,
}

/// `{"schema": …, "kind": …, fields of the report}`.
fn document<R: Report>(report: &R) -> String {
    let mut fields = serde_json::Map::new();
    fields.insert("schema".into(), R::SCHEMA.into());
    fields.insert("kind".into(), R::KIND.into());
    match serde_json::to_value(report) {
        Ok(serde_json::Value::Object(own)) => fields.extend(own),
        Ok(other) => {
            fields.insert("items".into(), other);
        }
        Err(error) => {
            fields.insert("error".into(), error.to_string().into());
        }
    }
    format!("{:#}\n", serde_json::Value::Object(fields))
}
