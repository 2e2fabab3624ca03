//! A file as memory: read-only, paged in by the system when it is looked at.
#![allow(unsafe_code)] // A mapped file is memory that another process could change.

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::path::Path;

/// The bytes of a file that nobody writes to any more.
pub struct Mapped(memmap2::Mmap);

impl Mapped {
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        // SAFETY: what is mapped here are packs. They get their name when they are whole and are never written to or cut
        // afterwards, only removed, which leaves a mapping as it is. A program other than derm that writes into one anyway is
        // outside of what can be guarded against, as with every mapped file; its bytes are used as numbers alone.
        Ok(Self(unsafe { memmap2::Mmap::map(&file) }?))
    }
}

impl Deref for Mapped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}
