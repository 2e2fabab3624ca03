//! What each stage last used and made: `pipelines/NAME.lock`, or `derm.lock` beside a `dvc.yaml`.
//!
//! # Format
//!
//! YAML in block style, one field a line, everything sorted, so that two branches that ran different
//! stages merge without a conflict and a review shows what changed:
//!
//! ```yaml
//! # What each stage last used and made. Written by `derm repro`; commit it, do not edit it.
//! schema: 1
//! stages:
//!   train:                      # sorted by name; `name@key` for a stage made by foreach or matrix
//!     cmd: derm train …         # after templating; a list stays a list
//!     deps:                     # sorted by path; the content before the command ran
//!     - path: data/skin         # relative to the repository's root
//!       hash: af1349b9…         # BLAKE3, 64 digits
//!       kind: tree              # file or tree
//!       size: 39353693          # bytes
//!       files: 10015
//!     params:                   # file, then dotted key, sorted; the value as JSON
//!       params.yaml:
//!         train.epochs: 5
//!     outs:                     # as deps
//!     - path: models/skin
//!       …
//!       cache: false            # only where the definition said so: the cache does not have it
//!     changed:                  # only when inputs changed while the command ran: the stage stays stale
//!     - data/skin
//! ```
//!
//! - A key of 1,000 bytes or more stands behind `? ` on a line of its own, its value behind `:` on the next: YAML finds the colon of a
//!   key within 1,024 characters only.
//! - A stage *must* be recorded only after its commands succeeded and its outputs are in the cache.
//! - A reader *must* refuse a `schema` it does not know, unknown keys, and the marks of an unresolved merge.
//! - An entry of a stage that is in no pipeline any more is kept until that pipeline's file is next written
//!   by a run, then dropped.
//! - The file is replaced whole, through [`crate::workspace::atomic`].

mod merge;
mod read;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use super::stage::Command;
use super::value::Value;
use crate::relpath::RelPath;
use crate::store::Entry;

pub use merge::merge;
pub use read::parse;
pub use write::to_yaml;

/// The schema that this derm writes.
pub const SCHEMA: i128 = 1;

/// What a lock file holds: stages by name.
pub type Lock = BTreeMap<String, Record>;

/// What one stage last used and made.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The command.
    pub cmd: Command,
    /// What was read.
    pub deps: BTreeMap<RelPath, Entry>,
    /// The parameters: file, dotted key, value.
    pub params: BTreeMap<RelPath, BTreeMap<String, Value>>,
    /// What was made.
    pub outs: BTreeMap<RelPath, Entry>,
    /// Those of `outs` that say `cache: false`.
    pub uncached: BTreeSet<RelPath>,
    /// Inputs that changed while the command ran.
    pub changed: Vec<RelPath>,
}
