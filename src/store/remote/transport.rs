//! What derm asks of a place where bytes are kept. Paths are relative to the remote, with `/`.

use std::ops::Range;
use std::path::Path;
use std::time::SystemTime;

use super::Fault;
use crate::digest::ObjectId;

/// Hears how many more bytes of a transfer are done.
pub type Progress<'a> = &'a (dyn Fn(u64) + Sync);

/// A file of a remote.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a> {
    pub path: &'a str,
    pub size: u64,
    /// When it was last written, as the remote says.
    pub modified: SystemTime,
}

/// One kind of remote. Every method may be called by many threads at once, and tries again by itself where that may help.
pub trait Transport: Send + Sync {
    /// Whether a request is as quick as a look at a disk: then nothing is packed and every object is asked for by itself.
    fn is_near(&self) -> bool;

    /// The bytes of a file or of a part of it; `None` when there is no such file.
    fn read(&self, path: &str, range: Option<Range<u64>>) -> Result<Option<Vec<u8>>, Fault>;

    /// The length of a file; `None` when there is no such file.
    fn size(&self, path: &str) -> Result<Option<u64>, Fault>;

    /// All files below `folder`.
    fn list(&self, folder: &str, each: &mut dyn FnMut(Listed)) -> Result<(), Fault>;

    /// Makes a file of these bytes; it appears whole or not at all.
    fn write(&self, path: &str, bytes: Vec<u8>) -> Result<(), Fault>;

    /// Copies the file `from`, `size` bytes that hash to `id`, to `path`; goes on where an earlier attempt was stopped.
    /// `journal` is a place of ours for notes about that.
    fn upload(&self, path: &str, from: &Path, id: &ObjectId, size: u64, journal: &Path, progress: Progress) -> Result<(), Fault>;

    /// Copies the file `path` to the new file `to` of ours, whatever its size; `false` when there is no such file.
    fn download(&self, path: &str, to: &Path, progress: Progress) -> Result<bool, Fault>;

    /// A text that changes when the file does: an entity tag, or its length and time; `None` when there is no such file.
    fn stamp(&self, path: &str) -> Result<Option<String>, Fault>;

    /// Removes a file; one that is gone already is no error.
    fn remove(&self, path: &str) -> Result<(), Fault>;

    /// Waits until what was written would survive a power cut.
    fn settle(&self) -> Result<(), Fault> {
        Ok(())
    }
}
