//! What `derm params show` and `derm metrics show` list.
//!
//! Parameter files are `params.yaml` in the root and beside each `dvc.yaml`, those that stages or a top-level
//! `params` name; metric files those that stages or a top-level `metrics` name. A file that cannot be read is a
//! problem of its own; the others are shown all the same.

use std::collections::{BTreeMap, BTreeSet};

use super::Project;
use super::problem::Problem;
use super::value::Value;
use super::yaml::{Data, Node};
use crate::relpath::RelPath;

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
}

/// Every parameter file.
pub fn params(project: &Project) -> Listing {
    let mut wanted: BTreeSet<RelPath> = BTreeSet::new();
    let mut files: BTreeSet<RelPath> = [RelPath::root().join("params.yaml")].into();
    for pipeline in &project.pipelines {
        files.insert(pipeline.base.join("params.yaml"));
        wanted.extend(pipeline.params.iter().cloned());
    }
    wanted.extend(project.stages.iter().flat_map(|stage| stage.params.iter().map(|params| params.file.clone())));
    let there = files.into_iter().filter(|file| file.on_disk(project.workspace.root()).exists());
    wanted.extend(there);
    list(project, wanted)
}

/// Every metric file.
pub fn metrics(project: &Project) -> Listing {
    let top = project.pipelines.iter().flat_map(|pipeline| pipeline.metrics.iter().cloned());
    let outs = project.stages.iter().flat_map(|stage| &stage.outs).filter(|out| out.role == super::stage::Role::Metric);
    list(project, top.chain(outs.map(|out| out.path.clone())).collect())
}

/// These files.
pub fn list(project: &Project, wanted: BTreeSet<RelPath>) -> Listing {
    let mut listing = Listing::default();
    for file in wanted {
        match project.files.read(&file) {
            Ok(Some(read)) => {
                let values = read.value.leaves().into_iter().map(|(key, value)| (key, value.clone())).collect();
                let mut lines = BTreeMap::new();
                if let Some(node) = &read.node {
                    collect_lines(node, String::new(), &mut lines);
                }
                listing.files.push(Listed { file, values, lines });
            }
            Ok(None) => listing.missing.push(file),
            Err(problems) => listing.problems.extend(problems),
        }
    }
    listing
}

/// The stages that read a parameter: by its key, a key above or below it, or the whole file.
pub fn readers<'p>(project: &'p Project, file: &RelPath, key: &str) -> Vec<&'p str> {
    let related = |listed: &str| listed == key || key.strip_prefix(listed).is_some_and(|rest| rest.starts_with('.'));
    let reads = |index: &usize| {
        project.stages[*index]
            .params
            .iter()
            .any(|params| params.file == *file && params.keys.as_ref().is_none_or(|keys| keys.iter().any(|listed| related(listed))))
    };
    (0..project.stages.len()).filter(reads).map(|index| project.label(index)).collect()
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
