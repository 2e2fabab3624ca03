//! `derm status`.

use serde::Serialize;

use super::repro::Why;
use super::{Context, Exit, Failure, recorded, transfer};
use crate::cli::status::StatusArgs;
use crate::pipeline::plan::{Next, Planned};
use crate::pipeline::{self, Project};
use crate::relpath::RelPath;
use crate::store::pointer::{self, Pointer};
use crate::store::remote;
use crate::store::{self, Change, FileChange, PathStatus, Store, Work};
use crate::text;
use crate::ui::{Align, Page, Report, Style, Table};
use crate::workspace::rules::Rules;
use crate::workspace::{DERM_DIR, Error, Workspace};

/// Changed files that are named one by one.
const SHOWN: usize = 10;

#[derive(Serialize)]
struct Status {
    clean: bool,
    stages: Vec<StageStatus>,
    data: Vec<DataStatus>,
    /// Tracked paths of the last commit that have no pointer any more.
    removed: Vec<RelPath>,
    /// Files that neither git nor derm knows; only when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    untracked: Option<Vec<String>>,
    /// What a remote lacks; only when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    remote: Option<OnRemote>,
}

#[derive(Serialize)]
struct OnRemote {
    name: String,
    #[serde(flatten)]
    lacking: remote::Lacking,
}

#[derive(Serialize)]
struct DataStatus {
    #[serde(flatten)]
    path: PathStatus,
    /// The pointer beside that of the last commit; `null` without git or a commit.
    pointer: Option<InGit>,
}

/// How a pointer differs from the last commit's.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum InGit {
    /// Not at all.
    Committed,
    /// It names other content.
    Uncommitted,
    /// The commit has none.
    New,
}

#[derive(Serialize)]
struct StageStatus {
    stage: String,
    file: String,
    state: Next,
    reasons: Vec<Why>,
}

pub fn run(context: &Context, args: &StatusArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let project = Project::load(&workspace)?;
    project.warnings.iter().for_each(|warning| context.ui.warn(warning));
    let store = Store::open(&workspace)?;
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    let planned = pipeline::status(&project, &store, work)?;
    let data = store::status(&workspace, &store, &work)?;
    store.flush()?;
    let (data, removed) = beside_head(&workspace, data)?;
    let untracked = if args.untracked { Some(untracked(&workspace)?) } else { None };
    let remote = match args.remote.as_deref() {
        Some(name) => Some(on_remote(context, &workspace, &store, Some(name).filter(|name| !name.is_empty()), &work)?),
        None => None,
    };
    let stages: Vec<StageStatus> = planned.iter().map(|planned| stage(&project, planned)).collect();
    let sent = remote.as_ref().is_none_or(|remote| remote.lacking.paths.is_empty());
    let clean = stages.iter().all(|stage| stage.state == Next::Fresh) && data.iter().all(is_clean) && sent;
    context.ui.show(&Status { clean, stages, data, removed, untracked, remote })?;
    Ok(if args.exit_code && !clean { Exit::CheckFailed } else { Exit::Done })
}

fn stage(project: &Project, planned: &Planned) -> StageStatus {
    StageStatus {
        stage: project.label(planned.stage).to_owned(),
        file: project.pipelines[project.stages[planned.stage].pipeline].file.to_string(),
        state: planned.next,
        reasons: Why::all(&planned.reasons),
    }
}

/// Asks a remote what it lacks of all that is named.
fn on_remote(context: &Context, workspace: &Workspace, store: &Store, name: Option<&str>, work: &Work) -> Result<OnRemote, Failure> {
    let remote = transfer::open(context, workspace, name)?;
    let lacking = remote::lacking(store, &remote, &recorded::now(workspace)?, work)?;
    Ok(OnRemote { name: remote.name().to_owned(), lacking })
}

/// Looks each pointer up in the last commit, and for pointers that are there alone.
fn beside_head(workspace: &Workspace, data: Vec<PathStatus>) -> Result<(Vec<DataStatus>, Vec<RelPath>), Failure> {
    let head = match workspace.revision("HEAD") {
        Ok(head) => head,
        Err(Error::NoGit { .. } | Error::UnknownRevision { .. }) => {
            return Ok((data.into_iter().map(|path| DataStatus { path, pointer: None }).collect(), Vec::new()));
        }
        Err(error) => return Err(error.into()),
    };
    let targets = head.files(|file| pointer::target_of(file).is_some())?.iter().filter_map(pointer::target_of).collect::<Vec<_>>();
    let compare = |path: PathStatus| -> Result<DataStatus, Failure> {
        let old = head.read(&pointer::path_of(&path.path))?;
        let state = match old.map(|bytes| Pointer::parse(&path.path, &bytes)) {
            None => InGit::New,
            Some(Ok(old)) if old.entry == path.recorded => InGit::Committed,
            Some(_) => InGit::Uncommitted,
        };
        Ok(DataStatus { path, pointer: Some(state) })
    };
    let data = data.into_iter().map(compare).collect::<Result<Vec<_>, Failure>>()?;
    let removed = targets.into_iter().filter(|target| !data.iter().any(|data| data.path.path == *target)).collect();
    Ok((data, removed))
}

/// What git lists as new and derm's rules do not leave out; pointers and derm's own files are told elsewhere.
fn untracked(workspace: &Workspace) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    for name in workspace.unknown_to_git()? {
        let Ok(path) = RelPath::new(&name) else { continue };
        let folder = name.ends_with('/');
        let ours = pointer::target_of(&path).is_some() || path.parts().next() == Some(DERM_DIR);
        if !ours && !Rules::ignores_path(workspace, &path, folder)? {
            found.push(name);
        }
    }
    Ok(found)
}

fn is_clean(data: &DataStatus) -> bool {
    let path = &data.path;
    path.in_cache && path.found.is_some() && path.changes.is_empty()
}

impl Report for Status {
    const KIND: &'static str = "status";

    fn human(&self, page: &mut Page) {
        if !self.stages.is_empty() {
            page.heading("Stages");
            self.stage_table(page);
        }
        if !self.data.is_empty() {
            if !self.stages.is_empty() {
                page.blank();
            }
            page.heading("Data");
            self.data.iter().for_each(|path| data(page, path));
        }
        for path in &self.removed {
            page.line(format!("  {path}  {}", Style::Changed.paint("no longer tracked, which is not committed")));
        }
        if let Some(OnRemote { name, lacking }) = &self.remote {
            page.blank().heading(&format!("Remote {name}"));
            for path in &lacking.paths {
                page.line(format!("  {path}  {}", Style::Changed.paint("not there in whole: `derm push`")));
            }
            for path in &lacking.incomplete {
                page.line(format!("  {path}  {}", Style::Changed.paint("not whole in the cache, so not all is known: `derm fetch`")));
            }
            if lacking.paths.is_empty() && lacking.incomplete.is_empty() {
                page.line(Style::Good.paint("  has everything"));
            }
        }
        if self.stages.is_empty() && self.data.is_empty() && self.removed.is_empty() {
            page.line("no stages and no added data yet");
        }
        if let Some(untracked) = &self.untracked {
            page.blank().heading("Neither in git nor in derm");
            untracked.iter().for_each(|path| {
                page.line(format!("  {path}"));
            });
            if untracked.is_empty() {
                page.line("  nothing");
            }
        }
    }
}

impl Status {
    fn stage_table(&self, page: &mut Page) {
        let stale = self.stages.iter().filter(|stage| stage.state != Next::Fresh);
        let mut table = Table::new([("  stage", Align::Left), ("state", Align::Left), ("because", Align::Left)]);
        for stage in stale {
            let state = match stage.state {
                Next::Run => Style::Changed.paint("stale"),
                Next::Maybe => Style::Changed.paint("maybe stale"),
                Next::Restore => Style::Changed.paint("to restore"),
                Next::Fresh => continue,
            };
            for (line, why) in stage.reasons.iter().enumerate() {
                let first = |text: String| if line == 0 { text } else { String::new() };
                table.row([first(format!("  {}", stage.stage)), first(state.clone()), why.text.clone()]);
            }
        }
        if !table.is_empty() {
            page.table(&table);
        }
        let fresh = self.stages.iter().filter(|stage| stage.state == Next::Fresh).count();
        if fresh == self.stages.len() {
            page.line(Style::Good.paint(&format!("  all up to date ({})", text::count(fresh, "stage", "stages"))));
        } else if fresh > 0 {
            page.line(format!("  {} up to date", text::count(fresh, "stage", "stages")));
        }
    }
}

fn data(page: &mut Page, data: &DataStatus) {
    let path = &data.path;
    let deleted = path.found.is_none();
    let state = match (deleted, path.changes.len(), path.in_cache) {
        (true, _, true) => Style::Bad.paint("deleted"),
        (true, _, false) => Style::Bad.paint("deleted, and not in the cache"),
        (false, 0, true) => Style::Good.paint("unchanged"),
        (false, 0, false) => Style::Changed.paint("unchanged, but not in the cache"),
        (false, n, _) => Style::Changed.paint(&format!("changed: {}", text::count(n, "file", "files"))),
    };
    let pointer = match data.pointer {
        Some(InGit::New) => "  (pointer not in git yet)",
        Some(InGit::Uncommitted) => "  (pointer not committed)",
        Some(InGit::Committed) | None => "",
    };
    page.line(format!("  {}  {state}{}", path.path, Style::Faint.paint(pointer)));
    if deleted {
        return;
    }
    for change in path.changes.iter().take(SHOWN).filter(|change| !change.path.is_root()) {
        page.line(format!("    {}", file(change)));
    }
    if path.changes.len() > SHOWN {
        page.line(format!("    and {} more", path.changes.len() - SHOWN));
    }
}

fn file(change: &FileChange) -> String {
    match &change.change {
        Change::Added => format!("{} {}", Style::Good.paint("added   "), change.path),
        Change::Modified => format!("{} {}", Style::Changed.paint("modified"), change.path),
        Change::Deleted => format!("{} {}", Style::Bad.paint("deleted "), change.path),
        Change::Renamed { from } => format!("{} {from} -> {}", Style::Changed.paint("renamed "), change.path),
    }
}
