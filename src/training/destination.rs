//! The folder that a bundle will be written to, made sure of before training and not after.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::Error;
use crate::nn::bundle;
use crate::workspace::atomic;

/// A folder that can take a bundle. Folders made for it go again with this value, as long as nothing is in them.
pub struct Destination {
    path: PathBuf,
    /// Those that were not there before, outermost first.
    made: Vec<PathBuf>,
}

impl Destination {
    /// # Errors
    ///
    /// [`Error::Occupied`] when the folder holds something and no bundle; the system's error when it cannot be written.
    pub fn prepare(path: &Path) -> Result<Self, Error> {
        let mut made: Vec<PathBuf> = path.ancestors().take_while(|folder| !folder.exists()).map(Path::to_owned).collect();
        made.reverse();
        let destination = Self { path: path.to_owned(), made };
        fs::create_dir_all(path).map_err(Error::io("create", path))?;
        destination.check()?;
        Ok(destination)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn check(&self) -> Result<(), Error> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(Error::io("read", &self.path))? {
            names.push(entry.map_err(Error::io("read", &self.path))?.file_name());
        }
        let left_over = |name: &str| name.starts_with(atomic::TEMP_PREFIX);
        let bundle = names.iter().any(|name| name == bundle::CONFIG || name == bundle::WEIGHTS);
        if !bundle && names.iter().any(|name| !name.to_str().is_some_and(left_over)) {
            return Err(Error::Occupied { path: self.path.clone() });
        }
        // Made and given up again: nothing is left.
        drop(atomic::AtomicFile::create(&self.path.join(bundle::PROVENANCE))?);
        Ok(())
    }
}

impl Drop for Destination {
    fn drop(&mut self) {
        for folder in self.made.iter().rev() {
            // Refused for a folder that holds something, which is what is wanted.
            let _ = fs::remove_dir(folder);
        }
    }
}
