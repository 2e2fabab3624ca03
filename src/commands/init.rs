//! `derm init`.

use serde::Serialize;

use super::{Context, Exit, Failure};
use crate::cli::init::InitArgs;
use crate::ui::{Page, Report};
use crate::workspace::{DERM_DIR, Workspace};

#[derive(Serialize)]
struct Initialised {
    /// Whether the folder became a repository now.
    created: bool,
    /// Whether it is under git.
    git: bool,
}

impl Report for Initialised {
    const KIND: &'static str = "init";

    fn human(&self, page: &mut Page) {
        if self.created {
            page.line("This folder is a derm repository now: `.derm/` holds its settings and its cache.");
        } else {
            page.line("This folder is a derm repository already: nothing was changed.");
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
    context.ui.show(&Initialised { created, git: workspace.git().is_some() })?;
    Ok(Exit::Done)
}
