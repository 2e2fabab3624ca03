//! Reading runs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::metrics::History;
use super::names::is_hex;
use super::record::{MetricSummary, Record, Status};
use super::{Environment, Error, RunId, alive};
use crate::workspace::Workspace;

/// The runs of a repository.
#[derive(Debug, Default)]
pub struct Listing {
    /// Those that can be read, newest first.
    pub runs: Vec<Run>,
    /// Those that cannot: the folder's path below the root, and why.
    pub broken: Vec<(PathBuf, String)>,
}

/// A run on disk.
#[derive(Clone, Debug)]
pub struct Run {
    /// What `run.json` holds, with the summary of an unfinished run computed from its log.
    pub record: Record,
    /// Its folder.
    pub dir: PathBuf,
}

/// `.derm/runs/`.
pub(super) fn folder(workspace: &Workspace) -> PathBuf {
    workspace.derm_dir().join("runs")
}

/// All runs, newest first. Opens one file a run; a run that cannot be read is reported beside the others.
pub fn list(workspace: &Workspace) -> Result<Listing, Error> {
    let mut listing = Listing::default();
    for (_, dir) in folders(workspace)? {
        match Run::read(&dir) {
            Ok(run) => listing.runs.push(run),
            Err(error) => {
                let below = dir.strip_prefix(workspace.root()).unwrap_or(&dir).to_owned();
                listing.broken.push((below, reason(error)));
            }
        }
    }
    Ok(listing)
}

/// The run that `reference` names: an id, a unique start of one, or `last`.
pub fn open(workspace: &Workspace, reference: &str) -> Result<Run, Error> {
    let all = folders(workspace)?;
    if reference == "last" {
        // A damaged newest run does not hide the one before it.
        let mut runs = all.iter().map(|(_, dir)| Run::read(dir));
        return runs.find_map(Result::ok).ok_or(Error::NoRuns);
    }
    let prefix = reference.to_ascii_lowercase();
    let usable = !prefix.is_empty() && is_hex(&prefix);
    let found: Vec<&(RunId, PathBuf)> = all.iter().filter(|(id, _)| usable && id.as_str().starts_with(&prefix)).collect();
    match found.as_slice() {
        [] if all.is_empty() => Err(Error::NoRuns),
        [] => Err(Error::NotFound(reference.to_owned())),
        [(_, dir)] => Run::read(dir),
        several => Err(Error::Ambiguous { prefix, ids: several.iter().map(|(id, _)| id.to_string()).collect() }),
    }
}

/// The folders of all runs by falling id, which is newest first.
fn folders(workspace: &Workspace) -> Result<Vec<(RunId, PathBuf)>, Error> {
    let mut found = Vec::new();
    for experiment in entries(&folder(workspace))? {
        if experiment.is_dir() {
            let below = entries(&experiment)?;
            found.extend(below.into_iter().filter_map(|dir| Some((RunId::parse(dir.file_name()?.to_str()?)?, dir))));
        }
    }
    found.sort_by(|a, b| b.0.cmp(&a.0));
    Ok(found)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let io = |source| Error::Io { action: "list", path: folder.to_owned(), source };
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>().map_err(io),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(io(error)),
    }
}

fn reason(error: Error) -> String {
    match error {
        Error::Damaged { reason, .. } => reason,
        Error::Io { source, .. } => source.to_string(),
        other => other.to_string(),
    }
}

impl Run {
    fn read(dir: &Path) -> Result<Self, Error> {
        let mut record = Self::record_in(dir)?;
        if record.status == Status::Running && !alive::is_held(dir) {
            // It may have ended properly between the two looks.
            record = Self::record_in(dir)?;
            if record.status == Status::Running {
                record.status = Status::Crashed;
            }
        }
        if matches!(record.status, Status::Running | Status::Crashed) {
            record.metrics = Self::history_in(dir)?.summary();
        }
        Ok(Self { record, dir: dir.to_owned() })
    }

    fn record_in(dir: &Path) -> Result<Record, Error> {
        let path = dir.join("run.json");
        let bytes = fs::read(&path).map_err(|source| Error::Io { action: "read", path: path.clone(), source })?;
        let damaged = |reason: String| Error::Damaged { path: path.clone(), reason };
        let record: Record = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        if record.schema > Record::SCHEMA {
            return Err(damaged(format!("it has schema {}, this derm reads up to {}", record.schema, Record::SCHEMA)));
        }
        Ok(record)
    }

    fn history_in(dir: &Path) -> Result<History, Error> {
        let path = dir.join("metrics.log");
        History::read(&path).map_err(|source| Error::Io { action: "read", path, source })
    }

    /// Every value of every metric.
    pub fn history(&self) -> Result<History, Error> {
        Self::history_in(&self.dir)
    }

    /// The machine it ran on, if that is recorded.
    pub fn environment(&self) -> Option<Environment> {
        serde_json::from_slice(&fs::read(self.dir.join("env.json")).ok()?).ok()
    }

    /// The metrics in short.
    pub fn metrics(&self) -> &BTreeMap<String, MetricSummary> {
        &self.record.metrics
    }

    /// Seconds from its start to its end, or to its last sign of life.
    pub fn seconds(&self) -> Option<f64> {
        let ended = self.record.ended?;
        Some((ended.0 - self.record.started.0) as f64 / 1000.0)
    }
}
