//! A copy of a bundle that stands alone.
//!
//! The bundle is opened first, which verifies its weights against its configuration and builds its network. Its
//! files are then copied byte for byte into a folder beside the target, read back, compared, and the folder takes
//! the target's place in one step. Files that are not part of a bundle are left behind.

use std::fs;
use std::path::{Path, PathBuf};

use super::Error;
use crate::digest::ObjectId;
use crate::nn::Bundle;
use crate::nn::bundle::{CARD, CONFIG, MLMODEL, PROVENANCE, WEIGHTS};
use crate::workspace::atomic;

/// A copied file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Its name in the bundle.
    pub name: &'static str,
    /// Its size in bytes.
    pub bytes: u64,
}

/// Copies `bundle` to `target`, which must not exist, be empty, or be a bundle to be replaced.
pub fn copy(bundle: &Bundle, target: &Path) -> Result<Vec<Copied>, Error> {
    if !replaceable(target) {
        return Err(Error::Occupied(target.to_owned()));
    }
    let beside = beside(target, "new");
    remove(&beside)?;
    fs::create_dir_all(&beside).map_err(io("create the folder", &beside))?;
    let copied = copy_files(&bundle.dir, &beside);
    let placed = copied.and_then(|copied| place(&beside, target).map(|()| copied));
    if placed.is_err() {
        // The first error is the one to report.
        let _ = remove(&beside);
    }
    placed
}

fn copy_files(from: &Path, to: &Path) -> Result<Vec<Copied>, Error> {
    let mut copied = Vec::new();
    for name in [WEIGHTS, MLMODEL, CARD, PROVENANCE, CONFIG] {
        let source = from.join(name);
        if !source.exists() {
            continue;
        }
        let bytes = fs::read(&source).map_err(io("read", &source))?;
        let target = to.join(name);
        atomic::write(&target, &bytes)?;
        if ObjectId::of_file(&target).map_err(io("read", &target))? != ObjectId::of(&bytes) {
            return Err(Error::CopyDiffers(name.to_owned()));
        }
        copied.push(Copied { name, bytes: bytes.len() as u64 });
    }
    Ok(copied)
}

/// Renames the finished folder over the target; an old bundle is moved aside first and removed last.
fn place(finished: &Path, target: &Path) -> Result<(), Error> {
    let old = beside(target, "old");
    remove(&old)?;
    if target.exists() {
        fs::rename(target, &old).map_err(io("replace", target))?;
    }
    if let Err(error) = fs::rename(finished, target) {
        // Put the old one back: nothing is lost.
        let _ = fs::rename(&old, target);
        return Err(io("write", target)(error));
    }
    remove(&old)
}

fn replaceable(target: &Path) -> bool {
    let empty = || fs::read_dir(target).is_ok_and(|mut entries| entries.next().is_none());
    !target.exists() || (target.is_dir() && (empty() || (target.join(CONFIG).is_file() && target.join(WEIGHTS).is_file())))
}

fn beside(target: &Path, what: &str) -> PathBuf {
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    target.with_file_name(format!("{}{name}-{what}", atomic::TEMP_PREFIX))
}

fn remove(folder: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io("remove", folder)(error)),
        _ => Ok(()),
    }
}

fn io(operation: &'static str, path: &Path) -> impl Fn(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { operation, path: path.clone(), source }
}
