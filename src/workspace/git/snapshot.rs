//! Trees made from files on disk, beside the user's index and branch, which are not touched.
//!
//! A snapshot is the tree of `HEAD` with every file that git tracks as it is on disk (changed, removed, or new and staged), and
//! with `extra` files that git need not know. Untracked files are otherwise left out, submodules stay as committed.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use git2::{Index, IndexEntry, IndexTime, Oid, Repository, StatusOptions};

use super::{Error, fail, open, prefix};
use crate::relpath::RelPath;

/// The hash of the tree, which is written into git's objects.
pub(in crate::workspace) fn tree(root: &Path, extra: &[RelPath]) -> Result<String, Error> {
    let repository = open(root)?.ok_or_else(|| Error::NoGit { root: root.to_owned() })?;
    let failed = fail("take a snapshot");
    let top = repository.workdir().map(Path::to_owned).ok_or_else(|| Error::NoGit { root: root.to_owned() })?;
    let head = repository.head().and_then(|head| head.peel_to_tree()).map_err(&failed)?;
    let mut index = Index::new().map_err(&failed)?;
    index.read_tree(&head).map_err(&failed)?;
    let mut paths: BTreeSet<PathBuf> = changed(&repository)?.into_iter().collect();
    for path in extra {
        files_below(&top, &prefix(&repository, root).join(path.as_str()), &mut paths);
    }
    for path in paths {
        put(&repository, &mut index, &top, &path)?;
    }
    Ok(index.write_tree_to(&repository).map_err(&failed)?.to_string())
}

/// Files that git tracks and that differ from `HEAD`, below derm's root or not, from git's top folder.
fn changed(repository: &Repository) -> Result<Vec<PathBuf>, Error> {
    let mut options = StatusOptions::new();
    options.include_untracked(false).include_ignored(false).exclude_submodules(true).renames_head_to_index(false);
    let found = repository.statuses(Some(&mut options)).map_err(fail("look for changes"))?;
    Ok(found.iter().map(|entry| PathBuf::from(String::from_utf8_lossy(entry.path_bytes()).into_owned())).collect())
}

/// Tracked files below derm's root that differ from `HEAD`.
pub(in crate::workspace) fn changes(root: &Path) -> Result<Vec<RelPath>, Error> {
    let repository = open(root)?.ok_or_else(|| Error::NoGit { root: root.to_owned() })?;
    let prefix = prefix(&repository, root);
    let below = |path: PathBuf| RelPath::new(path.strip_prefix(&prefix).ok()?.to_str()?).ok();
    Ok(changed(&repository)?.into_iter().filter_map(below).collect())
}

fn files_below(top: &Path, path: &Path, found: &mut BTreeSet<PathBuf>) {
    let Ok(meta) = top.join(path).symlink_metadata() else { return };
    if !meta.is_dir() {
        found.insert(path.to_owned());
        return;
    }
    for entry in std::fs::read_dir(top.join(path)).into_iter().flatten().flatten() {
        if entry.file_name() != ".git" {
            files_below(top, &path.join(entry.file_name()), found);
        }
    }
}

/// Brings one path of the index to what is on disk.
fn put(repository: &Repository, index: &mut Index, top: &Path, path: &Path) -> Result<(), Error> {
    let failed = fail("take a snapshot");
    let disk = top.join(path);
    let meta = match disk.symlink_metadata() {
        Ok(meta) if !meta.is_dir() => meta,
        _ => {
            // Removing what is not there is no error that matters.
            let _ = index.remove(path, 0);
            return Ok(());
        }
    };
    let mode = match (meta.is_symlink(), meta.permissions().mode() & 0o100 != 0) {
        (true, _) => 0o120_000,
        (false, true) => 0o100_755,
        (false, false) => 0o100_644,
    };
    let id = repository.blob_path(&disk).map_err(&failed)?;
    let path = path.to_string_lossy().into_owned().into_bytes();
    index.add(&entry(path, mode, id)).map_err(&failed)
}

fn entry(path: Vec<u8>, mode: u32, id: Oid) -> IndexEntry {
    let never = IndexTime::new(0, 0);
    IndexEntry { ctime: never, mtime: never, dev: 0, ino: 0, mode, uid: 0, gid: 0, file_size: 0, id, flags: 0, flags_extended: 0, path }
}

/// Files below derm's root in which two trees differ, and whether the second one has them.
pub(in crate::workspace) fn differences(root: &Path, old: &str, new: &str) -> Result<Vec<(RelPath, bool)>, Error> {
    let repository = open(root)?.ok_or_else(|| Error::NoGit { root: root.to_owned() })?;
    let failed = fail("compare two trees");
    let tree = |id: &str| Oid::from_str(id).and_then(|id| repository.find_tree(id)).map_err(&failed);
    let diff = repository.diff_tree_to_tree(Some(&tree(old)?), Some(&tree(new)?), None).map_err(&failed)?;
    let prefix = prefix(&repository, root);
    let mut found = Vec::new();
    for delta in diff.deltas() {
        let stays = delta.status() != git2::Delta::Deleted;
        let file = if stays { delta.new_file() } else { delta.old_file() };
        let path = file.path().and_then(|path| RelPath::new(path.strip_prefix(&prefix).ok()?.to_str()?).ok());
        found.extend(path.map(|path| (path, stays)));
    }
    Ok(found)
}

/// The bytes of a file of a tree; `None` when the tree has no such file.
pub(in crate::workspace) fn file(root: &Path, tree: &str, path: &RelPath) -> Result<Option<Vec<u8>>, Error> {
    let repository = open(root)?.ok_or_else(|| Error::NoGit { root: root.to_owned() })?;
    let failed = fail("read a committed file");
    let tree = Oid::from_str(tree).and_then(|id| repository.find_tree(id)).map_err(&failed)?;
    let Ok(entry) = tree.get_path(&prefix(&repository, root).join(path.as_str())) else { return Ok(None) };
    let Ok(blob) = repository.find_blob(entry.id()) else { return Ok(None) };
    Ok(Some(blob.content().to_vec()))
}

/// Writes files as a tree has them. The index stays as it is.
pub(in crate::workspace) fn checkout(root: &Path, tree: &str, paths: &[RelPath]) -> Result<(), Error> {
    let repository = open(root)?.ok_or_else(|| Error::NoGit { root: root.to_owned() })?;
    let failed = fail("write files");
    let object = Oid::from_str(tree).and_then(|id| repository.find_object(id, None)).map_err(&failed)?;
    let mut options = git2::build::CheckoutBuilder::new();
    options.force().update_index(false).disable_pathspec_match(true);
    let prefix = prefix(&repository, root);
    for path in paths {
        options.path(prefix.join(path.as_str()));
    }
    repository.checkout_tree(&object, Some(&mut options)).map_err(&failed)
}
