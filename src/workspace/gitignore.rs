//! The lines that keep tracked data out of git.
//!
//! Data at `data/skin` gets the line `/skin` in `data/.gitignore`, inside a block of derm's own:
//!
//! ```text
//! # Tracked by derm: this block is kept sorted
//! /skin
//! # End of derm's block
//! ```
//!
//! Lines outside the block are never touched; a line that a person wrote there already counts. Adding
//! twice changes nothing. With its last line gone the block goes, and with it an empty file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use super::{Error, Workspace, atomic};
use crate::relpath::RelPath;

const BEGIN: &str = "# Tracked by derm: this block is kept sorted";
const END: &str = "# End of derm's block";

/// Has git ignore `path`; `true` when a line was added.
pub fn add(workspace: &Workspace, path: &RelPath) -> Result<bool, Error> {
    edit(workspace, path, |block, outside, line| !outside.contains(line.as_str()) && block.insert(line))
}

/// Has git ignore all of these, each file being written once; returns those that got a line.
pub fn add_all(workspace: &Workspace, paths: &[&RelPath]) -> Result<Vec<RelPath>, Error> {
    let mut folders: BTreeMap<RelPath, Vec<&RelPath>> = BTreeMap::new();
    for path in paths {
        folders.entry(path.parent().unwrap_or_default()).or_default().push(path);
    }
    let mut added = Vec::new();
    for paths in folders.into_values() {
        let lines = paths.iter().filter_map(|path| place(workspace, path).map(|(_, name)| (*path, format!("/{}", escaped(&name)))));
        let before = added.len();
        edit(workspace, paths[0], |block, outside, _| {
            for (path, line) in lines {
                if !outside.contains(line.as_str()) && block.insert(line) {
                    added.push(path.clone());
                }
            }
            added.len() > before
        })?;
    }
    Ok(added)
}

/// Takes the line back; `true` when there was one.
pub fn remove(workspace: &Workspace, path: &RelPath) -> Result<bool, Error> {
    edit(workspace, path, |block, _, line| block.remove(&line))
}

fn edit(
    workspace: &Workspace,
    path: &RelPath,
    change: impl FnOnce(&mut BTreeSet<String>, &BTreeSet<&str>, String) -> bool,
) -> Result<bool, Error> {
    let Some((file, name)) = place(workspace, path) else { return Ok(false) };
    let old = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Error::io("read", &file)(error)),
    };
    let (before, mut block, after) = split(&old);
    let outside = before.iter().chain(&after).map(|line| line.trim_end()).collect();
    if !change(&mut block, &outside, format!("/{}", escaped(&name))) {
        return Ok(false);
    }
    let new = join(&before, &block, &after);
    if new.is_empty() {
        fs::remove_file(&file).map_err(Error::io("remove", &file))?;
    } else {
        atomic::write(&file, new.as_bytes())?;
    }
    Ok(true)
}

/// The `.gitignore` beside `path`, and the path's name.
fn place(workspace: &Workspace, path: &RelPath) -> Option<(PathBuf, String)> {
    let folder = path.parent()?.on_disk(workspace.root());
    Some((folder.join(".gitignore"), path.name()?.to_owned()))
}

/// Lines before the block, the block's own, lines after it.
fn split(text: &str) -> (Vec<&str>, BTreeSet<String>, Vec<&str>) {
    let lines: Vec<&str> = text.lines().collect();
    let begin = lines.iter().position(|line| line.trim_end() == BEGIN);
    let end = begin.and_then(|begin| lines.iter().skip(begin).position(|line| line.trim_end() == END).map(|n| begin + n));
    let (Some(begin), Some(end)) = (begin, end) else { return (lines, BTreeSet::new(), Vec::new()) };
    let block = lines[begin + 1..end].iter().map(|line| (*line).to_owned()).filter(|line| !line.is_empty());
    (lines[..begin].to_vec(), block.collect(), lines[end + 1..].to_vec())
}

fn join(before: &[&str], block: &BTreeSet<String>, after: &[&str]) -> String {
    let mut lines: Vec<&str> = before.to_vec();
    if !block.is_empty() {
        lines.push(BEGIN);
        lines.extend(block.iter().map(String::as_str));
        lines.push(END);
    }
    lines.extend(after);
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Characters that mean something in gitignore's patterns, made plain.
fn escaped(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        // A pattern is one line: any character may stand where the name has the end of one.
        if matches!(c, '\n' | '\r') {
            out.push('?');
            continue;
        }
        if matches!(c, '*' | '?' | '[' | ']' | '\\' | '!' | '#') {
            out.push('\\');
        }
        out.push(c);
    }
    if out.ends_with(' ') {
        out.insert(out.len() - 1, '\\');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> (tempfile::TempDir, Workspace) {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::init(folder.path(), false).unwrap();
        (folder, workspace)
    }

    #[test]
    fn only_our_lines_change() {
        let (folder, workspace) = repository();
        let file = folder.path().join(".gitignore");
        let theirs = "*.tmp\n\n# mine\n/notes";
        fs::write(&file, theirs).unwrap();
        let path = |name: &str| RelPath::new(name).unwrap();
        assert!(add(&workspace, &path("skin")).unwrap());
        assert!(add(&workspace, &path("a b*")).unwrap());
        assert!(!add(&workspace, &path("skin")).unwrap());
        assert!(!add(&workspace, &path("notes")).unwrap(), "a person's own line counts");
        let expected = format!("{theirs}\n{BEGIN}\n/a b\\*\n/skin\n{END}\n");
        assert_eq!(fs::read_to_string(&file).unwrap(), expected);
        assert!(remove(&workspace, &path("skin")).unwrap());
        assert!(remove(&workspace, &path("a b*")).unwrap());
        assert!(!remove(&workspace, &path("notes")).unwrap());
        assert_eq!(fs::read_to_string(&file).unwrap(), format!("{theirs}\n"));
    }

    #[test]
    fn an_emptied_file_goes() {
        let (folder, workspace) = repository();
        let path = RelPath::new("skin").unwrap();
        add(&workspace, &path).unwrap();
        remove(&workspace, &path).unwrap();
        assert!(!folder.path().join(".gitignore").exists());
    }
}
