//! See [`crate::fuzzing`].

use std::path::Path;

use super::lock::{self, Lock};
use super::migrate::{settings, theirs};
use super::paramfile::ParamFiles;
use super::problem::{Problems, Source};
use super::stage::Pipeline;
use super::stage_file::Draft;
use super::template::Scope;
use super::value::Value;
use super::yaml::{self, Mark, Node};
use super::{pyparams, schema, stage_file, template};
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

/// Parameters and a text with `${…}`, parted by a byte of 0: outside of commands as inside of them.
pub fn template(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let (params, text) = (source("params.yaml", parts.next().unwrap_or_default()), parts.next().unwrap_or_default());
    let Ok(Value::Map(map)) = yaml::parse(&params).map(|node| node.to_value()) else { return };
    let mut scope = Scope::default();
    if scope.merge(&map).is_err() {
        return;
    }
    let file = source("dvc.yaml", text);
    let node = Node::text(Mark { line: 1, column: 1 }, file.text.to_string());
    for in_command in [false, true] {
        let mut problems = Problems::new(&file);
        let filled = template::fill(&node, &scope, in_command, &mut problems);
        let plain = !file.text.contains("${");
        assert!(!plain || filled == node, "a text without `${{` stays as it is: {:?}", file.text);
        let (list, _) = problems.finish();
        assert!(list.iter().all(|problem| problem.place.line <= file.text.lines().count().max(1)), "places lie inside: {list:?}");
    }
}

/// A Python file.
pub fn python(bytes: &[u8]) {
    let file = source("params.py", bytes);
    if let Ok(node) = pyparams::parse(&file) {
        assert!(node.entries().is_some(), "a file of constants is a map");
    }
}

/// A pipeline file that is edited: what comes of it is the old one with that change, and thawing undoes freezing.
pub fn stage_file(bytes: &[u8]) {
    let file = source("dvc.yaml", bytes);
    let Ok(before) = yaml::parse(&file) else { return };
    let draft = Draft { name: "new".to_owned(), cmd: "run\nit: #".to_owned(), deps: vec!["a b".to_owned()], ..Draft::default() };
    if let Ok(text) = stage_file::add(&file, &draft, true) {
        let after = yaml::parse(&source("dvc.yaml", text.as_bytes())).map(|node| node.to_value());
        let added = after.ok().and_then(|value| value.select("stages")?.select("new").cloned());
        assert_eq!(added, Some(draft.to_value()), "the stage is there:\n{text}");
    }
    let names = before.get("stages").and_then(Node::entries).unwrap_or_default();
    for name in names.iter().map(|entry| entry.key.as_str()).take(3) {
        if let Ok(Some(cold)) = stage_file::set_frozen(&file, name, true) {
            let cold = source("dvc.yaml", cold.as_bytes());
            assert!(matches!(stage_file::set_frozen(&cold, name, true), Ok(None)), "freezing twice changes nothing:\n{}", cold.text);
            assert!(!matches!(stage_file::set_frozen(&cold, name, false), Ok(None)), "what was frozen can be freed:\n{}", cold.text);
        }
    }
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
