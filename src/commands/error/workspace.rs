//! Advice for the errors of [`crate::workspace`].

use std::io::ErrorKind;

use super::{Explain, Failure};
use crate::commands::Exit;
use crate::text::quoted_list;
use crate::workspace::{Error, config};

impl Explain for Error {
    fn explain(self) -> Failure {
        let failure = Failure::from_chain(&self);
        match self {
            Error::Io { source, .. } => advise_io(failure, source.kind()),
            Error::NoRepository { .. } => failure.hint("type `derm init` to make this folder a repository").with_exit(Exit::Usage),
            Error::OutsideRepository { root, .. } => {
                failure.hint(format!("the repository is `{}`: copy the data into it", root.display())).with_exit(Exit::Usage)
            }
            Error::NotUtf8 { .. } => failure.hint("rename it: derm's files are read on every system"),
            Error::Config { place, key, .. } => failure.at(&place).hint(setting(key)).with_exit(Exit::Usage),
            Error::Ignore { place, .. } => failure.at(&place).hint("patterns are those of `.gitignore`").with_exit(Exit::Usage),
            Error::NoGit { .. } => failure.hint("type `derm init --git` or `git init`").with_exit(Exit::Usage),
            Error::UnknownRevision { reason, .. } => failure.cause(reason).with_exit(Exit::Usage),
            Error::Git { reason, .. } => failure.cause(reason),
            Error::Interrupted => failure.with_exit(Exit::Interrupted),
        }
    }
}

/// How a setting is written.
fn setting(key: Option<&str>) -> String {
    match key {
        Some("cache.link") => {
            "texts need quotes: `link = [\"reflink\", \"copy\"]`; the types are \"reflink\", \"hardlink\", \"symlink\" and \"copy\""
                .to_owned()
        }
        Some("cache.dir") => "texts need quotes: `dir = \"/data/shared/derm\"`".to_owned(),
        Some("parsing.bool") => "it is \"store_true\" or \"boolean_optional\", with the quotes".to_owned(),
        Some("parsing.list") => "it is \"nargs\" or \"append\", with the quotes".to_owned(),
        _ => format!("the settings are {}, as in `[cache]` and below it `link = [\"reflink\", \"copy\"]`", quoted_list(&config::KEYS)),
    }
}

/// Advice that depends on what the operating system said.
pub(super) fn advise_io(failure: Failure, kind: ErrorKind) -> Failure {
    match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => failure.hint("free some space and try again: nothing was lost"),
        ErrorKind::FileTooLarge => failure.hint("a limit on file sizes is set (`ulimit -f`)"),
        ErrorKind::PermissionDenied => failure.hint("check who owns it, and that its folder can be written"),
        ErrorKind::ReadOnlyFilesystem => failure.hint("the file system is mounted read-only"),
        _ => failure,
    }
}
