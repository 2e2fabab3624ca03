//! The repository on disk: its root, settings, git, ignore rules, lock and atomic files.
//!
//! A repository is a folder that holds `.derm/`:
//!
//! | path | what | committed |
//! | --- | --- | --- |
//! | `.derm/config`, `.derm/config.local` | settings, TOML ([`config`]) | the first |
//! | `.derm/.gitignore` | keeps everything below out of git | yes |
//! | `.derm/cache/`, `.derm/index`, `.derm/tmp/` | the store's ([`crate::store`]) | no |
//! | `.derm/lock` | the advisory lock and who holds it ([`WorkspaceLock`]) | no |
//! | `.derm/runs/`, `.derm/checkpoints/` | runs, resumable training | no |
//!
//! Promises: a file written through [`atomic`] is either the old one or the whole new one,
//! whatever happens; a path given by a user becomes a [`RelPath`] or an error; git is only read
//! (`init --git` alone creates a repository, `install` alone changes its configuration and hooks); commits, references below `refs/derm/`
//! and worktrees are made for experiments alone, and no branch, index or file of the user's is touched for it. This is the only user of git2.

pub mod atomic;
pub mod clone;
pub mod complete;
pub mod config;
mod error;
pub mod exchange;
#[doc(hidden)]
pub mod fuzzing;
mod git;
pub mod gitignore;
pub mod hooks;
mod lock;
pub mod rules;
pub mod settings;

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

pub use config::Config;
pub use error::Error;
pub use git::{CommitFacts, GitFacts, History, Revision, is_ref_name};
pub use lock::WorkspaceLock;

use crate::relpath::{RelPath, RelPathError};

/// The folder that makes a folder a repository.
pub const DERM_DIR: &str = ".derm";

/// What `.derm/.gitignore` holds.
const GITIGNORE: &str = "/cache/\n/checkpoints/\n/config.local\n/index\n/lock\n/runs/\n/tmp/\n";

/// An opened repository. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Workspace {
    root: Arc<Path>,
    config: Arc<Config>,
}

impl Workspace {
    /// Makes `root` a repository, completing what is missing; never changes a file that is there.
    /// With `git`, also makes it a git repository unless it lies in one.
    pub fn init(root: &Path, git: bool) -> Result<Self, Error> {
        let root = root.canonicalize().map_err(Error::io("open", root))?;
        let derm = root.join(DERM_DIR);
        std::fs::create_dir_all(&derm).map_err(Error::io("create", &derm))?;
        for (name, content) in [("config", config::TEMPLATE), (".gitignore", GITIGNORE)] {
            let path = derm.join(name);
            if !path.exists() {
                atomic::write(&path, content.as_bytes())?;
            }
        }
        if git {
            git::init(&root)?;
        }
        Self::open(&root)
    }

    /// The repository that `from` lies in: its nearest ancestor holding `.derm/`.
    pub fn discover(from: &Path) -> Result<Self, Error> {
        let from = from.canonicalize().map_err(Error::io("open", from))?;
        let root = from.ancestors().find(|folder| folder.join(DERM_DIR).is_dir());
        Self::open(root.ok_or_else(|| Error::NoRepository { from: from.clone() })?)
    }

    /// The repository at `root`, or what would be one after [`Workspace::init`]. Writes nothing.
    pub fn at(root: &Path) -> Result<Self, Error> {
        Self::open(&root.canonicalize().map_err(Error::io("open", root))?)
    }

    fn open(root: &Path) -> Result<Self, Error> {
        let config = Config::read(root)?;
        Ok(Self { root: root.into(), config: Arc::new(config) })
    }

    /// The absolute root, free of symbolic links.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `.derm/`, absolute.
    pub fn derm_dir(&self) -> PathBuf {
        self.root.join(DERM_DIR)
    }

    /// The settings in effect.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The absolute folder that holds objects.
    pub fn cache_dir(&self) -> PathBuf {
        self.root.join(&self.config.cache.dir.value)
    }

    /// What a user typed in `cwd`, as a path in the repository. It need not exist.
    pub fn relative(&self, cwd: &Path, typed: &Path) -> Result<RelPath, Error> {
        let path = normal(&cwd.join(typed));
        let outside = |error| match error {
            RelPathError::Outside(_) => Error::OutsideRepository { path: typed.to_owned(), root: self.root.to_path_buf() },
            RelPathError::NotUtf8(_) => Error::NotUtf8 { path: typed.to_owned() },
        };
        RelPath::strip(&self.root, &path).or_else(|first| {
            // The same place may have been named through a symbolic link above the root (`/tmp` on macOS).
            let existing = path.ancestors().find(|p| p.exists()).ok_or_else(|| outside(first.clone()))?;
            let rest = path.strip_prefix(existing).unwrap_or(Path::new(""));
            let real = existing.canonicalize().map_err(Error::io("open", existing))?;
            RelPath::strip(&self.root, &real.join(rest)).map_err(outside)
        })
    }

    /// A URL or a path that a user typed in `cwd`, as it is to be written into a file of the repository: a relative path from the
    /// root, whether it stays inside or not; all else as it was typed.
    pub fn kept(&self, cwd: &Path, typed: &str) -> String {
        if typed.contains("://") || typed.starts_with('~') || Path::new(typed).is_absolute() {
            return typed.to_owned();
        }
        let Ok(below) = cwd.strip_prefix(&self.root) else { return cwd.join(typed).to_string_lossy().into_owned() };
        let mut parts: Vec<String> = Vec::new();
        for part in below.join(typed).components() {
            match part {
                Component::ParentDir if parts.last().is_some_and(|last| last != "..") => drop(parts.pop()),
                Component::CurDir => {}
                part => parts.push(part.as_os_str().to_string_lossy().into_owned()),
            }
        }
        if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
    }

    /// Commit, branch and cleanliness of the git repository around the root; `None` without one.
    pub fn git(&self) -> Option<GitFacts> {
        git::facts(&self.root)
    }

    /// The committed files at a git revision such as `HEAD~1`, `main` or a commit hash.
    pub fn revision(&self, name: &str) -> Result<Revision, Error> {
        Revision::open(&self.root, name)
    }

    /// The commits that `history` names, each once: full hash, and the name it was found under.
    pub fn commits(&self, history: &History) -> Result<Vec<(String, String)>, Error> {
        git::commits(&self.root, history)
    }

    /// Files at or below `path` that git tracks, at most `limit` of them; none without git.
    pub fn tracked_by_git(&self, path: &RelPath, limit: usize) -> Result<Vec<String>, Error> {
        git::tracked(&self.root, path, limit)
    }

    /// The folder of git's hooks, and the root relative to the folder that git starts them in.
    pub fn git_hooks(&self) -> Result<(PathBuf, PathBuf), Error> {
        git::hooks(&self.root)
    }

    /// Tells git of the merge driver `derm`, in the repository's own configuration, or takes that back. `true` when
    /// something changed.
    pub fn git_merge_driver(&self, wanted: bool) -> Result<bool, Error> {
        git::merge_driver(&self.root, wanted)
    }

    /// Files below the root that git neither tracks nor ignores; a whole new folder is one line that ends with `/`.
    pub fn unknown_to_git(&self) -> Result<Vec<String>, Error> {
        git::untracked(&self.root)
    }

    /// A commit by its full hash.
    pub fn commit_facts(&self, id: &str) -> Result<CommitFacts, Error> {
        git::commit_facts(&self.root, id)
    }

    /// The tree of `HEAD` with the tracked files as they are on disk, and `extra` ones; the index stays as it is.
    pub fn snapshot_tree(&self, extra: &[RelPath]) -> Result<String, Error> {
        git::tree(&self.root, extra)
    }

    /// Tracked files that differ from `HEAD`.
    pub fn changed_files(&self) -> Result<Vec<RelPath>, Error> {
        git::changes(&self.root)
    }

    /// Files in which two trees differ, and whether the second one has them.
    pub fn tree_differences(&self, old: &str, new: &str) -> Result<Vec<(RelPath, bool)>, Error> {
        git::differences(&self.root, old, new)
    }

    /// The bytes of a file of a tree; `None` when the tree has no such file.
    pub fn tree_file(&self, tree: &str, path: &RelPath) -> Result<Option<Vec<u8>>, Error> {
        git::file(&self.root, tree, path)
    }

    /// Writes files as a tree has them; the index stays as it is.
    pub fn checkout_files(&self, tree: &str, paths: &[RelPath]) -> Result<(), Error> {
        git::checkout(&self.root, tree, paths)
    }

    /// Writes a commit that no reference names yet.
    pub fn write_commit(&self, tree: &str, parent: &str, message: &str, seconds: i64) -> Result<String, Error> {
        git::commit(&self.root, tree, parent, message, seconds)
    }

    /// References that begin with `prefix`, with their commits, sorted.
    pub fn refs(&self, prefix: &str) -> Result<Vec<(String, String)>, Error> {
        git::list(&self.root, prefix)
    }

    /// Points a reference of derm's at a commit; `false` when there is one and it may not be replaced.
    pub fn set_ref(&self, name: &str, commit: &str, replace: bool) -> Result<bool, Error> {
        git::set(&self.root, name, commit, replace)
    }

    /// Removes a reference; `false` when there was none.
    pub fn remove_ref(&self, name: &str) -> Result<bool, Error> {
        git::remove(&self.root, name)
    }

    /// Makes a branch; `false` when there is one of that name.
    pub fn make_branch(&self, name: &str, commit: &str) -> Result<bool, Error> {
        git::branch(&self.root, name, commit)
    }

    /// Makes `place` a worktree of `tree` whose `HEAD` is `commit`; returns derm's root in it.
    pub fn add_worktree(&self, place: &Path, name: &str, commit: &str, tree: &str) -> Result<PathBuf, Error> {
        git::add_worktree(&self.root, place, name, commit, tree)
    }

    /// Removes a worktree with all that is in it.
    pub fn remove_worktree(&self, place: &Path, name: &str) -> Result<(), Error> {
        git::remove_worktree(&self.root, place, name)
    }

    /// derm's root below the top folder of git's checkout; `None` without git.
    pub fn below_git(&self) -> Option<PathBuf> {
        git::below(&self.root)
    }

    /// Whether git ignores `path`; `false` without git.
    pub fn ignored_by_git(&self, path: &RelPath) -> bool {
        git::ignored(&self.root, path)
    }
}

/// Resolves `.` and `..` by their text alone.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn init_is_idempotent_and_found_from_below() {
        let folder = tempfile::tempdir().unwrap();
        Workspace::init(folder.path(), false).unwrap();
        std::fs::write(folder.path().join(".derm/config"), "[cache]\nlink = [\"copy\"]\n").unwrap();
        let again = Workspace::init(folder.path(), false).unwrap();
        assert_eq!(again.config().cache.link.value, [config::Link::Copy]);
        let deep = folder.path().join("a/b");
        std::fs::create_dir_all(&deep).unwrap();
        assert_eq!(Workspace::discover(&deep).unwrap().root(), again.root());
    }

    #[test]
    fn typed_paths_stay_inside() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::init(folder.path(), false).unwrap();
        let cwd = workspace.root().join("data");
        let relative = |typed: &str| workspace.relative(&cwd, Path::new(typed));
        assert_eq!(relative("skin/").unwrap().as_str(), "data/skin");
        assert_eq!(relative("../x").unwrap().as_str(), "x");
        assert!(matches!(relative("../../x"), Err(Error::OutsideRepository { .. })));
        assert!(matches!(relative("/etc/passwd"), Err(Error::OutsideRepository { .. })));
        let kept = |typed: &str| workspace.kept(&cwd, typed);
        assert_eq!(kept("../x"), "x");
        assert_eq!(kept("../../x/"), "../x");
        assert_eq!(kept("s3://b/p"), "s3://b/p");
        assert_eq!(kept("/mnt"), "/mnt");
    }
}
