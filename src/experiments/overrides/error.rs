//! What can be wrong with overrides.

use std::path::PathBuf;

use crate::pipeline::edit;
use crate::relpath::RelPath;
use crate::workspace;

/// An error of [`crate::experiments::overrides`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read.
    #[error("cannot understand `{typed}`: {message}")]
    Syntax {
        /// As typed.
        typed: String,
        /// The character that is wrong, from 0; at most their number.
        at: usize,
        /// What is wrong there.
        message: String,
        /// What could stand there.
        allowed: &'static str,
    },
    /// Any number between two, where each value has to be named.
    #[error("`{key}` is given any number between two, of which only a search can choose")]
    Unbounded {
        /// The dotted key.
        key: String,
    },
    /// Nobody wants that many runs.
    #[error("the values given make more than {} combinations", super::MAX_PRODUCT)]
    TooMany,
    /// The parameter file is not there.
    #[error("there is no parameter file `{file}`")]
    NoFile {
        /// As typed, or the default.
        file: String,
        /// The key that was to be changed.
        key: String,
    },
    /// The parameter file cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file's name is no path inside of the repository.
    #[error("`{file}` is not a path inside of the repository")]
    Outside {
        /// As typed.
        file: String,
    },
    /// The file cannot be changed that way.
    #[error(transparent)]
    Edit(edit::Error),
    /// The file cannot be written.
    #[error(transparent)]
    Workspace(#[from] workspace::Error),
}

impl Error {
    /// For a file that is known.
    pub(super) fn no_file(file: &RelPath, key: &str) -> Self {
        Error::NoFile { file: file.to_string(), key: key.to_owned() }
    }
}

impl From<edit::Error> for Error {
    fn from(error: edit::Error) -> Self {
        Error::Edit(error)
    }
}
