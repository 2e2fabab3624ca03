//! Outputs with `resume: true`: what a try that did not succeed has left of them stays for the next one.
//!
//! - When a stage with such an output fails, is stopped, runs out of time or is killed, what stands at the output's place remains, where
//!   other outputs are put back; only if nothing stands there, the old output comes back. Nothing of it is recorded, so the
//!   stage is as stale as before. The old content is in the cache (also that of an output with `cache: false`, for this case).
//! - `.derm/tmp/resume/ID`, one file a stage, then says which outputs are such remains, and of which try: by the key of command, inputs
//!   and parameters that the run cache uses ([`crate::pipeline::runcache::key`]).
//! - The next try with the same key finds the remains in their place and goes on from them; so does the next of `retry`. A try with
//!   another command, input or parameter starts anew, as does `--force`: the remains are kept as an object, said so, and moved aside as old
//!   outputs are. So what a stage records followed from its inputs, however many tries it took.
//! - A success records and caches as always, and removes the note. `persist` outputs stay in place anyway: `resume` adds nothing.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::pipeline::Error;
use crate::relpath::RelPath;
use crate::workspace::Workspace;

#[derive(Serialize, Deserialize)]
struct Remains {
    key: String,
    outs: Vec<RelPath>,
}

/// The note about the stage whose claim has this name.
pub fn place(workspace: &Workspace, claim: &Path) -> PathBuf {
    workspace.derm_dir().join("tmp").join("resume").join(claim.file_name().unwrap_or_default())
}

/// Notes what a try has left; nothing left is no note.
pub fn remember(note: &Path, key: &str, outs: &[RelPath]) -> Result<(), Error> {
    if outs.is_empty() {
        forget(note);
        return Ok(());
    }
    let folder = note.parent().unwrap_or(note);
    fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    let text = serde_json::to_vec(&Remains { key: key.to_owned(), outs: outs.to_vec() }).unwrap_or_default();
    fs::write(note, text).map_err(Error::io("write", note))
}

/// What the last try has left, and whether it was a try with this key.
pub fn remains(note: &Path, key: &str) -> (Vec<RelPath>, bool) {
    let found = fs::read(note).ok().and_then(|bytes| serde_json::from_slice::<Remains>(&bytes).ok());
    found.map_or((Vec::new(), false), |remains| (remains.outs, remains.key == key))
}

/// The stage succeeded, or starts anew.
pub fn forget(note: &Path) {
    let _ = fs::remove_file(note);
}
