//! Removing from a remote what nothing needs.
//!
//! What is needed must be known in whole before anything goes: all listings are fetched first, and one that is nowhere ends it. A pack
//! goes when nothing in it is needed, its index first; one that is needed in part stays as it is. As in a cache, what is younger
//! than the grace period stays, by the remote's own clock: someone may be pushing, and commit the pointer afterwards.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::fetch::fetch_listings;
use super::holdings::object_of;
use super::pack;
use super::pool::on_threads;
use super::transport::Listed;
use super::{Error, Remote};
use crate::digest::ObjectId;
use crate::observer::Unit;
use crate::relpath::RelPath;
use crate::store::batch::check;
use crate::store::gc::{Amount, Needed};
use crate::store::{Entry, Store, Work};
use crate::workspace::atomic::TEMP_PREFIX;

/// What a collection on a remote found and did. Packs count by their objects.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct SweptRemote {
    /// Objects that are needed.
    pub kept: Amount,
    /// Objects that nothing needs, but which are young or share a pack with one that is needed.
    pub spared: Amount,
    /// Objects that were removed, or would be.
    pub removed: Amount,
}

/// Removes from the remote all objects that `entries` do not need; with `dry` only says so.
///
/// # Errors
/// [`Error::NoObject`] when a listing is neither here nor on the remote; the remote cannot be reached or written.
pub fn sweep(
    store: &Store,
    remote: &Remote,
    entries: &[(RelPath, Entry)],
    grace: Duration,
    dry: bool,
    work: &Work,
) -> Result<SweptRemote, Error> {
    let mut swept = SweptRemote::default();
    if !remote.check_format()? {
        return Ok(swept);
    }
    fetch_listings(store, remote, entries, work)?;
    let mut needed = Needed::default();
    for (path, entry) in entries {
        store.files_of(entry, path, &mut |_, _| {})?;
        needed.add(store, entry, false)?;
    }
    let now = SystemTime::now();
    let is_young = |modified: SystemTime| !grace.is_zero() && now.duration_since(modified).unwrap_or_default() < grace;
    let mut doomed: Vec<String> = Vec::new();
    let mut loose: Vec<(String, ObjectId, u64, SystemTime)> = Vec::new();
    let listed = remote.transport.list("b3", &mut |Listed { path, size, modified }| {
        loose.extend(object_of(path).map(|id| (path.to_owned(), id, size, modified)));
        let unfinished = path.rsplit('/').next().is_some_and(|name| name.starts_with(TEMP_PREFIX));
        doomed.extend((unfinished && !is_young(modified)).then(|| path.to_owned()));
    });
    remote.at("b3", listed)?;
    for (path, id, size, modified) in loose {
        match (needed.has(&id), is_young(modified)) {
            (true, _) => swept.kept.add(size),
            (false, true) => swept.spared.add(size),
            (false, false) => {
                swept.removed.add(size);
                doomed.push(path);
            }
        }
    }
    let packs = remote.packs(work)?;
    let mut times: HashMap<String, SystemTime> = HashMap::new();
    let listed = remote.transport.list(pack::FOLDER, &mut |file| {
        times.insert(file.path.to_owned(), file.modified);
    });
    remote.at(pack::FOLDER, listed)?;
    for (id, objects) in packs.ids.iter().zip(packs.contents()) {
        let path = pack::pack_path(id);
        let goes = !objects.iter().any(|(id, _)| needed.has(id)) && !times.get(&path).copied().is_none_or(is_young);
        for (id, size) in &objects {
            match (needed.has(id), goes) {
                (true, _) => swept.kept.add(*size),
                (false, false) => swept.spared.add(*size),
                (false, true) => swept.removed.add(*size),
            }
        }
        if goes {
            doomed.extend([pack::index_path(id), path]);
        }
    }
    if !dry {
        remove(remote, &doomed, work)?;
    }
    Ok(swept)
}

/// Indexes before the packs that they describe.
fn remove(remote: &Remote, doomed: &[String], work: &Work) -> Result<(), Error> {
    let (indexes, rest): (Vec<&String>, Vec<&String>) = doomed.iter().partition(|path| path.ends_with(".index"));
    let task = work.observer.begin("removing", Some(doomed.len() as u64), Unit::Items("files"));
    for paths in [indexes, rest] {
        on_threads(remote.jobs, &paths, |path| {
            check(work.interrupt)?;
            remote.at(path, remote.transport.remove(path))?;
            task.advance(1);
            Ok::<(), Error>(())
        })?;
    }
    remote.at("", remote.transport.settle())
}
