//! `derm status`.

use serde::Serialize;

use super::repro::Why;
use super::{Context, Exit, Failure};
use crate::cli::status::StatusArgs;
use crate::pipeline::plan::{Next, Planned};
use crate::pipeline::{self, Project};
use crate::store::{self, Change, FileChange, PathStatus, Store, Work};
use crate::text;
use crate::ui::{Align, Page, Report, Style, Table};

/// Changed files that are named one by one.
const SHOWN: usize = 10;

#[derive(Serialize)]
struct Status {
    clean: bool,
    stages: Vec<StageStatus>,
    data: Vec<PathStatus>,
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
    let stages: Vec<StageStatus> = planned.iter().map(|planned| stage(&project, planned)).collect();
    let clean = stages.iter().all(|stage| stage.state == Next::Fresh) && data.iter().all(is_clean);
    context.ui.show(&Status { clean, stages, data })?;
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

fn is_clean(path: &PathStatus) -> bool {
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
        if self.stages.is_empty() && self.data.is_empty() {
            page.line("no stages and no added data yet");
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

fn data(page: &mut Page, path: &PathStatus) {
    let deleted = path.found.is_none();
    let state = match (deleted, path.changes.len(), path.in_cache) {
        (true, _, true) => Style::Bad.paint("deleted"),
        (true, _, false) => Style::Bad.paint("deleted, and not in the cache"),
        (false, 0, true) => Style::Good.paint("unchanged"),
        (false, 0, false) => Style::Changed.paint("unchanged, but not in the cache"),
        (false, n, _) => Style::Changed.paint(&format!("changed: {}", text::count(n, "file", "files"))),
    };
    page.line(format!("  {}  {state}", path.path));
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
