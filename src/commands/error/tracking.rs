//! Advice for the errors of [`crate::tracking`].

use crate::commands::{Exit, Explain, Failure};
use crate::text::quoted_list;
use crate::tracking::Error;

impl Explain for Error {
    fn explain(self) -> Failure {
        let failure = Failure::from_chain(&self);
        match self {
            Error::NoRuns => failure.hint("`derm repro` or `derm train` makes the first"),
            Error::NotFound(_) => failure.hint("`derm runs list` shows their ids; `last` is the newest"),
            Error::Ambiguous { ids, .. } => {
                let few = &ids[..ids.len().min(4)];
                failure.hint(format!("give more digits; among them are {}", quoted_list(few)))
            }
            Error::BadExperiment { .. } => failure.with_exit(Exit::Usage).hint("name it like `skin` or `ham10000-fold-3`"),
            Error::Damaged { reason, .. } => {
                failure.cause(reason).hint("the run's other files are untouched; remove its folder to be rid of it")
            }
            Error::Io { .. } => failure,
        }
    }
}
