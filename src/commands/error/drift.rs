//! Advice for the errors of [`crate::drift`].

use super::{Explain, Failure};
use crate::commands::Exit;
use crate::drift::Error;
use crate::text::quoted_list;

impl Explain for Error {
    fn explain(self) -> Failure {
        let failure = Failure::from_chain(&self);
        match self {
            Error::NoImages(_) => failure
                .hint("name a dataset made by `derm data ingest`, or a folder with images in it; with a split, check the subset")
                .with_exit(Exit::Usage),
            Error::NothingReadable { first, .. } => failure.cause(first).hint("look at the files: are they images, and may you read them?"),
            Error::OtherClasses { reference, current } => failure
                .cause(format!("reference: {}", quoted_list(&reference)))
                .cause(format!("current: {}", quoted_list(&current)))
                .hint("predict both sides with the same model")
                .with_exit(Exit::Usage),
            Error::OtherImages { .. } => {
                failure.hint("the tables must name images by their path below the dataset's `images/`").with_exit(Exit::Usage)
            }
            Error::Io { .. } => failure,
            Error::Interrupted => failure.with_exit(Exit::Interrupted),
            Error::Csv(_) => failure,
        }
    }
}
