//! A folder that appears whole or not at all.
//!
//! It grows in `.NAME.PURPOSE` in the folder of `NAME`, where what a killed command left is removed first; a
//! rename puts it in its place. Dropped before that, it vanishes.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::{Error, below, info};
use crate::workspace::{self, atomic};

/// The folder that grows.
pub(super) struct Staging {
    folder: PathBuf,
    out: PathBuf,
    finished: bool,
}

impl Staging {
    /// Makes the folder; `out` must be new or empty.
    pub fn begin(out: &Path, purpose: &str) -> Result<Self, Error> {
        Self::begin_over(out, purpose, false)
    }

    /// Makes the folder. `replace`: a dataset at `out` may go; nothing else ever does.
    pub fn begin_over(out: &Path, purpose: &str, replace: bool) -> Result<Self, Error> {
        let name = out.file_name().ok_or_else(|| Error::settings(format!("`{}` is no name for a folder", out.display())))?;
        check_free(out, replace)?;
        let folder = out.with_file_name(format!(".{}.{purpose}", name.to_string_lossy()));
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(Error::io("remove", &folder))?;
        }
        let staging = Self { folder, out: out.to_owned(), finished: false };
        fs::create_dir_all(&staging.folder).map_err(failed("create", out.to_owned()))?;
        Ok(staging)
    }

    /// Where the folder will be.
    pub fn out(&self) -> &Path {
        &self.out
    }

    /// Makes a folder inside.
    pub fn make_folder(&self, name: &str) -> Result<(), Error> {
        let path = below(&self.folder, name);
        fs::create_dir_all(&path).map_err(failed("create", self.asked(&path)))
    }

    /// Removes a folder inside, if it is there.
    pub fn remove_folder(&self, name: &str) -> Result<(), Error> {
        let path = below(&self.folder, name);
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("remove", self.asked(&path))(error)),
            _ => Ok(()),
        }
    }

    /// Where a file of this name (with `/`) goes for now; makes its folder.
    pub fn place(&self, name: &str) -> Result<PathBuf, Error> {
        let path = below(&self.folder, name);
        if let Some(parent) = path.parent().filter(|parent| **parent != *self.folder) {
            fs::create_dir_all(parent).map_err(failed("create", self.asked(parent)))?;
        }
        Ok(path)
    }

    /// Writes a file of this name.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        self.write_place(&self.place(name)?, bytes)
    }

    /// Writes a file at a [`place`](Self::place).
    pub fn write_place(&self, place: &Path, bytes: &[u8]) -> Result<(), Error> {
        fs::write(place, bytes).map_err(failed("write", self.asked(place)))
    }

    /// Writes a file of this name so that it survives a crash.
    pub fn write_durably(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        match atomic::write(&self.folder.join(name), bytes) {
            Err(workspace::Error::Io { operation, path, source }) => Err(failed(operation, self.asked(&path))(source)),
            other => Ok(other?),
        }
    }

    /// What a temporary path will be called: messages name what the user asked for.
    fn asked(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.folder).map_or_else(|_| path.to_owned(), |below| self.out.join(below))
    }

    /// Puts the folder in its place.
    pub fn finish(mut self) -> Result<(), Error> {
        let old = self.folder.with_extension("old");
        if self.out.exists() {
            fs::rename(&self.out, &old).map_err(failed("move away", self.out.clone()))?;
        }
        fs::rename(&self.folder, &self.out).map_err(failed("create", self.out.clone()))?;
        self.finished = true;
        if old.exists() {
            fs::remove_dir_all(&old).map_err(Error::io("remove", &old))?;
        }
        let parent = self.out.parent().filter(|parent| !parent.as_os_str().is_empty());
        Ok(atomic::sync_folder(parent.unwrap_or(Path::new(".")))?)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.finished {
            // Nobody is left to hear of a failure; the next command removes it.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Nothing but a dataset, and that only on request, is ever replaced.
fn check_free(out: &Path, replace: bool) -> Result<(), Error> {
    let mut entries = match fs::read_dir(out) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == ErrorKind::NotADirectory && out.exists() => {
            let hint = Some("name another folder with `--out`, or remove the file".to_owned());
            return Err(Error::Settings { message: format!("`{}` is a file, a folder is wanted", out.display()), hint });
        }
        Err(error) => return Err(failed("create", out.to_owned())(error)),
    };
    let dataset = out.join(info::FILE).is_file();
    if entries.next().is_none() || replace && dataset { Ok(()) } else { Err(Error::Occupied { path: out.to_owned(), dataset }) }
}

/// Makes a closure for `map_err`.
fn failed(operation: &'static str, path: PathBuf) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Output { operation, path, source }
}
