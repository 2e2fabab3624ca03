//! What `derm params show` and `derm metrics show` list, and what `diff` compares.
//!
//! Parameter files are `params.yaml` in the root and beside each `dvc.yaml`, those that a top-level `params` names, and those that
//! stages name: of the last, when no stage reads the whole file, the keys that stages read. Metric files are those that stages or a
//! top-level `metrics` name; every file below, where a folder is named. A file that cannot be read is a
//! problem of its own; the others are shown all the same.

use std::collections::{BTreeMap, BTreeSet};

use super::Project;
use super::origin;
use super::paramfile::{self, ParamFile};
use super::problem::Problem;
use super::revision::{Content, Snapshot};
use super::stage::{Params, Pipeline, Role, Stage};
use super::value::Value;
use super::yaml::{Data, Node};
use crate::relpath::RelPath;
use crate::store::Store;

/// One file with its values.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The file.
    pub file: RelPath,
    /// Dotted keys with their values, in the order of the file; lists are values.
    pub values: Vec<(String, Value)>,
    /// For YAML, the line of each key's value.
    pub lines: BTreeMap<String, usize>,
}

/// Files with their values, and what is wrong with the others.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Sorted by path.
    pub files: Vec<Listed>,
    /// Problems of files that could not be read.
    pub problems: Vec<Problem>,
    /// Files that are named but not there.
    pub missing: Vec<RelPath>,
    /// Files that a lock or a pointer records, and whose content is not in the cache.
    pub not_in_cache: Vec<RelPath>,
}

/// What of a file is wanted: all of it, or these dotted keys.
pub type Keys = Option<BTreeSet<String>>;

/// Every parameter file of the workspace.
pub fn params(project: &Project) -> Listing {
    let wanted = params_of(&project.pipelines, &project.stages, |file| project.files.origin().has(file));
    let mut listing = Listing::default();
    for (file, keys) in wanted {
        listing.add(file.clone(), keys.as_ref(), project.files.read(&file));
    }
    listing
}

/// Every parameter file of a place.
pub(super) fn params_at(snapshot: &Snapshot) -> Listing {
    let mut wanted = params_of(&snapshot.pipelines, &snapshot.stages, |file| snapshot.files.origin().has(file));
    for (file, keys) in snapshot.orphaned_params() {
        if let Some(known) = wanted.entry(file).or_insert_with(|| Some(BTreeSet::new())) {
            known.extend(keys);
        }
    }
    list_params(snapshot, wanted)
}

/// The parameters that stages read, nothing else.
pub fn read_by_stages(snapshot: &Snapshot) -> Listing {
    let mut wanted: BTreeMap<RelPath, Keys> = BTreeMap::new();
    snapshot.stages.iter().flat_map(|stage| &stage.params).for_each(|params| want(&mut wanted, params));
    list_params(snapshot, wanted)
}

/// These parameter files of a place, whole or in part.
pub fn list_params(snapshot: &Snapshot, wanted: BTreeMap<RelPath, Keys>) -> Listing {
    let mut listing = Listing::default();
    for (file, keys) in wanted {
        let read = snapshot.files.read(&file).map_err(|problems| snapshot.placed(problems));
        listing.add(file, keys.as_ref(), read);
    }
    listing
}

/// Which parameter files there are, and what of them counts.
fn params_of(pipelines: &[Pipeline], stages: &[Stage], exists: impl Fn(&RelPath) -> bool) -> BTreeMap<RelPath, Keys> {
    let mut wanted: BTreeMap<RelPath, Keys> = BTreeMap::new();
    stages.iter().flat_map(|stage| &stage.params).for_each(|params| want(&mut wanted, params));
    let beside = pipelines.iter().map(|pipeline| pipeline.base.join("params.yaml"));
    let beside: BTreeSet<RelPath> = beside.chain([RelPath::root().join("params.yaml")]).collect();
    let whole = pipelines.iter().flat_map(|pipeline| pipeline.params.iter().cloned()).chain(beside.into_iter().filter(exists));
    wanted.extend(whole.map(|file| (file, None)));
    wanted
}

fn want(wanted: &mut BTreeMap<RelPath, Keys>, params: &Params) {
    let known = wanted.entry(params.file.clone()).or_insert_with(|| Some(BTreeSet::new()));
    match (&params.keys, known) {
        (Some(keys), Some(known)) => known.extend(keys.iter().cloned()),
        (Some(_), None) => {}
        (None, known) => *known = None,
    }
}

/// Every metric file of the workspace.
pub fn metrics(project: &Project) -> Listing {
    list(project, metrics_of(&project.pipelines, &project.stages))
}

/// Every metric file of a place.
pub(super) fn metrics_at(snapshot: &Snapshot, store: &Store) -> Listing {
    let mut wanted = metrics_of(&snapshot.pipelines, &snapshot.stages);
    let looks_like_one = |path: &RelPath| [".json", ".yaml", ".yml", ".toml"].iter().any(|end| path.as_str().ends_with(end));
    wanted.extend(snapshot.orphaned_outputs().into_iter().filter(looks_like_one));
    list_metrics(snapshot, store, wanted)
}

fn metrics_of(pipelines: &[Pipeline], stages: &[Stage]) -> BTreeSet<RelPath> {
    let top = pipelines.iter().flat_map(|pipeline| pipeline.metrics.iter().cloned());
    let outs = stages.iter().flat_map(|stage| &stage.outs).filter(|out| out.role == Role::Metric);
    top.chain(outs.map(|out| out.path.clone())).collect()
}

/// These metric files of a place; of a folder, all files below.
pub fn list_metrics(snapshot: &Snapshot, store: &Store, wanted: BTreeSet<RelPath>) -> Listing {
    let mut listing = Listing::default();
    let mut files = BTreeSet::new();
    for path in wanted {
        if !snapshot.files.origin().has(&path) || snapshot.files.origin().is_folder(&path) {
            let below = snapshot.files_at(store, &path);
            if !below.is_empty() {
                files.extend(below);
                continue;
            }
        }
        files.insert(path);
    }
    for file in files {
        match snapshot.content(store, &file) {
            Ok(Content::Bytes(bytes)) => {
                let read = origin::text(&file, bytes).and_then(|source| paramfile::parse(&source));
                let read = read.map(|read| Some(std::sync::Arc::new(read))).map_err(|problems| snapshot.placed(problems));
                listing.add(file, None, read);
            }
            Ok(Content::Missing) => listing.missing.push(file),
            Ok(Content::NotInCache) => listing.not_in_cache.push(file),
            Err(problems) => listing.problems.extend(problems),
        }
    }
    listing
}

/// These files of the workspace.
pub fn list(project: &Project, wanted: BTreeSet<RelPath>) -> Listing {
    let mut listing = Listing::default();
    for file in wanted {
        let read = project.files.read(&file);
        listing.add(file, None, read);
    }
    listing
}

impl Listing {
    /// Whether the values of a file could not be found out, although it is there.
    pub fn is_unknown(&self, file: &RelPath) -> bool {
        let problem = |problem: &Problem| {
            let path = problem.place.path.to_string_lossy();
            path == file.as_str() || path.strip_suffix(file.as_str()).is_some_and(|rest| rest.ends_with(':'))
        };
        self.not_in_cache.contains(file) || self.problems.iter().any(problem)
    }

    fn add(&mut self, file: RelPath, keys: Option<&BTreeSet<String>>, read: Result<Option<std::sync::Arc<ParamFile>>, Vec<Problem>>) {
        match read {
            Ok(Some(read)) => {
                let mut lines = BTreeMap::new();
                if let Some(node) = &read.node {
                    collect_lines(node, String::new(), &mut lines);
                }
                self.files.push(Listed { file, values: values(&read.value, keys), lines });
            }
            Ok(None) => self.missing.push(file),
            Err(problems) => self.problems.extend(problems),
        }
    }
}

/// The leaves of a file, or those at and below some keys.
fn values(value: &Value, keys: Option<&BTreeSet<String>>) -> Vec<(String, Value)> {
    let leaves = value.leaves().into_iter().map(|(key, value)| (key, value.clone()));
    let Some(keys) = keys else { return leaves.collect() };
    let wanted = |key: &str| {
        keys.iter().any(|wanted| key.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
    };
    let mut found: Vec<(String, Value)> = leaves.filter(|(key, _)| wanted(key)).collect();
    // A key that reaches into a list is no leaf of its own.
    for key in keys {
        let known =
            found.iter().any(|(known, _)| known == key || known.strip_prefix(key.as_str()).is_some_and(|rest| rest.starts_with('.')));
        if let Some(inner) = value.select(key).filter(|_| !known) {
            found.extend(
                inner
                    .leaves()
                    .into_iter()
                    .map(|(below, leaf)| (if below.is_empty() { key.clone() } else { format!("{key}.{below}") }, leaf.clone())),
            );
        }
    }
    found
}

/// The stages that read a parameter: by its key, a key above or below it, or the whole file.
pub fn readers<'p>(project: &'p Project, file: &RelPath, key: &str) -> Vec<&'p str> {
    reading(&project.stages, file, key).into_iter().map(|index| project.label(index)).collect()
}

/// Indexes of the stages that read a parameter.
pub fn reading(stages: &[Stage], file: &RelPath, key: &str) -> Vec<usize> {
    let related = |listed: &str| listed == key || key.strip_prefix(listed).is_some_and(|rest| rest.starts_with('.'));
    let reads = |stage: &Stage| {
        stage
            .params
            .iter()
            .any(|params| params.file == *file && params.keys.as_ref().is_none_or(|keys| keys.iter().any(|key| related(key))))
    };
    (0..stages.len()).filter(|index| reads(&stages[*index])).collect()
}

fn collect_lines(node: &Node, key: String, lines: &mut BTreeMap<String, usize>) {
    match &node.data {
        Data::Map(entries) if !entries.is_empty() => {
            for entry in entries {
                let name = if key.is_empty() { entry.key.clone() } else { format!("{key}.{}", entry.key) };
                if entry.value.entries().is_some_and(|inner| !inner.is_empty()) {
                    collect_lines(&entry.value, name, lines);
                } else {
                    lines.insert(name, entry.mark.line);
                }
            }
        }
        _ => drop(lines.insert(key, node.mark.line)),
    }
}
