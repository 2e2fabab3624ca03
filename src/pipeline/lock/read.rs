//! A lock from text.

use std::collections::{BTreeMap, BTreeSet};

use super::{Lock, Record, SCHEMA};
use crate::pipeline::problem::{Problem, Problems, Source};
use crate::pipeline::stage::Command;
use crate::pipeline::value::Value;
use crate::pipeline::yaml::{self, Data, Mark, Node};
use crate::relpath::RelPath;
use crate::store::{Entry, Kind};

/// Reads a lock file.
///
/// # Errors
/// Its problems, the first of them the reason for the others.
pub fn parse(source: &Source) -> Result<Lock, Vec<Problem>> {
    if let Some(line) = source.text.lines().position(|line| line.starts_with("<<<<<<< ")) {
        let mut problems = Problems::new(source);
        let hint = "keep either side of each conflict, then type `derm repro`: what does not fit is run again".to_owned();
        problems.add_with(Mark { line: line + 1, column: 1 }, "the marks of an unresolved merge", Some(hint));
        return Err(problems.finish().0);
    }
    let root = yaml::parse(source)?;
    let mut problems = Problems::new(source);
    let lock = read(&root).unwrap_or_else(|(mark, message)| {
        problems.add(mark, message);
        Lock::new()
    });
    let (list, _) = problems.finish();
    if list.is_empty() { Ok(lock) } else { Err(list) }
}

type Wrong = (Mark, String);

fn read(root: &Node) -> Result<Lock, Wrong> {
    known(root, &["schema", "stages"])?;
    match root.get("schema").map(Node::to_value) {
        Some(Value::Int(SCHEMA)) => {}
        Some(Value::Int(other)) => return Err((root.mark, format!("schema {other} is not known to this derm"))),
        _ => return Err((root.mark, "a lock has `schema: 1`".to_owned())),
    }
    let mut lock = Lock::new();
    for entry in map(root.get("stages").ok_or((root.mark, "a lock has `stages`".to_owned()))?)? {
        lock.insert(entry.key.clone(), record(&entry.value)?);
    }
    Ok(lock)
}

fn record(node: &Node) -> Result<Record, Wrong> {
    known(node, &["cmd", "deps", "params", "outs", "changed"])?;
    let cmd = node.get("cmd").ok_or((node.mark, "a stage has `cmd`".to_owned()))?;
    let cmd = match cmd.items() {
        Some(items) => Command::List(items.iter().map(text).collect::<Result<_, _>>()?),
        None => Command::Text(text(cmd)?),
    };
    let mut params = BTreeMap::new();
    if let Some(files) = node.get("params") {
        for file in map(files)? {
            let keys = map(&file.value)?.iter().map(|key| (key.key.clone(), key.value.to_value()));
            params.insert(path_of(&file.key, file.mark)?, keys.collect());
        }
    }
    let mut changed = Vec::new();
    for item in node.get("changed").map(list).transpose()?.unwrap_or_default() {
        changed.push(path_of(&text(item)?, item.mark)?);
    }
    let uncached = uncached(node.get("outs"))?;
    Ok(Record { cmd, deps: entries(node.get("deps"))?, params, outs: entries(node.get("outs"))?, uncached, changed })
}

fn entries(node: Option<&Node>) -> Result<BTreeMap<RelPath, Entry>, Wrong> {
    let mut found = BTreeMap::new();
    for item in node.map(list).transpose()?.unwrap_or_default() {
        known(item, &["path", "hash", "kind", "size", "files", "executable", "cache"])?;
        let field = |key: &str| item.get(key).ok_or((item.mark, format!("`{key}` is missing")));
        let hash = field("hash")?;
        let id = text(hash)?.parse().map_err(|error: crate::digest::ParseObjectIdError| (hash.mark, error.to_string()))?;
        let kind = match text(field("kind")?)?.as_str() {
            "file" => Kind::File,
            "tree" => Kind::Tree,
            other => return Err((item.mark, format!("`{other}` is no kind: file or tree"))),
        };
        let executable = matches!(item.get("executable").map(Node::to_value), Some(Value::Bool(true)));
        let entry = Entry { id, kind, size: number(field("size")?)?, files: number(field("files")?)?, executable };
        let path = field("path")?;
        found.insert(path_of(&text(path)?, path.mark)?, entry);
    }
    Ok(found)
}

/// The outputs with `cache: false`.
fn uncached(node: Option<&Node>) -> Result<BTreeSet<RelPath>, Wrong> {
    let mut found = BTreeSet::new();
    for item in node.map(list).transpose()?.unwrap_or_default() {
        if let (Some(Value::Bool(false)), Some(path)) = (item.get("cache").map(Node::to_value), item.get("path")) {
            found.insert(path_of(&text(path)?, path.mark)?);
        }
    }
    Ok(found)
}

fn known(node: &Node, keys: &[&str]) -> Result<(), Wrong> {
    match map(node)?.iter().find(|entry| !keys.contains(&entry.key.as_str())) {
        Some(entry) => Err((entry.mark, format!("unknown key `{}` in a lock", entry.key))),
        None => Ok(()),
    }
}

fn map(node: &Node) -> Result<&[yaml::Entry], Wrong> {
    node.entries().ok_or_else(|| (node.mark, format!("a map belongs here, not {}", node.what())))
}

fn list(node: &Node) -> Result<&[Node], Wrong> {
    node.items().ok_or_else(|| (node.mark, format!("a list belongs here, not {}", node.what())))
}

fn text(node: &Node) -> Result<String, Wrong> {
    match &node.data {
        Data::Scalar(value) if *value != Value::Null => Ok(value.python()),
        _ => Err((node.mark, format!("a text belongs here, not {}", node.what()))),
    }
}

fn number(node: &Node) -> Result<u64, Wrong> {
    match node.data {
        Data::Scalar(Value::Int(n)) => u64::try_from(n).map_err(|_| (node.mark, format!("`{n}` is out of range"))),
        _ => Err((node.mark, format!("a whole number belongs here, not {}", node.what()))),
    }
}

fn path_of(text: &str, mark: Mark) -> Result<RelPath, Wrong> {
    RelPath::new(text).map_err(|error| (mark, error.to_string()))
}
