//! What is wrong in a user's file, with its place; all problems of a file are collected before any is reported.

use std::collections::HashSet;
use std::sync::Arc;

use super::yaml::{Data, Mark, Node};
use crate::relpath::RelPath;
use crate::text::{self, Place};

/// One thing that is wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What: a lower-case fragment.
    pub message: String,
    /// What the user may have meant.
    pub hint: Option<String>,
}

/// A text file that places point into.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file, relative to the repository's root.
    pub path: RelPath,
    /// Its content.
    pub text: Arc<str>,
}

impl Source {
    /// The place of a mark.
    pub fn place(&self, mark: Mark) -> Place {
        Place::new(self.path.to_string(), mark.line, mark.column, &self.text)
    }
}

/// Collects the problems of one file, each place and message once: a `foreach` of a thousand items repeats none.
#[derive(Debug)]
pub struct Problems<'a> {
    source: &'a Source,
    seen: HashSet<(Mark, String)>,
    list: Vec<Problem>,
    warnings: Vec<String>,
    /// Those that are about a whole value: in block style its first key stands at the same place.
    whole: HashSet<(Mark, String)>,
}

impl<'a> Problems<'a> {
    /// No problems yet in `source`.
    pub fn new(source: &'a Source) -> Self {
        Self { source, seen: HashSet::new(), list: Vec::new(), warnings: Vec::new(), whole: HashSet::new() }
    }

    /// Notes a problem at a mark.
    pub fn add(&mut self, mark: Mark, message: impl Into<String>) {
        self.add_with(mark, message, None);
    }

    /// Notes a problem of a whole value, not of what it begins with.
    pub fn add_whole(&mut self, mark: Mark, message: String) {
        self.whole.insert((mark, message.clone()));
        self.add(mark, message);
    }

    /// Notes a problem with a hint.
    pub fn add_with(&mut self, mark: Mark, message: impl Into<String>, hint: Option<String>) {
        let message = message.into();
        if self.seen.insert((mark, message.clone())) {
            self.list.push(Problem { place: self.source.place(mark), message, hint });
        }
    }

    /// Notes something that is accepted although it has no effect.
    pub fn warn(&mut self, mark: Mark, message: &str) {
        let warning = format!("{}: {message}", self.source.place(mark));
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// Notes a key that nobody knows, with the known key most like it.
    pub fn unknown_key(&mut self, mark: Mark, key: &str, what: &str, known: &[&str]) {
        let hint = match text::suggest(key, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known keys are {}", text::quoted_list(known)),
        };
        self.add_with(mark, format!("unknown key `{key}` in {what}"), Some(hint));
    }

    /// The file.
    pub fn source(&self) -> &'a Source {
        self.source
    }

    /// As [`Problems::finish`], each problem with the keys that lead to it in `root`.
    pub fn finish_in(self, root: &Node) -> (Vec<Problem>, Vec<String>) {
        let whole = self.whole.clone();
        let (mut list, warnings) = self.finish();
        if !list.is_empty() {
            let mut places = Vec::new();
            collect(root, String::new(), &mut places);
            // The parts of an alias stand where they were written first; the sort is stable, so what lies deeper comes last.
            places.sort_by_key(|(mark, _)| *mark);
            for problem in &mut list {
                let mark = Mark { line: problem.place.line, column: problem.place.column };
                let mut before = places.partition_point(|(place, _)| *place <= mark);
                if whole.contains(&(mark, problem.message.clone())) {
                    let first = places.partition_point(|(place, _)| *place < mark);
                    before = before.min(first + 1);
                }
                if let Some((_, path)) = before.checked_sub(1).and_then(|at| places.get(at))
                    && path.contains(['.', '['])
                {
                    problem.message = format!("{} (at `{path}`)", problem.message);
                }
            }
        }
        (list, warnings)
    }

    /// The problems in the order of their places, and the warnings.
    pub fn finish(mut self) -> (Vec<Problem>, Vec<String>) {
        self.list.sort_by_key(|problem| (problem.place.line, problem.place.column));
        (self.list, self.warnings)
    }
}

/// Where each key and item stands, with the keys that lead to it: `stages.train.deps[1]`.
fn collect(node: &Node, path: String, places: &mut Vec<(Mark, String)>) {
    match &node.data {
        Data::Scalar(_) => {}
        Data::List(items) => {
            for (index, item) in items.iter().enumerate() {
                let path = format!("{path}[{index}]");
                places.push((item.mark, path.clone()));
                collect(item, path, places);
            }
        }
        Data::Map(entries) => {
            for entry in entries {
                let path = if path.is_empty() { entry.key.clone() } else { format!("{path}.{}", entry.key) };
                places.push((entry.mark, path.clone()));
                places.push((entry.value.mark, path.clone()));
                collect(&entry.value, path, places);
            }
        }
    }
}
