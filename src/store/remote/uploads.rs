//! Notes about an upload in parts, so that the next attempt sends the rest: JSON in `.derm/tmp/remotes/`.
//!
//! `{"format": 1, "id": …, "size": …, "part": …, "parts": [TAG or null, …]}`. `id` is the service's name for the upload, a tag its
//! receipt for a part. Notes that do not fit the file, or that cannot be read, count as none; losing them costs time, never data.

use std::fs;
use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Fault;
use crate::workspace::atomic;

/// What is known about one upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    format: u32,
    pub id: String,
    size: u64,
    part: u64,
    pub parts: Vec<Option<String>>,
}

impl Journal {
    /// An upload that begins.
    pub fn new(id: String, size: u64, part: u64) -> Self {
        Self { format: 1, id, size, part, parts: vec![None; size.div_ceil(part) as usize] }
    }

    /// The notes at `path`, if they are about an upload of this size in such parts.
    pub fn read(path: &Path, size: u64, part: u64) -> Option<Self> {
        let notes: Self = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        let fits = notes.format == 1 && notes.size == size && notes.part == part && notes.parts.len() as u64 == size.div_ceil(part);
        fits.then_some(notes)
    }

    /// Keeps the notes; best effort.
    pub fn write(&self, path: &Path) {
        if let (Some(folder), Ok(text)) = (path.parent(), serde_json::to_vec(self)) {
            let _ = fs::create_dir_all(folder);
            let _ = atomic::write(path, &text);
        }
    }

    /// The bytes of a part.
    pub fn range(&self, number: usize) -> Range<u64> {
        let start = number as u64 * self.part;
        start..(start + self.part).min(self.size)
    }

    /// The upload is done, or cannot go on.
    pub fn forget(path: &Path) {
        let _ = fs::remove_file(path);
    }

    /// Whether the service refuses to go on with the upload, so that it has to begin anew; a lost network is no reason.
    pub fn is_over(fault: &Fault) -> bool {
        matches!(fault, Fault::Failed(said) if said.contains("NoSuchUpload") || said.contains("404"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_about_another_file_do_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x/notes.json");
        let mut notes = Journal::new("u1".to_owned(), 25, 10);
        notes.parts[0] = Some("tag".to_owned());
        notes.write(&path);
        assert_eq!(Journal::read(&path, 25, 10), Some(notes.clone()));
        assert_eq!(notes.range(2), 20..25);
        assert_eq!(Journal::read(&path, 26, 10), None);
        assert_eq!(Journal::read(&path, 25, 5), None);
        fs::write(&path, "{").unwrap();
        assert_eq!(Journal::read(&path, 25, 10), None);
    }
}
