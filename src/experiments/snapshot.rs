//! What an experiment starts from: a commit, and the workspace's uncommitted changes.
//!
//! The files that derm knows of are part of it although git does not track them yet: a pipeline that was written a minute ago takes part.
//! Where files differ from the commit, a second commit with them is written, and kept by a reference for as long as something needs it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Error;
use crate::clock::Timestamp;
use crate::pipeline::Project;
use crate::relpath::RelPath;
use crate::store::pointer;
use crate::workspace::{self, DERM_DIR, Workspace, rules};

/// Where the references are that keep snapshots.
pub const REFS: &str = "refs/derm/snapshots/";

/// A state of the repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The full hash of the commit that was checked out.
    pub baseline: String,
    /// The full hash of a commit with the files: the baseline, or a child of it.
    pub files: String,
}

impl Snapshot {
    /// The workspace as it is.
    ///
    /// # Errors
    /// No git repository, no commit yet, or pipeline files that cannot be understood.
    pub fn take(workspace: &Workspace) -> Result<Self, Error> {
        let baseline = head(workspace)?;
        let project = Project::load(workspace)?;
        let tree = workspace.snapshot_tree(&known_files(&project)?)?;
        if workspace.commit_facts(&baseline)?.tree == tree {
            return Ok(Self { files: baseline.clone(), baseline });
        }
        // Of the same files the same commit, whenever it is made: its time is the baseline's.
        let seconds = workspace.commit_facts(&baseline)?.time / 1000;
        let files = workspace.write_commit(&tree, &baseline, "derm snapshot\n", seconds)?;
        workspace.set_ref(&format!("{REFS}{files}"), &files, true)?;
        Ok(Self { baseline, files })
    }

    /// The hash of the tree of the files.
    pub fn tree(&self, workspace: &Workspace) -> Result<String, Error> {
        Ok(workspace.commit_facts(&self.files)?.tree)
    }
}

/// The commit that is checked out.
///
/// # Errors
/// No git repository, or no commit yet.
pub fn head(workspace: &Workspace) -> Result<String, Error> {
    match workspace.revision("HEAD") {
        Ok(revision) => Ok(revision.commit().to_owned()),
        Err(workspace::Error::UnknownRevision { .. }) => Err(Error::NoCommit),
        Err(error) => Err(error.into()),
    }
}

/// Lets snapshots go that none of `needed` is.
pub fn release(workspace: &Workspace, needed: &BTreeSet<String>) -> Result<(), Error> {
    for (name, commit) in workspace.refs(REFS)? {
        if !needed.contains(&commit) {
            workspace.remove_ref(&name)?;
        }
    }
    Ok(())
}

/// The files that derm knows of and git may not: pipelines, locks, pointers, parameters, metrics, settings, and new files that stages read.
pub fn known_files(project: &Project) -> Result<Vec<RelPath>, Error> {
    let workspace = &project.workspace;
    let mut found: BTreeSet<RelPath> = BTreeSet::new();
    let add_ignores = |path: &RelPath, found: &mut BTreeSet<RelPath>| {
        found.insert(path.parent().unwrap_or_default().join(".gitignore"));
    };
    for pipeline in &project.pipelines {
        found.extend([pipeline.file.clone(), pipeline.lock.clone(), pipeline.base.join("params.yaml")]);
        found.extend(pipeline.params.iter().chain(&pipeline.metrics).cloned());
    }
    for stage in &project.stages {
        found.extend(stage.params.iter().map(|params| params.file.clone()));
        for out in &stage.outs {
            match out.cache {
                true => add_ignores(&out.path, &mut found),
                false => drop(found.insert(out.path.clone())),
            }
        }
    }
    for (path, _) in pointer::find_all(workspace)? {
        add_ignores(&path, &mut found);
        found.insert(pointer::path_of(&path));
    }
    let derm = RelPath::root().join(DERM_DIR);
    found.extend([derm.join("config"), derm.join(".gitignore")]);
    found.extend(rules::FILES.iter().map(|name| RelPath::root().join(name)));
    found.extend(new_inputs(project)?);
    Ok(found.into_iter().collect())
}

/// Above this, a new file that a stage reads is data and not code: it belongs to `derm add`, not into git's objects.
const LARGEST: u64 = 1 << 20;

/// Small files that stages read, that git neither tracks nor ignores, and that no stage makes.
fn new_inputs(project: &Project) -> Result<Vec<RelPath>, Error> {
    let unknown: Vec<RelPath> =
        project.workspace.unknown_to_git()?.iter().filter_map(|path| RelPath::new(path.trim_end_matches('/')).ok()).collect();
    let is_made = |path: &RelPath| project.stages.iter().flat_map(|stage| &stage.outs).any(|out| path.is_within(&out.path));
    let mut found = Vec::new();
    for dep in project.stages.iter().flat_map(|stage| &stage.deps).filter(|dep| !is_made(dep)) {
        if unknown.iter().any(|new| dep.is_within(new)) {
            found.push(dep.clone());
        } else {
            found.extend(unknown.iter().filter(|new| new.is_within(dep)).cloned());
        }
    }
    let is_small = |path: &RelPath| {
        let meta = path.on_disk(project.workspace.root()).symlink_metadata();
        meta.is_ok_and(|meta| meta.is_file() && meta.len() <= LARGEST)
    };
    found.retain(is_small);
    Ok(found)
}

/// The present second, for commits.
pub fn seconds() -> i64 {
    Timestamp::now().0 / 1000
}
