//! The folder of a job; see [`super`] for its files.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::digest::ObjectId;
use crate::pipeline::Error;
use crate::pipeline::run::remove;
use crate::workspace::{Workspace, atomic};

const NOTE: &str = "job.json";

/// What a job is about; written before it is submitted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Note {
    /// 1; a note with another number is left alone.
    pub schema: u32,
    /// `FILE:STAGE`.
    pub stage: String,
    /// The key of command and inputs.
    pub inputs: ObjectId,
    /// What the queue was asked for, and how the commands are run.
    pub terms: ObjectId,
    /// Whether it is a task of an array.
    pub array: bool,
    /// The name of the stage's claim.
    pub claim: String,
}

/// A job.
pub struct Job {
    /// What it is about.
    pub note: Note,
    folder: PathBuf,
    /// Locked while the folder is filled; nothing where the file system has no locks.
    _owner: Option<File>,
}

/// What the script said last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The exit status.
    pub code: i32,
    /// Number of the command line, or a word.
    pub place: String,
}

/// The folder of all jobs.
pub fn base(workspace: &Workspace) -> PathBuf {
    workspace.derm_dir().join("tmp").join("jobs")
}

impl Job {
    /// Makes the folder of task `number` of a submission; the note is not there yet.
    pub fn create(submission: &Path, number: usize, note: Note) -> Result<Self, Error> {
        let folder = submission.join(number.to_string());
        loop {
            fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
            // Another derm that starts now may take a folder that is not locked yet for a left one, and remove it.
            if let Ok(_owner) = own(&folder)
                && folder.is_dir()
            {
                return Ok(Self { note, folder, _owner });
            }
        }
    }

    /// Writes the script and then the note: from here on the next derm knows of the job.
    pub fn write(&self, script: &[u8]) -> Result<(), Error> {
        let path = self.folder.join("script");
        fs::write(&path, script).map_err(Error::io("write", &path))?;
        let text = serde_json::to_string_pretty(&self.note).unwrap_or_default();
        Ok(atomic::write(&self.folder.join(NOTE), text.as_bytes())?)
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The name of its submission.
    pub fn name(&self) -> String {
        self.folder.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Its id in the queue, if the queue has told.
    pub fn id(&self) -> Option<String> {
        let text = fs::read_to_string(self.folder.parent()?.join("id")).ok()?;
        // `ID;CLUSTER` where there are several clusters.
        let id = text.lines().next()?.split(';').next()?.trim();
        (!id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))).then(|| self.task_of(id))
    }

    /// Its id, when that of its submission is known.
    pub fn task_of(&self, id: &str) -> String {
        let number = self.folder.file_name().unwrap_or_default().to_string_lossy();
        if self.note.array { format!("{id}_{number}") } else { id.to_owned() }
    }

    /// What the script said last.
    pub fn status(&self) -> Option<Status> {
        // Listing the folder makes an NFS client ask its server instead of remembering that the file was not there.
        let _ = fs::read_dir(&self.folder).map(Iterator::count);
        let text = fs::read_to_string(self.folder.join("status")).ok()?;
        let (code, place) = text.trim_end().split_once(' ')?;
        Some(Status { code: code.parse().ok()?, place: place.to_owned() })
    }

    /// Forgets what the script said: it is being started again.
    pub fn forget_status(&self) {
        let _ = fs::remove_file(self.folder.join("status"));
    }

    /// The job is of no more interest. If it should start even so, it does nothing.
    pub fn remove(self) {
        let _ = fs::remove_file(self.folder.join(NOTE));
        let _ = remove(&self.folder);
        if let Some(submission) = self.folder.parent().filter(|submission| tasks(submission).is_empty()) {
            let _ = remove(submission);
        }
    }
}

/// All jobs that there are, whoever looks after them.
pub fn all(workspace: &Workspace) -> Vec<Job> {
    let mut jobs = Vec::new();
    for folder in list(&base(workspace)).iter().flat_map(|submission| tasks(submission)) {
        match fs::read(folder.join(NOTE)).ok().and_then(|bytes| serde_json::from_slice::<Note>(&bytes).ok()) {
            Some(note) if note.schema == 1 => jobs.push(Job { note, folder, _owner: None }),
            Some(_) => {}
            None => sweep(&folder),
        }
    }
    jobs
}

/// Removes the folder of a job that was never submitted, or whose derm was killed while removing it.
fn sweep(folder: &Path) {
    if own(folder).is_ok() {
        let _ = remove(folder);
        if let Some(submission) = folder.parent().filter(|submission| tasks(submission).is_empty()) {
            let _ = remove(submission);
        }
    }
}

fn list(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

fn tasks(submission: &Path) -> Vec<PathBuf> {
    let numbered = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().bytes().all(|byte| byte.is_ascii_digit()));
    let mut tasks: Vec<PathBuf> = list(submission).into_iter().filter(numbered).collect();
    tasks.sort();
    tasks
}

/// The lock of a task folder; an error when another process holds it.
fn own(folder: &Path) -> Result<Option<File>, ()> {
    let Ok(file) = File::options().write(true).create(true).truncate(false).open(folder.join("owner")) else { return Ok(None) };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(()),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}
