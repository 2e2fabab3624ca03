//! What the store says about a file or a folder.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::digest::ObjectId;
use crate::observer::{Interrupt, Observer};
use crate::relpath::RelPath;

/// How long work speaks and is stopped.
#[derive(Clone, Copy)]
pub struct Work<'a> {
    /// Hears of progress.
    pub observer: &'a dyn Observer,
    /// Asks for the end.
    pub interrupt: &'a Interrupt,
}

/// Whether an id names a file's bytes or a folder's listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A file.
    File,
    /// A folder with all it holds.
    Tree,
}

/// The content of one path. Two entries are equal if and only if the content is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The object: the file's bytes or the folder's node.
    #[serde(rename = "hash")]
    pub id: ObjectId,
    /// File or folder.
    pub kind: Kind,
    /// Bytes of the file, or of all files in the folder.
    pub size: u64,
    /// 1, or the number of files and symbolic links in the folder.
    pub files: u64,
    /// Whether a file has its executable bit; `false` for folders, whose nodes hold the bits.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub executable: bool,
}

impl Entry {
    /// A plain file.
    pub fn file(id: ObjectId, size: u64) -> Self {
        Self { id, kind: Kind::File, size, files: 1, executable: false }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id.fmt(f)
    }
}

/// What happened to one file between two states.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "lowercase")]
pub enum Change {
    /// Only in the new state.
    Added,
    /// In both, with other bytes, executable bit or link target.
    Modified,
    /// Only in the old state.
    Deleted,
    /// Deleted at `from` and added here with the same bytes.
    Renamed {
        /// The old path.
        from: RelPath,
    },
}

/// One file, symbolic link or empty folder that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileChange {
    /// Relative to the entry compared; the root path for the entry itself.
    pub path: RelPath,
    /// What happened.
    #[serde(flatten)]
    pub change: Change,
    /// Size in bytes in the new state, or in the old one if deleted.
    pub size: u64,
}

/// What a checkout did, in files (and symbolic links).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// Made where nothing was.
    pub added: u64,
    /// Replaced.
    pub modified: u64,
    /// Removed.
    pub deleted: u64,
}

impl Changed {
    /// Whether nothing had to be done.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl std::ops::AddAssign for Changed {
    fn add_assign(&mut self, other: Self) {
        self.added += other.added;
        self.modified += other.modified;
        self.deleted += other.deleted;
    }
}
