//! What stages made, for commands that bring data back or compare it.
//!
//! Read from the locks alone: a pipeline file that cannot be understood keeps nobody from getting data back.

use std::collections::BTreeMap;

use super::Error;
use super::journal;
use super::lock::{self, Lock};
use super::problem::Source;
use super::project::lock_files;
use crate::relpath::RelPath;
use crate::store::Entry;
use crate::workspace::{Revision, Workspace};

/// The recorded outputs of all stages that the cache can give back, sorted by path: those without `cache: false`.
///
/// # Errors
/// A lock that cannot be understood.
pub fn outputs(workspace: &Workspace) -> Result<Vec<(RelPath, Entry)>, Error> {
    let mut found = BTreeMap::new();
    journal::settle_left(workspace);
    let lines = journal::read(workspace);
    for file in lock_files(workspace)? {
        let path = file.on_disk(workspace.root());
        let mut lock = match std::fs::read(&path) {
            Ok(bytes) => parse(&file, &bytes)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Lock::new(),
            Err(error) => return Err(Error::io("read", path)(error)),
        };
        journal::apply(&lines, &file, &mut lock);
        collect(&lock, &mut found);
    }
    Ok(found.into_iter().collect())
}

/// The same as of a git revision: from the locks that it holds.
///
/// # Errors
/// A lock that cannot be understood, or a revision that cannot be read.
pub fn outputs_at(revision: &Revision) -> Result<Vec<(RelPath, Entry)>, Error> {
    let is_lock = |path: &RelPath| {
        let named = path.parent().is_some_and(|folder| folder.as_str() == "pipelines") && path.as_str().ends_with(".lock");
        named || path.name() == Some("derm.lock")
    };
    let mut found = BTreeMap::new();
    for file in revision.files(is_lock)? {
        if let Some(bytes) = revision.read(&file)? {
            collect(&parse(&file, &bytes)?, &mut found);
        }
    }
    Ok(found.into_iter().collect())
}

fn parse(file: &RelPath, bytes: &[u8]) -> Result<Lock, Error> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    Ok(lock::parse(&Source { path: file.clone(), text: text.into() })?)
}

fn collect(lock: &Lock, found: &mut BTreeMap<RelPath, Entry>) {
    for record in lock.values() {
        let cached = record.outs.iter().filter(|(path, _)| !record.uncached.contains(*path));
        found.extend(cached.map(|(path, entry)| (path.clone(), entry.clone())));
    }
}
