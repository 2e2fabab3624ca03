//! A stage after its `${…}` are filled in: what it runs, what it reads, what it makes.

use std::time::Duration;

use super::value::Value;
use super::yaml::Mark;
use crate::relpath::RelPath;

/// A file that defines stages.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// `pipelines/NAME.yaml`, or a `dvc.yaml` anywhere.
    pub file: RelPath,
    /// Its lock: `pipelines/NAME.lock`, or `derm.lock` beside a `dvc.yaml`.
    pub lock: RelPath,
    /// What its paths are relative to: the root for `pipelines/*.yaml`, the file's folder for a `dvc.yaml`.
    pub base: RelPath,
    /// Top-level `params`, besides those of stages.
    pub params: Vec<RelPath>,
    /// Top-level `metrics`.
    pub metrics: Vec<RelPath>,
    /// Top-level `plots`: what each is called, and its settings, a map or nothing.
    pub plots: Vec<(String, Value)>,
}

/// One stage.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Index into [`super::Project::pipelines`].
    pub pipeline: usize,
    /// Its name, `group@key` for a stage made by `foreach` or `matrix`.
    pub name: String,
    /// The name of the `foreach` or `matrix` it was made by.
    pub group: Option<String>,
    /// Where its name stands in the file.
    pub mark: Mark,
    /// What it runs.
    pub cmd: Command,
    /// The folder its commands start in and its paths are relative to.
    pub wdir: RelPath,
    /// Files and folders it reads, sorted.
    pub deps: Vec<RelPath>,
    /// Parameters it reads, sorted by file.
    pub params: Vec<Params>,
    /// What it makes, sorted by path: outs, metrics and plots.
    pub outs: Vec<Out>,
    /// Never run; see [`super::decide`].
    pub frozen: bool,
    /// Run every time.
    pub always_changed: bool,
    /// For people.
    pub desc: Option<String>,
    /// How its commands are run.
    pub how: How,
}

/// How the commands of a stage are run; none of it makes a stage stale.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct How {
    /// Added to the environment.
    pub env: Vec<(String, String)>,
    /// Ends the stage when its commands take longer, all together.
    pub timeout: Option<Duration>,
    /// How many times a failed stage is tried again.
    pub retry: u32,
    /// What it needs while it runs.
    pub resources: Resources,
    /// Names, sorted: stages that share one never run side by side, whichever derm runs them.
    pub mutex: Vec<String>,
    /// The shell, instead of `$SHELL`.
    pub shell: Option<String>,
    /// Where its commands run.
    pub executor: Place,
}

/// `executor`: where the commands of a stage run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// On this machine.
    #[default]
    Local,
    /// As a job of Slurm.
    Slurm(Slurm),
}

/// What Slurm is told besides a stage's `resources` and `timeout`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slurm {
    /// `--partition`.
    pub partition: Option<String>,
    /// `--account`.
    pub account: Option<String>,
    /// `--qos`.
    pub qos: Option<String>,
    /// `--time`, instead of the stage's `timeout`.
    pub time: Option<String>,
    /// More options of `sbatch`; they come last and so win.
    pub options: Vec<String>,
    /// Shell commands before the stage's own: `module load cuda`.
    pub setup: Option<String>,
}

/// What a stage needs while it runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resources {
    /// Places of the `-j` that it takes.
    pub cpus: usize,
    /// Bytes of memory.
    pub memory: u64,
    /// GPUs, of those that the machine has.
    pub gpus: u32,
}

impl Default for Resources {
    fn default() -> Self {
        Self { cpus: 1, memory: 0, gpus: 0 }
    }
}

/// `cmd`: a text or a list. The two differ for staleness even when their words are equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// One text; each of its lines is run alone.
    Text(String),
    /// A list; each item is run alone, whole.
    List(Vec<String>),
}

impl Command {
    /// The texts that are run one after the other, each in a new shell; blank ones and lone comments are left out.
    pub fn lines(&self) -> Vec<&str> {
        let lines: Vec<&str> = match self {
            Command::Text(text) => text.lines().collect(),
            Command::List(items) => items.iter().map(String::as_str).collect(),
        };
        lines.into_iter().filter(|line| !line.trim().is_empty()).collect()
    }

    /// On one line, for people.
    pub fn shown(&self) -> String {
        self.lines().join(" && ")
    }
}

/// Parameters of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Params {
    /// The file.
    pub file: RelPath,
    /// Dotted keys, sorted; `None` is every top-level key of the file.
    pub keys: Option<Vec<String>>,
}

/// What an output is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// `outs`.
    Out,
    /// `metrics`.
    Metric,
    /// `plots`.
    Plot,
}

/// One output.
#[derive(Clone, Debug, PartialEq)]
pub struct Out {
    /// The file or folder.
    pub path: RelPath,
    /// Where the file names it.
    pub mark: Mark,
    /// Its role.
    pub role: Role,
    /// Whether its content is kept in the cache and out of Git.
    pub cache: bool,
    /// Whether it stays in place while its stage runs.
    pub persist: bool,
    /// Whether what a try that failed has left of it stays for the next one; see [`super::run`].
    pub resume: bool,
    /// Whether it goes to remotes.
    pub push: bool,
    /// The remote it goes to, if not the default one.
    pub remote: Option<String>,
    /// `desc`, `type`, `labels`, `meta`, and for plots their axes: kept, never a reason to run.
    pub notes: Value,
}

impl Stage {
    /// Whether it has neither inputs nor outputs to decide by: it runs every time.
    pub fn is_callback(&self) -> bool {
        self.deps.is_empty() && self.params.is_empty() && self.outs.is_empty()
    }
}
