//! `derm freeze` and `derm unfreeze`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Context, Exit, Failure};
use crate::cli::stage::{FreezeArgs, UnfreezeArgs};
use crate::pipeline::problem::Source;
use crate::pipeline::stage_file;
use crate::pipeline::{Error, Project, target};
use crate::relpath::RelPath;
use crate::text;
use crate::ui::{Page, Report};
use crate::workspace::atomic;

#[derive(Serialize)]
struct Frozen {
    frozen: bool,
    stages: Vec<One>,
}

#[derive(Serialize)]
struct One {
    stage: String,
    file: RelPath,
    /// Whether the file was changed.
    changed: bool,
}

impl Report for Frozen {
    const KIND: &'static str = "freeze";

    fn human(&self, page: &mut Page) {
        for one in &self.stages {
            let state = match (self.frozen, one.changed) {
                (true, true) => "is frozen now",
                (true, false) => "is frozen already",
                (false, true) => "is no longer frozen",
                (false, false) => "is not frozen",
            };
            page.line(format!("`{}` {state} (`{}`)", one.stage, one.file));
        }
    }
}

pub fn freeze(context: &Context, args: &FreezeArgs) -> Result<Exit, Failure> {
    set(context, &args.stages, true)
}

pub fn unfreeze(context: &Context, args: &UnfreezeArgs) -> Result<Exit, Failure> {
    set(context, &args.stages, false)
}

fn set(context: &Context, typed: &[String], frozen: bool) -> Result<Exit, Failure> {
    let project = Project::load(&context.workspace()?)?;
    let mut texts: BTreeMap<usize, Source> = BTreeMap::new();
    let mut stages: Vec<One> = Vec::new();
    for (pipeline, name) in definitions(context, &project, typed)? {
        let source = texts.entry(pipeline).or_insert_with(|| project.sources[pipeline].clone());
        let edited = stage_file::set_frozen(source, &name, frozen).map_err(Error::from)?;
        let file = project.pipelines[pipeline].file.clone();
        stages.push(One { stage: name, file, changed: edited.is_some() });
        if let Some(text) = edited {
            source.text = text.into();
        }
    }
    for (pipeline, source) in texts {
        if source.text != project.sources[pipeline].text {
            atomic::write(&source.path.on_disk(project.workspace.root()), source.text.as_bytes())?;
        }
    }
    context.ui.show(&Frozen { frozen, stages })?;
    Ok(Exit::Done)
}

/// The entries of `stages:` that the targets name, each once: the stages of a group share one.
fn definitions(context: &Context, project: &Project, typed: &[String]) -> Result<Vec<(usize, String)>, Failure> {
    let mut found: Vec<(usize, String)> = Vec::new();
    for target in typed {
        let indexes = target::resolve(project, &context.cwd, target)?;
        for &index in &indexes {
            let stage = &project.stages[index];
            if let Some(group) = &stage.group {
                let whole = (0..project.stages.len()).filter(|other| {
                    project.stages[*other].pipeline == stage.pipeline && project.stages[*other].group.as_ref() == Some(group)
                });
                if !whole.into_iter().all(|other| indexes.contains(&other)) {
                    return Err(Failure::usage(format!("`{}` is one of the stages that one definition makes", stage.name))
                        .hint(format!("`{}` names them all", text::shell_word(group))));
                }
            }
            let definition = (stage.pipeline, stage.group.clone().unwrap_or_else(|| stage.name.clone()));
            if !found.contains(&definition) {
                found.push(definition);
            }
        }
    }
    Ok(found)
}
