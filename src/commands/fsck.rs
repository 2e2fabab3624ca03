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
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    let check = Check { context, args, workspace: &workspace, store: &store, named: &named, work };
    if args.in_remote { check.remote() } else { check.cache() }
}

/// What is checked, and with what.
struct Check<'a> {
    context: &'a Context,
    args: &'a FsckArgs,
    workspace: &'a Workspace,
    store: &'a Store,
    /// Everything that has to be whole.
    named: &'a [(RelPath, Entry)],
    work: Work<'a>,
}

impl Check<'_> {
    fn cache(&self) -> Result<Exit, Failure> {
        let Objects { count, bytes, damaged, .. } = doctor::objects(self.store, true, &self.work)?;
        let broken = self.lacking(self.named);
        let mut unreachable = None;
        if self.args.heal && !broken.is_empty() {
            let _lock = self.workspace.lock(self.work.observer, self.work.interrupt)?;
            self.save_again(&broken)?;
            let rest = self.lacking(&broken);
            if !rest.is_empty() {
                unreachable = self.fetch_rest(&rest)?;
            }
        }
        self.store.flush()?;
        let left = self.lacking(&broken);
        let healed = paths(&broken).into_iter().filter(|path| left.iter().all(|(left, _)| left != path)).collect();
        let missing = paths(&left);
        let whole = missing.is_empty() && (damaged.is_empty() || self.args.heal);
        if let Some(reason) = unreachable {
            self.context.ui.warn(reason);
        } else if !missing.is_empty() && !self.args.heal {
            self.context.ui.note("`derm fsck --heal` brings what the workspace or a remote has");
        }
        self.context.ui.show(&FsckReport { objects: count, bytes, damaged, missing, healed })?;
        Ok(if whole { Exit::Done } else { Exit::CheckFailed })
    }

    fn remote(&self) -> Result<Exit, Failure> {
        let remote = transfer::open(self.context, self.workspace, self.args.remote.as_deref())?;
        let verified = remote::verify(self.store, &remote, self.named, &self.work)?;
        let mut healed = 0;
        let mut incomplete: Vec<RelPath> = paths(&self.lacking(self.named));
        if self.args.heal {
            healed += remote::send_again(self.store, &remote, &verified.wrong, &self.work)?;
            let pushed = remote::push(self.store, &remote, self.named, &self.work)?;
            healed += pushed.objects;
            incomplete = pushed.incomplete;
        }
        let whole = verified.wrong.len() as u64 + verified.absent.len() as u64 <= healed && incomplete.is_empty();
        self.context.ui.show(&RemoteReport { remote: remote.name().to_owned(), verified, healed, incomplete })?;
        Ok(if whole { Exit::Done } else { Exit::CheckFailed })
    }

    fn lacking(&self, named: &[(RelPath, Entry)]) -> Vec<(RelPath, Entry)> {
        named.iter().filter(|(_, entry)| !self.store.has(entry)).cloned().collect()
    }

    /// Saves again what is in its place as recorded.
    fn save_again(&self, broken: &[(RelPath, Entry)]) -> Result<(), Error> {
        for (path, entry) in broken {
            if self.store.hash(path, &self.work)?.as_ref() == Some(entry) {
                self.store.save(path, &self.work)?;
            }
        }
        Ok(())
    }

    /// Fetches the rest; the reason when there is no remote to ask.
    fn fetch_rest(&self, rest: &[(RelPath, Entry)]) -> Result<Option<String>, Error> {
        match transfer::open(self.context, self.workspace, self.args.remote.as_deref()) {
            Ok(remote) => remote::fetch(self.store, &remote, rest, &self.work).map(|_| None),
            Err(error @ Error::NoRemote { .. }) => Ok(Some(format!("{error}: nothing can be fetched"))),
            Err(error) => Err(error),
        }
    }
}

fn paths(named: &[(RelPath, Entry)]) -> Vec<RelPath> {
    let mut paths: Vec<RelPath> = named.iter().map(|(path, _)| path.clone()).collect();
    paths.sort();
    paths.dedup();
    paths
}
