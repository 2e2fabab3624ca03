//! Writing a run. Nothing here returns an error: see the promises in [`crate::tracking`].

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::record::{DatasetRef, Git, Record, Status};
use super::{Environment, History, RunId, alive, artifacts, metrics, names, runs, system};
use crate::clock::Timestamp;
use crate::digest::ObjectId;
use crate::workspace::{Workspace, atomic};

/// How long rows may wait for the disk (they survive the end of the process at once).
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// What is known when a run begins.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// The experiment: one folder name, see [`super::check_experiment`]. A forbidden name is mended.
    pub experiment: String,
    /// What people call the run.
    pub name: Option<String>,
    /// The command line, program first.
    pub command: Vec<String>,
    /// Parameters by dotted name.
    pub params: BTreeMap<String, Value>,
    /// The data.
    pub datasets: Vec<DatasetRef>,
    /// Free labels.
    pub tags: BTreeMap<String, String>,
    /// The run that this one is a part of.
    pub parent: Option<RunId>,
}

/// A run being written. May be shared between threads.
#[derive(Debug)]
pub struct RunWriter {
    id: RunId,
    dir: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    record: Record,
    /// `None` when the folder could not be made: then nothing is written.
    log: Option<File>,
    alive: Option<alive::Guard>,
    lines: String,
    synced: Instant,
    /// The last write of rows stopped in the middle of one.
    torn: bool,
    problems: Vec<String>,
}

impl RunWriter {
    /// Begins a new run.
    pub fn start(workspace: &Workspace, start: Start) -> Self {
        let mut problems = Vec::new();
        let experiment = match names::check_experiment(&start.experiment) {
            Ok(()) => start.experiment,
            Err(error) => {
                let mended = names::mend_experiment(&start.experiment);
                problems.push(format!("{error}; the run is recorded under `{mended}`"));
                mended
            }
        };
        let git = workspace.git().map(|facts| Git { commit: facts.commit, branch: facts.branch, dirty: facts.dirty });
        let record = Record {
            schema: Record::SCHEMA,
            id: RunId::new(),
            experiment,
            name: start.name,
            status: Status::Running,
            message: None,
            started: Timestamp::now(),
            ended: None,
            resumed: Vec::new(),
            command: start.command,
            derm: env!("CARGO_PKG_VERSION").to_owned(),
            user: system::user(),
            host: system::host(),
            git,
            parent: start.parent,
            params: start.params,
            tags: start.tags,
            datasets: start.datasets,
            artifacts: Vec::new(),
            environment: None,
            metrics: BTreeMap::new(),
            extra: serde_json::Map::new(),
        };
        let dir = runs::folder(workspace).join(&record.experiment).join(record.id.as_str());
        Self::open(dir, record, problems)
    }

    /// Takes up a run that ended early, such as a killed training that goes on from its checkpoint.
    /// Rows of steps that are repeated replace the earlier ones. When the run is gone, damaged or
    /// still being written, a new run begins instead.
    pub fn resume(workspace: &Workspace, id: &RunId, start: Start) -> Self {
        let run = match runs::open(workspace, id.as_str()) {
            Ok(run) => run,
            Err(error) => {
                let writer = Self::start(workspace, start);
                writer.lock().problem(format!("cannot take up the run `{id}`, a new one begins: {error}"));
                return writer;
            }
        };
        if alive::is_held(&run.dir) {
            let writer = Self::start(workspace, start);
            writer.lock().problem(format!("the run `{id}` is still being written, a new one begins"));
            return writer;
        }
        let mut problems = Vec::new();
        if let Err(error) = metrics::cut_torn_tail(&run.dir.join("metrics.log")) {
            problems.push(format!("cannot cut the torn end of the metrics of run `{id}`: {error}"));
        }
        let mut record = run.record;
        record.status = Status::Running;
        record.message = None;
        record.ended = None;
        record.resumed.push(Timestamp::now());
        Self::open(run.dir, record, problems)
    }

    fn open(dir: PathBuf, mut record: Record, problems: Vec<String>) -> Self {
        let id = record.id.clone();
        let mut state =
            State { log: None, alive: None, lines: String::new(), synced: Instant::now(), torn: false, problems, record: record.clone() };
        match begin(&dir, record.host.as_deref()) {
            Ok((log, alive)) => {
                (state.log, state.alive) = (Some(log), Some(alive));
                record.environment = state.write_environment(&dir);
                state.record = record;
                state.write_record(&dir);
            }
            Err(error) => state.problem(format!("this run is not recorded: cannot write to `{}`: {error}", dir.display())),
        }
        Self { id, dir, state: Mutex::new(state) }
    }

    /// The run's id.
    pub fn id(&self) -> &RunId {
        &self.id
    }

    /// The run's folder, absolute. It may be missing when the disk refused it.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Writes the values of some metrics at one step, in one piece.
    pub fn metrics(&self, step: u64, values: &[(&str, f64)]) {
        self.lock().rows(step, values);
    }

    /// Sets a tag.
    pub fn tag(&self, key: &str, value: &str) {
        self.change(|state| {
            let key = state.checked_key(key);
            state.record.tags.insert(key, value.to_owned());
        });
    }

    /// Sets parameters that became known after the start, such as a learning rate that was found.
    pub fn param(&self, key: &str, value: impl Into<Value>) {
        let value = value.into();
        self.change(|state| {
            let key = state.checked_key(key);
            state.record.params.insert(key, value);
        });
    }

    /// Copies a file or a folder to `artifacts/<name>`.
    pub fn artifact(&self, name: &str, from: &Path) {
        let copied = if self.lock().log.is_some() { artifacts::copy(&self.dir, name, from) } else { return };
        self.change(|state| match copied {
            Ok(artifact) => {
                state.record.artifacts.retain(|known| known.name != artifact.name);
                state.record.artifacts.push(artifact);
            }
            Err(error) => state.problem(format!("cannot keep `{}` as the artifact `{name}`: {error}", from.display())),
        });
    }

    /// Ends the run. Later calls change nothing.
    pub fn finish(&self, status: Status, message: Option<&str>) {
        let mut state = self.lock();
        if state.log.is_none() {
            return;
        }
        state.sync();
        state.log = None;
        match History::read(&self.dir.join("metrics.log")) {
            Ok(history) => state.record.metrics = history.summary(),
            Err(error) => state.problem(format!("cannot read the metrics of run `{}` back: {error}", self.id)),
        }
        state.record.status = status;
        state.record.message = message.map(str::to_owned);
        state.record.ended = Some(Timestamp::now());
        state.write_record(&self.dir);
        if let Some(alive) = state.alive.take() {
            alive.release();
        }
    }

    /// What went wrong so far; empty when all is recorded.
    pub fn problems(&self) -> Vec<String> {
        self.lock().problems.clone()
    }

    /// Changes the record and writes it, unless the run has ended.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        if state.log.is_some() {
            change(&mut state);
            state.write_record(&self.dir);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes the folder, takes the lock, opens the log. The lock comes first, so that a reader never
/// sees a running run that nobody holds.
fn begin(dir: &Path, host: Option<&str>) -> io::Result<(File, alive::Guard)> {
    fs::create_dir_all(dir)?;
    let alive = alive::hold(dir, host)?;
    let log = OpenOptions::new().create(true).append(true).open(dir.join("metrics.log"))?;
    Ok((log, alive))
}

impl State {
    fn rows(&mut self, step: u64, values: &[(&str, f64)]) {
        if self.log.is_none() {
            return;
        }
        let now = Timestamp::now();
        let mut lines = std::mem::take(&mut self.lines);
        lines.clear();
        if self.torn {
            // The rest of the broken line becomes a line of its own, which readers skip.
            lines.push('\n');
        }
        for (key, value) in values {
            if names::is_key(key) {
                metrics::push_line(&mut lines, now, step, key, *value);
            } else {
                let mended = self.checked_key(key);
                metrics::push_line(&mut lines, now, step, &mended, *value);
            }
        }
        let written = self.log.as_mut().map_or(Ok(()), |log| log.write_all(lines.as_bytes()));
        self.torn = written.is_err();
        if let Err(error) = written {
            self.problem(format!("cannot write metrics: {error}"));
        }
        self.lines = lines;
        if self.synced.elapsed() >= SYNC_EVERY {
            self.sync();
        }
    }

    fn sync(&mut self) {
        let synced = self.log.as_ref().map_or(Ok(()), File::sync_data);
        if let Err(error) = synced {
            self.problem(format!("cannot bring metrics to the disk: {error}"));
        }
        self.synced = Instant::now();
    }

    fn checked_key(&mut self, key: &str) -> String {
        if names::is_key(key) {
            return key.to_owned();
        }
        let mended = names::mend_key(key);
        self.problem(format!("`{}` is recorded as `{mended}`: names hold letters, digits and `_ - . /`", key.escape_debug()));
        mended
    }

    fn write_environment(&mut self, dir: &Path) -> Option<ObjectId> {
        let text = serde_json::to_string_pretty(&Environment::collect()).ok()? + "\n";
        self.write_file(&dir.join("env.json"), &text);
        Some(ObjectId::of(text.as_bytes()))
    }

    fn write_record(&mut self, dir: &Path) {
        match serde_json::to_string_pretty(&self.record) {
            Ok(text) => self.write_file(&dir.join("run.json"), &(text + "\n")),
            Err(error) => self.problem(format!("cannot write the run as JSON: {error}")),
        }
    }

    fn write_file(&mut self, path: &Path, text: &str) {
        if let Err(error) = atomic::write(path, text.as_bytes()) {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            self.problem(format!("{error}{cause}"));
        }
    }

    /// Keeps a problem once, and not without end.
    fn problem(&mut self, problem: String) {
        if self.problems.len() < 20 && !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

#[cfg(test)]
mod tests;
