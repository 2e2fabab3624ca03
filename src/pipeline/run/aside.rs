//! Old outputs out of the way while a stage runs, and back when it fails.
//!
//! Before anything is moved, the stage's claim notes what will be ([`Note`]): output N goes to `.derm/tmp/aside/ID/N`, and `was` says
//! whether there was one. As long as the note stands, the run did not happen: [`put_back`] makes every output what it was, but
//! for those that `stay`: what the run left of these remains, and only where it left nothing the old comes back. The claim's
//! end is the moment the run counts.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::claim::{self, Claim};
use crate::pipeline::Error;
use crate::relpath::RelPath;
use crate::workspace::Workspace;

/// What was moved, or is about to be.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Note {
    /// Of this run of the stage.
    pub id: String,
    outs: Vec<RelPath>,
    was: Vec<bool>,
    stay: Vec<bool>,
    /// Of the try, for [`super::resume`].
    pub key: String,
}

/// Outputs moved aside.
pub struct Aside {
    workspace: Workspace,
    note: Note,
}

/// An output and what is to become of it.
pub struct Way {
    /// The output.
    pub path: RelPath,
    /// What the run leaves of it remains even if the run fails.
    pub stay: bool,
    /// It is what an earlier try has left, and not moved.
    pub go_on: bool,
}

/// What became of the outputs of a run that did not happen.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PutBack {
    /// The old ones are there again.
    pub old: Vec<RelPath>,
    /// There were none before, so what the run had made was removed.
    pub removed: Vec<RelPath>,
    /// What the run left stays for the next try.
    pub left: Vec<RelPath>,
    /// What the run made stays, because failures are ignored.
    pub kept: Vec<RelPath>,
    /// It could not be done; the next run tries again.
    #[serde(skip)]
    pub stuck: bool,
}

impl PutBack {
    /// Whether nothing was done.
    pub fn is_empty(&self) -> bool {
        self.old.is_empty() && self.removed.is_empty() && self.left.is_empty() && self.kept.is_empty()
    }
}

fn folder(workspace: &Workspace, note: &Note) -> PathBuf {
    workspace.derm_dir().join("tmp").join("aside").join(&note.id)
}

impl Aside {
    /// Moves what is at these paths aside.
    pub fn take(workspace: &Workspace, claim: &Claim, outs: &[Way], key: String) -> Result<Self, Error> {
        let root = workspace.root();
        let note = Note {
            id: uuid::Uuid::now_v7().simple().to_string(),
            outs: outs.iter().map(|out| out.path.clone()).collect(),
            was: outs.iter().map(|out| !out.go_on && out.path.on_disk(root).symlink_metadata().is_ok()).collect(),
            stay: outs.iter().map(|out| out.stay).collect(),
            key,
        };
        let aside = Self { workspace: workspace.clone(), note };
        claim.note(&claim::Note::Aside(aside.note.clone()))?;
        if aside.note.was.contains(&true) {
            let folder = folder(workspace, &aside.note);
            fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
            for (index, out) in aside.note.outs.iter().enumerate().filter(|(index, _)| aside.note.was[*index]) {
                let from = out.on_disk(root);
                if let Err(error) = fs::rename(&from, folder.join(index.to_string())) {
                    put_back(workspace, &Note { stay: vec![false; aside.note.outs.len()], ..aside.note.clone() }, false)?;
                    return Err(Error::io("move aside", from)(error));
                }
            }
        }
        Ok(aside)
    }

    /// What a run that died had moved aside for a batch job.
    pub fn of_note(workspace: &Workspace, note: Option<Note>, key: String) -> Self {
        let nothing = Note { id: String::new(), outs: Vec::new(), was: Vec::new(), stay: Vec::new(), key };
        Self { workspace: workspace.clone(), note: note.unwrap_or(nothing) }
    }

    /// Removes what the commands left at the outputs' places, for another try; what is to stay stays.
    pub fn clear(&self) -> Result<(), Error> {
        for (out, _) in self.note.outs.iter().zip(&self.note.stay).filter(|(_, stay)| !**stay) {
            remove(&out.on_disk(self.workspace.root()))?;
        }
        Ok(())
    }

    /// The run did not happen. `keep`: everything it made remains all the same.
    pub fn put_back(&self, keep: bool) -> Result<PutBack, Error> {
        put_back(&self.workspace, &self.note, keep)
    }

    /// What tells this run of the stage from all others.
    pub fn id(&self) -> &str {
        &self.note.id
    }

    /// The key of the try.
    pub fn key(&self) -> &str {
        &self.note.key
    }

    /// The run counts: what was moved aside goes. Its content is in the cache, or nobody wants it.
    pub fn forget_old(&self) {
        if self.note.was.contains(&true) {
            let _ = remove(&folder(&self.workspace, &self.note));
        }
    }
}

/// May be interrupted and repeated at any point.
pub fn put_back(workspace: &Workspace, note: &Note, keep: bool) -> Result<PutBack, Error> {
    let folder = folder(workspace, note);
    let mut done = PutBack::default();
    for (index, (out, (was, stay))) in note.outs.iter().zip(note.was.iter().zip(&note.stay)).enumerate() {
        let (there, kept) = (out.on_disk(workspace.root()), folder.join(index.to_string()));
        let moved = kept.symlink_metadata().is_ok();
        if (*stay || keep) && there.symlink_metadata().is_ok() {
            if *stay { &mut done.left } else { &mut done.kept }.push(out.clone());
            continue;
        }
        if moved || !was {
            if !was && there.symlink_metadata().is_ok() {
                done.removed.push(out.clone());
            }
            remove(&there)?;
        }
        if moved {
            if let Some(parent) = there.parent() {
                fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
            }
            fs::rename(&kept, &there).map_err(Error::io("put back", &there))?;
            done.old.push(out.clone());
        }
    }
    remove(&folder)?;
    Ok(done)
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
