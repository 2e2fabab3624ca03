//! `derm push`, `derm fetch` and `derm pull`.
//!
//! What is transferred may belong to several remotes: an output of a stage can name its own.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use super::checkout::{self, CheckedOut};
use super::{Context, Exit, Failure, recorded};
use crate::cli::transfer::{FetchArgs, PullArgs, PushArgs};
use crate::pipeline::{Project, runcache};
use crate::relpath::RelPath;
use crate::store::remote::{self, Fetched, Lacking, Pushed, Remote};
use crate::store::{Entry, Error, Overwrite, Store, Work};
use crate::text;
use crate::ui::{Page, Report};
use crate::workspace::Workspace;

/// As many paths as a line names.
const SHOWN: usize = 5;

/// What goes to or comes from one remote; `None` is the one that the user named or the default.
type ByRemote = BTreeMap<Option<String>, Vec<(RelPath, Entry)>>;

/// What a run of a stage made.
type Outs = BTreeMap<RelPath, Entry>;

#[derive(Serialize)]
struct PushReport {
    remotes: Vec<PushedTo>,
    /// Results of earlier runs that were sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    runs: Option<usize>,
}

#[derive(Serialize)]
struct PushedTo {
    remote: String,
    #[serde(flatten)]
    pushed: Pushed,
}

#[derive(Serialize)]
struct DryReport {
    remotes: Vec<WouldPush>,
}

#[derive(Serialize)]
struct WouldPush {
    remote: String,
    #[serde(flatten)]
    lacking: Lacking,
}

#[derive(Serialize)]
struct FetchReport {
    remotes: Vec<FetchedFrom>,
    /// Results of earlier runs that came.
    #[serde(skip_serializing_if = "Option::is_none")]
    runs: Option<usize>,
}

#[derive(Serialize)]
pub(super) struct FetchedFrom {
    remote: String,
    #[serde(flatten)]
    fetched: Fetched,
}

impl FetchedFrom {
    /// Says what came, and what did not.
    pub fn note(&self, context: &Context) {
        if self.fetched.objects > 0 {
            context.ui.note(format!("fetched {} from `{}`", text::count(self.fetched.objects as usize, "object", "objects"), self.remote));
        }
        if !self.fetched.absent.is_empty() {
            context.ui.note(format!("`{}` does not have {}", self.remote, names(&self.fetched.absent)));
        }
    }
}

#[derive(Serialize)]
struct PullReport {
    remotes: Vec<FetchedFrom>,
    paths: Vec<CheckedOut>,
    /// Results of earlier runs that came.
    #[serde(skip_serializing_if = "Option::is_none")]
    runs: Option<usize>,
}

impl Report for PushReport {
    const KIND: &'static str = "push";

    fn human(&self, page: &mut Page) {
        for PushedTo { remote, pushed } in &self.remotes {
            page.line(match pushed.objects {
                0 => format!("`{remote}` has everything: {}.", text::count(pushed.present as usize, "object", "objects")),
                n => format!("Sent {} ({}) to `{remote}`.", text::count(n as usize, "object", "objects"), text::bytes(pushed.bytes)),
            });
        }
        runs(self.runs, "Sent", page);
    }
}

impl Report for DryReport {
    const KIND: &'static str = "push-dry";

    fn human(&self, page: &mut Page) {
        for WouldPush { remote, lacking } in &self.remotes {
            if lacking.objects == 0 {
                page.line(format!("`{remote}` has everything."));
                continue;
            }
            let objects = text::count(lacking.objects as usize, "object", "objects");
            page.line(format!("`{remote}` lacks {objects} ({}) of:", text::bytes(lacking.bytes)));
            for path in &lacking.paths {
                page.line(format!("  {path}"));
            }
        }
    }
}

impl Report for FetchReport {
    const KIND: &'static str = "fetch";

    fn human(&self, page: &mut Page) {
        came(&self.remotes, page);
        runs(self.runs, "Fetched", page);
    }
}

impl Report for PullReport {
    const KIND: &'static str = "pull";

    fn human(&self, page: &mut Page) {
        came(&self.remotes, page);
        runs(self.runs, "Fetched", page);
        let changed: Vec<&CheckedOut> = self.paths.iter().filter(|path| !path.changed.is_empty()).collect();
        if !changed.is_empty() {
            page.table(&checkout::table_of(changed));
        }
    }
}

fn runs(count: Option<usize>, verb: &str, page: &mut Page) {
    if let Some(count) = count.filter(|count| *count > 0) {
        page.line(format!("{verb} {}.", text::count(count, "result of an earlier run", "results of earlier runs")));
    }
}

fn came(remotes: &[FetchedFrom], page: &mut Page) {
    for FetchedFrom { remote, fetched } in remotes {
        page.line(match fetched.objects {
            0 => "The cache has everything.".to_owned(),
            n => format!("Fetched {} ({}) from `{remote}`.", text::count(n as usize, "object", "objects"), text::bytes(fetched.bytes)),
        });
    }
}

/// Runs `derm push`.
pub fn push(context: &Context, args: &PushArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let store = Store::open(&workspace)?;
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    let mut wanted = recorded::targets(context, &workspace, &store, &args.targets)?;
    wanted.extend(recorded::over(&workspace, &args.scope)?);
    // What must not leave is written in the definitions: without them nothing is sent.
    let project = Project::load(&workspace)?;
    let results = if args.run_cache { results_to_send(&project, &store) } else { Vec::new() };
    wanted.extend(results.iter().flat_map(|(_, _, outs)| outs.clone()));
    wanted.sort_by(|a, b| (&a.0, a.1.id).cmp(&(&b.0, b.1.id)));
    wanted.dedup();
    let groups = grouped(&project, wanted, args.remote.as_deref(), true);
    let (mut sent, mut would, mut incomplete) = (Vec::new(), Vec::new(), Vec::new());
    for (name, entries) in groups {
        let remote = open(context, &workspace, name.as_deref())?;
        if args.dry {
            let lacking = remote::lacking(&store, &remote, &entries, &work)?;
            would.push(WouldPush { remote: remote.name().to_owned(), lacking });
            continue;
        }
        let pushed = remote::push(&store, &remote, &entries, &work)?;
        incomplete.extend(pushed.incomplete.iter().cloned());
        sent.push(PushedTo { remote: remote.name().to_owned(), pushed });
    }
    store.flush()?;
    if args.dry {
        context.ui.show(&DryReport { remotes: would })?;
        return Ok(Exit::Done);
    }
    if !incomplete.is_empty() {
        for PushedTo { remote, pushed } in sent.iter().filter(|sent| sent.pushed.objects > 0) {
            context.ui.note(format!("sent {} to `{remote}`", text::count(pushed.objects as usize, "object", "objects")));
        }
        return Err(not_here(&incomplete));
    }
    let mut runs = None;
    if args.run_cache {
        // After the objects that they name.
        let remote = open(context, &workspace, args.remote.as_deref())?;
        let files: Vec<_> = results.into_iter().map(|(name, path, _)| (name, path)).collect();
        runs = Some(remote::push_files(&remote, runcache::FOLDER, &files, &work)?.len());
    }
    context.ui.show(&PushReport { remotes: sent, runs })?;
    Ok(Exit::Done)
}

/// Results of earlier runs that are whole in the cache and may leave.
fn results_to_send(project: &Project, store: &Store) -> Vec<(String, PathBuf, Outs)> {
    let kept: Vec<&RelPath> = project.stages.iter().flat_map(|stage| &stage.outs).filter(|out| !out.push).map(|out| &out.path).collect();
    let may_leave = |outs: &Outs| outs.iter().all(|(path, entry)| !kept.iter().any(|kept| path.is_within(kept)) && store.has(entry));
    runcache::all(&project.workspace).into_iter().filter(|(_, _, outs)| may_leave(outs)).collect()
}

/// Brings results of earlier runs that are not known here; returns what each of those runs made.
pub(super) fn fetch_results(context: &Context, workspace: &Workspace, remote: Option<&str>) -> Result<Vec<Outs>, Failure> {
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    let remote = open(context, workspace, remote)?;
    let mut came = Vec::new();
    for (name, bytes) in remote::fetch_files(&remote, runcache::FOLDER, &|name| runcache::lacks(workspace, name), &work)? {
        came.extend(runcache::adopt(workspace, &name, &bytes)?);
    }
    Ok(came)
}

/// Runs `derm fetch`.
pub fn fetch(context: &Context, args: &FetchArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let store = Store::open(&workspace)?;
    let mut wanted = wanted(context, &workspace, &store, &args.targets, args.remote.as_deref())?;
    wanted.extend(recorded::over(&workspace, &args.scope)?);
    let results = if args.run_cache { Some(fetch_results(context, &workspace, args.remote.as_deref())?) } else { None };
    wanted.extend(results.iter().flatten().flatten().map(|(path, entry)| (path.clone(), entry.clone())));
    let remotes = bring(context, &workspace, &store, wanted, args.remote.as_deref())?;
    if let Some(failure) = not_there(&remotes) {
        return Err(noted(context, &remotes, failure));
    }
    context.ui.show(&FetchReport { remotes, runs: results.map(|results| results.len()) })?;
    Ok(Exit::Done)
}

/// Runs `derm pull`.
pub fn pull(context: &Context, args: &PullArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let store = Store::open(&workspace)?;
    let wanted = wanted(context, &workspace, &store, &args.targets, args.remote.as_deref())?;
    let results = if args.run_cache { Some(fetch_results(context, &workspace, args.remote.as_deref())?) } else { None };
    let mut all = wanted.clone();
    all.extend(results.iter().flatten().flatten().map(|(path, entry)| (path.clone(), entry.clone())));
    let remotes = bring(context, &workspace, &store, all, args.remote.as_deref())?;
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    let _lock = workspace.lock(work.observer, work.interrupt)?;
    let overwrite = if args.force { Overwrite::Force } else { Overwrite::Refuse };
    let done = checkout::all(&store, wanted, overwrite, false, &work);
    store.flush()?;
    let (paths, problem) = done?;
    let lacking = not_there(&remotes);
    let tolerated = args.allow_missing && matches!(problem, None | Some(Error::Incomplete { .. }));
    let failure = match (lacking, problem) {
        _ if tolerated => None,
        (_, Some(problem @ Error::WouldLose { .. })) => Some(problem.into()),
        (Some(failure), _) => Some(failure),
        (None, problem) => problem.map(Failure::from),
    };
    if let Some(failure) = failure {
        for CheckedOut { path, .. } in paths.iter().filter(|path| !path.changed.is_empty()) {
            context.ui.note(format!("checked out `{path}`"));
        }
        return Err(noted(context, &remotes, failure));
    }
    context.ui.show(&PullReport { remotes, paths, runs: results.map(|results| results.len()) })?;
    Ok(Exit::Done)
}

/// Opens a remote with the context's number of threads.
pub(super) fn open(context: &Context, workspace: &Workspace, name: Option<&str>) -> Result<Remote, Error> {
    Remote::open(workspace, name, &context.interrupt, context.jobs)
}

/// What the targets name. The listings on the way to a part of a folder may have to be fetched for that.
fn wanted(
    context: &Context,
    workspace: &Workspace,
    store: &Store,
    targets: &[String],
    remote: Option<&str>,
) -> Result<Vec<(RelPath, Entry)>, Failure> {
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    recorded::targets_with(context, workspace, targets, |target, entry, path| {
        loop {
            match recorded::part(store, target, entry, path) {
                Err(Error::NoObject(id) | Error::Damaged(id)) => {
                    if !remote::fetch_object(store, &open(context, workspace, remote)?, &id, &work)? {
                        return Err(Error::NoObject(id));
                    }
                }
                found => return found,
            }
        }
    })
}

/// Fetches from each remote what belongs to it. A remote is opened only where the cache lacks something.
pub(super) fn bring(
    context: &Context,
    workspace: &Workspace,
    store: &Store,
    wanted: Vec<(RelPath, Entry)>,
    name: Option<&str>,
) -> Result<Vec<FetchedFrom>, Failure> {
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    // A pipeline file that cannot be understood keeps nobody from getting data back.
    let groups = match Project::load(workspace) {
        Ok(project) => grouped(&project, wanted, name, false),
        Err(_) => ByRemote::from([(name.map(str::to_owned), wanted)]),
    };
    let mut done = Vec::new();
    for (name, entries) in groups {
        if !entries.is_empty() && entries.iter().all(|(_, entry)| store.has(entry)) {
            done.push(FetchedFrom { remote: name.unwrap_or_default(), fetched: Fetched::default() });
            continue;
        }
        let remote = open(context, workspace, name.as_deref())?;
        let fetched = remote::fetch(store, &remote, &entries, &work)?;
        done.push(FetchedFrom { remote: remote.name().to_owned(), fetched });
    }
    Ok(done)
}

/// Entries by the remote that they belong to; with `leaving`, without what must stay here.
fn grouped(project: &Project, wanted: Vec<(RelPath, Entry)>, named: Option<&str>, leaving: bool) -> ByRemote {
    let outs: Vec<_> = project.stages.iter().flat_map(|stage| &stage.outs).collect();
    let mut groups = ByRemote::new();
    for (path, entry) in wanted {
        let out = outs.iter().find(|out| path.is_within(&out.path));
        if leaving && out.is_some_and(|out| !out.push) {
            continue;
        }
        let own = out.and_then(|out| out.remote.clone());
        let name = named.map(str::to_owned).or(own);
        groups.entry(name).or_default().push((path, entry));
    }
    if groups.is_empty() {
        // Nothing to do is an answer of a remote, too.
        groups.insert(named.map(str::to_owned), Vec::new());
    }
    groups
}

fn names(paths: &[RelPath]) -> String {
    text::some_of(&paths.iter().map(RelPath::as_str).collect::<Vec<_>>(), SHOWN)
}

fn not_here(paths: &[RelPath]) -> Failure {
    Failure::new("not everything could be pushed")
        .cause(format!("not whole in the cache: {}", names(paths)))
        .hint("`derm fetch` brings it from where it is, `derm add` from the workspace, `derm repro` makes it again")
}

/// What the remotes did not have.
fn not_there(remotes: &[FetchedFrom]) -> Option<Failure> {
    let lacking: Vec<&FetchedFrom> = remotes.iter().filter(|from| !from.fetched.absent.is_empty()).collect();
    if lacking.is_empty() {
        return None;
    }
    let mut failure = Failure::new("not everything could be fetched");
    for FetchedFrom { remote, fetched } in lacking {
        failure = failure.cause(format!("`{remote}` does not have {}", names(&fetched.absent)));
        if !fetched.wrong.is_empty() {
            let objects = text::count(fetched.wrong.len(), "object", "objects");
            failure = failure.cause(format!("`{remote}` has other bytes than {objects} should have; nothing of them was kept"));
        }
    }
    Some(failure.hint("`derm push` from where it is whole: that repairs the remote").hint("or make it again: `derm repro`"))
}

/// The failure is the answer; what came all the same is a remark.
fn noted(context: &Context, remotes: &[FetchedFrom], failure: Failure) -> Failure {
    for FetchedFrom { remote, fetched } in remotes.iter().filter(|from| from.fetched.objects > 0) {
        context.ui.note(format!("fetched {} from `{remote}`", text::count(fetched.objects as usize, "object", "objects")));
    }
    failure
}
