//! Experiments that wait, run or failed.
//!
//! # Format
//!
//! `.derm/exps/queue/ID.json`, one for each, named as its trial's folder: `schema` 1, `number` (its place in the line), the [`Spec`],
//! `state` (`waiting`, `running`, `failed`), times in milliseconds, and of a failure its last lines. The file is replaced whole. What is
//! done has no entry any more. Whether something really runs is not told by the file but by the lock of its trial, which the system
//! frees with the derm that held it: an entry that says `running` while nobody holds that lock waits again.
//!
//! `.derm/exps/logs/NAME.log` is what the last run of an experiment printed. `.derm/exps/.gitignore` keeps all of it out of git.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::place::{self, Place};
use super::trial::Spec;
use super::{Error, refs, snapshot};
use crate::clock::Timestamp;
use crate::workspace::{Workspace, atomic};

/// How far an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Nobody works on it.
    Waiting,
    /// Somebody does.
    Running,
    /// It was run and failed.
    Failed,
}

/// One experiment of the queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    schema: u32,
    /// Its place in the line.
    pub number: u64,
    /// How far it is.
    pub state: State,
    /// When it was added.
    pub created: Timestamp,
    /// When it was last started.
    #[serde(default)]
    pub started: Option<Timestamp>,
    /// The last lines that a failed run printed.
    #[serde(default)]
    pub tail: Vec<String>,
    /// What it is made of.
    pub spec: Spec,
}

impl Entry {
    /// The name of its file, and of its trial's folder.
    pub fn id(&self) -> String {
        place::id(&self.spec.snapshot.baseline, &self.spec.name)
    }
}

/// What belongs to experiments and is no trial: `.derm/exps/`.
pub fn home(workspace: &Workspace) -> Result<PathBuf, Error> {
    let folder = workspace.derm_dir().join("exps");
    let ignore = folder.join(".gitignore");
    if !ignore.exists() {
        fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        fs::write(&ignore, "*\n").map_err(Error::io("write", &ignore))?;
    }
    Ok(folder)
}

/// Where the words of an experiment's run are kept.
pub fn log_of(workspace: &Workspace, name: &str) -> Result<PathBuf, Error> {
    let folder = home(workspace)?.join("logs");
    fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
    Ok(folder.join(format!("{name}.log")))
}

fn folder(workspace: &Workspace) -> PathBuf {
    workspace.derm_dir().join("exps").join("queue")
}

/// The entries in their order. One that a derm which died was running waits again.
///
/// # Errors
/// A file that cannot be understood.
pub fn list(workspace: &Workspace) -> Result<Vec<Entry>, Error> {
    let mut found = Vec::new();
    for file in fs::read_dir(folder(workspace)).into_iter().flatten().flatten() {
        let path = file.path();
        if path.extension().is_none_or(|end| end != "json") {
            continue;
        }
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            // Done meanwhile.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(Error::io("read", path)(error)),
        };
        // What a power cut left of an entry that was not synced.
        if bytes.is_empty() {
            continue;
        }
        let entry: Result<Entry, _> = serde_json::from_slice(&bytes);
        let mut entry = entry.map_err(|error| Error::BadEntry { path: path.clone(), reason: error.to_string() })?;
        if entry.schema != 1 {
            let reason = format!("schema {} is not known to this derm", entry.schema);
            return Err(Error::BadEntry { path, reason });
        }
        let busy = entry.state != State::Failed && place::is_busy(workspace, &entry.id());
        entry.state = match entry.state {
            State::Failed => State::Failed,
            _ if busy => State::Running,
            _ => State::Waiting,
        };
        found.push(entry);
    }
    found.sort_by_key(|entry| (entry.number, entry.created));
    Ok(found)
}

/// Adds experiments at the end of the line. One that waits there already, because derm was killed before it had added all, is not
/// added again.
///
/// # Errors
/// A name that the queue or the baseline has already.
pub fn add(workspace: &Workspace, specs: Vec<Spec>) -> Result<Vec<Entry>, Error> {
    let known = list(workspace)?;
    let mut number = known.iter().map(|entry| entry.number).max().unwrap_or(0);
    for spec in &specs {
        refs::check_name(&spec.name)?;
        let same = |entry: &Entry| entry.spec.name == spec.name && entry.spec.snapshot.baseline == spec.snapshot.baseline;
        let waits = known.iter().find(|entry| same(entry));
        if waits.is_some_and(|entry| is_the_same(entry, spec)) {
            continue;
        }
        let blocks = waits.is_some_and(|entry| entry.state != State::Failed);
        if blocks || (!spec.replace && refs::exists(workspace, &spec.snapshot.baseline, &spec.name)?) {
            return Err(Error::Taken(spec.name.clone()));
        }
    }
    let mut added = Vec::new();
    for spec in specs {
        if let Some(entry) = known.iter().find(|entry| is_the_same(entry, &spec)) {
            added.push(entry.clone());
            continue;
        }
        number += 1;
        let entry = Entry { schema: 1, number, state: State::Waiting, created: Timestamp::now(), started: None, tail: Vec::new(), spec };
        write(workspace, &entry)?;
        added.push(entry);
    }
    Ok(added)
}

fn is_the_same(entry: &Entry, spec: &Spec) -> bool {
    entry.state == State::Waiting && entry.spec.name == spec.name && entry.spec.is_same_work(spec)
}

/// Writes an entry as it is.
pub fn write(workspace: &Workspace, entry: &Entry) -> Result<(), Error> {
    home(workspace)?;
    let folder = folder(workspace);
    fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
    let text = serde_json::to_string_pretty(entry).unwrap_or_default();
    let path = folder.join(format!("{}.json", entry.id()));
    // Not synced: of a hundred entries each would wait for the disk. After a power cut an entry may be missing.
    let mut file = atomic::AtomicFile::create(&path)?;
    file.write_all(text.as_bytes()).map_err(Error::io("write", &path))?;
    Ok(file.commit_unsynced()?)
}

/// Whether the entry is still there.
pub fn has(workspace: &Workspace, entry: &Entry) -> bool {
    folder(workspace).join(format!("{}.json", entry.id())).exists()
}

/// Takes an entry out: because it is done, or given up. Then the worktree that an interrupted run of it left goes too.
///
/// # Errors
/// [`Error::Busy`] while it runs.
pub fn remove(workspace: &Workspace, entry: &Entry) -> Result<(), Error> {
    let place = Place::take(workspace, &entry.spec)?;
    place.give_up(workspace)?;
    place.remove();
    forget(workspace, entry)
}

/// Takes out the entry of what is done.
pub fn forget(workspace: &Workspace, entry: &Entry) -> Result<(), Error> {
    let path = folder(workspace).join(format!("{}.json", entry.id()));
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Removes what is left of trials that nobody takes up again, and snapshots that nothing needs.
pub fn tidy(workspace: &Workspace) -> Result<(), Error> {
    let entries = list(workspace)?;
    let wanted: BTreeSet<String> = entries.iter().map(Entry::id).collect();
    let busy = place::sweep(workspace, |id| wanted.contains(id))?;
    // A trial that is no entry of the queue, of a sweep, needs a snapshot that only it knows.
    if !busy {
        snapshot::release(workspace, &entries.iter().map(|entry| entry.spec.snapshot.files.clone()).collect())?;
    }
    Ok(())
}

/// Names of trials that somebody runs now, of the queue or not.
pub fn running(workspace: &Workspace) -> Vec<String> {
    place::all(workspace).into_iter().filter(|id| place::is_busy(workspace, id)).map(|id| place::name(workspace, &id)).collect()
}

/// The worktrees of trials that run or were stopped half-way.
pub fn worktrees(workspace: &Workspace) -> Vec<Workspace> {
    let below = workspace.below_git().unwrap_or_default();
    let roots = place::all(workspace).into_iter().map(|id| place::base(workspace).join(id).join("tree").join(&below));
    roots.filter_map(|root| Workspace::at(&root).ok()).collect()
}
