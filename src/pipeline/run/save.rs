//! Outputs one by one: into the cache, and files of their own again.

use super::aside;
use crate::pipeline::Error;
use crate::pipeline::stage::Out;
use crate::store::{self, Entry, Store, Work};
use crate::workspace::{Workspace, gitignore};

/// Hashes an output and, unless it says `cache: false`, puts it into the cache and keeps it out of git.
pub fn save_out(workspace: &Workspace, store: &Store, out: &Out, work: &Work) -> Result<Entry, Error> {
    if !out.cache {
        gitignore::remove(workspace, &out.path)?;
        return Ok(store.hash(&out.path, work)?.ok_or_else(|| store::Error::Missing(out.path.clone()))?);
    }
    if !workspace.tracked_by_git(&out.path, 1)?.is_empty() {
        let path = &out.path;
        let message = format!("git tracks output `{path}`: type `git rm -r --cached {path}`, or give it `cache: false`");
        work.observer.warn(&message);
    }
    let entry = store.save(&out.path, work)?;
    gitignore::add(workspace, &out.path)?;
    Ok(entry)
}

/// Makes links into the cache files of their own, so that a command that writes to them in place writes to nothing else.
pub fn unlink(path: &std::path::Path) -> Result<(), Error> {
    let Ok(found) = path.symlink_metadata() else { return Ok(()) };
    if found.is_dir() {
        for entry in std::fs::read_dir(path).map_err(Error::io("read", path))? {
            unlink(&entry.map_err(Error::io("read", path))?.path())?;
        }
        return Ok(());
    }
    let Ok(target) = path.metadata() else { return Ok(()) };
    let linked = found.is_symlink() || std::os::unix::fs::MetadataExt::nlink(&found) > 1;
    if !linked && !found.permissions().readonly() {
        return Ok(());
    }
    if target.is_dir() {
        return Ok(());
    }
    let copy = path.with_file_name(format!("{}copy-{}", crate::workspace::atomic::TEMP_PREFIX, uuid::Uuid::now_v7().simple()));
    let made = std::fs::copy(path, &copy).and_then(|_| {
        let mode = std::os::unix::fs::PermissionsExt::mode(&target.permissions()) | 0o200;
        std::fs::set_permissions(&copy, std::os::unix::fs::PermissionsExt::from_mode(mode))?;
        std::fs::rename(&copy, path)
    });
    made.map_err(|error| {
        let _ = aside::remove(&copy);
        Error::io("copy", path)(error)
    })
}
