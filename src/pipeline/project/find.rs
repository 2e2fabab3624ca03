//! Where pipeline files are.
//!
//! `pipelines/*.yaml` (not below), and every `dvc.yaml` in the repository, except in folders that git,
//! `.dermignore` or `.dvcignore` leaves out, in outputs of stages, and in repositories inside this one.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use crate::pipeline::Error;
use crate::relpath::RelPath;
use crate::workspace::{DERM_DIR, rules};

/// The folder of the pipelines that have a name.
const FOLDER: &str = "pipelines";

/// `pipelines/*.yaml`, sorted.
pub fn named(root: &Path, warnings: &mut Vec<String>) -> Result<Vec<RelPath>, Error> {
    let folder = root.join(FOLDER);
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("read", folder)(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let name = entry.map_err(Error::io("read", &folder))?.file_name();
        let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else { continue };
        if name == "dvc.yaml" || !folder.join(name).is_file() {
            continue;
        }
        if name.ends_with(".yaml") {
            found.extend(RelPath::new(&format!("{FOLDER}/{name}")).ok());
        } else if let Some(stem) = name.strip_suffix(".yml") {
            warnings.push(format!("`{FOLDER}/{name}` is not read: pipelines are called `{FOLDER}/{stem}.yaml`"));
        }
    }
    found.sort();
    Ok(found)
}

/// Every `dvc.yaml`, sorted. `outs` are not entered.
pub fn nested(root: &Path, outs: &[RelPath]) -> Vec<RelPath> {
    let closed: HashSet<PathBuf> = outs.iter().map(|out| out.on_disk(root)).collect();
    let mut walk = WalkBuilder::new(root);
    walk.standard_filters(false).git_ignore(true).require_git(false).parents(true);
    rules::FILES.iter().for_each(|name| {
        walk.add_custom_ignore_filename(name);
    });
    walk.filter_entry(move |entry| {
        let folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        let name = entry.file_name().to_str().unwrap_or_default();
        entry.depth() == 0 || !(folder && (rules::always(name) || closed.contains(entry.path()) || entry.path().join(DERM_DIR).is_dir()))
    });
    let is_pipeline = |entry: &ignore::DirEntry| entry.file_name() == "dvc.yaml" && entry.file_type().is_some_and(|kind| kind.is_file());
    let files = walk.build().filter_map(Result::ok).filter(is_pipeline);
    let mut found: Vec<RelPath> = files.filter_map(|entry| RelPath::strip(root, entry.path()).ok()).collect();
    found.sort();
    found
}
