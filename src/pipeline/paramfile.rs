//! Parameter and metric files: YAML, JSON and TOML, each read at most once in a process, from the folder on disk or from a commit.
//!
//! The format follows the file's ending: `.json`, `.toml`, `.yaml` and `.yml`; anything else is read
//! as YAML, except `.py`, which only Python can read.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::origin::Origin;
use super::problem::{Problem, Source};
use super::value::Value;
use super::yaml::{self, Mark, Node};
use crate::relpath::RelPath;

/// A file that was read.
#[derive(Debug)]
pub struct ParamFile {
    /// Its content.
    pub value: Value,
    /// The same with places, for YAML.
    pub node: Option<Node>,
}

type Read = Result<Option<Arc<ParamFile>>, Vec<Problem>>;

/// The files of one repository, or of one commit.
#[derive(Debug)]
pub struct ParamFiles {
    origin: Origin,
    read: Mutex<HashMap<RelPath, Read>>,
}

impl ParamFiles {
    /// Those below a folder; reads nothing yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self::from(Origin::Folder(root.into()))
    }

    /// Where they are read from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The folder that paths begin at; a commit has none.
    pub fn root(&self) -> Option<&std::path::Path> {
        match &self.origin {
            Origin::Folder(root) => Some(root),
            Origin::Commit(_) => None,
        }
    }

    /// The content of a file; `None` when it does not exist.
    ///
    /// # Errors
    /// Every problem of the file; one that cannot be read has one at its beginning.
    pub fn read(&self, path: &RelPath) -> Read {
        if let Some(known) = self.lock().get(path) {
            return known.clone();
        }
        let fresh = self.read_again(path);
        self.lock().insert(path.clone(), fresh.clone());
        fresh
    }

    /// As [`ParamFiles::read`], read anew, for files that may have changed since.
    pub fn read_again(&self, path: &RelPath) -> Read {
        let Some(source) = self.origin.text(path)? else { return Ok(None) };
        parse(&source).map(|file| Some(Arc::new(file)))
    }

    /// Forgets everything: after a stage ran, files may be different ones.
    pub fn forget(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<RelPath, Read>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Origin> for ParamFiles {
    fn from(origin: Origin) -> Self {
        Self { origin, read: Mutex::default() }
    }
}

/// Reads a parameter or metric file by the ending of its name.
///
/// # Errors
/// Every problem of the file.
pub fn parse(source: &Source) -> Result<ParamFile, Vec<Problem>> {
    let name = source.path.name().unwrap_or_default().to_ascii_lowercase();
    let at = |line: usize, column: usize, message: String| {
        let mark = Mark { line: line.max(1), column: column.max(1) };
        vec![Problem { place: source.place(mark), message, hint: None }]
    };
    let value = if name.ends_with(".json") {
        let json: Result<serde_json::Value, _> = serde_json::from_str(&source.text);
        Value::from(&json.map_err(|error| {
            let text = error.to_string();
            let message = text.split(" at line ").next().unwrap_or(&text);
            at(error.line(), error.column(), format!("not valid JSON: {message}"))
        })?)
    } else if name.ends_with(".toml") {
        let table: Result<toml::Table, _> = source.text.parse();
        let table = table.map_err(|error| {
            let before = &source.text[..error.span().map_or(0, |span| span.start.min(source.text.len()))];
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            at(before.matches('\n').count() + 1, column, format!("not valid TOML: {}", error.message()))
        })?;
        Value::from(&toml::Value::Table(table))
    } else if name.ends_with(".py") {
        return Err(at(1, 1, "parameters in Python files are not supported; move them to a YAML, JSON or TOML file".to_owned()));
    } else {
        let node = yaml::parse(source)?;
        return Ok(ParamFile { value: node.to_value(), node: Some(node) });
    };
    Ok(ParamFile { value, node: None })
}
