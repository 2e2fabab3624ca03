//! Advice for the errors of [`crate::store`].

use super::workspace::advise_io;
use super::{Explain, Failure};
use crate::commands::Exit;
use crate::relpath::RelPath;
use crate::store::remote::Fault;
use crate::store::{Error, Untrackable};
use crate::text::quoted_list;

/// As many paths as a message names one by one.
const SHOWN: usize = 5;

impl Explain for Error {
    fn explain(self) -> Failure {
        let failure = Failure::from_chain(&self);
        match self {
            Error::Workspace(error) => error.explain(),
            Error::Missing(_) => failure.hint("check the spelling; paths are relative to where you are").with_exit(Exit::Usage),
            Error::Untrackable { reason, .. } => untrackable(failure, &reason).with_exit(Exit::Usage),
            Error::TrackedByGit { path, folder } => {
                let flags = if folder { "-r --cached" } else { "--cached" };
                failure.hint(format!("type `git rm {flags} {path}`, commit, then add it again")).with_exit(Exit::Usage)
            }
            Error::PointerIgnored(_) => failure.hint("take the pointer back in: a line `!*.derm` in `.gitignore`").with_exit(Exit::Usage),
            Error::Overlap { inner, .. } => {
                failure.hint(format!("remove `{inner}.derm` to track the whole folder instead")).with_exit(Exit::Usage)
            }
            Error::NotTracked(path) => failure.hint(format!("type `derm add {path}` to track it")).with_exit(Exit::Usage),
            Error::InsideTracked { target, .. } => failure
                .hint(format!("change the folder itself, then `derm add {}`", crate::text::shell_word(target.as_str())))
                .with_exit(Exit::Usage),
            Error::Exists(_) => failure.hint("move it away first, or name another place").with_exit(Exit::Usage),
            Error::Unstable(_) => failure.hint("wait until whatever writes it is done"),
            Error::WouldLose { paths } => failure
                .cause(format!("changed: {}", shown(&paths)))
                .hint("keep the changes: `derm add` them")
                .hint("give them up: `derm checkout --force`"),
            Error::Incomplete { missing, damaged } => incomplete(failure, &missing, &damaged),
            Error::NoObject(_) => {
                failure.hint("`derm fetch` brings it if a remote has it; or add the data again, or run the stage that makes it")
            }
            Error::Damaged(_) | Error::BadTree { .. } => {
                failure.hint("`derm fsck --heal` finds all damage, and heals it from the workspace or a remote")
            }
            Error::BadPointer { place, .. } => {
                failure.at(&place).hint("restore it from git, or write it anew with `derm add`").with_exit(Exit::Usage)
            }
            Error::NoLink { .. } => failure.hint("put \"copy\" last in `cache.link` of `.derm/config`"),
            Error::NoRemote { known } => match known.is_empty() {
                true => failure.hint("type `derm remote add NAME URL`, with a folder or a URL such as `s3://BUCKET/PREFIX`"),
                false => failure
                    .cause(format!("known are {}", names(&known)))
                    .hint("say which with `--remote NAME`, or once for all with `derm remote default NAME`"),
            }
            .with_exit(Exit::Usage),
            Error::UnknownRemote { name, known } => match known.is_empty() {
                true => failure.hint(format!("type `derm remote add {name} URL`")),
                false => failure.cause(format!("known are {}", names(&known))),
            }
            .with_exit(Exit::Usage),
            Error::NoUrl { name } => failure.hint(format!("type `derm remote modify {name} url URL`")).with_exit(Exit::Usage),
            Error::BadUrl { .. } => failure.hint("`derm remote add --help` shows the kinds of URL").with_exit(Exit::Usage),
            Error::Remote { fault, .. } => remote(failure, &fault),
            Error::Elsewhere { fault: Fault::Failed(_), .. } => failure.hint("check the URL and the network, and try again"),
            Error::Elsewhere { fault, .. } => remote(failure, &fault),
            Error::RemoteFormat { .. } => failure.hint("use the release of derm that the others use"),
            Error::Interrupted => failure.with_exit(Exit::Interrupted),
        }
    }
}

fn names(known: &[String]) -> String {
    quoted_list(&known.iter().map(String::as_str).collect::<Vec<_>>())
}

fn remote(failure: Failure, fault: &Fault) -> Failure {
    match fault {
        Fault::Denied(_) => {
            failure.hint("check the credentials and what they allow: `derm remote add --help` says where they are looked for")
        }
        Fault::NoCredentials(_) => failure
            .hint("derm looks where the service's own tools do: the environment and their files; `derm remote add --help` names them")
            .hint("a public bucket needs none: `derm remote modify NAME anonymous true`"),
        Fault::NoPlace(_) => failure.hint("make the bucket or container first: derm makes none; `derm remote list` shows the URLs"),
        Fault::Failed(_) => failure.hint("try again: what was transferred is kept"),
        Fault::Unsupported(_) => failure,
        Fault::Io { source, .. } => advise_io(failure, source.kind()),
        Fault::Interrupted => failure.with_exit(Exit::Interrupted),
    }
}

fn untrackable(failure: Failure, reason: &Untrackable) -> Failure {
    match reason {
        Untrackable::Root => failure.hint("name a file or a folder in it"),
        Untrackable::Internal(_) => failure,
        Untrackable::Pointer => failure.hint("name the data itself, without `.derm`"),
        Untrackable::Ignored => failure.hint("a line `!PATH` in `.dermignore` takes it back in"),
        Untrackable::Symlink(_) => failure.hint("copy the data to this place; links inside an added folder are kept as links"),
        Untrackable::Inside(_) => failure,
        Untrackable::Special(_) => failure.hint("remove it or list it in `.dermignore`"),
        Untrackable::NotUtf8(_) | Untrackable::TooLong(_) => failure.hint("rename it or list it in `.dermignore`"),
        Untrackable::TooDeep(_) => failure.hint("a folder may be mounted inside itself"),
    }
}

fn incomplete(failure: Failure, missing: &[RelPath], damaged: &[RelPath]) -> Failure {
    let mut failure = failure;
    if !missing.is_empty() {
        failure = failure.cause(format!("not in the cache: {}", shown(missing)));
    }
    if !damaged.is_empty() {
        failure = failure.cause(format!("damaged in the cache, set aside in its `damaged` folder: {}", shown(damaged)));
    }
    failure
        .hint("if a remote has them: `derm pull`; if another machine has them: `derm push` there first")
        .hint("if you have the files: put them in place and type `derm add`")
        .hint("if a stage makes them: `derm repro`")
}

/// The first few names, and how many more there are.
fn shown(paths: &[RelPath]) -> String {
    let names: Vec<&str> = paths.iter().take(SHOWN).map(RelPath::as_str).collect();
    match paths.len().saturating_sub(SHOWN) {
        0 => quoted_list(&names),
        more => format!("{} and {more} more", names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
    }
}
