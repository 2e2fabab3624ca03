//! Copies of files and folders that belong to a run.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::record::Artifact;
use crate::relpath::RelPath;

/// Copies `from`, a file or a folder with all below it, to `artifacts/<name>` of the run in `dir`,
/// replacing what was there. Shares the bytes with the original where the file system can.
pub(super) fn copy(dir: &Path, name: &str, from: &Path) -> io::Result<Artifact> {
    let name = RelPath::new(name).ok().filter(|name| !name.is_root());
    let name = name.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "its name leads out of the run"))?;
    let to = name.on_disk(&dir.join("artifacts"));
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut artifact = Artifact { name: name.as_str().to_owned(), size: 0, files: 0 };
    if from.is_dir() {
        if to.exists() {
            fs::remove_dir_all(&to)?;
        }
        copy_folder(from, &to, &mut artifact)?;
    } else {
        copy_file(from, &to, &mut artifact)?;
    }
    Ok(artifact)
}

fn copy_folder(from: &Path, to: &Path, artifact: &mut Artifact) -> io::Result<()> {
    fs::create_dir_all(to)?;
    let mut entries: Vec<PathBuf> = fs::read_dir(from)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    entries.sort();
    for path in entries {
        let Some(name) = path.file_name() else { continue };
        let below = to.join(name);
        if path.is_dir() { copy_folder(&path, &below, artifact)? } else { copy_file(&path, &below, artifact)? }
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path, artifact: &mut Artifact) -> io::Result<()> {
    if to.exists() {
        fs::remove_file(to)?;
    }
    reflink_copy::reflink_or_copy(from, to)?;
    artifact.size += fs::metadata(to)?.len();
    artifact.files += 1;
    Ok(())
}
