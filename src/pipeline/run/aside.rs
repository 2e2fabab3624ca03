//! Old outputs out of the way while a stage runs, and back when it fails.
//!
//! Before anything is moved, `.derm/tmp/aside/ID/note.json` says what will be: `{"outs": [PATH, …]}`, output N going
//! to `.derm/tmp/aside/ID/N`, and `was: [true, …]` whether there was one. As long as the note stands, the run did not
//! happen: [`recover`] puts every output back to what it was. Taking the note away is the moment the run counts.
//! Outputs that a batch job still makes (see [`crate::pipeline::executor`]) stay aside until that is settled.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::pipeline::Error;
use crate::relpath::RelPath;
use crate::store::Work;
use crate::workspace::Workspace;

#[derive(Serialize, Deserialize)]
struct Note {
    outs: Vec<RelPath>,
    was: Vec<bool>,
}

/// Outputs moved aside.
pub struct Aside {
    folder: PathBuf,
    root: PathBuf,
    note: Note,
}

fn place(workspace: &Workspace) -> PathBuf {
    workspace.derm_dir().join("tmp").join("aside")
}

impl Aside {
    /// Moves what is at these paths aside.
    pub fn take(workspace: &Workspace, outs: Vec<RelPath>) -> Result<Self, Error> {
        let base = place(workspace);
        fs::create_dir_all(&base).map_err(Error::io("create", &base))?;
        let folder = base.join(uuid::Uuid::now_v7().simple().to_string());
        fs::create_dir(&folder).map_err(Error::io("create", &folder))?;
        let root = workspace.root().to_owned();
        let was = outs.iter().map(|out| out.on_disk(&root).symlink_metadata().is_ok()).collect();
        let aside = Self { folder, root, note: Note { outs, was } };
        let note = serde_json::to_string(&aside.note).unwrap_or_default();
        // Not synced: it must outlive a kill, not a power cut, and what is moved is in the cache.
        let path = aside.folder.join("note.json");
        fs::write(&path, note).map_err(Error::io("write", &path))?;
        for (index, out) in aside.note.outs.iter().enumerate().filter(|(index, _)| aside.note.was[*index]) {
            let from = out.on_disk(&aside.root);
            if let Err(error) = fs::rename(&from, aside.folder.join(index.to_string())) {
                aside.put_back()?;
                return Err(Error::io("move aside", from)(error));
            }
        }
        Ok(aside)
    }

    /// What is aside in the folder called `name`, unless it was put back or the run counts.
    pub fn find(workspace: &Workspace, name: &str) -> Option<Self> {
        let folder = place(workspace).join(name);
        let note = note(&folder)?;
        Some(Self { folder, root: workspace.root().to_owned(), note })
    }

    /// The name of its folder.
    pub fn name(&self) -> String {
        self.folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Removes what the commands left at the outputs' places, for another try.
    pub fn clear(&self) -> Result<(), Error> {
        for out in &self.note.outs {
            remove(&out.on_disk(&self.root))?;
        }
        Ok(())
    }

    /// The run did not happen: everything is as it was.
    pub fn put_back(&self) -> Result<(), Error> {
        put_back(&self.root, &self.folder, &self.note)
    }

    /// The run counts: from here on the new outputs stay.
    pub fn keep_new(&self) -> Result<(), Error> {
        let note = self.folder.join("note.json");
        fs::remove_file(&note).map_err(Error::io("remove", &note))?;
        // What is left is old content that the cache has; a failure to remove it harms nobody.
        let _ = remove(&self.folder);
        Ok(())
    }
}

fn note(folder: &Path) -> Option<Note> {
    let bytes = fs::read(folder.join("note.json")).ok()?;
    serde_json::from_slice::<Note>(&bytes).ok().filter(|note| note.outs.len() == note.was.len())
}

/// Puts back what runs that were killed had moved aside, but for the folders called one of `held`.
pub fn recover(workspace: &Workspace, work: Work<'_>, held: &[String]) -> Result<(), Error> {
    let base = place(workspace);
    let entries = match fs::read_dir(&base) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::io("read", base)(error)),
    };
    let free = |entry: &fs::DirEntry| !held.iter().any(|held| entry.file_name() == held.as_str());
    for folder in entries.filter_map(Result::ok).filter(free).map(|entry| entry.path()) {
        match note(&folder) {
            Some(note) => {
                work.observer.note("an earlier run was killed: putting back the outputs it had moved aside");
                put_back(workspace.root(), &folder, &note)?;
            }
            // Nothing was moved yet, or the run counts already.
            None => remove(&folder)?,
        }
    }
    Ok(())
}

/// May be interrupted and repeated at any point.
fn put_back(root: &Path, folder: &Path, note: &Note) -> Result<(), Error> {
    for (index, (out, was)) in note.outs.iter().zip(&note.was).enumerate() {
        let (there, kept) = (out.on_disk(root), folder.join(index.to_string()));
        let moved = kept.symlink_metadata().is_ok();
        if moved || !was {
            remove(&there)?;
        }
        if moved {
            if let Some(parent) = there.parent() {
                fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
            }
            fs::rename(&kept, &there).map_err(Error::io("put back", &there))?;
        }
    }
    let _ = fs::remove_file(folder.join("note.json"));
    remove(folder)
}

/// Removes a file, link or folder, if there is one.
pub fn remove(path: &Path) -> Result<(), Error> {
    let Ok(found) = path.symlink_metadata() else { return Ok(()) };
    let removed = if found.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io("remove", path)(error)),
        _ => Ok(()),
    }
}
