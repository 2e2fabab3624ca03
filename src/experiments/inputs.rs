//! The data that the stages of a trial read, and nothing else.
//!
//! Of the stages asked for and those that they need: inputs that no stage among them makes, from pointers or from the locks of the
//! others; with `--single` of the stages asked for alone; and outputs that persist, which their stage goes on with. What fresh stages made, `repro` takes from the cache.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::Error;
use crate::pipeline::{self, Project, target};
use crate::relpath::RelPath;
use crate::store::{self, Entry, Store, Work, pointer};

/// Puts into the trial's worktree what the stages that `targets` name read.
///
/// # Errors
/// An input that is neither in git nor in the cache; an unknown target.
pub fn bring(project: &Project, folder: &Path, targets: &[String], single: bool, home: &Path, work: &Work<'_>) -> Result<(), Error> {
    let needed = needed(project, folder, targets, single)?;
    let workspace = &project.workspace;
    let store = Store::open(workspace)?;
    let pointers: BTreeMap<RelPath, Entry> =
        pointer::find_all(workspace)?.into_iter().map(|(path, pointer)| (path, pointer.entry)).collect();
    let recorded: BTreeMap<RelPath, Entry> = pipeline::outputs(workspace)?.into_iter().collect();
    let mut wanted: BTreeMap<RelPath, Entry> = BTreeMap::new();
    for (path, stage) in &needed.paths {
        let found = [&pointers, &recorded].into_iter().flat_map(|known| parts(&store, known, path)).collect::<Result<Vec<_>, _>>()?;
        let here = path.on_disk(workspace.root());
        if found.is_empty() && here.symlink_metadata().is_err() && path.on_disk(home).symlink_metadata().is_ok() {
            return Err(Error::Untracked { stage: project.label(*stage).to_owned(), path: path.clone() });
        }
        wanted.extend(found);
    }
    wanted.extend(needed.persistent.iter().filter_map(|path| Some((path.clone(), recorded.get(path)?.clone()))));
    for (path, entry) in wanted {
        store.checkout(&entry, &path, work)?;
    }
    store.flush()?;
    Ok(())
}

/// The known entries at, in or around `path`: the part that it is of one above it, or all that lie below it.
fn parts(store: &Store, known: &BTreeMap<RelPath, Entry>, path: &RelPath) -> Vec<Result<(RelPath, Entry), store::Error>> {
    let mut above = Some(path.clone());
    while let Some(target) = above.filter(|target| !target.is_root()) {
        if let Some(entry) = known.get(&target) {
            let inside = path.as_str().strip_prefix(target.as_str()).unwrap_or_default().trim_start_matches('/');
            let found = store.find(entry, &RelPath::new(inside).unwrap_or_default());
            return found.transpose().map(|found| found.map(|entry| (path.clone(), entry))).into_iter().collect();
        }
        above = target.parent();
    }
    known.iter().filter(|(target, _)| target.is_within(path)).map(|(target, entry)| Ok((target.clone(), entry.clone()))).collect()
}

struct Needed {
    /// What is read and not made, with a stage that reads it.
    paths: BTreeMap<RelPath, usize>,
    /// Outputs that their stage goes on with.
    persistent: BTreeSet<RelPath>,
}

fn needed(project: &Project, folder: &Path, targets: &[String], single: bool) -> Result<Needed, Error> {
    let mut asked = Vec::new();
    for typed in targets {
        asked.extend(target::resolve(project, folder, typed)?);
    }
    if targets.is_empty() {
        asked = (0..project.stages.len()).collect();
    }
    // What a frozen stage needs is of no interest to it.
    let needs: Vec<Vec<usize>> = project
        .graph
        .needs
        .iter()
        .zip(&project.stages)
        .map(|(needs, stage)| if stage.frozen || single { Vec::new() } else { needs.clone() })
        .collect();
    let part = project.graph.closure(&asked, &needs);
    let stages = || project.stages.iter().enumerate().filter(|(index, stage)| part[*index] && !stage.frozen);
    let made: BTreeSet<&RelPath> = project
        .stages
        .iter()
        .enumerate()
        .filter(|(index, _)| part[*index])
        .flat_map(|(_, stage)| stage.outs.iter().map(|out| &out.path))
        .collect();
    let is_made = |path: &RelPath| {
        let mut above = Some(path.clone());
        while let Some(here) = above {
            if made.contains(&here) {
                return true;
            }
            above = here.parent();
        }
        false
    };
    let paths = stages().flat_map(|(index, stage)| stage.deps.iter().map(move |dep| (dep.clone(), index)));
    let persistent = stages().flat_map(|(_, stage)| stage.outs.iter().filter(|out| out.persist && out.cache).map(|out| out.path.clone()));
    Ok(Needed { paths: paths.filter(|(path, _)| !is_made(path)).collect(), persistent: persistent.collect() })
}
