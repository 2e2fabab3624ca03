//! The experiments that there are, as references.

use super::{Error, Note};
use crate::clock::Timestamp;
use crate::text;
use crate::workspace::{Workspace, is_ref_name};

/// Where all references of derm's are.
pub const OWN: &str = "refs/derm/";

/// Where the references of experiments are.
pub const REFS: &str = "refs/derm/exps/";

/// One experiment.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// Its name.
    pub name: String,
    /// The full hash of the commit that it started from.
    pub baseline: String,
    /// The full hash of its own commit.
    pub commit: String,
    /// The hash of its tree.
    pub tree: String,
    /// When it was saved.
    pub created: Timestamp,
    /// What its message says.
    pub note: Option<Note>,
}

impl Experiment {
    /// Its reference.
    pub fn reference(&self) -> String {
        reference(&self.baseline, &self.name)
    }
}

/// The reference of an experiment.
pub fn reference(baseline: &str, name: &str) -> String {
    let (shard, rest) = baseline.split_at(baseline.len().min(2));
    format!("{REFS}{shard}/{rest}/{name}")
}

/// Baseline and name from a reference.
pub fn parse(reference: &str) -> Option<(String, String)> {
    let mut parts = reference.strip_prefix(REFS)?.splitn(3, '/');
    let (shard, rest, name) = (parts.next()?, parts.next()?, parts.next()?);
    Some((format!("{shard}{rest}"), name.to_owned()))
}

/// Every experiment, oldest first; of one moment by name.
pub fn all(workspace: &Workspace) -> Result<Vec<Experiment>, Error> {
    let mut found = Vec::new();
    for (reference, commit) in workspace.refs(REFS)? {
        let Some((baseline, name)) = parse(&reference) else { continue };
        let facts = workspace.commit_facts(&commit)?;
        let note = Note::parse(&facts.message);
        let created = note.as_ref().map_or(Timestamp(facts.time), |note| note.ended);
        found.push(Experiment { name, baseline, commit, tree: facts.tree, created, note });
    }
    found.sort_by(|a, b| (a.created, &a.name).cmp(&(b.created, &b.name)));
    Ok(found)
}

/// The experiment of this name: of the commit that is checked out, if it has one, else of any.
///
/// # Errors
/// No experiment has the name, or those of several other commits have it.
pub fn find(workspace: &Workspace, name: &str) -> Result<Experiment, Error> {
    let head = super::snapshot::head(workspace).ok();
    let all = all(workspace)?;
    let mut named: Vec<&Experiment> =
        all.iter().filter(|one| one.name == name || (name.len() >= 7 && one.commit.starts_with(name)) || one.reference() == name).collect();
    if let Some(here) = named.iter().find(|one| Some(&one.baseline) == head.as_ref()) {
        return Ok((*here).clone());
    }
    match (named.pop(), named.is_empty()) {
        (Some(only), true) => Ok(only.clone()),
        (Some(last), false) => {
            named.push(last);
            let baselines = named.iter().map(|one| one.baseline[..7].to_owned()).collect();
            Err(Error::Ambiguous { name: name.to_owned(), baselines })
        }
        (None, _) => {
            let near = text::suggest(name, all.iter().map(|one| one.name.as_str())).map(str::to_owned);
            Err(Error::Unknown { name: name.to_owned(), near })
        }
    }
}

/// Whether a name may be given.
pub fn check_name(name: &str) -> Result<(), Error> {
    if is_ref_name(name) && !name.starts_with('-') { Ok(()) } else { Err(Error::BadName(name.to_owned())) }
}

/// Whether the baseline has an experiment of this name.
pub fn exists(workspace: &Workspace, baseline: &str, name: &str) -> Result<bool, Error> {
    let reference = reference(baseline, name);
    Ok(workspace.refs(&reference)?.iter().any(|(found, _)| *found == reference))
}
