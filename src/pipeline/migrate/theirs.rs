//! DVC's files: pointers (`*.dvc`), locks (`dvc.lock`) and manifests of folders (`….dir` in its cache).
//!
//! Only what says which content belongs where is read. An output or dependency of these files is a map with `path`
//! and either `hash: md5` and `md5` (DVC 3), or `md5` alone (DVC 1 and 2: text with CRLF taken as LF). A `md5` that ends in
//! `.dir` is a folder's: the MD5 of its manifest, `[{"md5": …, "relpath": …}, …]` as Python's `json.dumps` writes it, sorted by
//! path. A folder whose files are kept in a versioned bucket has them as `files:` in place.

use indexmap::IndexMap;

use super::hashes::md5_of;
use crate::pipeline::problem::{Problem, Source};
use crate::pipeline::stage::Command;
use crate::pipeline::value::Value;
use crate::pipeline::yaml::{self, Node};

/// How the names of folders' hashes end.
pub const FOLDER: &str = ".dir";

/// Content, as DVC names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Hash {
    /// 32 hex digits, for a folder with `.dir` after them.
    pub md5: String,
    /// Whether text counts with LF for CRLF.
    pub legacy: bool,
    /// The files of a folder, where they stand in place: relative path, MD5.
    pub files: Option<Vec<(String, String)>>,
    /// `isexec`.
    pub executable: bool,
}

impl Hash {
    /// Whether it is a folder's.
    pub fn is_folder(&self) -> bool {
        self.md5.ends_with(FOLDER) || self.files.is_some()
    }
}

/// An output or a dependency.
#[derive(Clone, Debug)]
pub struct Item {
    /// As written.
    pub path: String,
    /// Its content, if the file says what it is, by a hash that bytes can be compared with.
    pub hash: Option<Hash>,
    /// Whether DVC's cache keeps it.
    pub cache: bool,
    /// All of it.
    pub node: Node,
}

/// A pointer file.
#[derive(Clone, Debug)]
pub struct DvcFile {
    /// `wdir`: what paths are relative to, from the file's folder.
    pub wdir: String,
    /// A stage of DVC 0.x has its command here.
    pub is_stage: bool,
    /// What it tracks.
    pub outs: Vec<Item>,
    /// Where it was imported from.
    pub deps: Vec<Node>,
    /// All of it.
    pub node: Node,
}

/// A stage in a `dvc.lock`.
#[derive(Clone, Debug)]
pub struct LockedStage {
    /// The command.
    pub cmd: Command,
    /// What it read.
    pub deps: Vec<Item>,
    /// Parameters: file, then key and value.
    pub params: Vec<(String, Vec<(String, Value)>)>,
    /// What it made.
    pub outs: Vec<Item>,
}

/// Understands a `*.dvc`.
///
/// # Errors
/// Its problems.
pub fn pointer(source: &Source) -> Result<DvcFile, Vec<Problem>> {
    let node = yaml::parse(source)?;
    Ok(DvcFile {
        wdir: text(&node, "wdir").unwrap_or_else(|| ".".to_owned()),
        is_stage: node.get("cmd").is_some_and(|cmd| !cmd.is_null()),
        outs: items(node.get("outs")),
        deps: node.get("deps").and_then(Node::items).unwrap_or_default().to_vec(),
        node,
    })
}

/// Understands a `dvc.lock`, of schema 2.0 or of DVC 1, which had none.
///
/// # Errors
/// Its problems.
pub fn lock(source: &Source) -> Result<IndexMap<String, LockedStage>, Vec<Problem>> {
    let root = yaml::parse(source)?;
    let stages = if root.get("schema").is_some() { root.get("stages") } else { Some(&root) };
    let entries = stages.and_then(Node::entries).unwrap_or_default();
    Ok(entries.iter().filter_map(|entry| Some((entry.key.clone(), stage(&entry.value)?))).collect())
}

fn stage(node: &Node) -> Option<LockedStage> {
    let cmd = node.get("cmd")?;
    let cmd = match cmd.items() {
        Some(items) => Command::List(items.iter().map(|item| item.to_value().python()).collect()),
        None => Command::Text(cmd.to_value().python()),
    };
    let keys = |node: &Node| node.entries().unwrap_or_default().iter().map(|key| (key.key.clone(), key.value.to_value())).collect();
    let params = node.get("params").and_then(Node::entries).unwrap_or_default();
    let params = params.iter().map(|file| (file.key.clone(), keys(&file.value))).collect();
    Some(LockedStage { cmd, deps: items(node.get("deps")), params, outs: items(node.get("outs")) })
}

fn items(node: Option<&Node>) -> Vec<Item> {
    let list = node.and_then(Node::items).unwrap_or_default();
    list.iter()
        .filter_map(|node| Some(Item { path: text(node, "path")?, hash: hash(node), cache: !is_false(node, "cache"), node: node.clone() }))
        .collect()
}

fn hash(node: &Node) -> Option<Hash> {
    let legacy = match text(node, "hash").as_deref() {
        None => true,
        Some("md5") => false,
        Some(_) => return None,
    };
    let executable = matches!(node.get("isexec").map(Node::to_value), Some(Value::Bool(true)));
    let files = node.get("files").and_then(Node::items).map(|files| {
        let file = |file: &Node| Some((text(file, "relpath")?, text(file, "md5").filter(|md5| is_md5(md5))?));
        files.iter().filter_map(file).collect::<Vec<_>>()
    });
    let md5 = match (text(node, "md5"), &files) {
        (Some(md5), _) => md5,
        (None, Some(files)) => folder_md5(files.clone()),
        (None, None) => return None,
    };
    is_md5(md5.trim_end_matches(FOLDER)).then_some(Hash { md5, legacy, files, executable })
}

/// 32 lower-case hex digits: what comes from a file becomes a path.
fn is_md5(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_false(node: &Node, key: &str) -> bool {
    matches!(node.get(key).map(Node::to_value), Some(Value::Bool(false)))
}

/// A text, also one that looks like a number.
pub fn text(node: &Node, key: &str) -> Option<String> {
    match node.get(key)?.to_value() {
        Value::Null | Value::List(_) | Value::Map(_) => None,
        value => Some(value.python()),
    }
}

/// The files that a manifest names: relative path, MD5. `None` for bytes that are none.
pub fn manifest(bytes: &[u8]) -> Option<Vec<(String, String)>> {
    let list: Vec<serde_json::Map<String, serde_json::Value>> = serde_json::from_slice(bytes).ok()?;
    let text = |item: &serde_json::Map<String, serde_json::Value>, key: &str| item.get(key)?.as_str().map(str::to_owned);
    let file =
        |item: &serde_json::Map<String, serde_json::Value>| Some((text(item, "relpath")?, text(item, "md5").filter(|md5| is_md5(md5))?));
    list.iter().map(file).collect()
}

/// The name of a folder with these files.
pub fn folder_md5(mut files: Vec<(String, String)>) -> String {
    files.sort();
    let lines: Vec<String> =
        files.iter().map(|(path, md5)| format!("{{\"md5\": \"{md5}\", \"relpath\": {}}}", python_json(path))).collect();
    format!("{}{FOLDER}", md5_of(format!("[{}]", lines.join(", ")).as_bytes()))
}

/// A text as Python's `json.dumps` writes it: ASCII alone.
fn python_json(text: &str) -> String {
    let mut out = String::new();
    for c in serde_json::Value::from(text).to_string().chars() {
        if (' '..='~').contains(&c) {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_named_as_dvc_names_them() {
        // python3: hashlib.md5(json.dumps([{"md5": …, "relpath": "a"}, {"md5": …, "relpath": "é\x7f😀/b"}]).encode()).hexdigest()
        let md5 = "d41d8cd98f00b204e9800998ecf8427e".to_owned();
        let files = vec![("é\u{7f}😀/b".to_owned(), md5.clone()), ("a".to_owned(), md5.clone())];
        assert_eq!(folder_md5(files), "8adcc7312b14f1c7ed746ed19541dcb5.dir");
        assert_eq!(manifest(b"[{\"md5\": \"d41d8cd98f00b204e9800998ecf8427e\", \"relpath\": \"a\"}]"), Some(vec![("a".to_owned(), md5)]));
        assert_eq!(manifest(b"[{\"md5\": \"../../../etc/passwd\", \"relpath\": \"a\"}]"), None);
    }
}
