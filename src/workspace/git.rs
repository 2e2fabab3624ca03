//! Reading git: facts about the checkout, files at a revision, what is tracked. Below it, what derm writes there: commits and
//! references of its own ([`refs`]), trees from files ([`snapshot`]), worktrees ([`worktree`]).
//!
//! The repository of git may begin above derm's root; paths are translated here and nowhere else.

mod refs;
mod snapshot;
mod worktree;

use std::path::{Path, PathBuf};

use git2::{ErrorCode, ObjectType, Repository, RepositoryOpenFlags, StatusOptions, TreeWalkMode, TreeWalkResult};
use indexmap::IndexMap;
use serde::Serialize;

use super::Error;
use crate::relpath::RelPath;

pub use refs::{CommitFacts, is_ref_name};
pub(super) use refs::{branch, commit, commit_facts, list, remove, set};
pub(super) use snapshot::{changes, checkout, differences, file, tree};
pub(super) use worktree::{add as add_worktree, remove as remove_worktree};

/// The state of the git checkout, for provenance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GitFacts {
    /// The full hash of `HEAD`; `None` before the first commit.
    pub commit: Option<String>,
    /// The branch; `None` when `HEAD` is detached.
    pub branch: Option<String>,
    /// Whether files that git tracks differ from `HEAD`.
    pub dirty: bool,
}

/// Where derm's own references are: no history of the user's.
const OWN: &str = "refs/derm/";

/// Which commits a command looks at, beside the workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The tips of all local and remote-tracking branches.
    pub branches: bool,
    /// All tags.
    pub tags: bool,
    /// Every commit that a branch, a tag or `HEAD` reaches.
    pub commits: bool,
    /// These revisions, as typed.
    pub revisions: Vec<String>,
}

impl History {
    /// Whether it names nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The committed files at one revision, below derm's root.
pub struct Revision {
    repository: Repository,
    tree: git2::Oid,
    prefix: PathBuf,
    commit: String,
}

impl Revision {
    pub(super) fn open(root: &Path, name: &str) -> Result<Self, Error> {
        let repository = open(root)?.ok_or_else(|| Error::NoGit { root: root.to_owned() })?;
        let unknown =
            |error: git2::Error| Error::UnknownRevision { revision: name.to_owned(), reason: why_unknown(&repository, name, &error) };
        let (tree, commit) = {
            let commit = repository.revparse_single(name).and_then(|object| object.peel_to_commit()).map_err(unknown)?;
            (commit.tree_id(), commit.id().to_string())
        };
        let prefix = prefix(&repository, root);
        Ok(Self { repository, tree, prefix, commit })
    }

    /// Of another repository, bare or not, below `project`, a folder in it. `None` is what it has checked out or its main branch.
    pub fn elsewhere(repository: &Path, name: Option<&str>, project: &RelPath) -> Result<Self, Error> {
        let name = name.unwrap_or("HEAD");
        let repository = Repository::open(repository).map_err(fail("open the repository"))?;
        let unknown =
            |error: git2::Error| Error::UnknownRevision { revision: name.to_owned(), reason: why_unknown(&repository, name, &error) };
        let find = |name: &str| repository.revparse_single(name).and_then(|object| object.peel_to_commit());
        let (tree, commit) = {
            let commit = find(name).or_else(|first| find(&format!("origin/{name}")).map_err(|_| first)).map_err(unknown)?;
            (commit.tree_id(), commit.id().to_string())
        };
        Ok(Self { repository, tree, prefix: PathBuf::from(project.as_str()), commit })
    }

    /// Whether a committed file is executable; `None` when the revision has no such file.
    pub fn is_executable(&self, path: &RelPath) -> Result<Option<bool>, Error> {
        let failed = fail("read a committed file");
        let tree = self.repository.find_tree(self.tree).map_err(&failed)?;
        match tree.get_path(&self.prefix.join(path.as_str())) {
            Ok(entry) => Ok((entry.kind() == Some(ObjectType::Blob)).then_some(entry.filemode() == 0o100_755)),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// The full hash of the commit.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// The bytes of a committed file; `None` when the revision has no such file.
    pub fn read(&self, path: &RelPath) -> Result<Option<Vec<u8>>, Error> {
        let failed = fail("read a committed file");
        let tree = self.repository.find_tree(self.tree).map_err(&failed)?;
        let entry = match tree.get_path(&self.prefix.join(path.as_str())) {
            Ok(entry) => entry,
            Err(error) if error.code() == ErrorCode::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        if entry.kind() != Some(ObjectType::Blob) {
            return Ok(None);
        }
        let blob = self.repository.find_blob(entry.id()).map_err(&failed)?;
        Ok(Some(blob.content().to_vec()))
    }

    /// The committed files that `keep` says yes to, sorted.
    pub fn files(&self, keep: impl Fn(&RelPath) -> bool) -> Result<Vec<RelPath>, Error> {
        let failed = fail("list committed files");
        let mut tree = self.repository.find_tree(self.tree).map_err(&failed)?;
        if !self.prefix.as_os_str().is_empty() {
            let Ok(entry) = tree.get_path(&self.prefix) else { return Ok(Vec::new()) };
            tree = self.repository.find_tree(entry.id()).map_err(&failed)?;
        }
        let mut found = Vec::new();
        let walked = tree.walk(TreeWalkMode::PreOrder, |folder, entry| {
            let path = entry.name().ok().and_then(|name| RelPath::new(&format!("{}{name}", folder)).ok());
            found.extend(path.filter(|path| entry.kind() == Some(ObjectType::Blob) && keep(path)));
            TreeWalkResult::Ok
        });
        walked.map_err(&failed)?;
        found.sort();
        Ok(found)
    }
}

/// The commits that `history` names, each once, newest first, as full hashes with the name they were found under.
pub(super) fn commits(root: &Path, history: &History) -> Result<Vec<(String, String)>, Error> {
    let repository = open(root)?.ok_or_else(|| Error::NoGit { root: root.to_owned() })?;
    let failed = fail("list the commits");
    let mut found: IndexMap<git2::Oid, String> = IndexMap::new();
    for name in &history.revisions {
        let unknown =
            |error: git2::Error| Error::UnknownRevision { revision: name.clone(), reason: why_unknown(&repository, name, &error) };
        let commit = repository.revparse_single(name).and_then(|object| object.peel_to_commit()).map_err(unknown)?;
        found.entry(commit.id()).or_insert_with(|| name.clone());
    }
    let mut tips: IndexMap<git2::Oid, String> = IndexMap::new();
    for reference in repository.references().map_err(&failed)?.flatten() {
        if reference.name_bytes().starts_with(OWN.as_bytes()) {
            continue;
        }
        let wanted = history.commits
            || (history.branches && (reference.is_branch() || reference.is_remote()))
            || (history.tags && reference.is_tag());
        // A tag may name something that is no commit.
        let Some(commit) = wanted.then(|| reference.peel_to_commit().ok()).flatten() else { continue };
        tips.entry(commit.id()).or_insert_with(|| reference.shorthand().unwrap_or_default().to_owned());
    }
    if !history.commits {
        for (id, name) in tips {
            found.entry(id).or_insert(name);
        }
        return Ok(found.into_iter().map(|(id, name)| (id.to_string(), name)).collect());
    }
    let mut walk = repository.revwalk().map_err(&failed)?;
    walk.set_sorting(git2::Sort::TIME).map_err(&failed)?;
    for id in tips.keys().copied().chain(repository.head().ok().and_then(|head| head.target())) {
        walk.push(id).map_err(&failed)?;
    }
    for id in walk {
        let id = id.map_err(&failed)?;
        let short = || tips.get(&id).cloned().unwrap_or_else(|| id.to_string()[..10].to_owned());
        found.entry(id).or_insert_with(short);
    }
    Ok(found.into_iter().map(|(id, name)| (id.to_string(), name)).collect())
}

pub(super) fn init(root: &Path) -> Result<(), Error> {
    if open(root)?.is_none() {
        Repository::init(root).map_err(fail("create a repository"))?;
    }
    Ok(())
}

/// What git is told of a merge driver: its name, and the command.
const DRIVER: [(&str, &str); 2] =
    [("merge.derm.name", "derm: pointers by file, locks by stage"), ("merge.derm.driver", "derm merge-driver %O %A %B %P")];

/// Where hooks are, and derm's root below the folder that they are started in.
pub(super) fn hooks(root: &Path) -> Result<(PathBuf, PathBuf), Error> {
    let repository = open(root)?.ok_or_else(|| Error::NoGit { root: root.to_owned() })?;
    let configured = repository.config().and_then(|config| config.get_path("core.hooksPath"));
    let folder = match configured {
        Ok(path) => repository.workdir().unwrap_or(root).join(path),
        Err(_) => repository.commondir().join("hooks"),
    };
    Ok((folder, prefix(&repository, root)))
}

/// Adds the merge driver to the repository's own configuration, or takes it out; `true` when that changed something.
pub(super) fn merge_driver(root: &Path, wanted: bool) -> Result<bool, Error> {
    let failed = fail("change the configuration");
    let repository = open(root)?.ok_or_else(|| Error::NoGit { root: root.to_owned() })?;
    let mut config = repository.config().and_then(|config| config.open_level(git2::ConfigLevel::Local)).map_err(&failed)?;
    let mut changed = false;
    for (key, value) in DRIVER {
        let there = config.get_string(key).ok();
        match (wanted, there) {
            (true, Some(there)) if there == value => {}
            (true, _) => {
                config.set_str(key, value).map_err(&failed)?;
                changed = true;
            }
            (false, Some(_)) => {
                config.remove(key).map_err(&failed)?;
                changed = true;
            }
            (false, None) => {}
        }
    }
    Ok(changed)
}

pub(super) fn facts(root: &Path) -> Option<GitFacts> {
    let repository = open(root).ok()??;
    let head = repository.head().ok();
    let commit = head.as_ref().and_then(|head| head.peel_to_commit().ok()).map(|commit| commit.id().to_string());
    let branch = head.as_ref().filter(|head| head.is_branch()).and_then(|head| head.shorthand().ok().map(str::to_owned));
    let mut options = StatusOptions::new();
    options.include_untracked(false).include_ignored(false).exclude_submodules(true);
    let dirty = repository.statuses(Some(&mut options)).map_or(true, |changes| !changes.is_empty());
    Some(GitFacts { commit, branch, dirty })
}

pub(super) fn tracked(root: &Path, path: &RelPath, limit: usize) -> Result<Vec<String>, Error> {
    let Some(repository) = open(root)? else { return Ok(Vec::new()) };
    let index = repository.index().map_err(fail("read the index"))?;
    let full = prefix(&repository, root).join(path.as_str());
    let start = format!("{}/", full.display());
    let mut found = Vec::new();
    for entry in index.iter() {
        let name = String::from_utf8_lossy(&entry.path);
        if *name == *full.to_string_lossy() || name.starts_with(&start) {
            found.push(name.into_owned());
            if found.len() == limit {
                break;
            }
        }
    }
    Ok(found)
}

/// Files and folders below derm's root that git neither tracks nor ignores, sorted; a folder with nothing else in it stands for
/// what it holds and ends with `/`.
pub(super) fn untracked(root: &Path) -> Result<Vec<String>, Error> {
    let repository = open(root)?.ok_or_else(|| Error::NoGit { root: root.to_owned() })?;
    let prefix = prefix(&repository, root);
    let mut options = StatusOptions::new();
    options.include_untracked(true).include_ignored(false).exclude_submodules(true).disable_pathspec_match(true);
    if !prefix.as_os_str().is_empty() {
        options.pathspec(&prefix);
    }
    let changes = repository.statuses(Some(&mut options)).map_err(fail("look for new files"))?;
    let new = changes.iter().filter(|entry| entry.status().is_wt_new());
    let mut found: Vec<String> = new
        .filter_map(|entry| {
            let path = String::from_utf8_lossy(entry.path_bytes()).into_owned();
            let below = Path::new(&path).strip_prefix(&prefix).ok()?.to_str()?.to_owned();
            Some(if path.ends_with('/') { format!("{below}/") } else { below })
        })
        .collect();
    found.sort();
    Ok(found)
}

pub(super) fn ignored(root: &Path, path: &RelPath) -> bool {
    let Ok(Some(repository)) = open(root) else { return false };
    repository.is_path_ignored(prefix(&repository, root).join(path.as_str())).unwrap_or(false)
}

/// Why git does not know a revision, in a user's words where the library's are its own.
fn why_unknown(repository: &Repository, name: &str, error: &git2::Error) -> String {
    let base = name.split(['~', '^', '@', ':']).next().unwrap_or(name);
    match error.code() {
        ErrorCode::UnbornBranch | ErrorCode::NotFound if repository.head().is_err() => "there is no commit yet".to_owned(),
        ErrorCode::NotFound if base != name && repository.revparse_single(base).is_ok() => {
            format!("the history of `{base}` does not reach that far")
        }
        ErrorCode::NotFound => "no branch, tag or commit has this name".to_owned(),
        ErrorCode::InvalidSpec => "this is not how a revision is written".to_owned(),
        ErrorCode::Ambiguous => "several commits begin like this".to_owned(),
        _ => error.message().to_owned(),
    }
}

/// The git repository around `root`, if there is one.
fn open(root: &Path) -> Result<Option<Repository>, Error> {
    match Repository::open_ext(root, RepositoryOpenFlags::empty(), &[] as &[&Path]) {
        Ok(repository) if repository.is_bare() => Ok(None),
        Ok(repository) => Ok(Some(repository)),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(fail("open the repository")(error)),
    }
}

/// derm's root relative to git's, where there is git.
pub(super) fn below(root: &Path) -> Option<PathBuf> {
    open(root).ok()?.map(|repository| prefix(&repository, root))
}

/// derm's root relative to git's.
fn prefix(repository: &Repository, root: &Path) -> PathBuf {
    let top = repository.workdir().and_then(|top| top.canonicalize().ok());
    top.and_then(|top| root.strip_prefix(top).ok().map(Path::to_owned)).unwrap_or_default()
}

fn fail(operation: &'static str) -> impl Fn(git2::Error) -> Error {
    move |error| Error::Git { operation, reason: error.message().to_owned() }
}
