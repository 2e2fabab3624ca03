//! `derm gc`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Context, Exit, Failure, recorded, transfer};
use crate::cli::gc::GcArgs;
use crate::pipeline::run::Guard;
use crate::pipeline::runcache;
use crate::store::gc::{Amount, Needed, Swept, sweep};
use crate::store::remote::{self, SweptRemote};
use crate::store::{Entry, Store, Work};
use crate::text;
use crate::ui::{Page, Report, Style};
use crate::workspace::config::Link;
use crate::workspace::{History, Workspace, WorkspaceLock};

#[derive(Serialize)]
struct GcReport {
    /// Whether nothing was removed.
    dry: bool,
    /// The other repositories whose data was kept too.
    projects: Vec<PathBuf>,
    #[serde(flatten)]
    swept: Swept,
    /// What was done on the remote, if one was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    remote: Option<SweptRemote>,
    /// Results of earlier runs that were forgotten, or would be.
    runs: u64,
    #[serde(skip)]
    grace: String,
}

impl Report for GcReport {
    const KIND: &'static str = "gc";

    fn human(&self, page: &mut Page) {
        let Swept { kept, young, removed, leftovers } = &self.swept;
        let amount = |amount: &Amount, one: &str, many: &str| {
            format!("{}, {}", text::count(amount.count as usize, one, many), text::bytes(amount.bytes))
        };
        let objects = |of: &Amount| amount(of, "object", "objects");
        page.line(format!("kept     {}", objects(kept)));
        if young.count > 0 {
            page.line(format!("kept     {} that nothing needs, younger than {}", objects(young), self.grace));
        }
        let verb = if self.dry { Style::Changed.paint("to go    ") } else { Style::Good.paint("removed  ") };
        page.line(format!("{verb}{}", objects(removed)));
        if leftovers.count > 0 {
            page.line(format!("{verb}{}", amount(leftovers, "damaged or unfinished file", "damaged or unfinished files")));
        }
        if let Some(SweptRemote { kept, spared, removed }) = &self.remote {
            page.line(format!("remote   kept {}", objects(kept)));
            if spared.count > 0 {
                page.line(format!("remote   kept {} that nothing needs, young or packed with what is needed", objects(spared)));
            }
            page.line(format!("remote   {}{}", verb.trim_end(), format_args!(" {}", objects(removed))));
        }
        if self.runs > 0 {
            page.line(format!("{verb}{}", text::count(self.runs as usize, "result of an earlier run", "results of earlier runs")));
        }
        if young.count > 0 {
            page.blank().line("`--grace 0` removes young objects too, when no other derm is at work.");
        }
    }
}

pub fn run(context: &Context, args: &GcArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let scope = History {
        branches: args.scope.all_branches,
        tags: args.scope.all_tags,
        commits: args.scope.all_commits,
        revisions: args.scope.rev.clone(),
    };
    if !args.workspace && scope.is_empty() {
        return Err(Failure::usage("gc needs to know what to keep")
            .hint("the workspace's data: `derm gc --workspace`")
            .hint("also of other commits: `--all-branches`, `--all-tags`, `--all-commits` or `--rev REV`")
            .hint("add `--dry` to see what would go"));
    }
    let others = others(context, &workspace, args)?;
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    let _locks = lock_all(&workspace, &others, work)?;
    let store = Store::open(&workspace)?;
    let mut needed = Needed::default();
    for repository in std::iter::once(&workspace).chain(&others) {
        for entry in entries(repository, args, &work)? {
            needed.add(&store, &entry, args.force)?;
        }
    }
    let swept = sweep(&store, &needed, args.grace, args.dry, &work)?;
    let runs = runcache::sweep(&workspace, |entry| needed.has(&entry.id), args.grace, args.dry)?;
    let remote = args.remote.as_deref().map(|name| on_remote(context, args, &workspace, &store, &others, name, &work)).transpose()?;
    let projects = others.iter().map(|other| other.root().to_owned()).collect();
    let grace = text::duration(args.grace.as_secs_f64());
    context.ui.show(&GcReport { dry: args.dry, projects, swept, remote, runs, grace })?;
    Ok(Exit::Done)
}

/// The same on a remote.
fn on_remote(
    context: &Context,
    args: &GcArgs,
    workspace: &Workspace,
    store: &Store,
    others: &[Workspace],
    name: &str,
    work: &Work,
) -> Result<SweptRemote, Failure> {
    let mut named = Vec::new();
    for repository in std::iter::once(workspace).chain(others) {
        named.extend(recorded::now(repository)?);
        named.extend(recorded::over(repository, &args.scope)?);
    }
    let remote = transfer::open(context, workspace, Some(name))?;
    let mut needed = Needed::default();
    let swept = remote::sweep(store, &remote, &named, args.grace, args.dry, work)?;
    for (_, entry) in &named {
        needed.add(store, entry, true)?;
    }
    // A result is of use as long as what it names is kept.
    let stays = |bytes: &[u8]| runcache::understood(bytes).is_some_and(|outs| outs.values().all(|entry| needed.has(&entry.id)));
    remote::sweep_files(&remote, runcache::FOLDER, &stays, args.grace, args.dry, work)?;
    Ok(swept)
}

/// The other repositories that were named. Refuses a cache that others may use while none is named.
fn others(context: &Context, workspace: &Workspace, args: &GcArgs) -> Result<Vec<Workspace>, Failure> {
    let cache = real(&workspace.cache_dir());
    if !cache.starts_with(workspace.root()) && args.projects.is_empty() && !args.force {
        let message = format!("the cache `{}` lies outside of this repository: others may use it", workspace.cache_dir().display());
        return Err(Failure::usage(message)
            .cause("gc would remove what only they need")
            .hint("name them: `--projects PATH…`; what they need is kept")
            .hint("if there are none: `--force`"));
    }
    let mut found: BTreeMap<PathBuf, Workspace> = BTreeMap::new();
    for typed in &args.projects {
        let other = Workspace::discover(&context.cwd.join(typed))?;
        if real(&other.cache_dir()) != cache {
            return Err(Failure::usage(format!("`{}` uses another cache: `{}`", typed.display(), other.cache_dir().display()))
                .hint("leave it out: gc does not touch what it has"));
        }
        if other.root() != workspace.root() {
            found.insert(other.root().to_owned(), other);
        }
    }
    Ok(found.into_values().collect())
}

/// The place itself, whatever links lead there.
fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// No `add`, no `checkout` and no `repro` runs in any of them. In one order, so that two collections do not wait for each other.
fn lock_all(workspace: &Workspace, others: &[Workspace], work: Work) -> Result<Vec<(Guard, WorkspaceLock)>, Failure> {
    let mut all: Vec<&Workspace> = others.iter().chain([workspace]).collect();
    all.sort_by(|a, b| a.root().cmp(b.root()));
    let mut held = Vec::new();
    for repository in all {
        let guard = Guard::take(repository, work)?;
        held.push((guard, repository.lock(work.observer, work.interrupt)?));
    }
    Ok(held)
}

/// What a repository needs in the scope.
fn entries(workspace: &Workspace, args: &GcArgs, work: &Work) -> Result<Vec<Entry>, Failure> {
    let now = recorded::now(workspace)?;
    let mut found: Vec<Entry> = now.iter().map(|(_, entry)| entry.clone()).collect();
    found.extend(recorded::over(workspace, &args.scope)?.into_iter().map(|(_, entry)| entry));
    // Files that are symbolic links have no bytes of their own: what a tracked path holds would be gone with its objects.
    if workspace.config().cache.link.value.contains(&Link::Symlink) {
        let store = Store::open(workspace)?;
        for (path, _) in &now {
            found.extend(store.hash(path, work)?);
        }
    }
    Ok(found)
}
