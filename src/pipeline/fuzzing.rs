//! See [`crate::fuzzing`].

use std::path::Path;

use super::lock::{self, Lock};
use super::migrate::{settings, theirs};
use super::paramfile::ParamFiles;
use super::problem::Source;
use super::schema;
use super::stage::Pipeline;
use crate::relpath::RelPath;

fn source(name: &str, bytes: &[u8]) -> Source {
    Source { path: RelPath::new(name).unwrap_or_default(), text: String::from_utf8_lossy(bytes).into() }
}

/// A lock: what is written reads back as the same.
pub fn lock(bytes: &[u8]) {
    if let Ok(lock) = lock::parse(&source("derm.lock", bytes)) {
        reads_back(&lock);
    }
}

fn reads_back(lock: &Lock) {
    let text = lock::to_yaml(lock);
    match lock::parse(&source("derm.lock", text.as_bytes())) {
        // NaN is not equal to itself: then the text decides.
        Ok(again) => assert!(again == *lock || lock::to_yaml(&again) == text, "a lock reads back:\n{text}"),
        Err(problems) => panic!("a lock that was written is not understood: {problems:?}\n{text}"),
    }
}

/// Three locks, parted by bytes of 0: the merged one is a lock or says that it has conflicts.
pub fn merge(bytes: &[u8]) {
    let mut parts = bytes.splitn(3, |byte| *byte == 0).map(|part| lock::parse(&source("derm.lock", part)));
    if let (Some(Ok(base)), Some(Ok(ours)), Some(Ok(theirs))) = (parts.next(), parts.next(), parts.next()) {
        let (text, conflicts) = lock::merge(&base, &ours, &theirs);
        match lock::parse(&source("derm.lock", text.as_bytes())) {
            Ok(merged) => {
                assert!(conflicts.is_empty(), "a conflict shows:\n{text}");
                reads_back(&merged);
            }
            Err(problems) => assert!(!conflicts.is_empty(), "a merged lock is understood: {problems:?}\n{text}"),
        }
    }
}

/// A pipeline file, without parameter files beside it.
pub fn pipeline(bytes: &[u8]) {
    let file = RelPath::new("dvc.yaml").unwrap_or_default();
    let pipeline =
        Pipeline { lock: RelPath::default(), base: RelPath::root(), params: Vec::new(), metrics: Vec::new(), plots: Vec::new(), file };
    let _ = schema::read(&source("dvc.yaml", bytes), pipeline, &ParamFiles::new("/nowhere"));
}

/// A pointer of DVC's.
pub fn dvc_pointer(bytes: &[u8]) {
    let _ = theirs::pointer(&source("data.dvc", bytes));
}

/// A lock of DVC's, or a manifest of a folder.
pub fn dvc_lock(bytes: &[u8]) {
    let _ = theirs::lock(&source("dvc.lock", bytes));
    if let Some(files) = theirs::manifest(bytes) {
        let name = theirs::folder_md5(files);
        assert!(name.ends_with(theirs::FOLDER));
    }
}

/// A configuration of DVC's: every setting that comes of it has a value that derm takes.
pub fn dvc_config(bytes: &[u8]) {
    let found = settings::understand(&String::from_utf8_lossy(bytes), Path::new("/root"));
    for (name, _) in &found.assignments {
        assert!(name.iter().all(|part| crate::workspace::config::is_remote_name(part)), "{name:?}");
    }
}
