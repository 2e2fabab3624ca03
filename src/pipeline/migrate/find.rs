//! Where DVC's pointers are: every `*.dvc` that `.dvcignore` leaves in, but not in folders that one of them tracks.

use std::path::Path;

use ignore::WalkBuilder;

use crate::relpath::RelPath;
use crate::workspace::{DERM_DIR, rules};

/// Every pointer of DVC's, sorted.
pub fn pointers(root: &Path) -> Vec<RelPath> {
    let mut walk = WalkBuilder::new(root);
    walk.standard_filters(false).add_custom_ignore_filename(".dvcignore");
    walk.filter_entry(|entry| {
        let folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        let name = entry.file_name().to_str().unwrap_or_default();
        let closed = || {
            let is_tracked = entry.path().with_file_name(format!("{name}.dvc")).is_file();
            let is_project = entry.path().join(super::FOLDER).is_dir() || entry.path().join(DERM_DIR).is_dir();
            rules::always(name) || name == super::FOLDER || is_tracked || is_project
        };
        entry.depth() == 0 || !(folder && closed())
    });
    let is_pointer = |entry: &ignore::DirEntry| {
        let name = entry.file_name().to_str().unwrap_or_default();
        entry.file_type().is_some_and(|kind| kind.is_file()) && (name == "Dvcfile" || (name.ends_with(".dvc") && name.len() > 4))
    };
    let files = walk.build().flatten().filter(is_pointer);
    let mut found: Vec<RelPath> = files.filter_map(|entry| RelPath::strip(root, entry.path()).ok()).collect();
    found.sort();
    found
}
