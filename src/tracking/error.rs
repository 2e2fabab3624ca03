//! What can go wrong when runs are read.

use std::io;
use std::path::PathBuf;

/// Why a run cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There are no runs at all.
    #[error("there are no runs yet")]
    NoRuns,
    /// No run has this id.
    #[error("no run has an id that starts with `{0}`")]
    NotFound(String),
    /// Several runs have ids that start so.
    #[error("`{prefix}` is the start of {} runs' ids", ids.len())]
    Ambiguous {
        /// What was asked for.
        prefix: String,
        /// The ids that start with it.
        ids: Vec<String>,
    },
    /// A name that cannot be an experiment's folder.
    #[error("`{name}` is no name for an experiment: {reason}")]
    BadExperiment {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The run's `run.json` cannot be understood.
    #[error("cannot understand `{}`", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file cannot be read or written.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried, such as "read".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}
