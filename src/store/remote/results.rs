//! Small files that a remote keeps beside the objects, by name: results of earlier runs, below `runs/`.
//!
//! A name stands for one content: what the other side has already is not sent again. What is in them is their owner's business.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::pool::on_threads;
use super::transport::Listed;
use super::{Error, FORMAT, MARK, Remote};
use crate::store::Work;
use crate::store::batch::check;

/// The names of the files below `folder`, and when they were written.
fn names(remote: &Remote, folder: &str) -> Result<Vec<(String, SystemTime)>, Error> {
    let mut found = Vec::new();
    let listed = remote.transport.list(folder, &mut |Listed { path, modified, .. }| {
        found.extend(path.strip_prefix(folder).map(|name| (name.trim_start_matches('/').to_owned(), modified)));
    });
    remote.at(folder, listed)?;
    Ok(found)
}

/// Sends the files that the remote lacks; returns their names.
///
/// # Errors
/// The remote cannot be reached or written, or was written by a newer derm.
pub fn push_files(remote: &Remote, folder: &str, files: &[(String, PathBuf)], work: &Work) -> Result<Vec<String>, Error> {
    let marked = remote.check_format()?;
    let there: HashSet<String> = if marked { names(remote, folder)?.into_iter().map(|(name, _)| name).collect() } else { HashSet::new() };
    let lacking: Vec<&(String, PathBuf)> = files.iter().filter(|(name, _)| !there.contains(name)).collect();
    if lacking.is_empty() {
        return Ok(Vec::new());
    }
    if !marked {
        remote.at(MARK, remote.transport.write(MARK, FORMAT.as_bytes().to_vec()))?;
    }
    on_threads(remote.jobs, &lacking, |(name, file)| {
        check(work.interrupt)?;
        let bytes = std::fs::read(file).map_err(Error::io("read", file))?;
        let path = format!("{folder}/{name}");
        remote.at(&path, remote.transport.write(&path, bytes))
    })?;
    remote.at("", remote.transport.settle())?;
    Ok(lacking.into_iter().map(|(name, _)| name.clone()).collect())
}

/// The names and bytes of the remote's files that `lacks` says yes to.
///
/// # Errors
/// The remote cannot be reached, or was written by a newer derm.
pub fn fetch_files(
    remote: &Remote,
    folder: &str,
    lacks: &(dyn Fn(&str) -> bool + Sync),
    work: &Work,
) -> Result<Vec<(String, Vec<u8>)>, Error> {
    if !remote.check_format()? {
        return Ok(Vec::new());
    }
    let wanted: Vec<String> = names(remote, folder)?.into_iter().map(|(name, _)| name).filter(|name| lacks(name)).collect();
    let found = Mutex::new(Vec::with_capacity(wanted.len()));
    on_threads(remote.jobs, &wanted, |name| {
        check(work.interrupt)?;
        let path = format!("{folder}/{name}");
        if let Some(bytes) = remote.at(&path, remote.transport.read(&path, None))? {
            found.lock().unwrap_or_else(PoisonError::into_inner).push((name.clone(), bytes));
        }
        Ok::<(), Error>(())
    })?;
    Ok(found.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Removes files that are older than `grace` and that `stays` says no to; with `dry` only counts them.
///
/// # Errors
/// The remote cannot be reached or written, or was written by a newer derm.
pub fn sweep_files(
    remote: &Remote,
    folder: &str,
    stays: &dyn Fn(&[u8]) -> bool,
    grace: Duration,
    dry: bool,
    work: &Work,
) -> Result<u64, Error> {
    if !remote.check_format()? {
        return Ok(0);
    }
    let now = SystemTime::now();
    let mut removed = 0;
    for (name, modified) in names(remote, folder)? {
        check(work.interrupt)?;
        let young = !grace.is_zero() && now.duration_since(modified).unwrap_or_default() < grace;
        let path = format!("{folder}/{name}");
        if young || remote.at(&path, remote.transport.read(&path, None))?.is_none_or(|bytes| stays(&bytes)) {
            continue;
        }
        removed += 1;
        if !dry {
            remote.at(&path, remote.transport.remove(&path))?;
        }
    }
    Ok(removed)
}
