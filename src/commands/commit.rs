//! `derm commit`.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Context, Exit, Failure};
use crate::cli::commit::CommitArgs;
use crate::pipeline::commit::{alone, commit};
use crate::pipeline::plan::Next;
use crate::pipeline::{self, Project, target};
use crate::relpath::RelPath;
use crate::store::add::{Added, add};
use crate::store::{Store, Work, pointer};
use crate::text;
use crate::ui::{Page, Report, Style};
use crate::workspace::Workspace;

/// As many stages as a question names.
const SHOWN: usize = 5;

#[derive(Serialize)]
struct CommitReport {
    /// Tracked paths.
    paths: Vec<CommittedPath>,
    /// Stages.
    stages: Vec<CommittedStage>,
}

#[derive(Serialize)]
struct CommittedPath {
    #[serde(flatten)]
    added: Added,
    changed: bool,
}

#[derive(Serialize)]
struct CommittedStage {
    stage: String,
    lock: RelPath,
    changed: bool,
}

impl Report for CommitReport {
    const KIND: &'static str = "commit";

    fn human(&self, page: &mut Page) {
        let paths = self.paths.iter().map(|path| (path.changed, format!("`{}`", path.added.path), path.added.pointer.as_str()));
        let stages = self.stages.iter().map(|stage| (stage.changed, format!("stage `{}`", stage.stage), stage.lock.as_str()));
        let mut files = BTreeSet::new();
        let mut unchanged = 0;
        for (changed, what, file) in paths.chain(stages) {
            if changed {
                page.line(format!("{} {what}", Style::Good.paint("recorded")));
                files.insert(file);
            } else {
                unchanged += 1;
            }
        }
        if files.is_empty() {
            page.line("Everything is as recorded: nothing to do.");
        } else {
            if unchanged > 0 {
                page.line(format!("{} as recorded already", text::count(unchanged, "path or stage", "paths and stages")));
            }
            let files: Vec<String> = files.into_iter().map(text::shell_word).collect();
            page.blank().line(format!("To commit: git add {}", files.join(" ")));
        }
    }
}

pub fn run(context: &Context, args: &CommitArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let project = Project::load(&workspace)?;
    project.warnings.iter().for_each(|warning| context.ui.warn(warning));
    let (paths, stages) = targets(context, &workspace, &project, &args.targets)?;
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    let _alone = if stages.is_empty() { None } else { Some(alone(&project, work)?) };
    let store = Store::open(&workspace)?;
    if !args.force && !accepted(context, &project, &stages, &store, work)? {
        return Err(Failure::new("nothing was recorded"));
    }
    let _lock = workspace.lock(work.observer, work.interrupt)?;
    let done = record(&workspace, &project, &store, &paths, &stages, args.targets.is_empty(), work);
    store.flush()?;
    let (added, outcome) = done?;
    for index in &outcome.absent {
        context.ui.note(format!("stage `{}` is left alone: not all that it reads and makes is there", project.label(*index)));
    }
    let paths = added.into_iter().map(|added| CommittedPath { changed: added.before.as_ref() != Some(&added.entry), added }).collect();
    let stages = outcome.committed.iter().map(|done| CommittedStage {
        stage: project.label(done.stage).to_owned(),
        lock: project.pipelines[project.stages[done.stage].pipeline].lock.clone(),
        changed: done.changed,
    });
    context.ui.show(&CommitReport { paths, stages: stages.collect() })?;
    Ok(Exit::Done)
}

/// Pointers first: what stages read is in the cache before their locks name it.
fn record(
    workspace: &Workspace,
    project: &Project,
    store: &Store,
    paths: &[RelPath],
    stages: &[usize],
    lenient: bool,
    work: Work,
) -> Result<(Vec<Added>, pipeline::commit::Outcome), Failure> {
    let there: Vec<RelPath> =
        paths.iter().filter(|path| !lenient || path.on_disk(workspace.root()).symlink_metadata().is_ok()).cloned().collect();
    let added = add(workspace, store, &there, &work)?;
    Ok((added, commit(project, stages, lenient, store, work)?))
}

/// What the words name: tracked paths and parts of them, or else what `repro` would take for its target.
fn targets(context: &Context, workspace: &Workspace, project: &Project, typed: &[String]) -> Result<(Vec<RelPath>, Vec<usize>), Failure> {
    if typed.is_empty() {
        let all = pointer::find_all(workspace)?.into_iter().map(|(path, _)| path).collect();
        return Ok((all, (0..project.stages.len()).collect()));
    }
    let (mut paths, mut stages): (Vec<RelPath>, Vec<usize>) = (Vec::new(), Vec::new());
    for typed in typed {
        let path = workspace.relative(&context.cwd, typed.as_ref()).ok().map(|path| pointer::target_of(&path).unwrap_or(path));
        let tracked = match &path {
            Some(path) if pointer::covering(workspace, path)?.is_some() => vec![path.clone()],
            Some(path) => pointer::find_below(workspace, path)?.into_iter().map(|(path, _)| path).collect(),
            None => Vec::new(),
        };
        match target::resolve(project, &context.cwd, typed) {
            Ok(found) => stages.extend(found),
            Err(_) if !tracked.is_empty() => {}
            Err(error) => return Err(error.into()),
        }
        paths.extend(tracked);
    }
    paths.sort();
    paths.dedup();
    stages.sort_unstable();
    stages.dedup();
    Ok((paths, stages))
}

/// On a terminal: whether the stages whose records will change may be taken as they are.
fn accepted(context: &Context, project: &Project, stages: &[usize], store: &Store, work: Work) -> Result<bool, Failure> {
    if stages.is_empty() || !context.ui.can_ask() {
        return Ok(true);
    }
    let stale = pipeline::status(project, store, work)?.into_iter().filter(|plan| plan.next != Next::Fresh && stages.contains(&plan.stage));
    let names: Vec<&str> = stale.map(|plan| project.label(plan.stage)).collect();
    if names.is_empty() {
        return Ok(true);
    }
    let them = if names.len() == 1 { "stage" } else { "stages" };
    Ok(context.ui.confirm(&format!("Take {them} {} as they are, without running?", text::some_of(&names, SHOWN))))
}
