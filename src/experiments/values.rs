//! Parameters that an experiment sets, and the leaves that are shown of one.

use serde::{Deserialize, Serialize};

use super::Error;
use crate::pipeline::metrics::{Listed, Listing};
use crate::pipeline::paramfile;
use crate::pipeline::problem::Source;
use crate::pipeline::revision::Snapshot as Place;
use crate::pipeline::value::Value;
use crate::relpath::RelPath;
use crate::store::Store;
use crate::workspace::{Workspace, atomic};

/// One parameter and what it is set to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Set {
    /// The parameter file.
    pub file: RelPath,
    /// The dotted key.
    pub key: String,
    /// The value as it is written in the file.
    pub value: String,
}

/// One parameter or metric.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Leaf {
    /// The file.
    pub file: RelPath,
    /// The dotted key.
    pub key: String,
    /// The value.
    pub value: Value,
}

/// The leaves of a listing; what could not be read is left out.
pub fn leaves(listing: Listing) -> Vec<Leaf> {
    let of = |listed: Listed| {
        let file = listed.file;
        listed.values.into_iter().map(move |(key, value)| Leaf { file: file.clone(), key, value })
    };
    listing.files.into_iter().flat_map(of).collect()
}

/// All parameters and all metrics of a place; of files that cannot be read, none.
pub fn at(place: &Place, store: &Store) -> (Vec<Leaf>, Vec<Leaf>) {
    (leaves(place.params()), leaves(place.metrics(store)))
}

/// Sets parameters in the files of a workspace, each file written once.
///
/// # Errors
/// A file or key that is not there; then no file is changed.
pub fn apply(workspace: &Workspace, sets: &[Set]) -> Result<(), Error> {
    let mut texts: Vec<(RelPath, String)> = Vec::new();
    for set in sets {
        let at = match texts.iter().position(|(file, _)| *file == set.file) {
            Some(at) => at,
            None => {
                texts.push((set.file.clone(), read(workspace, set)?));
                texts.len() - 1
            }
        };
        texts[at].1 = set_in(set, &texts[at].1)?;
    }
    for (file, text) in texts {
        atomic::write(&file.on_disk(workspace.root()), text.as_bytes())?;
    }
    Ok(())
}

fn read(workspace: &Workspace, set: &Set) -> Result<String, Error> {
    let path = set.file.on_disk(workspace.root());
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(wrong(set, "the file does not exist")),
        Err(error) => Err(Error::io("read", path)(error)),
    }
}

fn wrong(set: &Set, reason: impl Into<String>) -> Error {
    Error::Override { file: set.file.clone(), key: set.key.clone(), reason: reason.into() }
}

/// The text of a parameter file with one value changed.
fn set_in(set: &Set, text: &str) -> Result<String, Error> {
    let source = |text: &str| Source { path: set.file.clone(), text: text.to_owned().into() };
    let parsed = paramfile::parse(&source(text)).map_err(|problems| crate::pipeline::Error::from(problems))?;
    if parsed.value.select(&set.key).is_none() {
        return Err(wrong(set, "there is no such parameter"));
    }
    let mut root: serde_yaml::Value = serde_yaml::from_str(text).map_err(|error| wrong(set, error.to_string()))?;
    let value: serde_yaml::Value = serde_yaml::from_str(&set.value).map_err(|error| wrong(set, error.to_string()))?;
    let mut here = &mut root;
    for part in set.key.split('.') {
        here = here.get_mut(part).ok_or_else(|| wrong(set, "there is no such parameter"))?;
    }
    *here = value;
    match set.file.as_str().ends_with(".json") {
        true => Ok(format!("{:#}\n", serde_json::to_value(&root).map_err(|error| wrong(set, error.to_string()))?)),
        false => serde_yaml::to_string(&root).map_err(|error| wrong(set, error.to_string())),
    }
}

/// The experiments that `[FILE:]KEY=VALUE[,VALUE…]` ask for, all combinations of their values, the last one changing first.
///
/// # Errors
/// A text without `=` or key.
pub fn combinations(texts: &[String]) -> Result<Vec<Vec<Set>>, Error> {
    let mut all: Vec<Vec<Set>> = vec![Vec::new()];
    for text in texts {
        let bad = || Error::BadOverride(text.clone());
        let (name, values) = text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(bad)?;
        let (file, key) = name.split_once(':').unwrap_or(("params.yaml", name));
        let file = RelPath::new(file).map_err(|_| bad())?;
        let one = |value: &str| Set { file: file.clone(), key: key.to_owned(), value: value.trim().to_owned() };
        let values: Vec<Set> = if values.contains(['[', '{', '"', '\'']) { vec![one(values)] } else { values.split(',').map(one).collect() };
        all = all.iter().flat_map(|sets| values.iter().map(|value| [sets.as_slice(), &[value.clone()]].concat())).collect();
    }
    Ok(all)
}

/// Parameters after some of them are set.
pub fn with(mut params: Vec<Leaf>, sets: &[Set]) -> Vec<Leaf> {
    for set in sets {
        let source = Source { path: set.file.join("value.yaml"), text: set.value.clone().into() };
        let value = paramfile::parse(&source).map_or_else(|_| Value::Text(set.value.clone()), |read| read.value);
        match params.iter_mut().find(|leaf| leaf.file == set.file && leaf.key == set.key) {
            Some(leaf) => leaf.value = value,
            None => params.push(Leaf { file: set.file.clone(), key: set.key.clone(), value }),
        }
    }
    params
}
