//! Files that are whole or not there: the only way derm writes what it trusts later.
//!
//! The bytes go to a temporary file `.derm-tmp-*` beside the target, hence in its file system;
//! then they are synced, the file is renamed over the target, and the folder is synced. A full
//! disk, a read-only folder or a kill at any moment leaves the old file as it was; a kill may
//! leave a temporary file behind, which every walk of derm ignores. A target that is a symbolic
//! link is written through; an existing target keeps its permissions.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::Error;

/// How the names of temporary files begin.
pub const TEMP_PREFIX: &str = ".derm-tmp-";

/// Removes temporary files that a killed process left in `folder`. For folders that one writer at a time owns.
pub fn sweep(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(TEMP_PREFIX) {
            // What cannot be removed is ignored by every reader; the next sweep tries again.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Replaces the content of `path` with `bytes`, durably.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes).map_err(Error::io("write", path))?;
    file.commit()
}

/// A file being written; without [`AtomicFile::commit`] it vanishes and the target stays as it was.
#[derive(Debug)]
pub struct AtomicFile {
    temporary: NamedTempFile,
    target: PathBuf,
}

impl AtomicFile {
    /// Begins to write what will be `path`. Its folder must exist.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let linked = path.is_symlink().then(|| path.canonicalize().ok()).flatten();
        let target = linked.unwrap_or_else(|| path.to_owned());
        let folder = folder_of(&target);
        let mut builder = tempfile::Builder::new();
        builder.prefix(TEMP_PREFIX);
        #[cfg(unix)]
        builder.permissions(permissions_for(&target));
        let temporary = builder.tempfile_in(folder).map_err(Error::io("write", path))?;
        Ok(Self { temporary, target })
    }

    /// Makes the written bytes the content of the target, synced to the disk.
    pub fn commit(self) -> Result<(), Error> {
        let target = self.target.clone();
        self.temporary.as_file().sync_all().map_err(Error::io("write", &target))?;
        self.commit_unsynced()?;
        sync_folder(folder_of(&target))
    }

    /// As [`AtomicFile::commit`] without waiting for the disk: for files that can be rebuilt.
    pub fn commit_unsynced(self) -> Result<(), Error> {
        self.temporary.persist(&self.target).map_err(|error| Error::io("write", &self.target)(error.error))?;
        Ok(())
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.temporary.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.temporary.flush()
    }
}

/// Makes renames in `folder` survive a power cut.
pub fn sync_folder(folder: &Path) -> Result<(), Error> {
    if cfg!(unix) {
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(Error::io("sync", folder))?;
    }
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Those of the file that is there, else what a new file gets (the umask is applied later).
#[cfg(unix)]
fn permissions_for(path: &Path) -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).map_or_else(|_| PermissionsExt::from_mode(0o666), |meta| meta.permissions())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn dropped_without_commit_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write(&path, b"old").unwrap();
        let mut file = AtomicFile::create(&path).unwrap();
        file.write_all(b"half of the n").unwrap();
        drop(file);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        write(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }

    #[cfg(unix)]
    #[test]
    fn keeps_permissions_and_writes_through_links() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("file", &link).unwrap();
        write(&link, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert!(link.is_symlink());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    }
}
