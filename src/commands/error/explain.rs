//! Advice for the errors of [`crate::explain`].

use super::{Explain, Failure};
use crate::commands::Exit;
use crate::explain::Error;

impl Explain for Error {
    fn explain(self) -> Failure {
        let failure = Failure::from_chain(&self);
        match self {
            Error::NoAttention { .. } => failure.hint("choose `--method grad-cam`").with_exit(Exit::Usage),
            Error::NoImage { .. } => failure.hint("choose `--method integrated-gradients`").with_exit(Exit::Usage),
            Error::Masks { .. } => failure.hint("`derm predict` writes them").with_exit(Exit::Usage),
            Error::Network(error) => error.explain(),
        }
    }
}
