//! What is kept of a sweep: `sweep.json`, `trials.jsonl`, the lock.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Error, Settings};
use crate::clock::Timestamp;
use crate::experiments::trial::State;
use crate::experiments::{self, Snapshot};
use crate::text;
use crate::workspace::{Workspace, atomic};

const SCHEMA: u32 = 1;

/// Where the references are that keep the snapshots of sweeps.
const REFS: &str = "refs/derm/sweeps/";

/// `sweep.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sweep {
    schema: u32,
    /// Its name.
    pub name: String,
    /// When it began.
    pub created: Timestamp,
    /// What all trials start from.
    pub snapshot: Snapshot,
    /// What it does.
    pub settings: Settings,
}

/// One line of `trials.jsonl`. Configurations count from 1, trials of one from 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The search was asked for a configuration.
    Asked {
        /// Its number.
        configuration: usize,
        /// Its parameters, as overrides.
        params: Vec<String>,
    },
    /// A trial reported a value while it ran.
    Report {
        /// The configuration.
        configuration: usize,
        /// Which of its trials.
        trial: usize,
        /// The step.
        step: u64,
        /// The value; `None` for what is no number.
        value: Option<f64>,
    },
    /// A trial ended.
    Ended {
        /// The configuration.
        configuration: usize,
        /// Which of its trials.
        trial: usize,
        /// How, and with what.
        #[serde(flatten)]
        ended: Ended,
    },
}

/// How a trial ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// How.
    pub state: State,
    /// Its metric; of one that was ended early the value that it was judged by.
    pub value: Option<f64>,
    /// The step of that value, if it was ended early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u64>,
    /// The experiment's commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The journal of a sweep that is run, or looked at.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: Option<File>,
    _lock: Option<File>,
}

fn folder(workspace: &Workspace, name: &str) -> PathBuf {
    base(workspace).join(name)
}

fn base(workspace: &Workspace) -> PathBuf {
    workspace.derm_dir().join("sweeps")
}

fn io(operation: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| experiments::Error::io(operation, path)(source).into()
}

/// The names of all sweeps, sorted.
pub fn list(workspace: &Workspace) -> Vec<String> {
    let entries = fs::read_dir(base(workspace)).into_iter().flatten().flatten();
    let sweeps = entries.filter(|entry| entry.path().join("sweep.json").exists());
    let mut names: Vec<String> = sweeps.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// Forgets a sweep; its experiments stay.
///
/// # Errors
/// No such sweep; one that runs.
pub fn remove(workspace: &Workspace, name: &str) -> Result<(), Error> {
    let sweep = Sweep::read(workspace, name)?;
    let _journal = Journal::open(workspace, &sweep.name)?;
    let folder = folder(workspace, name);
    fs::remove_dir_all(&folder).map_err(io("remove", &folder))?;
    workspace.remove_ref(&format!("{REFS}{name}"))?;
    Ok(())
}

impl Sweep {
    /// A sweep that does not exist yet.
    pub fn new(name: String, snapshot: Snapshot, settings: Settings) -> Self {
        Self { schema: SCHEMA, name, created: Timestamp::now(), snapshot, settings }
    }

    /// A sweep that exists.
    ///
    /// # Errors
    /// No such sweep, or its file cannot be read.
    pub fn read(workspace: &Workspace, name: &str) -> Result<Self, Error> {
        let path = folder(workspace, name).join("sweep.json");
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let near = text::suggest(name, list(workspace).iter().map(String::as_str)).map(str::to_owned);
                return Err(Error::Unknown { name: name.to_owned(), near });
            }
            Err(error) => return Err(io("read", &path)(error)),
        };
        let sweep: Self =
            serde_json::from_slice(&bytes).map_err(|error| Error::Damaged { path: path.clone(), reason: error.to_string() })?;
        match sweep.schema {
            SCHEMA => Ok(sweep),
            other => Err(Error::Damaged { path, reason: format!("it has schema {other}, this derm reads {SCHEMA}") }),
        }
    }

    /// Writes it, unless the same is there; `false` then.
    ///
    /// # Errors
    /// A sweep of that name that does something else.
    pub fn create(&self, workspace: &Workspace) -> Result<bool, Error> {
        match Self::read(workspace, &self.name) {
            Err(Error::Unknown { .. }) => {}
            Err(other) => return Err(other),
            Ok(there) => {
                let what = there.settings.difference(&self.settings);
                let what = what.or_else(|| (there.snapshot != self.snapshot).then_some("starting point"));
                return what.map_or(Ok(false), |what| Err(Error::Other { name: self.name.clone(), what }));
            }
        }
        experiments::refs::check_name(&self.name)?;
        let folder = folder(workspace, &self.name);
        fs::create_dir_all(&folder).map_err(io("create", &folder))?;
        let ignore = base(workspace).join(".gitignore");
        fs::write(&ignore, "*\n").map_err(io("write", &ignore))?;
        workspace.set_ref(&format!("{REFS}{}", self.name), &self.snapshot.files, true)?;
        let path = folder.join("sweep.json");
        let text = serde_json::to_string_pretty(self).map_err(|error| Error::Damaged { path: path.clone(), reason: error.to_string() })?;
        atomic::write(&path, format!("{text}\n").as_bytes())?;
        Ok(true)
    }
}

impl Journal {
    /// To be written; with what it holds.
    ///
    /// # Errors
    /// [`Error::Busy`] while another derm runs the sweep.
    pub fn open(workspace: &Workspace, name: &str) -> Result<(Self, Vec<Event>), Error> {
        let folder = folder(workspace, name);
        let lock = folder.join("lock");
        let held = File::options().write(true).create(true).truncate(false).open(&lock).map_err(io("lock", &lock))?;
        if matches!(held.try_lock(), Err(fs::TryLockError::WouldBlock)) {
            return Err(Error::Busy(name.to_owned()));
        }
        let path = folder.join("trials.jsonl");
        let mut file = File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(io("open", &path))?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(io("read", &path))?;
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let events = parse(&path, &text[..whole])?;
        file.set_len(whole as u64).and_then(|()| file.seek(SeekFrom::End(0))).map_err(io("write", &path))?;
        Ok((Self { path, file: Some(file), _lock: Some(held) }, events))
    }

    /// Only what it holds; also while another derm writes it, and whether one does.
    ///
    /// # Errors
    /// A line that cannot be understood.
    pub fn look(workspace: &Workspace, name: &str) -> Result<(Vec<Event>, bool), Error> {
        let folder = folder(workspace, name);
        let path = folder.join("trials.jsonl");
        let text = fs::read(&path).unwrap_or_default();
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let lock = File::options().write(true).open(folder.join("lock"));
        let busy = lock.is_ok_and(|file| matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)));
        Ok((parse(&path, &text[..whole])?, busy))
    }

    /// Adds a line, durably.
    pub(super) fn note(&mut self, event: &Event) -> Result<(), Error> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let line = serde_json::to_string(event).map_err(|error| Error::Damaged { path: self.path.clone(), reason: error.to_string() })?;
        file.write_all(format!("{line}\n").as_bytes()).and_then(|()| file.sync_data()).map_err(io("write", &self.path))
    }
}

fn parse(path: &Path, text: &[u8]) -> Result<Vec<Event>, Error> {
    let lines = text.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty());
    let read = |(at, line): (usize, &[u8])| {
        serde_json::from_slice(line).map_err(|error| Error::Damaged { path: path.to_owned(), reason: format!("line {}: {error}", at + 1) })
    };
    lines.map(read).collect()
}
