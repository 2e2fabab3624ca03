//! Comparing two entries file by file. Equal folders are not entered, so the cost follows the difference.

use std::collections::{HashMap, HashSet};

use super::tree::What;
use super::{Change, Entry, Error, FileChange, Store, scan};
use crate::digest::ObjectId;
use crate::relpath::RelPath;

/// See [`Store::diff`].
pub fn entries(store: &Store, old: Option<&Entry>, new: Option<&Entry>) -> Result<Vec<FileChange>, Error> {
    let mut leaves = Vec::new();
    let (old, new) = (old.map(scan::what_of), new.map(scan::what_of));
    compare(store, &RelPath::root(), old.as_ref(), new.as_ref(), &mut leaves)?;
    Ok(changes(leaves))
}

/// A file, a link or an empty folder that is not the same on both sides.
pub struct Leaf {
    pub path: RelPath,
    pub old: Option<What>,
    pub new: Option<What>,
}

/// Appends all leaves that differ below `path`.
pub fn compare(store: &Store, path: &RelPath, old: Option<&What>, new: Option<&What>, out: &mut Vec<Leaf>) -> Result<(), Error> {
    if old == new {
        return Ok(());
    }
    let (old_items, new_items) = (items(store, old)?, items(store, new)?);
    // A folder in place of a file: the file goes, then the folder's files come.
    let (old_leaf, new_leaf) = (old.filter(|_| old_items.is_empty()), new.filter(|_| new_items.is_empty()));
    // An empty folder that is filled or emptied is told by its files.
    let folder = |what: Option<&What>| matches!(what, Some(What::Folder { .. }));
    let told = folder(old) && folder(new);
    if (old_leaf.is_some() || new_leaf.is_some()) && !told {
        out.push(Leaf { path: path.clone(), old: old_leaf.cloned(), new: new_leaf.cloned() });
    }
    let mut names: Vec<&str> = old_items.iter().chain(&new_items).map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let (old_by_name, new_by_name) = (by_name(&old_items), by_name(&new_items));
    for name in names {
        compare(store, &path.join(name), old_by_name.get(name).copied(), new_by_name.get(name).copied(), out)?;
    }
    Ok(())
}

fn items(store: &Store, what: Option<&What>) -> Result<Vec<(String, What)>, Error> {
    let Some(What::Folder { id, .. }) = what else { return Ok(Vec::new()) };
    Ok(store.node(id)?.items().iter().map(|item| (item.name.clone(), item.what.clone())).collect())
}

fn by_name(items: &[(String, What)]) -> HashMap<&str, &What> {
    items.iter().map(|(name, what)| (name.as_str(), what)).collect()
}

/// Names what happened to each leaf; a deletion and an addition of the same bytes are one rename.
fn changes(leaves: Vec<Leaf>) -> Vec<FileChange> {
    let mut gone: HashMap<ObjectId, Vec<RelPath>> = HashMap::new();
    for leaf in leaves.iter().rev().filter(|leaf| leaf.new.is_none()) {
        if let Some(id) = leaf.old.as_ref().and_then(content) {
            gone.entry(id).or_default().push(leaf.path.clone());
        }
    }
    let mut renamed = HashSet::new();
    let mut found = Vec::new();
    for leaf in &leaves {
        let Some(new) = &leaf.new else { continue };
        let mut from = || content(new).and_then(|id| gone.get_mut(&id)?.pop());
        let change = match &leaf.old {
            Some(_) => Change::Modified,
            None => match from() {
                Some(from) => {
                    renamed.insert(from.clone());
                    Change::Renamed { from }
                }
                None => Change::Added,
            },
        };
        found.push(FileChange { path: leaf.path.clone(), change, size: new.size() });
    }
    let lost = leaves.iter().filter(|leaf| leaf.new.is_none() && !renamed.contains(&leaf.path));
    found.extend(lost.map(|leaf| {
        let size = leaf.old.as_ref().map_or(0, What::size);
        FileChange { path: leaf.path.clone(), change: Change::Deleted, size }
    }));
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// What identifies a file that moved: its bytes. Empty files are all alike.
fn content(what: &What) -> Option<ObjectId> {
    match what {
        What::File { id, size, .. } if *size > 0 => Some(*id),
        _ => None,
    }
}
