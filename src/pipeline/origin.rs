//! Where a pipeline's files are read from: the folder on disk, or a commit, without a checkout.

use std::fmt;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::problem::{Problem, Source};
use crate::relpath::RelPath;
use crate::text::Place;
use crate::workspace::Revision;

/// A set of files by path. `Send + Sync`.
pub enum Origin {
    /// Those below this folder.
    Folder(PathBuf),
    /// Those of a commit.
    Commit(Mutex<Revision>),
}

impl Origin {
    /// The bytes of a file; `None` when there is no such file.
    ///
    /// # Errors
    /// One problem, at the file's beginning.
    pub fn bytes(&self, path: &RelPath) -> Result<Option<Vec<u8>>, Vec<Problem>> {
        let failed = |reason: String| problem(path, format!("cannot read `{path}`: {reason}"));
        match self {
            Origin::Folder(root) => match std::fs::read(path.on_disk(root)) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
                Err(error) => Err(failed(error.to_string())),
            },
            Origin::Commit(revision) => {
                let revision = revision.lock().unwrap_or_else(PoisonError::into_inner);
                revision.read(path).map_err(|error| failed(error.to_string()))
            }
        }
    }

    /// The text of a file; `None` when there is no such file.
    ///
    /// # Errors
    /// One problem; for bytes that are not UTF-8, where they begin.
    pub fn text(&self, path: &RelPath) -> Result<Option<Source>, Vec<Problem>> {
        self.bytes(path)?.map(|bytes| text(path, bytes)).transpose()
    }

    /// Whether there is such a file.
    pub fn has(&self, path: &RelPath) -> bool {
        match self {
            Origin::Folder(root) => path.on_disk(root).exists(),
            Origin::Commit(revision) => {
                let revision = revision.lock().unwrap_or_else(PoisonError::into_inner);
                revision.is_executable(path).is_ok_and(|found| found.is_some())
            }
        }
    }
}

impl Origin {
    /// Whether a folder of the disk is there; git has no folders of their own.
    pub fn is_folder(&self, path: &RelPath) -> bool {
        matches!(self, Origin::Folder(root) if path.on_disk(root).is_dir())
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Folder(root) => f.debug_tuple("Folder").field(root).finish(),
            Origin::Commit(revision) => {
                let revision = revision.lock().unwrap_or_else(PoisonError::into_inner);
                f.debug_tuple("Commit").field(&revision.commit()).finish()
            }
        }
    }
}

/// A file's bytes as text.
///
/// # Errors
/// Where bytes that are not UTF-8 begin.
pub fn text(path: &RelPath, bytes: Vec<u8>) -> Result<Source, Vec<Problem>> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source { path: path.clone(), text: text.into() }),
        Err(error) => {
            let good = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).into_owned();
            let line = good.matches('\n').count() + 1;
            let column = good.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            let place = Place { path: path.as_str().into(), line, column, excerpt: None };
            let hint = Some("save the file as UTF-8".to_owned());
            Err(vec![Problem { place, message: "not UTF-8 text".to_owned(), hint }])
        }
    }
}

/// A problem of a whole file.
pub fn problem(path: &RelPath, message: String) -> Vec<Problem> {
    vec![Problem { place: Place { path: path.as_str().into(), line: 1, column: 1, excerpt: None }, message, hint: None }]
}
