//! Parameters that an experiment sets, and the leaves that are shown of one.

use serde::{Deserialize, Serialize};

use super::overrides::{self, Given, How, Override};
use super::Error;
use crate::pipeline::metrics::{Listed, Listing};
use crate::pipeline::revision::Snapshot as Place;
use crate::pipeline::value::Value;
use crate::relpath::RelPath;
use crate::store::Store;
use crate::workspace::Workspace;

/// One parameter and what it is set to: an override ([`super::overrides`]) that stands for one value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Set {
    /// The parameter file.
    pub file: RelPath,
    /// The dotted key, with the sign of its override before it if it has one: `+` to add, `++` to add or change, `~` to take away.
    pub key: String,
    /// The value as an override takes it.
    pub value: String,
}

impl Set {
    /// An override that stands for one value, of a file relative to the root.
    ///
    /// # Errors
    /// A file outside of the repository; an override of several values.
    pub fn of(one: &Override) -> Result<Self, Error> {
        let file = RelPath::new(one.file()).ok().filter(|file| !file.is_root());
        let file = file.ok_or_else(|| overrides::Error::Outside { file: one.file().to_owned() })?;
        let value = match &one.given {
            None => String::new(),
            Some(Given::One(value)) => overrides::literal(value),
            Some(_) => return Err(overrides::Error::Unbounded { key: one.key.clone() }.into()),
        };
        let sign = match one.how {
            How::Set => "",
            How::Add => "+",
            How::Put => "++",
            How::Remove => "~",
        };
        Ok(Self { file, key: format!("{sign}{}", one.key), value })
    }

    /// The dotted key alone.
    pub fn name(&self) -> &str {
        self.key.trim_start_matches(['+', '~'])
    }

    /// The override.
    pub fn to_override(&self) -> Result<Override, Error> {
        let removed = self.key.starts_with('~') && self.value.is_empty();
        let value = if removed { String::new() } else { format!("={}", self.value) };
        Ok(Override::parse(&format!("{}:{}{value}", self.file, self.key))?)
    }
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

/// Sets parameters in the files of a workspace: all of them, or none where one cannot be set.
///
/// # Errors
/// A file or key that is not there, or cannot be changed that way.
pub fn apply(workspace: &Workspace, sets: &[Set]) -> Result<(), Error> {
    let overrides = sets.iter().map(Set::to_override).collect::<Result<Vec<_>, _>>()?;
    overrides::apply_all(workspace.root(), &overrides)?;
    Ok(())
}

/// The experiments that overrides ask for: all combinations of their values, the last one changing first.
///
/// # Errors
/// An override that cannot be understood, or that leaves the choice to a search.
pub fn combinations(texts: &[String]) -> Result<Vec<Vec<Set>>, Error> {
    let overrides = texts.iter().map(|text| Override::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let product = overrides::product(&overrides)?;
    product.iter().map(|combination| combination.iter().map(Set::of).collect()).collect()
}

/// Parameters after some of them are set, as far as they are leaves.
pub fn with(mut params: Vec<Leaf>, sets: &[Set]) -> Vec<Leaf> {
    for set in sets {
        let value = match set.to_override().ok().and_then(|one| one.given) {
            Some(Given::One(value)) if !set.key.starts_with('~') => value,
            _ => {
                params.retain(|leaf| leaf.file != set.file || leaf.key != set.name());
                continue;
            }
        };
        match params.iter_mut().find(|leaf| leaf.file == set.file && leaf.key == set.name()) {
            Some(leaf) => leaf.value = value,
            None => params.push(Leaf { file: set.file.clone(), key: set.name().to_owned(), value }),
        }
    }
    params
}
