//! Results of earlier runs, found again by what went into them.
//!
//! # Format
//!
//! `.derm/cache/runs/ab/cdef….json`, named by the key: a JSON object `{"schema": 1, "outs": {PATH: {hash, kind, size,
//! files}}}`. The key is the BLAKE3 hash ([`KeyHasher`], purpose `derm run 1`) of, in this order: the form of the command
//! and its texts; the number of deps, then path and hash of each; the number of parameters, then file, key and
//! value (as JSON) of each; the number of outs, then the path of each. Going back to parameters that were run
//! before, renaming a stage, or a run that was killed before it wrote its lock thus costs nothing. On a remote results lie below
//! `runs/` by the same names (`push --run-cache`), so that branches, clones and colleagues share them.
//!
//! Not kept for stages whose result does not follow from that: without deps and params, without outs, with
//! `always_changed`, with a `persist` or `cache: false` out (nothing could be restored), or whose inputs
//! changed while they ran. A file that cannot be read counts as absent.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Error;
use super::lock::Record;
use super::stage::{Command, Stage};
use crate::digest::{KeyHasher, ObjectId};
use crate::relpath::RelPath;
use crate::store::Entry;
use crate::workspace::{Workspace, atomic};

#[derive(Serialize, Deserialize)]
struct File {
    schema: u32,
    outs: BTreeMap<RelPath, Entry>,
}

/// Whether a stage's result follows from what the key holds.
pub fn applies(stage: &Stage) -> bool {
    let has_inputs = !(stage.deps.is_empty() && stage.params.is_empty());
    has_inputs && !stage.outs.is_empty() && !stage.always_changed && stage.outs.iter().all(|out| out.cache && !out.persist)
}

/// The key of a run with these inputs.
pub fn key(stage: &Stage, record: &Record) -> ObjectId {
    let mut key = KeyHasher::new("derm run 1");
    match &record.cmd {
        Command::Text(text) => key.text("text").text(text),
        Command::List(items) => {
            key.text("list").text(&items.len().to_string());
            items.iter().fold(&mut key, |key, item| key.text(item))
        }
    };
    key.text(&record.deps.len().to_string());
    for (path, entry) in &record.deps {
        key.text(path.as_str()).field(entry.id.as_bytes()).text(if entry.executable { "x" } else { "-" });
    }
    key.text(&record.params.values().map(BTreeMap::len).sum::<usize>().to_string());
    for (file, keys) in &record.params {
        for (name, value) in keys {
            key.text(file.as_str()).text(name).text(&value.json());
        }
    }
    key.text(&stage.outs.len().to_string());
    for out in &stage.outs {
        key.text(out.path.as_str());
    }
    key.finish()
}

/// What a run with this key made.
pub fn find(workspace: &Workspace, key: &ObjectId) -> Option<BTreeMap<RelPath, Entry>> {
    let bytes = std::fs::read(place(workspace, key)).ok()?;
    let file: File = serde_json::from_slice(&bytes).ok()?;
    (file.schema == 1).then_some(file.outs)
}

/// Remembers what a run with this key made.
pub fn keep(workspace: &Workspace, key: &ObjectId, outs: &BTreeMap<RelPath, Entry>) -> Result<(), Error> {
    let path = place(workspace, key);
    let folder = path.parent().unwrap_or(&path);
    std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    let text = serde_json::to_string_pretty(&File { schema: 1, outs: outs.clone() }).unwrap_or_default();
    // Not synced: after a power cut a result may be missing, and is made again.
    let mut file = atomic::AtomicFile::create(&path)?;
    file.write_all(text.as_bytes()).map_err(Error::io("write", &path))?;
    Ok(file.commit_unsynced()?)
}

/// The folder of results in a cache and on a remote.
pub const FOLDER: &str = "runs";

/// Every result that can be understood: its name below [`FOLDER`], its file, and what the run made.
pub fn all(workspace: &Workspace) -> Vec<(String, PathBuf, BTreeMap<RelPath, Entry>)> {
    let base = workspace.cache_dir().join(FOLDER);
    let list = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect::<Vec<_>>();
    let mut found = Vec::new();
    for path in list(&base).iter().flat_map(|shard| list(shard)) {
        let name = path.strip_prefix(&base).ok().and_then(Path::to_str).map(str::to_owned);
        let outs = std::fs::read(&path).ok().and_then(|bytes| understood(&bytes));
        found.extend(name.filter(|name| is_name(name)).zip(outs).map(|(name, outs)| (name, path, outs)));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// What the run of a result made; `None` for anything else.
pub fn understood(bytes: &[u8]) -> Option<BTreeMap<RelPath, Entry>> {
    serde_json::from_slice::<File>(bytes).ok().filter(|file| file.schema == 1).map(|file| file.outs)
}

/// Whether a result of this name, which came from elsewhere, could be kept and is not known here.
pub fn lacks(workspace: &Workspace, name: &str) -> bool {
    is_name(name) && !workspace.cache_dir().join(FOLDER).join(name).exists()
}

/// Keeps a result that came from elsewhere; returns what the run made.
pub fn adopt(workspace: &Workspace, name: &str, bytes: &[u8]) -> Result<Option<BTreeMap<RelPath, Entry>>, Error> {
    let Some(outs) = understood(bytes).filter(|_| is_name(name)) else { return Ok(None) };
    let path = workspace.cache_dir().join(FOLDER).join(name);
    let folder = path.parent().unwrap_or(&path);
    std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    let mut file = atomic::AtomicFile::create(&path)?;
    file.write_all(bytes).map_err(Error::io("write", &path))?;
    file.commit_unsynced()?;
    Ok(Some(outs))
}

/// `ab/cdef….json`, 64 hexadecimal digits in all.
fn is_name(name: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parts = name.strip_suffix(".json").and_then(|name| name.split_once('/'));
    parts.is_some_and(|(shard, rest)| shard.len() == 2 && rest.len() == 62 && digits(shard) && digits(rest))
}

/// Removes results that were kept longer than `grace` ago and hold an output that `stays` says no to, and files that cannot be
/// understood; with `dry` only counts them. Results of earlier runs are no reason to keep objects.
pub fn sweep(workspace: &Workspace, stays: impl Fn(&Entry) -> bool, grace: Duration, dry: bool) -> Result<u64, Error> {
    let base = workspace.cache_dir().join("runs");
    let mut removed = 0;
    let list = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect::<Vec<_>>();
    for path in list(&base).iter().flat_map(|shard| list(shard)) {
        let age = path.metadata().and_then(|meta| meta.modified()).ok().and_then(|time| time.elapsed().ok());
        let old = grace.is_zero() || age.is_some_and(|age| age >= grace);
        let file = std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice::<File>(&bytes).ok());
        if old && file.is_none_or(|file| !file.outs.values().all(&stays)) {
            removed += 1;
            if !dry {
                std::fs::remove_file(&path).map_err(Error::io("remove", &path))?;
            }
        }
    }
    Ok(removed)
}

fn place(workspace: &Workspace, key: &ObjectId) -> PathBuf {
    let hex = key.hex();
    workspace.cache_dir().join("runs").join(&hex[..2]).join(format!("{}.json", &hex[2..]))
}
