//! Advice for the errors of [`crate::export`].

use super::{Explain, Failure};
use crate::commands::Exit;
use crate::export::Error;

impl Explain for Error {
    fn explain(self) -> Failure {
        let failure = Failure::from_chain(&self);
        match self {
            Error::Nn(error) => error.explain(),
            Error::Workspace(error) => error.explain(),
            Error::Occupied(_) => failure.hint("name another folder, or remove it first").with_exit(Exit::Usage),
            Error::NotFinite(_) => failure.hint("the training diverged: train again with a lower learning rate"),
            Error::Classes { .. } | Error::Metadata { .. } => {
                failure.hint("the bundle's `config.json` was changed: export it from where it is whole")
            }
            Error::CopyDiffers(_) => failure.hint("check the disk, then export again"),
            Error::Io { .. } => failure,
            Error::NoOperator { .. } => failure,
            Error::NoParameter(_) | Error::Check(_) => failure.hint("this is a mistake in derm: nothing was written; please report it"),
        }
    }
}
