//! What a user may name: a stage, a group of them, a pipeline file, a stage of one, an output.
//!
//! Asked in this order: `FILE:STAGE`; a stage's name; the name of a `foreach` or `matrix` (all its stages); a
//! pipeline file (all its stages); a path: the stage whose output it is or lies in, or all stages that
//! make something below it. Paths are relative to where the user is.

use std::path::Path;

use super::{Error, Project};
use crate::relpath::RelPath;
use crate::text;

/// The stages that `target` names, in the order of the files.
///
/// # Errors
/// A name that nobody has, or one that stages of several files have.
pub fn resolve(project: &Project, cwd: &Path, target: &str) -> Result<Vec<usize>, Error> {
    if let Some(found) = by_file_and_name(project, cwd, target) {
        return Ok(found);
    }
    for found in [
        by(project, |index| project.stages[index].name == target),
        by(project, |index| project.stages[index].group.as_deref() == Some(target)),
    ] {
        if let Some(first) = found.first() {
            let pipeline = project.stages[*first].pipeline;
            if found.iter().any(|index| project.stages[*index].pipeline != pipeline) {
                let mut files: Vec<&RelPath> = found.iter().map(|index| &project.pipelines[project.stages[*index].pipeline].file).collect();
                files.dedup();
                let stages = files.into_iter().map(|file| format!("{file}:{target}")).collect();
                return Err(Error::AmbiguousTarget { target: target.to_owned(), stages });
            }
            return Ok(found);
        }
    }
    by_path(project, cwd, target).ok_or_else(|| unknown(project, target))
}

/// The stages whose name, group, file or output the pattern fits; `*` also stands for `/`.
///
/// # Errors
/// A pattern that fits nothing, or is none.
pub fn resolve_glob(project: &Project, cwd: &Path, pattern: &str) -> Result<Vec<usize>, Error> {
    let glob = |text: &str| globset::Glob::new(text).ok().map(|glob| glob.compile_matcher());
    let Some(names) = glob(pattern) else { return Err(unknown(project, pattern)) };
    let here = project.workspace.relative(cwd, Path::new(".")).unwrap_or_default();
    let paths = if here.is_root() { None } else { glob(&format!("{here}/{pattern}")) };
    let paths = paths.as_ref().unwrap_or(&names);
    let fits = |index: usize| {
        let stage = &project.stages[index];
        let group = stage.group.as_deref();
        names.is_match(&stage.name)
            || names.is_match(project.label(index))
            || group.is_some_and(|group| names.is_match(group))
            || paths.is_match(project.pipelines[stage.pipeline].file.as_str())
            || stage.outs.iter().any(|out| paths.is_match(out.path.as_str()))
    };
    let found = by(project, fits);
    if found.is_empty() { Err(unknown(project, pattern)) } else { Ok(found) }
}

fn by(project: &Project, wanted: impl Fn(usize) -> bool) -> Vec<usize> {
    (0..project.stages.len()).filter(|index| wanted(*index)).collect()
}

fn by_file_and_name(project: &Project, cwd: &Path, target: &str) -> Option<Vec<usize>> {
    let (file, name) = target.rsplit_once(':')?;
    let path = project.workspace.relative(cwd, Path::new(file)).ok()?;
    // Full names as `status` prints them are relative to the root, wherever the user is.
    let as_printed = RelPath::new(file).ok();
    let is_file = |index: usize| {
        let own = &project.pipelines[project.stages[index].pipeline].file;
        *own == path || Some(own) == as_printed.as_ref()
    };
    let is_named = |index: usize| project.stages[index].name == name || project.stages[index].group.as_deref() == Some(name);
    Some(by(project, |index| is_file(index) && is_named(index))).filter(|found| !found.is_empty())
}

fn by_path(project: &Project, cwd: &Path, target: &str) -> Option<Vec<usize>> {
    let path = project.workspace.relative(cwd, Path::new(target)).ok()?;
    if let Some(pipeline) = project.pipelines.iter().position(|pipeline| pipeline.file == path) {
        return Some(by(project, |index| project.stages[index].pipeline == pipeline));
    }
    let makes = |index: usize| {
        project.stages[index].outs.iter().any(|out| path.is_within(&out.path) || (!path.is_root() && out.path.is_within(&path)))
    };
    Some(by(project, makes)).filter(|found| !found.is_empty())
}

fn unknown(project: &Project, target: &str) -> Error {
    let names = project.stages.iter().map(|stage| stage.name.as_str());
    let groups = project.stages.iter().filter_map(|stage| stage.group.as_deref());
    let outs = project.stages.iter().flat_map(|stage| stage.outs.iter().map(|out| out.path.as_str()));
    let near = text::suggest(target, names.chain(groups).chain(outs)).map(str::to_owned);
    Error::UnknownTarget { target: target.to_owned(), near }
}
