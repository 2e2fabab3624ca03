//! The rules in a world without files.

use std::collections::{HashMap, HashSet};

use super::*;
use crate::digest::ObjectId;
use crate::pipeline::stage::{Command, How, Role};
use crate::pipeline::yaml::Mark;

#[derive(Default)]
struct Virtual {
    files: HashMap<RelPath, Entry>,
    cache: HashSet<ObjectId>,
    params: HashMap<RelPath, Value>,
}

impl World for Virtual {
    fn entry(&self, path: &RelPath) -> Result<Option<Entry>, Error> {
        Ok(self.files.get(path).cloned())
    }
    fn in_cache(&self, entry: &Entry) -> bool {
        self.cache.contains(&entry.id)
    }
    fn diff(&self, _: &Entry, _: &Entry) -> Vec<FileChange> {
        vec![FileChange { path: path("a.jpg"), change: Change::Modified, size: 1 }]
    }
    fn params(&self, file: &RelPath) -> Result<Option<Value>, Error> {
        Ok(self.params.get(file).cloned())
    }
}

fn path(text: &str) -> RelPath {
    RelPath::new(text).unwrap()
}

fn entry(content: &str) -> Entry {
    Entry::file(ObjectId::of(content.as_bytes()), content.len() as u64)
}

fn out(name: &str) -> Out {
    Out {
        path: path(name),
        mark: Mark::default(),
        role: Role::Out,
        cache: true,
        persist: false,
        resume: false,
        push: true,
        remote: None,
        notes: Value::Null,
    }
}

fn map(values: &[(&str, Value)]) -> Value {
    Value::Map(values.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
}

/// A stage `cmd` that reads `in` and `params.yaml:lr` and makes `out`; fresh in its world.
fn fresh() -> (Stage, Record, Virtual) {
    let stage = Stage {
        pipeline: 0,
        name: "s".to_owned(),
        group: None,
        mark: Mark::default(),
        cmd: Command::Text("cmd".to_owned()),
        wdir: RelPath::root(),
        deps: vec![path("in")],
        params: vec![Params { file: path("params.yaml"), keys: Some(vec!["lr".to_owned()]) }],
        outs: vec![out("out")],
        frozen: false,
        always_changed: false,
        desc: None,
        how: How::default(),
    };
    let record = Record {
        cmd: stage.cmd.clone(),
        deps: [(path("in"), entry("in"))].into(),
        params: [(path("params.yaml"), [("lr".to_owned(), Value::Float(0.1))].into())].into(),
        outs: [(path("out"), entry("out"))].into(),
        uncached: Default::default(),
        changed: Vec::new(),
    };
    let mut world = Virtual::default();
    world.files.insert(path("in"), entry("in"));
    world.files.insert(path("out"), entry("out"));
    world.cache.insert(entry("out").id);
    world.params.insert(path("params.yaml"), map(&[("lr", Value::Float(0.1)), ("other", Value::Int(1))]));
    (stage, record, world)
}

/// Applies a change to the fresh case and gives the reasons in words, `restore` first when that is the verdict.
fn after(change: impl FnOnce(&mut Stage, &mut Record, &mut Virtual)) -> Vec<String> {
    let (mut stage, mut record, mut world) = fresh();
    change(&mut stage, &mut record, &mut world);
    let verdict = decide(&stage, Some(&record), false, &world).unwrap();
    let mut words: Vec<String> = verdict.reasons().iter().map(Reason::text).collect();
    if matches!(verdict, Verdict::Restore(_)) {
        words.insert(0, "restore".to_owned());
    }
    words
}

const NONE: [&str; 0] = [];

#[test]
fn nothing_changed_is_fresh() {
    assert_eq!(after(|_, _, _| {}), NONE);
}

#[test]
fn force_and_no_record_run() {
    let (stage, record, world) = fresh();
    assert_eq!(decide(&stage, Some(&record), true, &world).unwrap(), Verdict::Stale(vec![Reason::Forced]));
    assert_eq!(decide(&stage, None, false, &world).unwrap(), Verdict::Stale(vec![Reason::NeverRun]));
}

#[test]
fn a_command_counts_by_its_text_and_its_form() {
    assert_eq!(after(|s, _, _| s.cmd = Command::Text("cmd 2".into())), ["command changed from `cmd` to `cmd 2`"]);
    assert_eq!(after(|s, _, _| s.cmd = Command::List(vec!["cmd".into()])).len(), 1);
}

#[test]
fn callbacks_and_always_changed_run_unless_frozen() {
    let callback = |s: &mut Stage| {
        s.deps.clear();
        s.params.clear();
        s.outs.clear();
    };
    assert_eq!(after(|s, _, _| callback(s)), ["it has neither inputs nor outputs, so it runs every time"]);
    assert_eq!(after(|s, _, _| s.always_changed = true), ["it says `always_changed`"]);
    assert_eq!(
        after(|s, _, _| {
            callback(s);
            s.frozen = true;
        }),
        NONE
    );
}

#[test]
fn deps_count_by_content_unless_frozen() {
    assert_eq!(after(|_, _, w| _ = w.files.remove(&path("in"))), ["dependency `in` is missing"]);
    assert_eq!(after(|_, _, w| _ = w.files.insert(path("in"), entry("new"))), ["dependency `in` was modified: ~a.jpg"]);
    assert_eq!(
        after(|s, _, w| {
            s.deps.push(path("more"));
            w.files.insert(path("more"), entry("more"));
        }),
        ["dependency `more` is new"]
    );
    assert_eq!(after(|_, r, _| r.changed.push(path("in"))), ["`in` changed while it ran"]);
    assert_eq!(
        after(|s, _, w| {
            s.frozen = true;
            w.files.remove(&path("in"));
        }),
        NONE
    );
}

#[test]
fn params_count_by_parsed_value_per_listed_key() {
    let set =
        |lr: Value| move |_: &mut Stage, _: &mut Record, w: &mut Virtual| drop(w.params.insert(path("params.yaml"), map(&[("lr", lr)])));
    assert_eq!(after(set(Value::Float(0.10))), NONE);
    assert_eq!(after(set(Value::Float(0.2))), ["parameter `lr` changed from 0.1 to 0.2"]);
    assert_eq!(after(|_, _, w| drop(w.params.remove(&path("params.yaml")))), ["parameter `lr` is missing"]);
    assert_eq!(after(|s, _, _| s.params[0].keys = Some(vec!["lr".into(), "other".into()])), ["parameter `other` is new"]);
    assert_eq!(after(|s, _, _| s.params[0].keys = None), ["parameter `other` is new"]);
}

#[test]
fn outs_are_restored_when_only_they_are_wrong() {
    assert_eq!(after(|_, _, w| _ = w.files.remove(&path("out"))), ["restore", "output `out` is missing"]);
    assert_eq!(after(|_, _, w| _ = w.files.insert(path("out"), entry("edited"))), ["restore", "output `out` was modified"]);
    assert_eq!(after(|_, _, w| w.cache.clear()), ["output `out` is not in the cache"]);
    assert_eq!(
        after(|_, _, w| {
            w.files.remove(&path("out"));
            w.cache.clear();
        }),
        ["output `out` is missing"]
    );
    assert_eq!(
        after(|s, _, w| {
            s.outs.push(out("more"));
            w.files.insert(path("more"), entry("more"));
        }),
        ["output `more` is new"]
    );
    let uncached = |s: &mut Stage, _: &mut Record, w: &mut Virtual| {
        s.outs[0].cache = false;
        w.cache.clear();
    };
    assert_eq!(after(uncached), NONE);
}

#[test]
fn what_was_taken_out_of_the_definition_is_no_reason() {
    assert_eq!(
        after(|s, _, w| {
            s.deps.clear();
            s.params.clear();
            s.outs[0].role = Role::Metric;
            s.desc = Some("words".into());
            s.how.retry = 3;
            w.files.remove(&path("in"));
        }),
        NONE
    );
}
