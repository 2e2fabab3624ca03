//! `derm init`.

use std::path::Path;

use serde::Serialize;

use super::{Context, Exit, Failure};
use crate::cli::init::InitArgs;
use crate::ui::{Page, Report};
use crate::workspace::{DERM_DIR, Workspace, atomic};

/// The example project is this repository's own: what its tests run is what a user gets.
const EXAMPLE: [(&str, &str); 2] =
    [("params.yaml", include_str!("../../params.yaml")), ("pipelines/skin.yaml", include_str!("../../pipelines/skin.yaml"))];

#[derive(Serialize)]
struct Initialised {
    /// Whether the folder became a repository now.
    created: bool,
    /// Whether it is under git.
    git: bool,
    /// Files of the example that were written.
    example: Vec<&'static str>,
}

impl Report for Initialised {
    const KIND: &'static str = "init";

    fn human(&self, page: &mut Page) {
        if self.created {
            page.line("This folder is a derm repository now: `.derm/` holds its settings and its cache.");
        } else {
            page.line("This folder is a derm repository already: nothing was changed.");
        }
        for path in &self.example {
            page.line(format!("wrote {path}"));
        }
        page.blank().line("Next:");
        page.line("  derm add DATA         track a folder of images");
        page.line("  derm data ingest …    turn images and tables into a dataset");
        page.line("  derm repro            run the pipelines in `pipelines/`");
        if self.git {
            page.line("  git add .derm         `.derm/config` belongs into git; its cache stays out");
        }
    }
}

pub fn run(context: &Context, args: &InitArgs) -> Result<Exit, Failure> {
    let created = !context.cwd.join(DERM_DIR).is_dir();
    if created && let Ok(outer) = Workspace::discover(&context.cwd) {
        context.ui.warn(format!("this folder lies inside the repository `{}`, which will not see into it", outer.root().display()));
    }
    let workspace = Workspace::init(&context.cwd, args.git)?;
    let example = if args.example { write_example(context, workspace.root())? } else { Vec::new() };
    context.ui.show(&Initialised { created, git: workspace.git().is_some(), example })?;
    Ok(Exit::Done)
}

/// Writes the files of the example that do not exist; those that do are kept, and named.
fn write_example(context: &Context, root: &Path) -> Result<Vec<&'static str>, Failure> {
    let mut written = Vec::new();
    for (path, content) in EXAMPLE {
        let target = root.join(path);
        if target.exists() {
            context.ui.warn(format!("`{path}` exists already and is kept as it is"));
            continue;
        }
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|error| Failure::new(format!("cannot create the folder of `{path}`")).cause(error.to_string()))?;
        }
        atomic::write(&target, content.as_bytes())?;
        written.push(path);
    }
    Ok(written)
}
