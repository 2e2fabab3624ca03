//! Options read from a YAML file (`--params params.yaml:train`), with the place of every mistake.
//!
//! A [`Settings`] is one map of a file: the whole document, or the map below a dotted key. A
//! command takes each option by name and type, and calls [`Settings::finish`] at the end, so
//! that a key nobody asked for is an error with a suggestion and never a silent default.
//!
//! The file is YAML 1.2 with the core schema: `yes`, `on` and `1_000` are texts, `1e-3` is a
//! number, `0o17` and `0x1f` are whole numbers. Anchors, aliases and the merge key `<<` work.
//! One document a file. A key given twice in a map is an error. Nothing here writes a file,
//! reads the environment or knows an option's meaning.

mod error;
mod typed;
mod yaml;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;

pub use error::{Error, UnknownKey};
pub use yaml::{Mark, Node, Value};

use crate::text::{self, Place};

/// The options of one map in a YAML file.
#[derive(Debug)]
pub struct Settings {
    file: Arc<SourceFile>,
    /// The dotted key of the map, empty for the whole document.
    section: String,
    mark: Mark,
    entries: Vec<Option<(yaml::Key, Node)>>,
    asked: Vec<String>,
}

/// A file's name and text, for places in messages.
#[derive(Debug)]
struct SourceFile {
    path: PathBuf,
    text: String,
}

impl SourceFile {
    fn place(&self, mark: Mark) -> Box<Place> {
        Box::new(Place::new(&self.path, mark.line, mark.column, &self.text))
    }
}

impl Settings {
    /// Splits `params.yaml:train.optimizer` into the file and the dotted key. A colon followed by
    /// a path separator, or after a single drive letter, belongs to the file's name.
    pub fn parse_spec(spec: &str) -> (PathBuf, Option<String>) {
        match spec.rsplit_once(':') {
            Some((path, key)) if !key.is_empty() && !key.contains(['/', '\\']) && path.len() > 1 => (path.into(), Some(key.to_owned())),
            Some((path, "")) if path.len() > 1 => (path.into(), None),
            _ => (spec.into(), None),
        }
    }

    /// Reads the map at the dotted `key` of the file at `path`, or the whole document.
    pub fn read(path: &Path, key: Option<&str>) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        let text = String::from_utf8(bytes).map_err(|_| Error::NotUtf8 { path: path.to_owned() })?;
        Self::from_text(path, text, key)
    }

    /// Like [`Settings::read`], for text already in memory; `path` is how messages name it.
    pub fn from_text(path: &Path, text: impl Into<String>, key: Option<&str>) -> Result<Self, Error> {
        let file = Arc::new(SourceFile { path: path.to_owned(), text: text.into() });
        let mut node = yaml::parse(&file.text).map_err(|problem| problem.into_error(&file))?;
        let section = key.unwrap_or_default().to_owned();
        for part in section.split('.').filter(|part| !part.is_empty()) {
            node = Self::descend(&file, &section, part, node)?;
        }
        Self::of_node(file, section, node)
    }

    fn descend(file: &SourceFile, section: &str, part: &str, node: Node) -> Result<Node, Error> {
        let Value::Map(entries) = node.value else {
            return Err(Error::NoSection { path: file.path.clone(), key: section.to_owned(), suggestion: None });
        };
        let suggestion = text::suggest(part, entries.iter().map(|(key, _)| key.text.as_str())).map(str::to_owned);
        let found = entries.into_iter().find(|(key, _)| key.text == part);
        found.map(|(_, node)| node).ok_or_else(|| Error::NoSection { path: file.path.clone(), key: section.to_owned(), suggestion })
    }

    fn of_node(file: Arc<SourceFile>, section: String, node: Node) -> Result<Self, Error> {
        let entries = match node.value {
            Value::Map(entries) => entries,
            Value::Null => Vec::new(),
            other => {
                let (expected, found) = ("a map of options".to_owned(), other.describe());
                return Err(Error::Type { place: file.place(node.mark), key: section, expected, found });
            }
        };
        Ok(Self { file, section, mark: node.mark, entries: entries.into_iter().map(Some).collect(), asked: Vec::new() })
    }

    /// The option `name` as a `T`; `None` when it is not given or is `null`. The name counts as
    /// known from now on. Texts take any scalar as it is written.
    pub fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, Error> {
        let key = self.dotted(name);
        match self.take_node(name) {
            None | Some(Node { value: Value::Null, .. }) => Ok(None),
            Some(node) => typed::convert(&node).map(Some).map_err(|failed| failed.into_error(&self.file, key, node.mark)),
        }
    }

    /// Like [`Settings::take`], for an option that must be given.
    pub fn require<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, Error> {
        let missing = Error::Missing { place: self.file.place(self.mark), key: self.dotted(name) };
        self.take(name)?.ok_or(missing)
    }

    /// The map below `name` as settings of their own; `None` when it is not given.
    pub fn section(&mut self, name: &str) -> Result<Option<Settings>, Error> {
        let section = self.dotted(name);
        self.take_node(name).map(|node| Self::of_node(self.file.clone(), section, node)).transpose()
    }

    /// All that was not taken yet as one struct; with `#[serde(deny_unknown_fields)]` an unknown key is an error.
    pub fn into_struct<T: DeserializeOwned>(self) -> Result<T, Error> {
        let node = Node { mark: self.mark, value: Value::Map(self.entries.into_iter().flatten().collect()) };
        typed::convert(&node).map_err(|failed| failed.into_error(&self.file, self.section, node.mark))
    }

    /// An error about the value of `name`, which has the right type and a wrong value. To be made
    /// before the option is taken; later it points at the start of the map.
    pub fn invalid(&self, name: &str, reason: impl Into<String>) -> Error {
        let given = self.entries.iter().flatten().find(|(key, _)| key.text == name);
        let mark = given.map_or(self.mark, |(_, node)| node.mark);
        Error::Invalid { place: self.file.place(mark), key: self.dotted(name), reason: reason.into() }
    }

    /// Takes the option `name` and checks it: `check` returns why a value is wrong.
    pub fn take_checked<T: DeserializeOwned>(&mut self, name: &str, check: impl Fn(&T) -> Option<String>) -> Result<Option<T>, Error> {
        let wrong = self.invalid(name, String::new());
        let taken: Option<T> = self.take(name)?;
        match (taken.as_ref().and_then(&check), wrong) {
            (Some(why), Error::Invalid { place, key, .. }) => Err(Error::Invalid { place, key, reason: why }),
            _ => Ok(taken),
        }
    }

    /// Ends the reading: every key that was not taken is unknown, and that is an error.
    pub fn finish(self) -> Result<(), Error> {
        let rest: Vec<&yaml::Key> = self.entries.iter().flatten().map(|(key, _)| key).collect();
        let Some(first) = rest.first() else { return Ok(()) };
        let place = self.file.place(first.mark);
        let unknown = |key: &&yaml::Key| {
            let suggestion = text::suggest(&key.text, self.asked.iter().map(String::as_str)).map(str::to_owned);
            UnknownKey { key: self.dotted(&key.text), line: key.mark.line, suggestion }
        };
        Err(Error::Unknown { place, keys: rest.iter().map(unknown).collect(), known: self.asked.clone() })
    }

    fn take_node(&mut self, name: &str) -> Option<Node> {
        if !self.asked.iter().any(|asked| asked == name) {
            self.asked.push(name.to_owned());
        }
        let slot = self.entries.iter_mut().find(|slot| slot.as_ref().is_some_and(|(key, _)| key.text == name))?;
        slot.take().map(|(_, node)| node)
    }

    fn dotted(&self, name: &str) -> String {
        if self.section.is_empty() { name.to_owned() } else { format!("{}.{name}", self.section) }
    }
}

#[cfg(test)]
mod tests;
