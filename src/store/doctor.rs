//! What `derm doctor` asks of the store: which link types work, what the cache holds, whether it is whole.

use std::fs;
use std::sync::Mutex;

use rayon::prelude::*;

use super::batch::check;
use super::cache::Health;
use super::scratch::Scratch;
use super::{Error, Store, Work, links};
use crate::digest::ObjectId;
use crate::observer::Unit;
use crate::workspace::config::Link;

/// The cache in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Objects {
    /// How many objects.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Those that were re-hashed and did not have the bytes of their name, sorted; now set aside.
    pub damaged: Vec<ObjectId>,
    /// How many damaged objects lie in `damaged/`, with those of earlier times.
    pub set_aside: u64,
}

/// A link type, and why it does not work if it does not.
pub type LinkTest = (Link, Result<(), String>);

/// Counts the objects of the cache and, with `verify`, hashes each of them.
pub fn objects(store: &Store, verify: bool, work: &Work) -> Result<Objects, Error> {
    let listed = store.cache.list()?;
    let bytes = listed.iter().map(|(_, size)| size).sum();
    let damaged = Mutex::new(Vec::new());
    if verify {
        let task = work.observer.begin("verifying", Some(bytes), Unit::Bytes);
        listed.par_iter().try_for_each(|(id, size)| {
            check(work.interrupt)?;
            if store.cache.verify(id)? == Health::Damaged {
                damaged.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(*id);
            }
            task.advance(*size);
            Ok::<(), Error>(())
        })?;
    }
    let mut damaged = damaged.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    damaged.sort();
    Ok(Objects { count: listed.len() as u64, bytes, damaged, set_aside: store.cache.set_aside_count() as u64 })
}

/// Whether each link type works between the cache and the repository, or why not.
pub fn link_types(store: &Store) -> Result<Vec<LinkTest>, Error> {
    let cache = Scratch::new(&store.cache.scratch_dir())?;
    let workspace = Scratch::new(&store.workspace.derm_dir().join("tmp"))?;
    let from = cache.path();
    fs::write(&from, "derm").map_err(Error::io("write", &from))?;
    let test = |link: Link| {
        let to = workspace.path();
        match link {
            Link::Copy => fs::copy(&from, &to).map(|_| ()),
            link => links::make(link, &from, &to, false),
        }
        .map_err(|error| error.to_string())
    };
    Ok(Link::ALL.into_iter().map(|link| (link, test(link))).collect())
}
