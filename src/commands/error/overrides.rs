//! Advice for the errors of [`crate::pipeline::edit`] and [`crate::experiments::overrides`].

use super::workspace::advise_io;
use super::{Explain, Failure};
use crate::commands::Exit;
use crate::experiments::overrides;
use crate::pipeline::edit;
use crate::text;

impl Explain for edit::Error {
    fn explain(self) -> Failure {
        let failure = Failure::from_chain(&self).with_exit(Exit::Usage);
        match self {
            edit::Error::Definition(problems) => crate::pipeline::Error::Definition(problems).explain(),
            edit::Error::Missing { near: Some(near), .. } => failure.hint(format!("did you mean `{near}`?")),
            edit::Error::Missing { file, key, .. } => {
                let file = text::shell_word(file.as_str());
                failure.hint(format!("`derm params show {file}` lists those that are there; `+{key}=…` adds one"))
            }
            edit::Error::Exists { key, place, .. } => {
                let failure = failure.hint(format!("`{key}=…` changes it, `++{key}=…` adds or changes"));
                place.iter().fold(failure, |failure, place| failure.at(place))
            }
            edit::Error::NotAMap { place, .. } => place.iter().fold(failure, |failure, place| failure.at(place)),
            edit::Error::OtherValue { key, .. } => failure.hint(format!("`~{key}` takes it away whatever it is")),
            edit::Error::Unwritable { file, place, .. } => {
                let why = match file.name().unwrap_or_default().rsplit_once('.').map(|(_, end)| end) {
                    Some("py") => "Python files are not edited; keep parameters that change in a YAML, JSON or TOML file",
                    Some("toml") => "TOML has no null and no numbers beyond 64 bits; otherwise edit the file by hand",
                    Some("json") => "JSON has no `nan` and no `inf`; otherwise edit the file by hand",
                    _ => "an anchor or a layout that others share stands in the way; edit the file by hand",
                };
                place.iter().fold(failure.hint(why), |failure, place| failure.at(place))
            }
        }
    }
}

impl Explain for overrides::Error {
    fn explain(self) -> Failure {
        let failure = Failure::from_chain(&self);
        match self {
            overrides::Error::Syntax { typed, at, allowed, .. } => failure.pointing(&typed, at).hint(allowed).with_exit(Exit::Usage),
            overrides::Error::Unbounded { .. } => {
                failure.hint("`derm sweep` searches; here name the values: `A,B,C` or `range(START, STOP, STEP)`").with_exit(Exit::Usage)
            }
            overrides::Error::TooMany => failure.hint("`derm sweep --search random --trials N` tries some of them").with_exit(Exit::Usage),
            overrides::Error::NoFile { key, .. } => {
                failure.hint(format!("name the file that has it: `FILE:{key}=…`")).with_exit(Exit::Usage)
            }
            overrides::Error::Outside { .. } => failure.with_exit(Exit::Usage),
            overrides::Error::Read { source, .. } => advise_io(failure, source.kind()),
            overrides::Error::Edit(error) => error.explain(),
            overrides::Error::Workspace(error) => error.explain(),
        }
    }
}
