//! What changed between two listings of parameters or metrics.
//!
//! Values are compared by what they mean ([`Value::same`]): `1` is `1.0`, `nan` is `nan`. A file that could not be read on one side says
//! nothing about its values, so it is left out; one that does not exist there has none, so all its values came or went.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde::Serialize;

use super::metrics::Listing;
use super::value::Value;
use crate::relpath::RelPath;

/// One value that differs, or that was asked for although it does not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// `null` where there was none.
    pub old: Option<Value>,
    /// `null` where there is none any more.
    pub new: Option<Value>,
    /// New minus old, where both are numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<Value>,
}

/// Changes by file and dotted key, in the order of the files.
pub type Changes = BTreeMap<RelPath, IndexMap<String, Change>>;

/// The values of both listings that differ; with `all`, the others too.
pub fn changes(old: &Listing, new: &Listing, all: bool) -> Changes {
    let known = |listing: &Listing| -> BTreeSet<RelPath> { listing.files.iter().map(|listed| listed.file.clone()).collect() };
    let mut found = Changes::new();
    for file in known(old).union(&known(new)) {
        if old.is_unknown(file) || new.is_unknown(file) {
            continue;
        }
        let (before, after) = (values(old, file), values(new, file));
        let mut keys: Vec<&String> = after.keys().copied().collect();
        keys.extend(before.keys().filter(|key| !after.contains_key(**key)));
        let changes: IndexMap<String, Change> = keys
            .into_iter()
            .map(|key| (key.clone(), Change::of(before.get(key).copied(), after.get(key).copied())))
            .filter(|(_, change)| all || change.differs())
            .collect();
        if !changes.is_empty() {
            found.insert(file.clone(), changes);
        }
    }
    found
}

fn values<'a>(listing: &'a Listing, file: &RelPath) -> IndexMap<&'a String, &'a Value> {
    let listed = listing.files.iter().find(|listed| listed.file == *file);
    listed.map(|listed| listed.values.iter().map(|(key, value)| (key, value)).collect()).unwrap_or_default()
}

impl Change {
    /// From one value to another.
    pub fn of(old: Option<&Value>, new: Option<&Value>) -> Self {
        let diff = match (old, new) {
            (Some(Value::Int(old)), Some(Value::Int(new))) => new.checked_sub(*old).map(Value::Int),
            (Some(old), Some(new)) => old.number().zip(new.number()).map(|(old, new)| Value::Float(new - old)),
            _ => None,
        };
        Self { old: old.cloned(), new: new.cloned(), diff }
    }

    /// Whether the two are not the same.
    pub fn differs(&self) -> bool {
        match (&self.old, &self.new) {
            (Some(old), Some(new)) => !old.same(new),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_numbers_only_between_numbers() {
        let diff = |old: Value, new: Value| Change::of(Some(&old), Some(&new)).diff;
        assert_eq!(diff(Value::Int(3), Value::Int(5)), Some(Value::Int(2)));
        assert_eq!(diff(Value::Int(1), Value::Float(1.5)), Some(Value::Float(0.5)));
        assert_eq!(diff(Value::Text("1".into()), Value::Int(2)), None);
        assert_eq!(diff(Value::Bool(true), Value::Int(2)), None);
        assert!(!Change::of(Some(&Value::Float(f64::NAN)), Some(&Value::Float(f64::NAN))).differs());
        assert!(Change::of(None, Some(&Value::Null)).differs());
    }
}
