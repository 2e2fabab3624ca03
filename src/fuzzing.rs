//! Entry points for the fuzzers in `fuzz/`: every format that derm reads and that others may have written.
//!
//! Each takes any bytes. It must not panic, and what is accepted must mean the same after it was written again; where a
//! format is canonical, the bytes must be the same too. No part of the library's interface.

use crate::{pipeline, store, workspace};

/// A format's name and its check.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 14] = [
    ("pointer", store::fuzzing::pointer),
    ("tree", store::fuzzing::tree),
    ("pack", store::fuzzing::pack),
    ("lock", pipeline::fuzzing::lock),
    ("merge", pipeline::fuzzing::merge),
    ("pipeline", pipeline::fuzzing::pipeline),
    ("template", pipeline::fuzzing::template),
    ("python", pipeline::fuzzing::python),
    ("stage_file", pipeline::fuzzing::stage_file),
    ("ignore", workspace::fuzzing::ignore),
    ("config", workspace::fuzzing::config),
    ("dvc_pointer", pipeline::fuzzing::dvc_pointer),
    ("dvc_lock", pipeline::fuzzing::dvc_lock),
    ("dvc_config", pipeline::fuzzing::dvc_config),
];
