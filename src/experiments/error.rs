//! What can go wrong with experiments.

use std::io;
use std::path::{Path, PathBuf};

use crate::relpath::RelPath;
use crate::{pipeline, store, workspace};

/// An error of [`crate::experiments`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An operation of the operating system failed.
    #[error("cannot {operation} `{}`", path.display())]
    Io {
        /// A verb.
        operation: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// See [`workspace::Error`].
    #[error(transparent)]
    Workspace(#[from] workspace::Error),
    /// See [`store::Error`].
    #[error(transparent)]
    Store(#[from] store::Error),
    /// See [`pipeline::Error`].
    #[error(transparent)]
    Pipeline(#[from] pipeline::Error),
    /// No commit to start from.
    #[error("there is no commit yet that an experiment could start from")]
    NoCommit,
    /// A name that cannot be part of a reference.
    #[error("`{0}` is no name for an experiment")]
    BadName(String),
    /// The name is taken.
    #[error("there is an experiment `{0}` already")]
    Taken(String),
    /// No experiment has this name.
    #[error("there is no experiment `{name}`")]
    Unknown {
        /// As typed.
        name: String,
        /// One that is called nearly so.
        near: Option<String>,
    },
    /// Experiments of several baselines have this name.
    #[error("`{name}` names experiments of several commits")]
    Ambiguous {
        /// As typed.
        name: String,
        /// Short hashes of the baselines.
        baselines: Vec<String>,
    },
    /// Another derm works on it.
    #[error("another derm is running the experiment `{0}`")]
    Busy(String),
    /// See [`super::overrides::Error`].
    #[error(transparent)]
    Overrides(Box<super::overrides::Error>),
    /// A file that a stage reads is only in the workspace.
    #[error("stage `{stage}` reads `{path}`, which neither git nor derm tracks")]
    Untracked {
        /// The stage.
        stage: String,
        /// The file or folder.
        path: RelPath,
    },
    /// A path to be copied is not there.
    #[error("`{0}` does not exist")]
    NoCopy(RelPath),
    /// The child could not be started.
    #[error("cannot start derm in `{}`", folder.display())]
    Start {
        /// The worktree.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Uncommitted changes stand in the way of `exp apply`.
    #[error("uncommitted changes would be overwritten")]
    Dirty(Vec<RelPath>),
    /// A branch of that name exists.
    #[error("there is a branch `{0}` already")]
    BranchTaken(String),
    /// A queue entry that nobody can read.
    #[error("cannot understand `{}`: {reason}", path.display())]
    BadEntry {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The user stopped it.
    #[error("interrupted")]
    Interrupted,
}

impl From<super::overrides::Error> for Error {
    fn from(error: super::overrides::Error) -> Self {
        Error::Overrides(Box::new(error))
    }
}

impl Error {
    /// For `map_err`: adds the operation and the path to an I/O error.
    pub fn io(operation: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { operation, path: path.as_ref().to_owned(), source }
    }
}
