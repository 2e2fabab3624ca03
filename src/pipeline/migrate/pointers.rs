//! `*.dvc` to `*.derm`.

use std::sync::Arc;

use rayon::prelude::*;

use super::content::{Contents, Why};
use super::theirs::{self, DvcFile, Item};
use super::{Outcome, TakenPath, find};
use crate::pipeline::Error;
use crate::pipeline::problem::Source;
use crate::pipeline::value::Value;
use crate::pipeline::yaml::Node;
use crate::relpath::RelPath;
use crate::store::Entry;
use crate::store::pointer::{self, Pointer};
use crate::workspace::{Workspace, gitignore};

/// A pointer to be written: which of DVC's files it is from, what it tracks, and itself; `None` where one is already.
pub type Wanted = (RelPath, RelPath, Option<Pointer>);

/// Reads every pointer of DVC's and takes over what they track.
pub fn find(workspace: &Workspace, contents: &Contents, outcome: &mut Outcome) -> Result<Vec<Wanted>, Error> {
    let mut items = Vec::new();
    for from in find::pointers(workspace.root()) {
        match read(workspace, &from)? {
            Ok(file) => {
                let file = Arc::new(file);
                for item in file.outs.clone() {
                    items.extend(place(workspace, &from, &file, item, outcome)?);
                }
            }
            Err(problems) => outcome.leave_file(&from, &problems),
        }
    }
    let taken: Vec<(Target, Result<Entry, Vec<Why>>)> =
        items.into_par_iter().map(|target| target.take(contents)).collect::<Result<_, Error>>()?;
    let mut wanted = Vec::new();
    for (target, entry) in taken {
        match (target.exists, entry) {
            (true, _) => wanted.push((target.from, target.path, None)),
            (false, Ok(entry)) => {
                if target.file.deps.iter().any(|dep| dep.get("path").is_some()) {
                    outcome.remarks.push(format!(
                        "`{}` was imported: it is a plain tracked path now, and `meta` says where it came from",
                        target.path
                    ));
                }
                let pointer = target.pointer(entry);
                wanted.push((target.from, target.path, Some(pointer)));
            }
            (false, Err(reasons)) => reasons.iter().for_each(|(path, reason)| outcome.leave(path, &target.from, reason)),
        }
    }
    Ok(wanted)
}

/// Writes the pointers that are new.
pub fn write(workspace: &Workspace, wanted: Vec<Wanted>, dry: bool, outcome: &mut Outcome) -> Result<(), Error> {
    for (from, path, pointer) in wanted {
        if let Some(pointer) = pointer.as_ref().filter(|_| !dry) {
            gitignore::add(workspace, &path)?;
            pointer.write(workspace, &path)?;
        }
        let (new, entry) = (pointer.is_some(), pointer.map(|pointer| pointer.entry));
        outcome.paths.push(TakenPath { pointer: pointer::path_of(&path), path, from, entry, new });
    }
    Ok(())
}

fn read(workspace: &Workspace, from: &RelPath) -> Result<Result<DvcFile, Vec<crate::pipeline::problem::Problem>>, Error> {
    let path = from.on_disk(workspace.root());
    let bytes = std::fs::read(&path).map_err(Error::io("read", path))?;
    Ok(theirs::pointer(&Source { path: from.clone(), text: String::from_utf8_lossy(&bytes).into() }))
}

/// One output of a pointer of DVC's.
struct Target {
    from: RelPath,
    path: RelPath,
    file: Arc<DvcFile>,
    item: Item,
    exists: bool,
}

/// Where an output lies, if derm can track it.
fn place(workspace: &Workspace, from: &RelPath, file: &Arc<DvcFile>, item: Item, outcome: &mut Outcome) -> Result<Option<Target>, Error> {
    let folder = RelPath::resolve(&from.parent().unwrap_or_default(), &file.wdir);
    let place =
        folder.and_then(|folder| RelPath::resolve(&folder, &item.path)).ok().filter(|path| !path.is_root() && !item.path.contains("://"));
    let Some(path) = place else {
        outcome.leave(from, from, format!("`{}` lies outside the repository", item.path));
        return Ok(None);
    };
    if file.is_stage {
        outcome.leave(&path, from, "it has a command: move it to a `dvc.yaml`, as DVC 1 and later want it");
        return Ok(None);
    }
    if item.hash.is_none() {
        outcome.leave(&path, from, "there is no MD5 of it: `dvc pull` or `dvc commit` finds one");
        return Ok(None);
    }
    let exists = pointer::path_of(&path).on_disk(workspace.root()).exists();
    if !exists && workspace.ignored_by_git(&pointer::path_of(&path)) {
        outcome.leave(&path, from, format!("git ignores `{}`: add a line `!*.derm` to `.gitignore`", pointer::path_of(&path)));
        return Ok(None);
    }
    Ok(Some(Target { from: from.clone(), path, file: file.clone(), item, exists }))
}

impl Target {
    fn take(self, contents: &Contents) -> Result<(Self, Result<Entry, Vec<Why>>), Error> {
        let entry = match &self.item.hash {
            Some(hash) if !self.exists => contents.entry(&self.path, hash, true)?,
            _ => Err(Vec::new()),
        };
        Ok((self, entry))
    }

    fn pointer(&self, entry: Entry) -> Pointer {
        let (file, out) = (&self.file.node, &self.item.node);
        let desc = theirs::text(out, "desc").or_else(|| theirs::text(file, "desc"));
        Pointer { desc, meta: meta(file, out, &self.file.deps), ..Pointer::new(entry) }
    }
}

/// The user's notes; under `dvc` what else DVC knew.
fn meta(file: &Node, out: &Node, deps: &[Node]) -> Option<serde_yaml::Value> {
    let mut notes = indexmap::IndexMap::new();
    for meta in [file.get("meta"), out.get("meta")].into_iter().flatten() {
        match meta.to_value() {
            Value::Map(map) => notes.extend(map),
            Value::Null => {}
            other => drop(notes.insert("meta".to_owned(), other)),
        }
    }
    let mut dvc = indexmap::IndexMap::new();
    for key in ["type", "labels", "remote"] {
        dvc.extend(out.get(key).map(|node| (key.to_owned(), node.to_value())));
    }
    for (key, usual) in [("push", true), ("frozen", false)] {
        let value = out.get(key).or_else(|| file.get(key)).map(Node::to_value);
        dvc.extend(value.filter(|value| *value != Value::Bool(usual)).map(|value| (key.to_owned(), value)));
    }
    let origins: Vec<Value> = deps.iter().map(Node::to_value).collect();
    match origins.len() {
        0 => {}
        1 => dvc.extend(origins.into_iter().map(|origin| ("import".to_owned(), origin))),
        _ => drop(dvc.insert("import".to_owned(), Value::List(origins))),
    }
    if !dvc.is_empty() {
        notes.insert("dvc".to_owned(), Value::Map(dvc));
    }
    if notes.is_empty() { None } else { serde_yaml::to_value(Value::Map(notes)).ok() }
}
