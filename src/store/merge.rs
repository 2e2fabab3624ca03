//! Bringing two changed states of a path together, for git.
//!
//! Folders are merged file by file through their listings: what only one side changed is taken from it, what both
//! changed alike is fine, anything else is a conflict. Only listings that differ on both sides are read; no file is.

use std::collections::BTreeSet;

use super::batch::Batch;
use super::tree::{Item, Node, What};
use super::{Entry, Error, Store, scan};
use crate::digest::ObjectId;
use crate::relpath::RelPath;

/// What came of a merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merged {
    /// One state; `None` is that the path is gone.
    Clean(Option<Entry>),
    /// Both sides changed these, relative to the path merged, each in its own way. The root path is the path itself.
    Conflict(Vec<RelPath>),
}

/// Merges `ours` and `theirs`, which both come from `base`; writes the listings of the result.
///
/// # Errors
/// [`Error::NoObject`] for a listing that is needed and not in the cache.
pub fn merge(store: &Store, base: Option<&Entry>, ours: Option<&Entry>, theirs: Option<&Entry>) -> Result<Merged, Error> {
    let batch = Batch::new(&store.cache, &store.links);
    let mut merge = Merge { store, batch: &batch, conflicts: Vec::new() };
    let what = |entry: Option<&Entry>| entry.map(scan::what_of);
    let merged = merge.what(&RelPath::root(), what(base).as_ref(), what(ours).as_ref(), what(theirs).as_ref())?;
    let conflicts = merge.conflicts;
    if !conflicts.is_empty() {
        return Ok(Merged::Conflict(conflicts));
    }
    batch.commit()?;
    Ok(Merged::Clean(merged.as_ref().and_then(scan::entry_of)))
}

/// The side that alone changed something, or either if both did the same; `None` when they differ.
pub fn choose<'a, T: PartialEq + ?Sized>(base: &T, ours: &'a T, theirs: &'a T) -> Option<&'a T> {
    if ours == theirs || base == theirs {
        Some(ours)
    } else if base == ours {
        Some(theirs)
    } else {
        None
    }
}

struct Merge<'a> {
    store: &'a Store,
    batch: &'a Batch<'a>,
    conflicts: Vec<RelPath>,
}

impl Merge<'_> {
    fn what(&mut self, path: &RelPath, base: Option<&What>, ours: Option<&What>, theirs: Option<&What>) -> Result<Option<What>, Error> {
        if let Some(chosen) = choose(&base, &ours, &theirs) {
            return Ok(chosen.cloned());
        }
        let (Some(What::Folder { id: ours, .. }), Some(What::Folder { id: theirs, .. })) = (ours, theirs) else {
            self.conflicts.push(path.clone());
            return Ok(ours.cloned());
        };
        let base = match base {
            Some(What::Folder { id, .. }) => (*self.store.node(id)?).clone(),
            _ => Node::default(),
        };
        let (ours, theirs) = (self.store.node(ours)?, self.store.node(theirs)?);
        let names: BTreeSet<&str> =
            [&base, &*ours, &*theirs].into_iter().flat_map(|node| node.items()).map(|item| item.name.as_str()).collect();
        let mut items = Vec::new();
        for name in names {
            let what = self.what(&path.join(name), base.get(name), ours.get(name), theirs.get(name))?;
            items.extend(what.map(|what| Item { name: name.to_owned(), what }));
        }
        let node = Node::new(items);
        let bytes = node.encode();
        let id = ObjectId::of(&bytes);
        self.batch.put(id, &bytes, true)?;
        Ok(Some(node.summary(id)))
    }
}
