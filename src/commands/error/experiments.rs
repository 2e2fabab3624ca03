//! Advice for the errors of [`crate::experiments`].

use super::workspace::advise_io;
use super::{Explain, Failure};
use crate::commands::Exit;
use crate::experiments::Error;
use crate::text;

/// Files that a message names.
const SHOWN: usize = 8;

impl Explain for Error {
    fn explain(self) -> Failure {
        let failure = Failure::from_chain(&self);
        match self {
            Error::Workspace(error) => error.explain(),
            Error::Store(error) => error.explain(),
            Error::Pipeline(error) => error.explain(),
            Error::Io { source, .. } => advise_io(failure, source.kind()),
            Error::NoCommit => failure.hint("commit once: `git add -A && git commit -m start`").with_exit(Exit::Usage),
            Error::BadName(_) => failure.hint("letters, digits, `-`, `_` and `.`, as in `slow-start`").with_exit(Exit::Usage),
            Error::Taken(name) => {
                let name = text::shell_word(&name);
                failure
                    .hint("take another name")
                    .hint(format!("`--force` replaces it; `derm exp remove {name}` gives it up"))
                    .with_exit(Exit::Usage)
            }
            Error::Unknown { near: Some(near), .. } => failure.hint(format!("did you mean `{near}`?")).with_exit(Exit::Usage),
            Error::Unknown { near: None, .. } => failure.hint("`derm exp list -A` lists all").with_exit(Exit::Usage),
            Error::Ambiguous { baselines, .. } => failure
                .cause(format!("they started from {}", text::quoted_list(&baselines)))
                .hint("give the first digits of its own commit instead: `derm exp list -A`")
                .with_exit(Exit::Usage),
            Error::Busy(_) => failure.hint("wait for it, or stop it with Ctrl-C where it runs"),
            Error::Overrides(error) => (*error).explain(),
            Error::Untracked { path, .. } => {
                let word = text::shell_word(path.as_str());
                failure
                    .cause("it is in the workspace, but not where the experiment runs")
                    .hint(format!("take it along: `--copy-paths {word}`"))
                    .hint(format!("or have it tracked: `derm add {word}` for data, `git add {word}` for code"))
                    .with_exit(Exit::Usage)
            }
            Error::NoCopy(_) => failure.with_exit(Exit::Usage),
            Error::Start { .. } => failure,
            Error::Dirty(paths) => failure
                .cause(text::some_of(&paths.iter().map(|path| path.as_str()).collect::<Vec<_>>(), SHOWN))
                .hint("keep them first: `derm exp save`, or `git stash`, or a commit")
                .hint("or overwrite them: `--force`"),
            Error::BranchTaken(_) => failure.hint("name another: `derm exp branch NAME BRANCH`").with_exit(Exit::Usage),
            Error::BadEntry { .. } => failure.hint("remove the file: what it stood for is run anew"),
            Error::Interrupted => failure.with_exit(Exit::Interrupted),
        }
    }
}
