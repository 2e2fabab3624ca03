//! Finished stages on their way into the locks.
//!
//! Rewriting a lock for every stage would be quadratic, and two runs that share the work would undo each other's entries. So
//! a run appends each finished stage to `.derm/tmp/journal`, and merges the journal into the locks when it ends. Whoever
//! reads the locks meanwhile ([`read`], [`apply`]) sees what the journal adds to them; after a kill the next command that reads them
//! merges ([`settle_left`]).
//!
//! # Format
//!
//! One JSON object a line: `{"lock": PATH, "stage": NAME, "was": HASH or null, "now": TEXT}`. `now` is the record as a lock of this one
//! stage, `was` the hash of the record that it replaces, in the same form.
//!
//! - A line counts only where the lock has what `was` says: after another branch was checked out, what was killed before is of no
//!   interest to it, and a stage that was recorded otherwise since keeps that record.
//! - A line *must* be appended after the stage's outputs are in the cache; it is not synced: after a power cut a stage may
//!   have to be restored from the run cache. A line that cannot be understood, such as a last one that is cut, is passed over.
//! - Whoever appends or merges holds the file's lock; the file goes when it is merged. Locks are written whole, through
//!   [`crate::workspace::atomic`], so that a kill while merging leaves lines that no longer count.

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::lock::{self, Lock, Record};
use super::problem::Source;
use super::run::Guard;
use super::{Error, Project};
use crate::digest::ObjectId;
use crate::relpath::RelPath;
use crate::workspace::{Workspace, atomic};

/// One finished stage.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Line {
    /// The lock that it belongs into.
    pub lock: RelPath,
    stage: String,
    was: Option<String>,
    now: String,
}

impl Line {
    /// A stage whose record `was` and is now.
    pub fn new(lock: &RelPath, stage: &str, was: Option<&Record>, now: &Record) -> Self {
        let was = was.map(|record| digest(&text(stage, record)));
        Self { lock: lock.clone(), stage: stage.to_owned(), was, now: text(stage, now) }
    }
}

fn text(stage: &str, record: &Record) -> String {
    lock::to_yaml(&Lock::from([(stage.to_owned(), record.clone())]))
}

fn digest(text: &str) -> String {
    ObjectId::of(text.as_bytes()).hex()
}

fn place(workspace: &Workspace) -> PathBuf {
    workspace.derm_dir().join("tmp").join("journal")
}

/// Which file the journal is and how long: another answer means that somebody finished something.
pub fn stamp(workspace: &Workspace) -> Option<(u64, u64)> {
    let meta = fs::metadata(place(workspace)).ok()?;
    Some((meta.ino(), meta.len()))
}

/// Adds lines.
///
/// # Errors
/// What keeps the file from being written.
pub fn append(workspace: &Workspace, lines: &[Line]) -> Result<(), Error> {
    if lines.is_empty() {
        return Ok(());
    }
    let path = place(workspace);
    let mut bytes = Vec::new();
    for line in lines {
        bytes.extend(serde_json::to_vec(line).unwrap_or_default());
        bytes.push(b'\n');
    }
    let (mut file, _) = locked(&path)?;
    let before = file.metadata().map_err(Error::io("write", &path))?.len();
    file.write_all(&bytes).map_err(|error| {
        // Half a line would swallow the next one.
        let _ = file.set_len(before);
        Error::io("write", &path)(error)
    })
}

/// The journal, locked, and whether it is new.
fn locked(path: &PathBuf) -> Result<(File, bool), Error> {
    loop {
        let file = File::options().read(true).append(true).create(true).open(path).map_err(Error::io("write", path))?;
        match file.lock() {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Unsupported => {}
            Err(error) => return Err(Error::io("lock", path)(error)),
        }
        let meta = file.metadata().map_err(Error::io("read", path))?;
        // Merged and removed while this waited.
        if meta.nlink() > 0 {
            return Ok((file, meta.len() == 0));
        }
    }
}

/// What the journal holds.
pub fn read(workspace: &Workspace) -> Vec<Line> {
    fs::read(place(workspace)).map(|bytes| parse(&bytes)).unwrap_or_default()
}

/// What was added behind `offset`, and what the file is then, as [`stamp`] says it.
pub fn read_from(workspace: &Workspace, offset: u64) -> Option<(Vec<Line>, (u64, u64))> {
    let mut file = File::open(place(workspace)).ok()?;
    let inode = file.metadata().ok()?.ino();
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_to_end(&mut bytes)).ok()?;
    // A line that is just being written is read another time.
    bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1));
    Some((parse(&bytes), (inode, offset + bytes.len() as u64)))
}

fn parse(bytes: &[u8]) -> Vec<Line> {
    bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

/// Adds to the lock `file` what the lines know better. Returns the stages that are new in it.
pub fn apply(lines: &[Line], file: &RelPath, lock: &mut Lock) -> BTreeSet<String> {
    let mut changed = BTreeSet::new();
    for line in lines.iter().filter(|line| line.lock == *file) {
        let current = lock.get(&line.stage).map(|record| digest(&text(&line.stage, record)));
        if current != line.was || current.is_some_and(|current| current == digest(&line.now)) {
            continue;
        }
        let source = Source { path: file.clone(), text: line.now.as_str().into() };
        if let Some(record) = lock::parse(&source).ok().and_then(|mut lock| lock.remove(&line.stage)) {
            lock.insert(line.stage.clone(), record);
            changed.insert(line.stage.clone());
        }
    }
    changed
}

/// Merges the journal into the locks and removes it. Entries of stages that `project` does not have leave the locks that are
/// written, provided that their pipeline is still what was read.
///
/// # Errors
/// A lock that cannot be understood or written; the journal stays then.
pub fn settle(workspace: &Workspace, project: Option<&Project>) -> Result<(), Error> {
    let path = place(workspace);
    if !path.exists() {
        return Ok(());
    }
    let (mut file, is_new) = locked(&path)?;
    let mut bytes = Vec::new();
    if !is_new {
        file.read_to_end(&mut bytes).map_err(Error::io("read", &path))?;
    }
    let lines = parse(&bytes);
    let locks: BTreeSet<&RelPath> = lines.iter().map(|line| &line.lock).collect();
    for name in locks {
        let mut lock = super::project::read_lock(workspace.root(), name)?;
        let before = lock.clone();
        if let Some(names) = project.and_then(|project| names(project, name)) {
            lock.retain(|stage, _| names.contains(stage.as_str()));
        }
        apply(&lines, name, &mut lock);
        let place = name.on_disk(workspace.root());
        if lock != before && place.parent().is_some_and(|folder| folder.is_dir()) {
            atomic::write(&place, lock::to_yaml(&lock).as_bytes())?;
        }
    }
    fs::remove_file(&path).map_err(Error::io("remove", &path))
}

/// The names of the stages whose records belong into a lock, unless the pipeline's file says something else by now.
fn names<'a>(project: &'a Project, lock: &RelPath) -> Option<HashSet<&'a str>> {
    let index = project.pipelines.iter().position(|pipeline| pipeline.lock == *lock)?;
    let now = fs::read_to_string(project.pipelines[index].file.on_disk(project.workspace.root())).ok()?;
    let same = *now == *project.sources[index].text;
    let stages = project.stages.iter().filter(|stage| stage.pipeline == index);
    same.then(|| stages.map(|stage| stage.name.as_str()).collect())
}

/// Merges what a run that was killed left, unless somebody runs. What keeps it from doing so will be told by who writes next.
pub fn settle_left(workspace: &Workspace) {
    if place(workspace).exists()
        && let Some(_alone) = Guard::try_take(workspace)
    {
        let _ = settle(workspace, None);
    }
}
