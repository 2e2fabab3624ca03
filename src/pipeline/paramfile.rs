//! Parameter and metric files: YAML, JSON, TOML and Python, each read at most once in a process.
//!
//! The format follows the file's ending: `.json`, `.toml`, `.py` ([`pyparams`]), `.yaml` and `.yml`; anything else is read
//! as YAML.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::problem::{Problem, Source};
use super::pyparams;
use super::template::flags::Style;
use super::value::Value;
use super::yaml::{self, Mark, Node};
use crate::relpath::RelPath;
use crate::text::Place;

/// A file that was read.
#[derive(Debug)]
pub struct ParamFile {
    /// Its content.
    pub value: Value,
    /// The same with places, for YAML and Python.
    pub node: Option<Node>,
}

type Read = Result<Option<Arc<ParamFile>>, Vec<Problem>>;

/// The files of one repository.
#[derive(Debug)]
pub struct ParamFiles {
    root: PathBuf,
    read: Mutex<HashMap<RelPath, Read>>,
    /// How the repository writes maps of parameters into commands.
    pub style: Style,
}

impl ParamFiles {
    /// Reads nothing yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), read: Mutex::default(), style: Style::default() }
    }

    /// The folder that paths begin at.
    pub fn root(&self) -> &std::path::Path {
        &self.root
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

    /// As [`ParamFiles::read`], from the disk, for files that may have changed since.
    pub fn read_again(&self, path: &RelPath) -> Read {
        let problem = |message: String| {
            vec![Problem { place: Place { path: path.as_str().into(), line: 1, column: 1, excerpt: None }, message, hint: None }]
        };
        let bytes = match std::fs::read(path.on_disk(&self.root)) {
            Ok(bytes) => bytes,
            Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => return Ok(None),
            Err(error) => return Err(problem(format!("cannot read `{path}`: {error}"))),
        };
        let text = String::from_utf8(bytes).map_err(|_| problem(format!("`{path}` is not UTF-8 text")))?;
        parse(&Source { path: path.clone(), text: text.into() }).map(|file| Some(Arc::new(file)))
    }

    /// Forgets everything: after a stage ran, files may be different ones.
    pub fn forget(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<RelPath, Read>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
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
        let node = pyparams::parse(source)?;
        return Ok(ParamFile { value: node.to_value(), node: Some(node) });
    } else {
        let node = yaml::parse(source)?;
        return Ok(ParamFile { value: node.to_value(), node: Some(node) });
    };
    Ok(ParamFile { value, node: None })
}
