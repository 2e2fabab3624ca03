//! All pipelines of a repository, read once.

pub(super) mod find;

use std::collections::HashMap;
use std::path::Path;

use super::Error;
use super::graph::Graph;
use super::journal;
use super::lock::{self, Lock};
use super::origin;
use super::paramfile::ParamFiles;
use super::problem::{Problem, Source};
use super::schema;
use super::stage::{Pipeline, Stage};
use super::template::flags::Style;
use crate::relpath::RelPath;
use crate::workspace::Workspace;
use crate::workspace::config::{Bools, Lists};

/// Every pipeline file with its stages and how they hang together.
#[derive(Debug)]
pub struct Project {
    /// The repository.
    pub workspace: Workspace,
    /// The files, sorted: `pipelines/*.yaml` first, then every `dvc.yaml`.
    pub pipelines: Vec<Pipeline>,
    /// Their texts, in the same order.
    pub sources: Vec<Source>,
    /// All stages, in the order of the files and in them.
    pub stages: Vec<Stage>,
    /// Which stage comes before which.
    pub graph: Graph,
    /// Parameter files read so far.
    pub files: ParamFiles,
    /// What was accepted although it has no effect.
    pub warnings: Vec<String>,
    labels: Vec<String>,
}

impl Project {
    /// Reads every pipeline file: one that cannot be understood stops everything, because its stages may
    /// make or need what others do.
    ///
    /// # Errors
    /// All problems of all files at once.
    pub fn load(workspace: &Workspace) -> Result<Self, Error> {
        let mut files = ParamFiles::new(workspace.root());
        files.style = style(workspace);
        let mut project = Self {
            workspace: workspace.clone(),
            pipelines: Vec::new(),
            sources: Vec::new(),
            stages: Vec::new(),
            graph: Graph::default(),
            files,
            warnings: Vec::new(),
            labels: Vec::new(),
        };
        let mut problems: Vec<Problem> = Vec::new();
        for file in find::named(workspace.root(), &mut project.warnings)? {
            project.add(named(file), &mut problems)?;
        }
        let outs: Vec<RelPath> = project.stages.iter().flat_map(|stage| stage.outs.iter().map(|out| out.path.clone())).collect();
        for file in find::nested(workspace.root(), &outs) {
            project.add(nested(file), &mut problems)?;
        }
        problems.dedup();
        if !problems.is_empty() {
            return Err(problems.into());
        }
        project.graph = Graph::build(&project.stages, &project.pipelines, &project.sources)?;
        project.labels = labels(&project.stages, &project.pipelines);
        Ok(project)
    }

    fn add(&mut self, pipeline: Pipeline, problems: &mut Vec<Problem>) -> Result<(), Error> {
        let source = read_source(self.workspace.root(), &pipeline.file)?;
        match schema::read(&source, pipeline.clone(), &self.files) {
            Ok(definition) => {
                let index = self.pipelines.len();
                self.stages.extend(definition.stages.into_iter().map(|stage| Stage { pipeline: index, ..stage }));
                self.warnings.extend(definition.warnings);
                self.pipelines.push(definition.pipeline);
                self.sources.push(source);
            }
            Err(more) => problems.extend(more),
        }
        Ok(())
    }

    /// What the project would be with this text in one of its files, or in a new one: nothing is kept, but all of it is checked.
    ///
    /// # Errors
    /// Problems of the text, or of how its stages and all others hang together.
    pub fn with(&self, source: Source) -> Result<(), Error> {
        let index = self.pipelines.iter().position(|pipeline| pipeline.file == source.path).unwrap_or(self.pipelines.len());
        let definition = schema::read(&source, at(source.path.clone()), &self.files)?;
        let mut stages: Vec<Stage> = self.stages.iter().filter(|stage| stage.pipeline != index).cloned().collect();
        stages.extend(definition.stages.into_iter().map(|stage| Stage { pipeline: index, ..stage }));
        let (mut pipelines, mut sources) = (self.pipelines.clone(), self.sources.clone());
        if index < pipelines.len() {
            (pipelines[index], sources[index]) = (definition.pipeline, source);
        } else {
            pipelines.push(definition.pipeline);
            sources.push(source);
        }
        Graph::build(&stages, &pipelines, &sources)?;
        Ok(())
    }

    /// A stage's name, with its file before it where several files have a stage of that name.
    pub fn label(&self, stage: usize) -> &str {
        &self.labels[stage]
    }

    /// A stage's file and name, which name it whatever other files hold.
    pub fn address(&self, stage: usize) -> String {
        let stage = &self.stages[stage];
        format!("{}:{}", self.pipelines[stage.pipeline].file, stage.name)
    }

    /// The locks, in the order of the pipelines, with what runs have finished since; an absent file is an empty lock.
    pub fn locks(&self) -> Result<Vec<Lock>, Error> {
        journal::settle_left(&self.workspace);
        // Before the locks: what is merged into them meanwhile is seen twice, not never.
        let lines = journal::read(&self.workspace);
        let read = |pipeline: &Pipeline| {
            let mut lock = read_lock(self.workspace.root(), &pipeline.lock)?;
            journal::apply(&lines, &pipeline.lock, &mut lock);
            Ok(lock)
        };
        self.pipelines.iter().map(read).collect()
    }
}

/// The lock files that pipelines have or would have; the pipelines themselves are not read.
pub fn lock_files(workspace: &Workspace) -> Result<Vec<RelPath>, Error> {
    let by_name = find::named(workspace.root(), &mut Vec::new())?.into_iter().map(named);
    let by_folder = find::nested(workspace.root(), &[]).into_iter().map(nested);
    Ok(by_name.chain(by_folder).map(|pipeline| pipeline.lock).collect())
}

/// How the settings want maps in commands.
pub(super) fn style(workspace: &Workspace) -> Style {
    let config = workspace.config();
    Style {
        no_for_false: config.bools.as_ref().is_some_and(|bools| bools.value == Bools::BooleanOptional),
        repeat: config.lists.as_ref().is_some_and(|lists| lists.value == Lists::Append),
    }
}

/// Whether a file of this name is read as a pipeline: `pipelines/NAME.yaml` or a `dvc.yaml` anywhere.
pub fn is_pipeline(file: &RelPath) -> bool {
    base(file).is_some()
}

/// What the paths of a pipeline file are relative to; `None` when the name is none of a pipeline.
pub fn base(file: &RelPath) -> Option<RelPath> {
    let named = || file.as_str().strip_prefix("pipelines/").is_some_and(|name| !name.contains('/') && name.ends_with(".yaml"));
    match file.name() {
        Some("dvc.yaml") => file.parent(),
        Some(name) if named() && !name.starts_with('.') => Some(RelPath::root()),
        _ => None,
    }
}

/// The text of a pipeline file; empty if there is none.
///
/// # Errors
/// A file that cannot be read.
pub fn source(workspace: &Workspace, file: &RelPath) -> Result<Source, Error> {
    match file.on_disk(workspace.root()).exists() {
        true => read_source(workspace.root(), file),
        false => Ok(Source { path: file.clone(), text: "".into() }),
    }
}

fn at(file: RelPath) -> Pipeline {
    if file.name() == Some("dvc.yaml") { nested(file) } else { named(file) }
}

/// The pipeline files that there are, understood or not.
pub fn pipeline_files(workspace: &Workspace) -> Result<Vec<RelPath>, Error> {
    let by_name = find::named(workspace.root(), &mut Vec::new())?;
    Ok(by_name.into_iter().chain(find::nested(workspace.root(), &[])).collect())
}

pub(super) fn named(file: RelPath) -> Pipeline {
    let stem = file.as_str().strip_suffix(".yaml").unwrap_or(file.as_str());
    let lock = RelPath::new(&format!("{stem}.lock")).unwrap_or_default();
    Pipeline { file, lock, base: RelPath::root(), params: Vec::new(), metrics: Vec::new(), plots: Vec::new() }
}

pub(super) fn nested(file: RelPath) -> Pipeline {
    let base = file.parent().unwrap_or_default();
    Pipeline { file, lock: base.join("derm.lock"), base, params: Vec::new(), metrics: Vec::new(), plots: Vec::new() }
}

fn read_source(root: &Path, file: &RelPath) -> Result<Source, Error> {
    let path = file.on_disk(root);
    let bytes = std::fs::read(&path).map_err(Error::io("read", &path))?;
    Ok(origin::text(file, bytes)?)
}

/// One lock as its file has it; an absent file is an empty lock.
pub(super) fn read_lock(root: &Path, file: &RelPath) -> Result<Lock, Error> {
    if file.on_disk(root).exists() { Ok(lock::parse(&read_source(root, file)?)?) } else { Ok(Lock::new()) }
}

pub(super) fn labels(stages: &[Stage], pipelines: &[Pipeline]) -> Vec<String> {
    let mut uses: HashMap<&str, usize> = HashMap::new();
    for stage in stages {
        *uses.entry(&stage.name).or_default() += 1;
    }
    let label = |stage: &Stage| match uses.get(stage.name.as_str()) {
        Some(1) | None => stage.name.clone(),
        Some(_) => format!("{}:{}", pipelines[stage.pipeline].file, stage.name),
    };
    stages.iter().map(label).collect()
}
