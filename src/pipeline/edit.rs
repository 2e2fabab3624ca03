//! Changing values in a parameter file: text in, text out.
//!
//! A YAML, JSON or TOML file is changed where its value changes and nowhere else: comments, order, quoting, anchors,
//! indentation and line ends stay. A key is dotted (`train.lr`, `list.0`); one that itself holds dots is found too.
//!
//! - [`Action::Set`] wants the key to be there, [`Action::Add`] wants it not to be (a null may be filled),
//!   [`Action::Put`] takes either; [`Action::Remove`] takes the key away. A map that is set where a map stands is
//!   merged into it, key by key under the same rule, as DVC does; any other value replaces what stood there.
//! - A missing key is added at the end of the block or flow map that is deepest on its way; missing maps are made.
//! - Replaced values keep their quotes where the new value is a text as well, and lists that change keep the items
//!   that do not.
//! - A value that comes from an alias or a `<<` is written out at the place that asked for it; the anchor's own
//!   value stays. One that carries an anchor which others use is not changed: [`Error::Unwritable`].
//!
//! Promise: what comes out is read back, and is given to the caller only when it holds exactly what was asked:
//! every value of the file, its type too. Python files are not edited.

mod error;
mod json;
mod layout;
mod path;
mod surgery;
mod toml;
mod words;
mod yaml;

#[cfg(test)]
mod tests;

pub use error::Error;

use super::paramfile;
use super::problem::Source;
use super::value::Value;

/// What to do with a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Change a value that is there.
    Set(Value),
    /// Add a value that is not there.
    Add(Value),
    /// Change it or add it.
    Put(Value),
    /// Take the key away; with a value, only if it is that one.
    Remove(Option<Value>),
}

/// One change of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// The dotted key.
    pub key: String,
    /// What to do with it.
    pub action: Action,
}

/// A value that is another one now.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    /// The dotted key, as it was asked for.
    pub key: String,
    /// Before; `None` if it was not there.
    pub old: Option<Value>,
    /// Now; `None` if it was taken away.
    pub new: Option<Value>,
}

/// A file after its edits.
#[derive(Clone, Debug, PartialEq)]
pub struct Edited {
    /// The whole text.
    pub text: String,
    /// One for each edit, in their order; edits that changed nothing too.
    pub changed: Vec<Changed>,
}

/// Applies edits in order.
///
/// # Errors
/// A file that cannot be read; a key that is not there, or is and should not be; a change that the file's format or
/// its anchors do not allow. Then nothing is changed.
pub fn apply(source: &Source, edits: &[Edit]) -> Result<Edited, Error> {
    let old = paramfile::parse(source)?.value;
    let mut new = old.clone();
    let mut changed = Vec::with_capacity(edits.len());
    for edit in edits {
        let before = new.select(&edit.key).cloned();
        path::change(&mut new, edit).map_err(|fault| fault.at(source, &edit.key))?;
        changed.push(Changed { key: edit.key.clone(), old: before, new: new.select(&edit.key).cloned() });
    }
    let keys: Vec<&str> = edits.iter().map(|edit| edit.key.as_str()).collect();
    let text = rewrite(source, &old, &new).ok_or_else(|| Error::unwritable(source, &keys))?;
    let again = paramfile::parse(&Source { path: source.path.clone(), text: text.as_str().into() });
    match again {
        Ok(read) if identical(&read.value, &new) => Ok(Edited { text, changed }),
        _ => Err(Error::unwritable(source, &keys)),
    }
}

/// The text with `new` instead of `old`; `None` where that cannot be written.
fn rewrite(source: &Source, old: &Value, new: &Value) -> Option<String> {
    if identical(old, new) {
        return Some(source.text.to_string());
    }
    let name = source.path.name().unwrap_or_default().to_ascii_lowercase();
    if name.ends_with(".json") {
        surgery::rewrite(&source.text, &json::layout(&source.text)?, old, new, words::Dialect::Json)
    } else if name.ends_with(".toml") {
        toml::rewrite(&source.text, old, new)
    } else if name.ends_with(".py") {
        None
    } else {
        match yaml::layout(&source.text)? {
            Some(root) => surgery::rewrite(&source.text, &root, old, new, words::Dialect::Yaml),
            None => surgery::fill(&source.text, new),
        }
    }
}

/// Whether two values are the same in value and in type: what [`Value::same`] says, without `1` being `1.0`.
pub(crate) fn identical(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| identical(a, b)),
        (Value::Map(a), Value::Map(b)) => a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| identical(a, b))),
        (a, b) => a == b,
    }
}
