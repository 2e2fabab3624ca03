//! What is known at one place of a repository's history: the workspace, or a commit that nobody checks out.
//!
//! A [`Snapshot`] reads the pipeline files of its place and answers with that place's parameters, metrics and files. Content comes from
//! the folder or from the commit; what is not there comes from the cache, by the hash in the place's own locks and pointers; else
//! from a cache of DVC's in the repository, by DVC's lock and pointers, so that a project's numbers reach back before derm.
//!
//! Promises: a file that cannot be understood is a problem of its own, with `REVISION:FILE` as its place, and everything else is
//! answered; of a pipeline that cannot be read, `params.yaml` and what its lock names are still known; each file is read
//! at most once. Nothing is written. The graph is not built: a circle of stages keeps nobody from reading old numbers.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

use super::Error;
use super::lock::{self, Lock};
use super::metrics::{self, Listing};
use super::migrate::beside::{self, Beside};
use super::migrate::theirs::Hash;
use super::origin::{self, Origin};
use super::paramfile::ParamFiles;
use super::problem::Problem;
use super::project::{find, is_pipeline, labels, named, nested, style};
use super::schema;
use super::stage::{Pipeline, Stage};
use crate::relpath::RelPath;
use crate::store::pointer::{self, Pointer};
use crate::store::{self, Entry, Store};
use crate::workspace::{DERM_DIR, Workspace, rules};

/// The pipelines of the workspace or of a commit, and the files beside them.
pub struct Snapshot {
    /// How it is called; `None` is the workspace.
    pub revision: Option<String>,
    /// The full hash of the commit.
    pub commit: Option<String>,
    /// The pipeline files that could be read.
    pub pipelines: Vec<Pipeline>,
    /// Their stages.
    pub stages: Vec<Stage>,
    /// Pipeline files that could not.
    pub problems: Vec<Problem>,
    /// Parameter files read so far.
    pub files: ParamFiles,
    workspace: Workspace,
    /// The locks of pipelines that could not be read.
    orphaned: Vec<RelPath>,
    recorded: OnceLock<BTreeMap<RelPath, Recorded>>,
    theirs: OnceLock<Option<Theirs>>,
}

/// DVC's cache, and what DVC's locks say of it.
type Theirs = (Beside, BTreeMap<RelPath, Hash>);

/// What a lock says of an output.
#[derive(Clone, Debug)]
struct Recorded {
    entry: Entry,
    /// Whether the cache has it.
    cached: bool,
}

/// A file's content at a place, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Its bytes.
    Bytes(Vec<u8>),
    /// It does not exist there.
    Missing,
    /// It is recorded, but its object is not in the cache.
    NotInCache,
}

impl Snapshot {
    /// What is in the workspace now.
    ///
    /// # Errors
    /// A folder of pipelines that cannot be read. What is wrong in files is in [`Snapshot::problems`].
    pub fn now(workspace: &Workspace) -> Result<Self, Error> {
        let root = workspace.root();
        let mut snapshot = Self::empty(workspace, Origin::Folder(root.to_owned()));
        for file in find::named(root, &mut Vec::new())? {
            snapshot.add(named(file));
        }
        let outs: Vec<RelPath> = snapshot.stages.iter().flat_map(|stage| stage.outs.iter().map(|out| out.path.clone())).collect();
        for file in find::nested(root, &outs) {
            snapshot.add(nested(file));
        }
        Ok(snapshot)
    }

    /// What a git revision holds; `name` is a branch, a tag, a hash, `HEAD~1`.
    ///
    /// # Errors
    /// A revision that git does not know. What is wrong in files is in [`Snapshot::problems`].
    pub fn at(workspace: &Workspace, name: &str) -> Result<Self, Error> {
        Self::of(workspace, name, name)
    }

    /// As [`Snapshot::at`], with a name for people: of a commit that was found by its branch.
    ///
    /// # Errors
    /// As [`Snapshot::at`].
    pub fn of(workspace: &Workspace, commit: &str, name: &str) -> Result<Self, Error> {
        let revision = workspace.revision(commit)?;
        let commit = revision.commit().to_owned();
        let found = revision.files(|path| is_pipeline(path) || path.as_str().ends_with("/.derm/config"))?;
        let mut snapshot = Self::empty(workspace, Origin::Commit(Mutex::new(revision)));
        (snapshot.revision, snapshot.commit) = (Some(name.to_owned()), Some(commit));
        let (configs, found): (Vec<RelPath>, Vec<RelPath>) = found.into_iter().partition(|path| path.name() == Some("config"));
        let others: Vec<RelPath> = configs.iter().filter_map(|config| config.parent()?.parent()).collect();
        let (by_name, by_folder): (Vec<RelPath>, Vec<RelPath>) = found.into_iter().partition(|path| path.name() != Some("dvc.yaml"));
        by_name.into_iter().for_each(|file| snapshot.add(named(file)));
        let outs: Vec<RelPath> = snapshot.stages.iter().flat_map(|stage| stage.outs.iter().map(|out| out.path.clone())).collect();
        let hidden = |file: &RelPath| {
            file.parts().any(rules::always)
                || others.iter().chain(&outs).any(|folder| file.is_within(folder))
                || file.parts().any(|part| part == DERM_DIR)
        };
        by_folder.into_iter().filter(|file| !hidden(file)).for_each(|file| snapshot.add(nested(file)));
        Ok(snapshot)
    }

    fn empty(workspace: &Workspace, origin: Origin) -> Self {
        let mut files = ParamFiles::from(origin);
        files.style = style(workspace);
        Self {
            revision: None,
            commit: None,
            pipelines: Vec::new(),
            stages: Vec::new(),
            problems: Vec::new(),
            files,
            workspace: workspace.clone(),
            orphaned: Vec::new(),
            recorded: OnceLock::new(),
            theirs: OnceLock::new(),
        }
    }

    fn add(&mut self, pipeline: Pipeline) {
        let read = match self.files.origin().text(&pipeline.file) {
            Ok(None) => return,
            Ok(Some(source)) => schema::read(&source, pipeline.clone(), &self.files),
            Err(problems) => Err(problems),
        };
        match read {
            Ok(definition) => {
                let index = self.pipelines.len();
                self.stages.extend(definition.stages.into_iter().map(|stage| Stage { pipeline: index, ..stage }));
                self.pipelines.push(definition.pipeline);
            }
            Err(problems) => {
                self.orphaned.push(pipeline.lock);
                let mut problems = self.placed(problems);
                problems.retain(|problem| !self.problems.contains(problem));
                self.problems.extend(problems);
            }
        }
    }

    /// How the place is called in answers.
    pub fn name(&self) -> &str {
        self.revision.as_deref().unwrap_or("workspace")
    }

    /// The repository.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// The stages' names, with their file before them where several files have a stage of that name.
    pub fn labels(&self) -> Vec<String> {
        labels(&self.stages, &self.pipelines)
    }

    /// Every parameter file.
    pub fn params(&self) -> Listing {
        self.with_problems(metrics::params_at(self))
    }

    /// Every metric file, from the cache where it is not in the folder or the commit.
    pub fn metrics(&self, store: &Store) -> Listing {
        self.with_problems(metrics::metrics_at(self, store))
    }

    fn with_problems(&self, mut listing: Listing) -> Listing {
        listing.problems.splice(0..0, self.problems.iter().cloned());
        listing
    }

    /// The content of a path, verified where it comes from the cache.
    ///
    /// # Errors
    /// A file that is there and cannot be read; an object that is damaged.
    pub fn content(&self, store: &Store, path: &RelPath) -> Result<Content, Vec<Problem>> {
        if let Some(bytes) = self.files.origin().bytes(path).map_err(|problems| self.placed(problems))? {
            return Ok(Content::Bytes(bytes));
        }
        let wrong = |error: store::Error| self.placed(origin::problem(path, format!("cannot read `{path}`: {error}")));
        let Some((top, entry)) = self.entry(path) else { return Ok(self.theirs(path).unwrap_or(Content::Missing)) };
        let found = store.find(&entry, &inside(&top, path)).and_then(|entry| entry.map(|entry| store.read(&entry)).transpose());
        match found {
            Ok(Some(bytes)) => Ok(Content::Bytes(bytes)),
            Ok(None) => Ok(Content::Missing),
            Err(store::Error::NoObject(_)) => Ok(self.theirs(path).unwrap_or(Content::NotInCache)),
            Err(error) => Err(wrong(error)),
        }
    }

    /// What DVC has of a path; `None` when it does not know it.
    fn theirs(&self, path: &RelPath) -> Option<Content> {
        let origin = self.files.origin();
        let beside = || Some((Beside::of(self.workspace.root())?, beside::recorded(origin, &self.pipelines, &self.stages)));
        let (cache, recorded) = self.theirs.get_or_init(beside).as_ref()?;
        let mut here = Some(path.clone());
        while let Some(top) = here.filter(|top| !top.is_root()) {
            if let Some(hash) = recorded.get(&top).cloned().or_else(|| beside::pointed(origin, &top)) {
                let bytes = cache.bytes(&hash, &inside(&top, path));
                return Some(bytes.map_or(Content::NotInCache, Content::Bytes));
            }
            here = top.parent();
        }
        None
    }

    /// The files at a path: itself, or, where it is a folder, every file below it, sorted. Also of a folder that only the
    /// cache has. Empty when nothing is known of it.
    pub fn files_at(&self, store: &Store, path: &RelPath) -> Vec<RelPath> {
        let mut found = match self.files.origin() {
            Origin::Folder(root) => on_disk(root, path),
            Origin::Commit(revision) => {
                let revision = revision.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                if matches!(revision.is_executable(path), Ok(Some(_))) {
                    return vec![path.clone()];
                }
                revision.files(|file| file.is_within(path)).unwrap_or_default()
            }
        };
        if found.is_empty()
            && let Some((top, entry)) = self.entry(path)
            && let Ok(Some(inner)) = store.find(&entry, &inside(&top, path))
        {
            // A listing that is not in the cache counts as nothing known.
            let _ = store.files_of(&inner, path, &mut |file, _| found.push(file));
        }
        found.sort();
        found
    }

    /// What locks and pointers of this place record for a path or for a folder that holds it, when the cache may have it.
    pub fn entry(&self, path: &RelPath) -> Option<(RelPath, Entry)> {
        let mut here = Some(path.clone());
        while let Some(top) = here.filter(|top| !top.is_root()) {
            if let Some(recorded) = self.recorded().get(&top) {
                return recorded.cached.then(|| (top, recorded.entry.clone()));
            }
            if let Ok(Some(bytes)) = self.files.origin().bytes(&pointer::path_of(&top)) {
                return Pointer::parse(&top, &bytes).ok().map(|pointer| (top, pointer.entry));
            }
            here = top.parent();
        }
        None
    }

    /// Outputs that git keeps of pipelines that cannot be read: their metrics are among them.
    pub(super) fn orphaned_outputs(&self) -> Vec<RelPath> {
        let outs = self.orphaned.iter().flat_map(|file| self.lock(file).into_values()).flat_map(|record| record.uncached);
        outs.collect()
    }

    /// Parameters that pipelines which cannot be read last used: file and keys.
    pub(super) fn orphaned_params(&self) -> Vec<(RelPath, Vec<String>)> {
        let params = self.orphaned.iter().flat_map(|file| self.lock(file).into_values()).flat_map(|record| record.params);
        params.map(|(file, values)| (file, values.into_keys().collect())).collect()
    }

    fn recorded(&self) -> &BTreeMap<RelPath, Recorded> {
        self.recorded.get_or_init(|| {
            let files = self.pipelines.iter().map(|pipeline| &pipeline.lock).chain(&self.orphaned);
            let records = files.flat_map(|file| self.lock(file).into_values());
            let outs = records.flat_map(|record| {
                let uncached = record.uncached;
                record.outs.into_iter().map(move |(path, entry)| (path.clone(), Recorded { entry, cached: !uncached.contains(&path) }))
            });
            outs.collect()
        })
    }

    /// A lock; one that is absent or broken records nothing (`derm status` says so).
    fn lock(&self, file: &RelPath) -> Lock {
        let text = self.files.origin().text(file).ok().flatten();
        text.and_then(|source| lock::parse(&source).ok()).unwrap_or_default()
    }

    /// The problems with the revision before their paths, as git writes it.
    pub(super) fn placed(&self, problems: Vec<Problem>) -> Vec<Problem> {
        let Some(name) = &self.revision else { return problems };
        let place = |mut problem: Problem| {
            problem.place.path = PathBuf::from(format!("{name}:{}", problem.place.path.display()));
            problem
        };
        problems.into_iter().map(place).collect()
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("at", &self.name()).field("stages", &self.stages.len()).finish_non_exhaustive()
    }
}

/// The rest of `path` below `top`.
fn inside(top: &RelPath, path: &RelPath) -> RelPath {
    let rest = path.as_str().strip_prefix(top.as_str()).unwrap_or_default().trim_start_matches('/');
    RelPath::new(rest).unwrap_or_default()
}

/// The file at `path`, or all files below it.
fn on_disk(root: &std::path::Path, path: &RelPath) -> Vec<RelPath> {
    let mut found = Vec::new();
    let mut open = vec![path.clone()];
    while let Some(here) = open.pop() {
        let place = here.on_disk(root);
        match std::fs::read_dir(&place) {
            Ok(entries) => {
                let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
                open.extend(names.filter(|name| !rules::always(name)).map(|name| here.join(&name)));
            }
            Err(_) if place.is_file() => found.push(here),
            Err(_) => {}
        }
    }
    found
}
