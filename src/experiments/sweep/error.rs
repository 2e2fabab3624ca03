//! What can go wrong with sweeps.

use std::path::PathBuf;

use crate::experiments::{self, overrides};
use crate::workspace;

/// An error of [`crate::experiments::sweep`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Of the experiments it is made of.
    #[error(transparent)]
    Experiments(#[from] experiments::Error),
    /// No sweep has this name.
    #[error("there is no sweep `{name}`")]
    Unknown {
        /// As typed.
        name: String,
        /// One that is called nearly so.
        near: Option<String>,
    },
    /// A sweep of this name exists, of something else.
    #[error("there is a sweep `{name}` already, and its {what} is another")]
    Other {
        /// The name.
        name: String,
        /// What differs.
        what: &'static str,
    },
    /// Another derm runs it.
    #[error("another derm is running the sweep `{0}`")]
    Busy(String),
    /// A grid of numbers between two.
    #[error("a grid needs values, and `{key}` is given any number between two")]
    Endless {
        /// The dotted key.
        key: String,
    },
    /// Nothing to choose.
    #[error("no parameter is given several values")]
    NothingToSearch,
    /// A file of the sweep that cannot be read.
    #[error("cannot understand `{}`: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file to watch cannot be.
    #[error("cannot watch `{0}`: it is no CSV, TSV or JSON Lines file")]
    BadWatch(String),
    /// The user stopped it.
    #[error("interrupted")]
    Interrupted,
}

impl From<workspace::Error> for Error {
    fn from(error: workspace::Error) -> Self {
        Error::Experiments(error.into())
    }
}

impl From<overrides::Error> for Error {
    fn from(error: overrides::Error) -> Self {
        Error::Experiments(error.into())
    }
}
