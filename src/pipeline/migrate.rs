//! From a DVC project to a derm repository, so that nothing has to run again.
//!
//! | DVC's | becomes |
//! | --- | --- |
//! | `PATH.dvc` | `PATH.derm` beside it; `desc` and `meta` are kept, `labels`, `type`, `remote`, `frozen` and where an import came from stand in `meta.dvc` |
//! | `dvc.lock` | `derm.lock` beside it ([`crate::pipeline::lock`]); `dvc.yaml` is read as it is |
//! | objects in its cache | objects: every MD5 is verified against the bytes, BLAKE3 is found in the same pass |
//! | `.dvc/config`, `.dvc/config.local` | settings that `.derm/config` and `.derm/config.local` lack ([`settings`]) |
//!
//! Promises:
//! - Nothing of DVC's is changed, moved or removed; lines in `.gitignore` stay.
//! - What cannot be verified is left out and told, path by path; the rest is done. A folder is taken over whole or not at all.
//! - A stage that DVC calls fresh is fresh. An input or an output outside the cache that changed since its stage ran is not recorded: the stage stays stale.
//! - What derm has already is kept: a pointer, a stage's record, a setting. A second run completes the first and changes nothing else.
//! - Pointers and locks are written after the objects that they name.

pub mod beside;
mod content;
mod find;
pub mod foreign;
mod hashes;
mod locks;
mod pointers;
pub mod settings;
pub mod theirs;

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use serde::Serialize;

use super::problem::Problem;
use super::{Error, Project};
use crate::relpath::RelPath;
use crate::store::adopt::Adopter;
use crate::store::{Entry, Store, Work};
use crate::text;
use crate::workspace::Workspace;
use crate::workspace::complete::complete;

use content::Contents;

/// The folder that makes a folder a DVC project.
pub const FOLDER: &str = ".dvc";

/// A tracked path.
#[derive(Clone, Debug, Serialize)]
pub struct TakenPath {
    /// The path.
    pub path: RelPath,
    /// DVC's pointer.
    pub from: RelPath,
    /// derm's pointer.
    pub pointer: RelPath,
    /// Its content, unless derm had a pointer already.
    pub entry: Option<Entry>,
    /// Whether the pointer is new.
    pub new: bool,
}

/// A lock.
#[derive(Clone, Debug, Serialize)]
pub struct TakenLock {
    /// DVC's.
    pub from: RelPath,
    /// derm's.
    pub lock: RelPath,
    /// Stages in it that DVC has a record of.
    pub stages: usize,
    /// Those whose record is new or completed.
    pub new: usize,
}

/// A setting.
#[derive(Clone, Debug, Serialize)]
pub struct TakenSetting {
    /// The file.
    pub file: &'static str,
    /// Its dotted name.
    pub name: String,
    /// Its value, as TOML.
    pub value: String,
}

/// What could not be taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The file or folder.
    pub path: RelPath,
    /// Which of DVC's files names it.
    pub from: RelPath,
    /// Why.
    pub reason: String,
}

/// What was done, or would be.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Outcome {
    /// Tracked paths.
    pub paths: Vec<TakenPath>,
    /// Locks.
    pub locks: Vec<TakenLock>,
    /// New settings.
    pub settings: Vec<TakenSetting>,
    /// What a person should know.
    pub remarks: Vec<String>,
    /// What could not be done.
    pub left_out: Vec<LeftOut>,
}

impl Outcome {
    /// Whether nothing was new.
    pub fn is_empty(&self) -> bool {
        self.settings.is_empty() && !self.paths.iter().any(|path| path.new) && self.locks.iter().all(|lock| lock.new == 0)
    }

    fn leave(&mut self, path: &RelPath, from: &RelPath, reason: impl Into<String>) {
        let left = LeftOut { path: path.clone(), from: from.clone(), reason: reason.into() };
        if !self.left_out.contains(&left) {
            self.left_out.push(left);
        }
    }

    /// A file of DVC's, or a pipeline, that cannot be understood.
    fn leave_file(&mut self, file: &RelPath, problems: &[Problem]) {
        for problem in problems {
            let path = problem.place.path.to_str().and_then(|path| RelPath::new(path).ok()).unwrap_or_else(|| file.clone());
            self.leave(&path, file, format!("{}: {}", problem.place, problem.message));
        }
    }
}

/// Takes over the DVC project at the root of `workspace`, or only says what that would do. The caller holds the lock.
///
/// # Errors
/// What keeps everything from being done; what concerns one path stands in the outcome.
pub fn migrate(workspace: &Workspace, work: Work<'_>, dry: bool) -> Result<Outcome, Error> {
    let mut outcome = Outcome::default();
    let cache = configure(workspace, dry, &mut outcome)?;
    // The settings in effect may be other ones now.
    let workspace = &Workspace::at(workspace.root())?;
    let store = Store::open(workspace)?;
    let adopter = (!dry).then(|| Adopter::new(&store));
    let contents = Contents::new(workspace, cache, adopter.as_ref(), work);
    let found = pointers::find(workspace, &contents, &mut outcome)?;
    let project = match Project::load(workspace) {
        Ok(project) => Some(project),
        Err(Error::Definition(problems)) => {
            outcome.leave_file(&RelPath::root().join("dvc.yaml"), &problems);
            None
        }
        Err(error) => return Err(error),
    };
    let locks = project.as_ref().map(|project| locks::read(project, &contents, &mut outcome)).transpose()?;
    let (ruled_out, damaged) = (contents.left_out_by_rules.load(Ordering::Relaxed), contents.damaged.load(Ordering::Relaxed));
    if let Some(adopter) = adopter.as_ref() {
        adopter.commit()?;
    }
    pointers::write(workspace, found, dry, &mut outcome)?;
    // New pointers may lie in folders that stages read.
    contents.forget();
    if let (Some(project), Some(locks)) = (&project, locks) {
        locks::write(project, locks, &contents, dry, &mut outcome)?;
    }
    drop(contents);
    store.flush()?;
    if damaged > 0 {
        let objects = text::count(damaged as usize, "object of DVC's is", "objects of DVC's are");
        outcome.remarks.push(format!("{objects} damaged in its cache; the same content was found in place"));
    }
    if ruled_out > 0 {
        let files = text::count(ruled_out as usize, "file or folder that DVC tracks is", "files or folders that DVC tracks are");
        outcome.remarks.push(format!("{files} left out by `.dermignore` or derm's default list (`.DS_Store`, `__pycache__` …)"));
    }
    if outcome.settings.iter().any(|setting| setting.name.starts_with("remote.")) {
        outcome.remarks.push("remotes hold DVC's objects, not derm's: `derm push` fills them anew, beside what is there".to_owned());
    }
    outcome.left_out.sort_by(|a, b| (&a.from, &a.path).cmp(&(&b.from, &b.path)));
    Ok(outcome)
}

/// Settings; returns where DVC's cache is.
fn configure(workspace: &Workspace, dry: bool, outcome: &mut Outcome) -> Result<PathBuf, Error> {
    let root = workspace.root();
    let mut cache = root.join(FOLDER).join("cache");
    for (theirs, ours) in [(".dvc/config", ".derm/config"), (".dvc/config.local", ".derm/config.local")] {
        let path = root.join(theirs);
        let text = match std::fs::read(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(Error::io("read", path)(error)),
        };
        let settings = settings::understand(&text, root);
        outcome.remarks.extend(settings.remarks);
        cache = settings.cache.unwrap_or(cache);
        let added = complete(&root.join(ours), &settings.assignments, dry)?;
        let new = settings.assignments.into_iter().zip(added).filter(|(_, added)| *added);
        outcome.settings.extend(new.map(|((name, value), _)| TakenSetting {
            file: ours,
            name: name.join("."),
            value: value.to_string().trim().to_owned(),
        }));
    }
    Ok(cache)
}
