//! `derm move`.

use serde::Serialize;

use super::{Context, Exit, Failure};
use crate::cli::moving::MoveArgs;
use crate::pipeline::Project;
use crate::relpath::RelPath;
use crate::store::{Store, Work, pointer, tracked};
use crate::text;
use crate::ui::{Page, Report};
use crate::workspace::Workspace;

#[derive(Serialize)]
struct Moved {
    from: RelPath,
    to: RelPath,
    /// Stages that name the old path.
    stages: Vec<String>,
}

impl Report for Moved {
    const KIND: &'static str = "move";

    fn human(&self, page: &mut Page) {
        page.line(format!("moved `{}` to `{}`", self.from, self.to));
        let pointers = [&self.from, &self.to].map(|path| text::shell_word(pointer::path_of(path).as_str()));
        page.blank().line(format!("To commit: git add -A {} and the `.gitignore` files beside them", pointers.join(" ")));
    }
}

pub fn run(context: &Context, args: &MoveArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let path = |typed: &str| -> Result<RelPath, Failure> {
        let path = workspace.relative(&context.cwd, typed.as_ref())?;
        Ok(pointer::target_of(&path).unwrap_or(path))
    };
    let (from, mut to) = (path(&args.from)?, path(&args.to)?);
    let finishing = from.on_disk(workspace.root()).symlink_metadata().is_err();
    if let Some(name) = from.name().filter(|_| to.on_disk(workspace.root()).is_dir() && !finishing) {
        to = to.join(name);
    }
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    let _lock = workspace.lock(work.observer, work.interrupt)?;
    let store = Store::open(&workspace)?;
    let moved = tracked::rename(&workspace, &store, &from, &to);
    store.flush()?;
    moved?;
    let stages = naming(&workspace, &from);
    if !stages.is_empty() {
        let name = if stages.len() == 1 { "names" } else { "name" };
        context.ui.warn(format!("{} {name} `{from}`: change it to `{to}` in the pipeline", text::quoted_list(&stages)));
    }
    context.ui.show(&Moved { from, to, stages })?;
    Ok(Exit::Done)
}

/// The stages that read or make `path` or something in it. Pipelines that cannot be understood name nothing.
fn naming(workspace: &Workspace, path: &RelPath) -> Vec<String> {
    let Ok(project) = Project::load(workspace) else { return Vec::new() };
    let names = |index: &usize| {
        let stage = &project.stages[*index];
        stage.deps.iter().chain(stage.outs.iter().map(|out| &out.path)).any(|used| used.is_within(path))
    };
    (0..project.stages.len()).filter(names).map(|index| project.label(index).to_owned()).collect()
}
