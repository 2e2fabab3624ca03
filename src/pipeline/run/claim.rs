//! Who runs what: so that several derm processes share the work.
//!
//! A claim is a file that is locked with the operating system's file lock and removed when its holder is done; that of a process
//! that died is free at once. Three kinds, always taken in this order, so that nobody waits in a circle:
//!
//! | claim | place | held |
//! | --- | --- | --- |
//! | a stage | `.derm/tmp/stages/ID` | from the verdict until its record is in the journal |
//! | a result | `claims/KEY` in the cache | likewise, by the key of the run cache: worktrees with one cache run a stage once |
//! | a mutex | `claims/mutex-ID` in the cache | while the commands run: for all that share the cache |
//!
//! Who has waited for a stage or a result looks again: it is fresh by then, or can be restored. The first line of the file
//! says who holds it, for those who wait. What follows in a stage's file are [`Note`]s, one JSON object a line: what must be
//! undone if the holder dies. Whoever takes such a claim next, and every run at its start, undoes it first ([`recover`]); not
//! while a batch job still makes the outputs ([`crate::pipeline::executor`]).

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{aside, orphans, resume};
use crate::digest::KeyHasher;
use crate::pipeline::{Error, Project};
use crate::store::Work;
use crate::workspace::Workspace;

/// How often a waiting process looks again.
const PAUSE: Duration = Duration::from_millis(20);

/// What a stage's claim notes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "kebab-case")]
pub enum Note {
    /// Who holds it.
    Holder {
        /// For people.
        who: String,
    },
    /// Outputs are about to be moved out of the way.
    Aside(aside::Note),
    /// A command was started in this process group.
    Started {
        /// Its number.
        group: u32,
        /// Seconds since 1970.
        at: u64,
    },
    /// That command ended.
    Ended {
        /// Its number.
        group: u32,
    },
}

/// A claim; free again when dropped.
pub struct Claim {
    file: Mutex<File>,
    path: PathBuf,
    /// Whether it took a wait.
    pub waited: bool,
}

/// The place of a stage's claim.
pub fn of_stage(project: &Project, stage: usize) -> PathBuf {
    let stage = &project.stages[stage];
    let lock = &project.pipelines[stage.pipeline].lock;
    let key = KeyHasher::new("derm stage claim 1").text(lock.as_str()).text(&stage.name).finish().hex();
    stages(&project.workspace).join(&key[..32])
}

/// The place of a claim on a result.
pub fn of_result(workspace: &Workspace, key: &crate::digest::ObjectId) -> PathBuf {
    workspace.cache_dir().join("claims").join(key.hex())
}

/// The place of a mutex.
pub fn of_mutex(workspace: &Workspace, name: &str) -> PathBuf {
    let key = KeyHasher::new("derm mutex 1").text(name).finish().hex();
    workspace.cache_dir().join("claims").join(format!("mutex-{}", &key[..32]))
}

/// The place of a stage's claim that is called `name`.
pub fn called(workspace: &Workspace, name: &str) -> PathBuf {
    stages(workspace).join(name)
}

fn stages(workspace: &Workspace) -> PathBuf {
    workspace.derm_dir().join("tmp").join("stages")
}

impl Claim {
    /// Waits for a claim. `told` hears once who holds it.
    pub fn take(path: &Path, stop: &dyn Fn() -> bool, told: &dyn Fn(&str)) -> Result<Self, Error> {
        let mut waited = false;
        loop {
            if let Some(claim) = Self::try_take(path)? {
                return Ok(Self { waited, ..claim });
            }
            if !std::mem::replace(&mut waited, true) {
                told(&holder(path));
            }
            if stop() {
                return Err(Error::Interrupted);
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Takes a claim that is free.
    pub fn try_take(path: &Path) -> Result<Option<Self>, Error> {
        loop {
            let opened = File::options().read(true).append(true).create(true).open(path);
            let file = match opened {
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    let folder = path.parent().unwrap_or(path);
                    fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
                    continue;
                }
                // Another user's claim in a cache that is shared: it can be waited for all the same.
                Err(error) if error.kind() == ErrorKind::PermissionDenied => File::open(path).map_err(Error::io("lock", path))?,
                opened => opened.map_err(Error::io("lock", path))?,
            };
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {}
                Err(TryLockError::Error(error)) => return Err(Error::io("lock", path)(error)),
            }
            // Its last holder may have removed it since it was opened.
            if file.metadata().map_err(Error::io("lock", path))?.nlink() > 0 {
                return Ok(Some(Self { file: Mutex::new(file), path: path.to_owned(), waited: false }));
            }
        }
    }

    /// With what its holder knows about how it came to it.
    pub fn after_a_wait(self, waited: bool) -> Self {
        Self { waited, ..self }
    }

    /// Its name among those of stages.
    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// What its last holder, who died, had moved aside; nothing when there is nothing to undo.
    pub fn left_aside(&self) -> Option<Option<aside::Note>> {
        let notes = self.notes();
        let aside = notes.iter().rev().find_map(|note| if let Note::Aside(aside) = note { Some(aside.clone()) } else { None });
        (!notes.is_empty()).then_some(aside)
    }

    /// Says who holds it, after undoing what a holder that died has left; tells whether there was something.
    pub fn begin(&self, workspace: &Workspace, work: &Work<'_>) -> Result<bool, Error> {
        let notes = self.notes();
        if !notes.is_empty() {
            undo(workspace, work, &self.path, &notes)?;
            self.file().set_len(0).map_err(Error::io("write", &self.path))?;
        }
        self.introduce().map(|()| !notes.is_empty())
    }

    /// Says who holds it.
    pub fn introduce(&self) -> Result<(), Error> {
        self.note(&Note::Holder { who: format!("`derm repro` (process {})", std::process::id()) })
    }

    /// Adds a note. It must outlive a kill, not a power cut: it is not synced.
    pub fn note(&self, note: &Note) -> Result<(), Error> {
        let mut line = serde_json::to_vec(note).unwrap_or_default();
        line.push(b'\n');
        self.file().write_all(&line).map_err(Error::io("write", &self.path))
    }

    /// Nothing is to be undone any more.
    pub fn done(self) -> Result<(), Error> {
        // Removed while it is locked: who opens it from now on makes a new one.
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io("remove", &self.path)(error)),
            _ => Ok(()),
        }
    }

    fn notes(&self) -> Vec<Note> {
        let mut bytes = Vec::new();
        let mut file = self.file();
        let _ = file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_end(&mut bytes));
        parse(&bytes)
    }

    fn file(&self) -> std::sync::MutexGuard<'_, File> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A claim on something that leaves nothing to undo: gone when dropped.
pub struct Passing(Option<Claim>);

impl Passing {
    /// Waits for it. A cache that cannot be written is no reason not to run.
    pub fn take(path: &Path, stop: &dyn Fn() -> bool, told: &dyn Fn(&str)) -> Result<Self, Error> {
        match Claim::take(path, stop, told) {
            Ok(claim) => {
                let _ = claim.file().set_len(0);
                let _ = claim.introduce();
                Ok(Self(Some(claim)))
            }
            Err(Error::Interrupted) => Err(Error::Interrupted),
            Err(_) => Ok(Self(None)),
        }
    }
}

impl Passing {
    /// Whether it took a wait.
    pub fn waited(&self) -> bool {
        self.0.as_ref().is_some_and(|claim| claim.waited)
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        let _ = self.0.take().map(Claim::done);
    }
}

fn parse(bytes: &[u8]) -> Vec<Note> {
    bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

/// Who holds a claim, in words.
pub fn holder(path: &Path) -> String {
    let notes = fs::read(path).map(|bytes| parse(&bytes)).unwrap_or_default();
    let who = notes.into_iter().find_map(|note| if let Note::Holder { who } = note { Some(who) } else { None });
    who.unwrap_or_else(|| "another derm".to_owned())
}

/// Whether somebody holds the claim.
pub fn is_held(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Undoes what runs that died have left. Stages that somebody runs are left alone, and those with a claim called as a batch job
/// says that goes on.
pub fn recover(workspace: &Workspace, work: &Work<'_>, has_job: &dyn Fn(&str) -> bool) -> Result<(), Error> {
    for entry in fs::read_dir(stages(workspace)).into_iter().flatten().flatten() {
        if has_job(&entry.file_name().to_string_lossy()) {
            continue;
        }
        if let Some(claim) = Claim::try_take(&entry.path())? {
            undo(workspace, work, &claim.path, &claim.notes())?;
            claim.done()?;
        }
    }
    for entry in fs::read_dir(workspace.cache_dir().join("claims")).into_iter().flatten().flatten() {
        // Nothing to undo; where the cache is another's to clean, that one will.
        if let Ok(Some(claim)) = Claim::try_take(&entry.path()) {
            let _ = claim.done();
        }
    }
    Ok(())
}

fn undo(workspace: &Workspace, work: &Work<'_>, claim: &Path, notes: &[Note]) -> Result<(), Error> {
    let ended = |wanted: u32| notes.iter().any(|note| matches!(note, Note::Ended { group } if *group == wanted));
    for note in notes {
        match note {
            Note::Aside(aside) => orphans::end_try(&aside.id, work),
            Note::Started { group, at } if !ended(*group) => orphans::end(*group, *at, work),
            _ => {}
        }
    }
    for note in notes {
        if let Note::Aside(note) = note {
            let put_back = aside::put_back(workspace, note, false)?;
            resume::remember(&resume::place(workspace, claim), &note.key, &put_back.left)?;
            say(work, &put_back);
        }
    }
    Ok(())
}

fn say(work: &Work<'_>, put_back: &aside::PutBack) {
    if !put_back.old.is_empty() || !put_back.removed.is_empty() {
        work.observer.note("an earlier run was killed: putting back the outputs it had moved aside");
    }
    for path in &put_back.left {
        work.observer.note(&format!("an earlier run was killed: what it left of `{path}` stays for the next try"));
    }
}

/// Claims that others hold on these stages.
pub fn others(project: &Project, needs: &[usize]) -> Vec<(usize, PathBuf)> {
    // A stage's claim is gone as soon as it is free: the folder holds few or none, and is asked for each stage that runs.
    let present: Vec<std::ffi::OsString> =
        fs::read_dir(stages(&project.workspace)).into_iter().flatten().flatten().map(|entry| entry.file_name()).collect();
    if present.len() <= 1 {
        return Vec::new();
    }
    let places = needs.iter().map(|index| (*index, of_stage(project, *index)));
    places.filter(|(_, path)| path.file_name().is_some_and(|name| present.iter().any(|one| one == name))).collect()
}
