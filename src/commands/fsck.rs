//! `derm fsck`.

use serde::Serialize;

use super::{Context, Exit, Failure, recorded, transfer};
use crate::cli::fsck::FsckArgs;
use crate::digest::ObjectId;
use crate::relpath::RelPath;
use crate::store::doctor::{self, Objects};
use crate::store::{Entry, Error, Store, Work, remote};
use crate::text;
use crate::ui::{Page, Report, Style};
use crate::workspace::Workspace;

/// As many names as a line has.
const SHOWN: usize = 5;

#[derive(Serialize)]
struct FsckReport {
    /// Objects that were hashed.
    objects: u64,
    /// Their bytes.
    bytes: u64,
    /// Objects of the cache that did not have the bytes of their name, and were set aside.
    damaged: Vec<ObjectId>,
    /// Paths that are not whole in the cache now.
    missing: Vec<RelPath>,
    /// Paths that were not, and are now.
    healed: Vec<RelPath>,
}

#[derive(Serialize)]
struct RemoteReport {
    remote: String,
    #[serde(flatten)]
    verified: remote::Verified,
    /// Objects that were sent.
    healed: u64,
    /// Paths that the cache does not have in whole, so that nothing is known of the rest of them.
    incomplete: Vec<RelPath>,
}

impl Report for FsckReport {
    const KIND: &'static str = "fsck";

    fn human(&self, page: &mut Page) {
        page.line(format!("Hashed {} ({}).", text::count(self.objects as usize, "object", "objects"), text::bytes(self.bytes)));
        let ids: Vec<String> = self.damaged.iter().map(ObjectId::hex).collect();
        line(page, Style::Bad, "damaged, set aside", &ids);
        line(page, Style::Good, "healed", &strings(&self.healed));
        line(page, Style::Bad, "not whole in the cache", &strings(&self.missing));
        if self.missing.is_empty() {
            page.line(Style::Good.paint("Everything that is named is whole."));
        }
    }
}

impl Report for RemoteReport {
    const KIND: &'static str = "fsck-remote";

    fn human(&self, page: &mut Page) {
        let objects = text::count(self.verified.objects as usize, "whole object", "whole objects");
        page.line(format!("`{}` has {objects} ({}).", self.remote, text::bytes(self.verified.bytes)));
        let ids = |ids: &[ObjectId]| ids.iter().map(ObjectId::hex).collect::<Vec<_>>();
        line(page, Style::Bad, "with other bytes", &ids(&self.verified.wrong));
        line(page, Style::Bad, "missing", &ids(&self.verified.absent));
        line(page, Style::Changed, "not whole in the cache, so not all is known", &strings(&self.incomplete));
        if self.healed > 0 {
            page.line(format!("Sent {}.", text::count(self.healed as usize, "object", "objects")));
        }
    }
}

fn strings(paths: &[RelPath]) -> Vec<String> {
    paths.iter().map(ToString::to_string).collect()
}

fn line(page: &mut Page, style: Style, what: &str, names: &[String]) {
    if !names.is_empty() {
        page.line(format!("{}: {}", style.paint(what), text::some_of(names, SHOWN)));
    }
}

pub fn run(context: &Context, args: &FsckArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let store = Store::open(&workspace)?;
    let mut named = recorded::now(&workspace)?;
    named.extend(recorded::over(&workspace, &args.scope)?);
    if args.in_remote {
        check_remote(context, args, &workspace, &store, &named)
    } else {
        check_cache(context, args, &workspace, &store, &named)
    }
}

fn check_cache(
    context: &Context,
    args: &FsckArgs,
    workspace: &Workspace,
    store: &Store,
    named: &[(RelPath, Entry)],
) -> Result<Exit, Failure> {
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    let Objects { count, bytes, damaged, .. } = doctor::objects(store, true, &work)?;
    let broken = lacking(store, named);
    let mut unreachable = None;
    if args.heal && !broken.is_empty() {
        let _lock = workspace.lock(work.observer, work.interrupt)?;
        from_the_workspace(store, &broken, &work)?;
        let rest = lacking(store, &broken);
        if !rest.is_empty() {
            unreachable = from_a_remote(context, args, workspace, store, &rest, &work)?;
        }
    }
    store.flush()?;
    let left = lacking(store, &broken);
    let healed = paths(&broken).into_iter().filter(|path| left.iter().all(|(left, _)| left != path)).collect();
    let missing = paths(&left);
    let whole = missing.is_empty() && (damaged.is_empty() || args.heal);
    if let Some(reason) = unreachable {
        context.ui.warn(reason);
    } else if !missing.is_empty() && !args.heal {
        context.ui.note("`derm fsck --heal` brings what the workspace or a remote has");
    }
    context.ui.show(&FsckReport { objects: count, bytes, damaged, missing, healed })?;
    Ok(if whole { Exit::Done } else { Exit::CheckFailed })
}

fn lacking(store: &Store, named: &[(RelPath, Entry)]) -> Vec<(RelPath, Entry)> {
    named.iter().filter(|(_, entry)| !store.has(entry)).cloned().collect()
}

fn paths(named: &[(RelPath, Entry)]) -> Vec<RelPath> {
    let mut paths: Vec<RelPath> = named.iter().map(|(path, _)| path.clone()).collect();
    paths.sort();
    paths.dedup();
    paths
}

/// Saves again what is in its place as recorded.
fn from_the_workspace(store: &Store, broken: &[(RelPath, Entry)], work: &Work) -> Result<(), Error> {
    for (path, entry) in broken {
        if store.hash(path, work)?.as_ref() == Some(entry) {
            store.save(path, work)?;
        }
    }
    Ok(())
}

/// Fetches the rest; the reason when there is no remote to ask.
fn from_a_remote(
    context: &Context,
    args: &FsckArgs,
    workspace: &Workspace,
    store: &Store,
    rest: &[(RelPath, Entry)],
    work: &Work,
) -> Result<Option<String>, Error> {
    match transfer::open(context, workspace, args.remote.as_deref()) {
        Ok(remote) => remote::fetch(store, &remote, rest, work).map(|_| None),
        Err(error @ Error::NoRemote { .. }) => Ok(Some(format!("{error}: nothing can be fetched"))),
        Err(error) => Err(error),
    }
}

fn check_remote(
    context: &Context,
    args: &FsckArgs,
    workspace: &Workspace,
    store: &Store,
    named: &[(RelPath, Entry)],
) -> Result<Exit, Failure> {
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    let remote = transfer::open(context, workspace, args.remote.as_deref())?;
    let verified = remote::verify(store, &remote, named, &work)?;
    let mut healed = 0;
    let mut incomplete: Vec<RelPath> = paths(&lacking(store, named));
    if args.heal {
        healed += remote::send_again(store, &remote, &verified.wrong, &work)?;
        let pushed = remote::push(store, &remote, named, &work)?;
        healed += pushed.objects;
        incomplete = pushed.incomplete;
    }
    let whole = verified.wrong.len() as u64 + verified.absent.len() as u64 <= healed && incomplete.is_empty();
    context.ui.show(&RemoteReport { remote: remote.name().to_owned(), verified, healed, incomplete })?;
    Ok(if whole { Exit::Done } else { Exit::CheckFailed })
}
