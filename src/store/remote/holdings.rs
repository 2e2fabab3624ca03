//! What a remote has of the objects that are asked for, and where.
//!
//! Packs are known by their indexes, which are read once and kept in `.derm/tmp/remotes/`: they are named by their content, so a
//! kept one is never out of date, and one whose pack is gone or of another length does not count. Other objects are asked for one by
//! one; of a remote that is far away all are listed instead where many are wanted.

use std::collections::HashMap;
use std::fs;
use std::sync::Mutex;

use super::pack::{self, Index};
use super::pool::on_threads;
use super::transport::Listed;
use super::{Error, Remote};
use crate::digest::ObjectId;
use crate::observer::Unit;
use crate::store::{Work, batch};

/// From so many objects on, a listing of a thousand a request is quicker than a question for each.
const LIST_FROM: usize = 100;

/// Where an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A file of its own.
    Loose,
    /// In the pack of this number, from this byte on.
    Packed(u32, u64),
}

/// An object that the remote has.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    pub size: u64,
    pub place: Place,
}

/// All packs of a remote.
#[derive(Default)]
pub struct Packs {
    /// Their names.
    pub ids: Vec<ObjectId>,
    objects: HashMap<ObjectId, Held>,
}

impl Packs {
    /// Lists the packs and reads the indexes that are not known yet.
    pub(super) fn read(remote: &Remote, work: &Work) -> Result<Self, Error> {
        let mut sizes: HashMap<ObjectId, u64> = HashMap::new();
        let mut indexes: Vec<ObjectId> = Vec::new();
        let mut each = |Listed { path, size, .. }: Listed| {
            let Some((name, kind)) = path.strip_prefix(pack::FOLDER).and_then(|path| path.trim_start_matches('/').rsplit_once('.')) else {
                return;
            };
            match (name.parse(), kind) {
                (Ok(id), "pack") => drop(sizes.insert(id, size)),
                (Ok(id), "index") => indexes.push(id),
                _ => {}
            }
        };
        match remote.transport.list(pack::FOLDER, &mut each) {
            // A plain web server: what is packed there cannot be found.
            Err(super::Fault::Unsupported(_)) => {}
            listed => remote.at(pack::FOLDER, listed)?,
        }
        indexes.retain(|id| sizes.contains_key(id));
        indexes.sort();
        let read: Mutex<Vec<(ObjectId, Index)>> = Mutex::default();
        on_threads(remote.jobs, &indexes, |id| {
            batch::check(work.interrupt)?;
            if let Some(index) = remote.index(id)? {
                read.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((*id, index));
            }
            Ok::<(), Error>(())
        })?;
        let mut read = read.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        read.sort_by_key(|(id, _)| *id);
        let mut packs = Self::default();
        for (id, index) in read.into_iter().filter(|(id, index)| sizes.get(id) == Some(&index.pack_size())) {
            packs.insert(id, &index);
        }
        Ok(packs)
    }

    /// The objects of each pack, in the order of [`Packs::ids`].
    pub(super) fn contents(&self) -> Vec<Vec<(ObjectId, u64)>> {
        let mut found = vec![Vec::new(); self.ids.len()];
        for (id, held) in &self.objects {
            if let Place::Packed(number, _) = held.place {
                found[number as usize].push((*id, held.size));
            }
        }
        found
    }

    fn insert(&mut self, id: ObjectId, index: &Index) {
        let number = self.ids.len() as u32;
        self.ids.push(id);
        let mut at = 0;
        for (object, size) in &index.objects {
            self.objects.insert(*object, Held { size: u64::from(*size), place: Place::Packed(number, at) });
            at += u64::from(*size);
        }
    }
}

impl Remote {
    /// An index, kept or from the remote; `None` where its bytes do not have its name.
    fn index(&self, id: &ObjectId) -> Result<Option<Index>, Error> {
        let kept = self.known_packs.join(format!("{}.index", id.hex()));
        let understood = |bytes: &[u8]| (ObjectId::of(bytes) == *id).then(|| Index::decode(bytes)).flatten();
        if let Some(index) = fs::read(&kept).ok().and_then(|bytes| understood(&bytes)) {
            return Ok(Some(index));
        }
        let path = pack::index_path(id);
        let Some(bytes) = self.at(&path, self.transport.read(&path, None))? else { return Ok(None) };
        let index = understood(&bytes);
        if index.is_some() {
            // Only to save a request: what cannot be kept is read again.
            let _ = fs::create_dir_all(&self.known_packs).and_then(|()| fs::write(&kept, &bytes));
        }
        Ok(index)
    }

    /// Which of `wanted` it has. A loose object whose length is not the expected one counts as absent.
    pub(super) fn holds(&self, wanted: &[(ObjectId, Option<u64>)], work: &Work) -> Result<HashMap<ObjectId, Held>, Error> {
        let packs = self.packs(work)?;
        let mut found: HashMap<ObjectId, Held> = HashMap::with_capacity(wanted.len());
        let mut rest: Vec<(ObjectId, Option<u64>)> = Vec::new();
        for (id, size) in wanted {
            match packs.objects.get(id).filter(|held| size.is_none_or(|size| size == held.size)) {
                Some(held) => drop(found.insert(*id, *held)),
                None => rest.push((*id, *size)),
            }
        }
        let task = work.observer.begin("asking", Some(rest.len() as u64), Unit::Items("objects"));
        if !self.transport.is_near()
            && rest.len() >= LIST_FROM
            && let Some(listed) = self.loose()?
        {
            let has = |(id, size): &(ObjectId, Option<u64>)| {
                listed.get(id).copied().filter(|there| size.is_none_or(|size| size == *there)).map(|there| (*id, there))
            };
            found.extend(rest.iter().filter_map(has).map(|(id, size)| (id, Held { size, place: Place::Loose })));
            return Ok(found);
        }
        let loose: Mutex<Vec<(ObjectId, u64)>> = Mutex::default();
        on_threads(self.jobs, &rest, |(id, size)| {
            batch::check(work.interrupt)?;
            let path = object_path(id);
            if let Some(there) = self.at(&path, self.transport.size(&path))?.filter(|there| size.is_none_or(|size| size == *there)) {
                loose.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((*id, there));
            }
            task.advance(1);
            Ok::<(), Error>(())
        })?;
        let loose = loose.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        found.extend(loose.into_iter().map(|(id, size)| (id, Held { size, place: Place::Loose })));
        Ok(found)
    }

    /// All loose objects; `None` where the remote cannot list.
    fn loose(&self) -> Result<Option<HashMap<ObjectId, u64>>, Error> {
        let mut found = HashMap::new();
        let listed = self.transport.list("b3", &mut |Listed { path, size, .. }| found.extend(object_of(path).map(|id| (id, size))));
        match listed {
            Err(super::Fault::Unsupported(_)) => Ok(None),
            listed => self.at("b3", listed).map(|()| Some(found)),
        }
    }
}

/// Where an object is that has a file of its own.
pub fn object_path(id: &ObjectId) -> String {
    let hex = id.hex();
    format!("b3/{}/{}", &hex[..2], &hex[2..])
}

/// The inverse of [`object_path`].
pub fn object_of(path: &str) -> Option<ObjectId> {
    let (shard, rest) = path.strip_prefix("b3/")?.split_once('/')?;
    format!("{shard}{rest}").parse().ok()
}
