//! Typed errors become a message, its causes, hints and an exit code: here and nowhere else.
//!
//! One file below for each module whose errors reach a command.

mod dataset;
mod drift;
mod evaluation;
mod experiments;
mod explain;
mod export;
mod nn;
mod overrides;
mod pipeline;
mod settings;
mod store;
mod sweeps;
mod tracking;
mod training;
mod usage;
mod workspace;

pub(super) use usage::from_clap;

use std::path::Path;

use super::Exit;
use crate::text::{self, Place};
use crate::ui;

/// Why a command failed, in words.
#[derive(Debug)]
pub struct Failure {
    message: String,
    causes: Vec<String>,
    excerpt: Option<String>,
    hints: Vec<String>,
    exit: Exit,
}

/// A typed error that knows what to tell a user.
pub trait Explain {
    /// The words, the advice and the exit code.
    fn explain(self) -> Failure;
}

impl<E: Explain> From<E> for Failure {
    fn from(error: E) -> Self {
        error.explain()
    }
}

impl Failure {
    /// `message` is a lower-case fragment: what failed, with names in backticks. Exit code 1.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: text::plain_reason(&message.into()), causes: Vec::new(), excerpt: None, hints: Vec::new(), exit: Exit::Failed }
    }

    /// Wrong usage or a wrong file of the user's: exit code 2.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(message).with_exit(Exit::Usage)
    }

    /// From an error and its chain of sources.
    pub fn from_chain(error: &dyn std::error::Error) -> Self {
        let mut failure = Self::new(error.to_string());
        let mut source = error.source();
        while let Some(cause) = source {
            failure = failure.cause(cause.to_string());
            source = cause.source();
        }
        failure
    }

    /// Adds a cause.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(text::plain_reason(&cause.into()));
        self
    }

    /// Adds a hint: what to do, best with a command to type.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Puts `path:line:column` before the message and shows the line with a caret.
    #[must_use]
    pub fn at(mut self, place: &Place) -> Self {
        self.message = format!("{place}: {}", self.message);
        self.excerpt = Some(place.picture()).filter(|text| !text.is_empty());
        self
    }

    /// Shows what was typed with a caret below its character `at`, from 0.
    #[must_use]
    pub fn pointing(mut self, typed: &str, at: usize) -> Self {
        if !typed.contains(char::is_control) {
            self.excerpt = Some(format!("{typed}\n{}^", " ".repeat(at)));
        }
        self
    }

    /// Names files below `folder` from there, as a user in that folder types them.
    #[must_use]
    pub fn seen_from(mut self, folder: &Path) -> Self {
        let shorten = |text: &mut String| *text = text::shorten_paths(text, folder);
        shorten(&mut self.message);
        self.causes.iter_mut().chain(&mut self.hints).for_each(shorten);
        self
    }

    /// Sets the exit code.
    #[must_use]
    pub fn with_exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// The form that the terminal shows.
    pub fn shown(&self) -> ui::Failure<'_> {
        ui::Failure {
            message: &self.message,
            causes: &self.causes,
            excerpt: self.excerpt.as_deref(),
            hints: &self.hints,
            exit_code: self.exit.code(),
        }
    }
}

/// Writing the answer to stdout failed (a full disk behind a redirection).
impl Explain for std::io::Error {
    fn explain(self) -> Failure {
        Failure::new("cannot write the answer to stdout").cause(self.to_string())
    }
}
