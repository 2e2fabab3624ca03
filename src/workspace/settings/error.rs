//! What can be wrong with a file of options.

use std::io;
use std::path::PathBuf;

use crate::text::Place;

/// Why options cannot be taken from a file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is no UTF-8 text.
    #[error("`{}` is not UTF-8 text", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
    },
    /// The file is no YAML.
    #[error("{place}: {message}")]
    Syntax {
        /// Where the parser gave up.
        place: Box<Place>,
        /// What it says.
        message: String,
        /// Whether the line is indented with a tab, the most common reason.
        tab: bool,
    },
    /// A map holds a key twice.
    #[error("{place}: `{key}` is given twice")]
    Duplicate {
        /// The second time.
        place: Box<Place>,
        /// The key.
        key: String,
        /// The line of the first time.
        first_line: usize,
    },
    /// A value has a wrong type.
    #[error("{place}: `{key}` must be {expected}, not {found}")]
    Type {
        /// The value.
        place: Box<Place>,
        /// Its dotted key.
        key: String,
        /// What belongs there, such as "a whole number, 0 or more".
        expected: String,
        /// What stands there, such as "the text `many`".
        found: String,
    },
    /// A value has the right type and is still wrong.
    #[error("{place}: `{key}` {reason}")]
    Invalid {
        /// The value.
        place: Box<Place>,
        /// Its dotted key.
        key: String,
        /// Completes "`key` …", such as "must lie between 0 and 1".
        reason: String,
    },
    /// Keys that nobody knows.
    #[error("{place}: unknown key `{}`", keys.first().map_or("", |unknown| unknown.key.as_str()))]
    Unknown {
        /// The first of them.
        place: Box<Place>,
        /// All of them; at least one.
        keys: Vec<UnknownKey>,
        /// The keys that are known here.
        known: Vec<String>,
    },
    /// A key that must be given is not.
    #[error("{place}: `{key}` is missing")]
    Missing {
        /// The start of the map.
        place: Box<Place>,
        /// The dotted key.
        key: String,
    },
    /// The dotted key of the map leads nowhere.
    #[error("`{}` has no `{key}`", path.display())]
    NoSection {
        /// The file.
        path: PathBuf,
        /// The dotted key.
        key: String,
        /// A key of the file that is meant perhaps.
        suggestion: Option<String>,
    },
}

/// A key that nobody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownKey {
    /// The dotted key.
    pub key: String,
    /// Its line.
    pub line: usize,
    /// A known key that is meant perhaps.
    pub suggestion: Option<String>,
}
