//! `derm migrate`.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Context, Exit, Failure};
use crate::cli::migrate::{DvcArgs, MigrateArgs, MigrateCommand};
use crate::pipeline::migrate::{self, Outcome, migrate};
use crate::store::Work;
use crate::text;
use crate::ui::{Align, Page, Report, Style, Table};
use crate::workspace::{DERM_DIR, Workspace};

#[derive(Serialize)]
struct MigrateReport {
    /// Whether nothing was written.
    dry: bool,
    /// Whether the folder became, or would become, a repository.
    initialised: bool,
    #[serde(flatten)]
    outcome: Outcome,
}

impl Report for MigrateReport {
    const KIND: &'static str = "migrate-dvc";

    fn human(&self, page: &mut Page) {
        let Outcome { paths, locks, settings, remarks, left_out } = &self.outcome;
        let word = if self.dry { "would be written" } else { "written" };
        let state = |new: bool| if new { Style::Good.paint(word) } else { Style::Faint.paint("there already") };
        let mut table =
            Table::new([("from", Align::Left), ("to", Align::Left), ("files", Align::Right), ("size", Align::Right), ("", Align::Left)]);
        for taken in paths {
            let number = |of: fn(&crate::store::Entry) -> String| taken.entry.as_ref().map(of).unwrap_or_default();
            let (files, size) = (number(|entry| text::grouped(entry.files)), number(|entry| text::bytes(entry.size)));
            table.row([taken.from.to_string(), taken.pointer.to_string(), files, size, state(taken.new)]);
        }
        for taken in locks {
            let stages = text::count(taken.stages, "stage", "stages");
            table.row([taken.from.to_string(), taken.lock.to_string(), stages, String::new(), state(taken.new > 0)]);
        }
        for setting in settings {
            let to = format!("{}: {} = {}", setting.file, setting.name, setting.value);
            table.row([setting.file.replace(".derm", migrate::FOLDER), to, String::new(), String::new(), state(true)]);
        }
        if table.is_empty() {
            page.line("There is nothing of DVC's to take over.");
        } else {
            page.table(&table);
        }
        if !left_out.is_empty() {
            page.blank().line("Left out:");
            for left in left_out {
                page.line(format!("  {}: {} (named in `{}`)", Style::Bad.paint(left.path.as_str()), left.reason, left.from));
            }
        }
        if !remarks.is_empty() {
            page.blank();
            for remark in remarks {
                page.line(format!("Note: {remark}."));
            }
        }
        self.next(page);
    }
}

impl MigrateReport {
    fn next(&self, page: &mut Page) {
        if self.outcome.is_empty() {
            page.blank().line("Nothing had to be done.");
        } else if self.dry {
            page.blank().line("Nothing was written: type `derm migrate dvc` to do this.");
        } else {
            page.blank().line("Nothing of DVC's was changed. Next:");
            page.line("  derm status           what derm makes of it");
            page.line("  git add '*.derm' '*derm.lock' .derm");
        }
    }
}

pub fn run(context: &Context, args: &MigrateArgs) -> Result<Exit, Failure> {
    match &args.command {
        MigrateCommand::Dvc(args) => dvc(context, args),
    }
}

fn dvc(context: &Context, args: &DvcArgs) -> Result<Exit, Failure> {
    let root = project(&context.cwd)?;
    let initialised = !root.join(DERM_DIR).is_dir();
    if initialised && let Ok(outer) = Workspace::discover(&root) {
        context.ui.warn(format!("this project lies inside the repository `{}`, which will not see into it", outer.root().display()));
    }
    let workspace = if args.dry { Workspace::at(&root)? } else { Workspace::init(&root, false)? };
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    let lock = if args.dry { None } else { Some(workspace.lock(work.observer, work.interrupt)?) };
    let outcome = migrate(&workspace, work, args.dry)?;
    drop(lock);
    let exit = if outcome.left_out.is_empty() { Exit::Done } else { Exit::Failed };
    context.ui.show(&MigrateReport { dry: args.dry, initialised, outcome })?;
    Ok(exit)
}

/// The DVC project that `from` lies in.
fn project(from: &Path) -> Result<PathBuf, Failure> {
    let is_project = |folder: &&Path| ["config", "cache", "tmp"].iter().any(|name| folder.join(migrate::FOLDER).join(name).exists());
    match from.ancestors().find(is_project) {
        Some(root) => Ok(root.to_owned()),
        None => Err(Failure::usage(format!("`{}` is not inside a DVC project", from.display()))
            .hint("a DVC project is a folder with `.dvc/config`")),
    }
}
