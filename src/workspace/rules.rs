//! What a walk leaves out.
//!
//! 1. Always: `.git`, `.derm` and derm's own temporary files.
//! 2. `.dermignore` files, in gitignore's syntax, in the root and in any folder below; the nearest file and in
//!    it the last line that matches decides, and `!pattern` takes a file back in. A `.dvcignore` counts the same; of
//!    both in one folder `.dermignore` is asked first.
//! 3. Else the default list: [`DEFAULT`].
//!
//! A folder that is left out is left out with all it holds. `.gitignore` plays no part: data is
//! what git ignores.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::{DERM_DIR, Error, Workspace, atomic};
use crate::relpath::RelPath;
use crate::text::Place;

/// The name of the file that holds patterns.
pub const FILE: &str = ".dermignore";

/// The names of all files that hold patterns; what a later one says counts before what an earlier one says.
pub const FILES: [&str; 2] = [".dvcignore", FILE];

/// Names left out by default; a trailing `*` stands for any ending.
pub const DEFAULT: [&str; 7] = [".DS_Store", "._*", ".ipynb_checkpoints", ".nfs*", "Thumbs.db", "__pycache__", "desktop.ini"];

/// The rules that hold inside one folder.
#[derive(Clone, Debug, Default)]
pub struct Rules(Option<Arc<Scope>>);

#[derive(Debug)]
struct Scope {
    outer: Rules,
    own: Gitignore,
}

impl Rules {
    /// The rules inside `folder`, from the files between it and the root.
    pub fn of(workspace: &Workspace, folder: &RelPath) -> Result<Self, Error> {
        let mut rules = Self::default().enter(workspace.root())?;
        let mut here = RelPath::root();
        for part in folder.parts() {
            here = here.join(part);
            rules = rules.enter(&here.on_disk(workspace.root()))?;
        }
        Ok(rules)
    }

    /// The rules inside `folder`, which lies directly below; the same when it has no file of patterns.
    pub fn enter(self, folder: &Path) -> Result<Self, Error> {
        FILES.iter().try_fold(self, |rules, name| rules.with(folder, folder.join(name)))
    }

    /// The patterns of one file before all others.
    fn with(self, folder: &Path, path: PathBuf) -> Result<Self, Error> {
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Self(Some(Arc::new(Scope { own: parse(folder, &path, &text)?, outer: self })))),
            Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => Ok(self),
            Err(error) => Err(Error::io("read", path)(error)),
        }
    }

    /// Whether the entry `name` at `path` (absolute) is left out.
    pub fn ignores(&self, name: &str, path: &Path, folder: bool) -> bool {
        if always(name) {
            return true;
        }
        let mut scope = self.0.as_deref();
        while let Some(here) = scope {
            match here.own.matched(path, folder) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => scope = here.outer.0.as_deref(),
            }
        }
        by_default(name)
    }

    /// Whether `path` is left out, itself or with a folder above it.
    pub fn ignores_path(workspace: &Workspace, path: &RelPath, folder: bool) -> Result<bool, Error> {
        let mut rules = Self::default().enter(workspace.root())?;
        let mut here = RelPath::root();
        for part in path.parts() {
            here = here.join(part);
            let disk = here.on_disk(workspace.root());
            let last = here == *path;
            if rules.ignores(part, &disk, folder || !last) {
                return Ok(true);
            }
            if !last {
                rules = rules.enter(&disk)?;
            }
        }
        Ok(false)
    }
}

/// Names that no rule takes back in.
pub fn always(name: &str) -> bool {
    name == ".git" || name == DERM_DIR || name.starts_with(atomic::TEMP_PREFIX)
}

fn by_default(name: &str) -> bool {
    DEFAULT.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == *pattern,
    })
}

pub(super) fn parse(folder: &Path, path: &Path, text: &str) -> Result<Gitignore, Error> {
    let mut builder = GitignoreBuilder::new(folder);
    for (number, line) in text.lines().enumerate() {
        let added = builder.add_line(None, line);
        added.map_err(|error| Error::Ignore { place: Box::new(Place::new(path, number + 1, 1, text)), message: error.to_string() })?;
    }
    builder.build().map_err(|error| Error::Ignore { place: Box::new(Place::new(path, 1, 1, text)), message: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_file_decides_and_defaults_can_be_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::init(folder.path(), false).unwrap();
        std::fs::create_dir_all(folder.path().join("a/b")).unwrap();
        std::fs::write(folder.path().join(FILE), "*.log\n!Thumbs.db\n/a/skip/\n").unwrap();
        std::fs::write(folder.path().join("a").join(FILE), "!keep.log\n").unwrap();
        let ignored = |path: &str, dir| Rules::ignores_path(&workspace, &RelPath::new(path).unwrap(), dir).unwrap();
        assert!(ignored("x.log", false));
        assert!(!ignored("a/keep.log", false));
        assert!(!ignored("a/b/keep.log", false));
        assert!(ignored("keep.log", false));
        assert!(!ignored("Thumbs.db", false));
        assert!(ignored("a/.DS_Store", false));
        assert!(ignored("a/skip/x/y.jpg", false));
        assert!(!ignored("skip/y.jpg", false));
        assert!(ignored(".git/config", false) && ignored("a/.derm-tmp-1", false));
    }

    #[test]
    fn of_two_files_in_a_folder_ours_is_asked_first() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::init(folder.path(), false).unwrap();
        std::fs::create_dir(folder.path().join("a")).unwrap();
        std::fs::write(folder.path().join(".dvcignore"), "*.log\n*.tmp\n").unwrap();
        std::fs::write(folder.path().join(FILE), "!keep.log\n").unwrap();
        std::fs::write(folder.path().join("a/.dvcignore"), "!x.tmp\n").unwrap();
        let ignored = |path: &str| Rules::ignores_path(&workspace, &RelPath::new(path).unwrap(), false).unwrap();
        assert!(ignored("x.log") && ignored("a/x.log") && ignored("x.tmp"));
        assert!(!ignored("keep.log") && !ignored("a/keep.log") && !ignored("a/x.tmp"));
    }

    #[test]
    fn a_bad_pattern_is_placed() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::init(folder.path(), false).unwrap();
        std::fs::write(folder.path().join(FILE), "ok\n[z-a]\n").unwrap();
        let Err(Error::Ignore { place, .. }) = Rules::of(&workspace, &RelPath::root()) else { panic!("accepted") };
        assert_eq!(place.line, 2);
    }
}
