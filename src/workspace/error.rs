//! What can go wrong with the repository itself.

use std::io;
use std::path::{Path, PathBuf};

use crate::text::Place;

/// An error of [`crate::workspace`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An operation of the operating system failed.
    #[error("cannot {operation} `{}`", path.display())]
    Io {
        /// A verb: `read`, `write`, `create` …
        operation: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No ancestor holds `.derm/`.
    #[error("`{}` is not inside a derm repository", from.display())]
    NoRepository {
        /// Where the search began.
        from: PathBuf,
    },
    /// A path leads out of the repository.
    #[error("`{}` lies outside the repository", path.display())]
    OutsideRepository {
        /// As typed.
        path: PathBuf,
        /// The repository's root.
        root: PathBuf,
    },
    /// A file name is not valid UTF-8.
    #[error("the name `{}` is not valid UTF-8", path.display())]
    NotUtf8 {
        /// The file or folder.
        path: PathBuf,
    },
    /// `.derm/config` or `.derm/config.local` cannot be understood.
    #[error("{message}")]
    Config {
        /// Where.
        place: Box<Place>,
        /// What is wrong.
        message: String,
        /// The setting as `section.name`, when it is known.
        key: Option<&'static str>,
    },
    /// A line of a `.dermignore` is no pattern.
    #[error("not an ignore pattern: {message}")]
    Ignore {
        /// Where.
        place: Box<Place>,
        /// What is wrong.
        message: String,
    },
    /// The repository is not under git, but the command needs a revision.
    #[error("`{}` is not under git", root.display())]
    NoGit {
        /// The repository's root.
        root: PathBuf,
    },
    /// git knows no such revision.
    #[error("git knows no revision `{revision}`")]
    UnknownRevision {
        /// As typed.
        revision: String,
        /// git's reason.
        reason: String,
    },
    /// git failed otherwise.
    #[error("cannot {operation} with git")]
    Git {
        /// A verb and an object.
        operation: &'static str,
        /// git's reason.
        reason: String,
    },
    /// Interrupted while waiting for the lock.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// For `map_err`: adds the operation and the path to an I/O error.
    pub fn io(operation: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { operation, path: path.as_ref().to_owned(), source }
    }
}
