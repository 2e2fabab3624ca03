//! From files to an experiment's commit.

use super::snapshot::{known_files, seconds};
use super::{Error, Note, refs};
use crate::pipeline::Project;
use crate::relpath::RelPath;

/// What was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The full hash of the commit.
    pub commit: String,
    /// The hash of its tree.
    pub tree: String,
}

/// The tree of the project's files as they are: what git tracks and what derm knows of, without `except`.
pub fn tree(project: &Project, except: &[RelPath]) -> Result<String, Error> {
    let mut known = known_files(project)?;
    known.retain(|path| !except.iter().any(|except| path.is_within(except)));
    Ok(project.workspace.snapshot_tree(&known)?)
}

/// Makes a tree the experiment `name` of `baseline`.
///
/// # Errors
/// [`Error::Taken`] when there is one of that name and `replace` is not set.
pub fn write(project: &Project, tree: String, baseline: &str, name: &str, note: &Note, replace: bool) -> Result<Saved, Error> {
    refs::check_name(name)?;
    let workspace = &project.workspace;
    let commit = workspace.write_commit(&tree, baseline, &note.to_message(name), seconds())?;
    match workspace.set_ref(&refs::reference(baseline, name), &commit, replace)? {
        true => Ok(Saved { commit, tree }),
        false => Err(Error::Taken(name.to_owned())),
    }
}
