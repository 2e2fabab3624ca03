//! The workspace becomes an experiment: its files; data is the caller's.
//!
//! An experiment of the commit that is checked out is taken whole. Of one of another commit, the files that it changed are taken, so that
//! what was committed since stays. Nothing is committed or staged.

use super::{Error, Experiment, refs, save, snapshot};
use crate::pipeline::Project;
use crate::relpath::RelPath;

/// What applying an experiment would change.
#[derive(Debug)]
pub struct Plan {
    /// Files to write, from the experiment.
    pub write: Vec<RelPath>,
    /// Files to remove.
    pub remove: Vec<RelPath>,
    /// Whether it started from another commit than the one that is checked out.
    pub elsewhere: bool,
    tree: String,
}

impl Plan {
    /// Compares the workspace with an experiment.
    ///
    /// # Errors
    /// Without `force`, [`Error::Dirty`] when uncommitted changes would be lost that are in no experiment.
    pub fn new(project: &Project, wanted: &Experiment, force: bool) -> Result<Self, Error> {
        let workspace = &project.workspace;
        let head = snapshot::head(workspace)?;
        let current = save::tree(project, &[])?;
        let elsewhere = wanted.baseline != head;
        let mut changes = workspace.tree_differences(&current, &wanted.tree)?;
        if elsewhere {
            let baseline = workspace.commit_facts(&wanted.baseline)?.tree;
            let own = workspace.tree_differences(&baseline, &wanted.tree)?;
            changes.retain(|change| own.contains(change));
        }
        let committed = workspace.commit_facts(&head)?.tree;
        if !force {
            let kept = current == committed || refs::all(workspace)?.iter().any(|one| one.tree == current);
            let changed: Vec<RelPath> = workspace.tree_differences(&committed, &current)?.into_iter().map(|(path, _)| path).collect();
            let own = |path: &RelPath| !kept && changed.contains(path);
            // A file that neither tree had and that is there all the same is known to nobody else.
            let new = |path: &RelPath, stays: bool| stays && !known(workspace, &current, path) && is_other(workspace, wanted, path);
            let lost: Vec<RelPath> =
                changes.iter().filter(|(path, stays)| own(path) || new(path, *stays)).map(|(path, _)| path.clone()).collect();
            if !lost.is_empty() {
                return Err(Error::Dirty(lost));
            }
        }
        let (write, remove): (Vec<_>, Vec<_>) = changes.into_iter().partition(|(_, stays)| *stays);
        let paths = |changes: Vec<(RelPath, bool)>| changes.into_iter().map(|(path, _)| path).collect();
        Ok(Self { write: paths(write), remove: paths(remove), elsewhere, tree: wanted.tree.clone() })
    }

    /// Writes and removes the files.
    pub fn apply(&self, project: &Project) -> Result<(), Error> {
        let workspace = &project.workspace;
        if !self.write.is_empty() {
            workspace.checkout_files(&self.tree, &self.write)?;
        }
        for path in &self.remove {
            let disk = path.on_disk(workspace.root());
            match std::fs::remove_file(&disk) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(Error::io("remove", disk)(error)),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Whether a tree has a file.
fn known(workspace: &crate::workspace::Workspace, tree: &str, path: &RelPath) -> bool {
    workspace.tree_file(tree, path).is_ok_and(|bytes| bytes.is_some())
}

/// Whether there is a file with other bytes than the experiment's.
fn is_other(workspace: &crate::workspace::Workspace, wanted: &Experiment, path: &RelPath) -> bool {
    let Ok(here) = std::fs::read(path.on_disk(workspace.root())) else { return false };
    workspace.tree_file(&wanted.tree, path).is_ok_and(|bytes| bytes.is_some_and(|bytes| bytes != here))
}
