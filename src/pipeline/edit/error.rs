//! Why a file was not changed.

use crate::pipeline::problem::{Problem, Source};
use crate::pipeline::yaml::{self, Mark, Node};
use crate::relpath::RelPath;
use crate::text::{self, Place};

/// An error of [`crate::pipeline::edit`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file itself cannot be understood. Never empty.
    #[error("{}", .0.first().map_or("the file cannot be understood", |problem| problem.message.as_str()))]
    Definition(Vec<Problem>),
    /// There is no such key.
    #[error("`{file}` has no parameter `{key}`")]
    Missing {
        /// The file.
        file: RelPath,
        /// The dotted key.
        key: String,
        /// What may have been meant.
        near: Option<String>,
    },
    /// The key that was to be added is there.
    #[error("`{file}` has a parameter `{key}` already: it is {value}")]
    Exists {
        /// The file.
        file: RelPath,
        /// The dotted key.
        key: String,
        /// Its value.
        value: String,
        /// Where it stands, for YAML.
        place: Option<Box<Place>>,
    },
    /// A key on the way is no map.
    #[error("`{file}` cannot have a parameter `{key}`: `{parent}` is {what}, not a map")]
    NotAMap {
        /// The file.
        file: RelPath,
        /// The dotted key.
        key: String,
        /// The part of it that is something else.
        parent: String,
        /// What it is.
        what: &'static str,
        /// Where it stands, for YAML.
        place: Option<Box<Place>>,
    },
    /// A value that was to be removed is another one.
    #[error("parameter `{key}` of `{file}` is {value}, not {expected}")]
    OtherValue {
        /// The file.
        file: RelPath,
        /// The dotted key.
        key: String,
        /// Its value.
        value: String,
        /// What was to be removed.
        expected: String,
    },
    /// It cannot be changed without changing other values too: anchors, a format without nulls, a Python file.
    #[error("`{file}` cannot be edited so that {} changes and nothing else", text::quoted_list(.keys))]
    Unwritable {
        /// The file.
        file: RelPath,
        /// The dotted keys.
        keys: Vec<String>,
        /// Where the first stands, for YAML.
        place: Option<Box<Place>>,
    },
}

impl From<Vec<Problem>> for Error {
    fn from(problems: Vec<Problem>) -> Self {
        Error::Definition(problems)
    }
}

impl Error {
    pub(super) fn unwritable(source: &Source, keys: &[&str]) -> Self {
        let place = keys.first().and_then(|key| place(source, key));
        Error::Unwritable { file: source.path.clone(), keys: keys.iter().map(ToString::to_string).collect(), place }
    }
}

/// Where a key of a YAML file stands; the deepest key on its way that is there.
pub(super) fn place(source: &Source, key: &str) -> Option<Box<Place>> {
    let name = source.path.name().unwrap_or_default().to_ascii_lowercase();
    if [".json", ".toml", ".py"].iter().any(|end| name.ends_with(end)) {
        return None;
    }
    let mut node: &Node = &yaml::parse(source).ok()?;
    let mut mark: Option<Mark> = None;
    let mut rest = key;
    while !rest.is_empty() {
        let ends = std::iter::once(rest.len()).chain(rest.match_indices('.').map(|(at, _)| at));
        let found = node.entries().and_then(|entries| {
            ends.filter_map(|end| entries.iter().find(|entry| entry.key == rest[..end]).map(|entry| (end, entry))).next()
        });
        let Some((end, entry)) = found else { break };
        mark = Some(entry.mark);
        node = &entry.value;
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    mark.map(|mark| Box::new(source.place(mark)))
}
