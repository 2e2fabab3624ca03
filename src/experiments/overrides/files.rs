//! Overrides and the files that they change.

use std::io::ErrorKind;
use std::path::Path;

use super::{Error, Override};
use crate::pipeline::edit::{self, Changed, Edit};
use crate::pipeline::problem::Source;
use crate::relpath::RelPath;
use crate::workspace::atomic;

/// One file after its overrides.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// The file, relative to the folder.
    pub file: RelPath,
    /// Its text.
    pub text: String,
    /// What changed, one for each override, in their order.
    pub changed: Vec<Changed>,
}

/// What overrides make of the parameter files below `root`; nothing is written. Files come in the order in which they are first named.
///
/// # Errors
/// A file that is not there or cannot be changed that way; an override with several values.
pub fn apply(root: &Path, overrides: &[Override]) -> Result<Vec<Applied>, Error> {
    let mut files: Vec<(RelPath, Vec<Edit>)> = Vec::new();
    for one in overrides {
        let path = RelPath::new(one.file()).ok().filter(|path| !path.as_str().is_empty());
        let path = path.ok_or_else(|| Error::Outside { file: one.file().to_owned() })?;
        let edit = one.edit().ok_or_else(|| Error::Unbounded { key: one.key.clone() })?;
        match files.iter_mut().find(|(file, _)| *file == path) {
            Some((_, edits)) => edits.push(edit),
            None => files.push((path, vec![edit])),
        }
    }
    files.into_iter().map(|(file, edits)| edited(root, file, &edits)).collect()
}

fn edited(root: &Path, file: RelPath, edits: &[Edit]) -> Result<Applied, Error> {
    let path = file.on_disk(root);
    let text = match std::fs::read(&path) {
        Ok(bytes) => String::from_utf8(bytes).map_err(|_| std::io::Error::new(ErrorKind::InvalidData, "it is not UTF-8 text")),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Err(Error::no_file(&file, edits.first().map_or("", |edit| edit.key.as_str())));
        }
        Err(error) => Err(error),
    };
    let text = text.map_err(|source| Error::Read { path, source })?;
    let done = edit::apply(&Source { path: file.clone(), text: text.into() }, edits)?;
    Ok(Applied { file, text: done.text, changed: done.changed })
}

/// As [`apply`], and writes the files: all of them, or none where one cannot be changed.
///
/// # Errors
/// As [`apply`]; a file that cannot be written.
pub fn apply_all(root: &Path, overrides: &[Override]) -> Result<Vec<Applied>, Error> {
    let applied = apply(root, overrides)?;
    for one in &applied {
        atomic::write(&one.file.on_disk(root), one.text.as_bytes())?;
    }
    Ok(applied)
}
