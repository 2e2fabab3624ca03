//! Advice for the errors of [`crate::experiments::overrides`] and of [`crate::pipeline::edit`].

use super::workspace::advise_io;
use super::{Explain, Failure};
use crate::commands::Exit;
use crate::experiments::overrides::Error;
use crate::pipeline::{self, edit};

impl Explain for Error {
    fn explain(self) -> Failure {
        let failure = Failure::from_chain(&self);
        match self {
            Error::Syntax { allowed, .. } => failure.hint(allowed).with_exit(Exit::Usage),
            Error::Unbounded { .. } => {
                failure.hint("name the values: `0.1,0.01,0.001`").hint("or let `derm sweep` choose").with_exit(Exit::Usage)
            }
            Error::TooMany => failure.with_exit(Exit::Usage),
            Error::NoFile { key, .. } => {
                failure.hint(format!("name the file too: `-S FILE:{key}=VALUE`; `derm params show` lists the files")).with_exit(Exit::Usage)
            }
            Error::Read { source, .. } => advise_io(failure, source.kind()),
            Error::Outside { .. } => failure.with_exit(Exit::Usage),
            Error::Edit(error) => error.explain(),
            Error::Workspace(error) => error.explain(),
        }
    }
}

impl Explain for edit::Error {
    fn explain(self) -> Failure {
        let failure = Failure::from_chain(&self).with_exit(Exit::Usage);
        match self {
            edit::Error::Definition(problems) => pipeline::Error::Definition(problems).explain(),
            edit::Error::Missing { near: Some(near), .. } => failure.hint(format!("did you mean `{near}`?")),
            edit::Error::Missing { key, .. } => failure.hint(format!("to add it: `+{key}=VALUE`")),
            edit::Error::Exists { key, .. } => failure.hint(format!("to change it: `{key}=VALUE`")),
            edit::Error::NotAMap { place: Some(place), .. } | edit::Error::Unwritable { place: Some(place), .. } => failure.at(&place),
            _ => failure,
        }
    }
}
