//! Merging two locks stage by stage, for git.

use std::collections::BTreeSet;

use super::write::{HEAD, of_stage};
use super::{Lock, Record, SCHEMA, to_yaml};

/// The text of the merged lock, and the stages that both sides changed, each in its own way: those stand in it twice,
/// between the marks of a conflict.
pub fn merge(base: &Lock, ours: &Lock, theirs: &Lock) -> (String, Vec<String>) {
    let names: BTreeSet<&String> = base.keys().chain(ours.keys()).chain(theirs.keys()).collect();
    let mut merged = Lock::new();
    let mut conflicts = Vec::new();
    for name in &names {
        match crate::store::merge::choose(&base.get(*name), &ours.get(*name), &theirs.get(*name)) {
            Some(record) => merged.extend(record.map(|record| ((*name).clone(), record.clone()))),
            None => conflicts.push((*name).clone()),
        }
    }
    if conflicts.is_empty() {
        return (to_yaml(&merged), conflicts);
    }
    let mut text = format!("{HEAD}schema: {SCHEMA}\nstages:\n");
    let side = |record: Option<&Record>, name: &str| record.map(|record| of_stage(name, record)).unwrap_or_default();
    for name in names {
        if conflicts.contains(name) {
            let (ours, theirs) = (side(ours.get(name), name), side(theirs.get(name), name));
            text.push_str(&format!("<<<<<<< ours\n{ours}=======\n{theirs}>>>>>>> theirs\n"));
        } else {
            text.push_str(&side(merged.get(name), name));
        }
    }
    (text, conflicts)
}
