//! `derm init`.

use std::path::Path;

use serde::Serialize;

use super::{Context, Exit, Failure};
use crate::cli::init::InitArgs;
use crate::text;
use crate::ui::{Page, Report};
use crate::workspace::{DERM_DIR, Workspace, atomic};

/// The example project is this repository's own: what its tests run is what a user gets.
const EXAMPLE: [(&str, &str); 2] =
    [("params.yaml", include_str!("../../params.yaml")), ("pipelines/skin.yaml", include_str!("../../pipelines/skin.yaml"))];

#[derive(Serialize)]
struct Initialised {
    /// The folder as it was typed; none for the current one.
    folder: Option<String>,
    /// Whether the folder became a repository now.
    created: bool,
    /// Whether it is under git.
    git: bool,
    /// Files of the example that were written.
    example: Vec<&'static str>,
    /// Whether to say what comes next.
    #[serde(skip)]
    advise: bool,
}

impl Report for Initialised {
    const KIND: &'static str = "init";

    fn human(&self, page: &mut Page) {
        let folder = self.folder.as_ref().map_or("This folder".to_owned(), |folder| format!("`{folder}`"));
        if self.created {
            page.line(format!("{folder} is a derm repository now: `.derm/` holds its settings and its cache."));
        } else {
            page.line(format!("{folder} is a derm repository already: its settings were not changed."));
        }
        for path in &self.example {
            page.line(format!("wrote {path}"));
        }
        if self.advise {
            self.next(page);
        }
    }
}

impl Initialised {
    fn next(&self, page: &mut Page) {
        page.blank().line("Next:");
        if let Some(folder) = &self.folder {
            page.line(format!("  {:<22}work in the new repository", format!("cd {}", text::shell_word(folder))));
        }
        if !self.example.is_empty() {
            page.line("  derm repro            from drawn images to an audited, exported model, in a minute or two");
            page.line("  params.yaml           name your own folder at `data.source`, and type it again");
        } else {
            page.line("  derm add DATA         track a folder of images");
            page.line("  derm data ingest …    turn images and tables into a dataset");
            page.line("  derm repro            run the pipelines in `pipelines/`");
        }
        if self.git {
            page.line("  git add .derm         `.derm/config` belongs into git; its cache stays out");
        }
    }
}

pub fn run(context: &Context, args: &InitArgs) -> Result<Exit, Failure> {
    let folder = args.folder.as_ref().map_or_else(|| context.cwd.clone(), |folder| context.cwd.join(folder));
    std::fs::create_dir_all(&folder)
        .map_err(|error| Failure::new(format!("cannot create the folder `{}`", folder.display())).cause(error.to_string()))?;
    let created = !folder.join(DERM_DIR).is_dir();
    if created && let Ok(outer) = Workspace::discover(&folder) {
        context.ui.warn(format!("this folder lies inside the repository `{}`, which will not see into it", outer.root().display()));
    }
    let workspace = Workspace::init(&folder, args.git)?;
    let example = if args.example { write_example(context, workspace.root())? } else { Vec::new() };
    let report = Initialised {
        folder: args.folder.as_ref().map(|folder| folder.display().to_string()),
        created,
        git: workspace.git().is_some(),
        example,
        advise: !context.ui.is_quiet(),
    };
    context.ui.show(&report)?;
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
