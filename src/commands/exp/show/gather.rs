//! The rows: the workspace, commits, their experiments, and what waits, runs or failed.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde::Serialize;

use crate::cli::exp::ExpShowArgs;
use crate::clock::Timestamp;
use crate::commands::Failure;
use crate::commands::exp::{baselines, short};
use crate::experiments::queue::{self, Entry, State};
use crate::experiments::{Error, Experiment, Leaf, Set, refs, snapshot, values};
use crate::pipeline::revision::Snapshot as Place;
use crate::store::Store;
use crate::workspace::Workspace;

/// What a row stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Workspace,
    Baseline,
    Experiment,
    Queued,
    Running,
    Failed,
}

/// One line of the table.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub kind: Kind,
    pub name: String,
    pub commit: Option<String>,
    /// The commit that it started from; of a commit, itself.
    pub baseline: Option<String>,
    pub created: Option<Timestamp>,
    pub message: Option<String>,
    pub overrides: Vec<Set>,
    pub metrics: Vec<Leaf>,
    pub params: Vec<Leaf>,
}

impl Row {
    /// Whether it stands below a commit.
    pub fn is_below(&self) -> bool {
        !matches!(self.kind, Kind::Workspace | Kind::Baseline)
    }
}

/// All rows in their order.
pub fn rows(workspace: &Workspace, args: &ExpShowArgs) -> Result<Vec<Row>, Failure> {
    let wanted = baselines(workspace, &args.scope)?;
    let experiments = refs::all(workspace)?;
    let entries: Vec<Entry> = queue::list(workspace)?.into_iter().filter(|entry| is_wanted(entry, args)).collect();
    let commits = commits(workspace, args, wanted, &experiments, &entries)?;
    let store = Store::open(workspace)?;
    let mut jobs: Vec<Job> = Vec::new();
    if !args.hide_workspace {
        jobs.push(Job::Workspace);
    }
    for commit in &commits {
        jobs.push(Job::Baseline(commit));
        jobs.extend(experiments.iter().filter(|one| one.baseline == *commit).map(Job::Experiment));
        jobs.extend(entries.iter().filter(|entry| entry.spec.snapshot.baseline == *commit).map(Job::Entry));
    }
    let names = names(workspace)?;
    let rows: Result<Vec<Row>, Failure> = jobs.into_par_iter().map(|job| job.row(workspace, &store, &names)).collect();
    rows
}

fn is_wanted(entry: &Entry, args: &ExpShowArgs) -> bool {
    match entry.state {
        State::Failed => !args.hide_failed,
        State::Waiting | State::Running => !args.hide_queued,
    }
}

/// The commits, newest first; with `-A` those that have experiments and the one that is checked out.
fn commits(
    workspace: &Workspace,
    args: &ExpShowArgs,
    wanted: Option<BTreeSet<String>>,
    experiments: &[Experiment],
    entries: &[Entry],
) -> Result<Vec<String>, Failure> {
    let head = snapshot::head(workspace)?;
    let mut found: BTreeSet<String> = match wanted {
        Some(wanted) => wanted,
        None => experiments
            .iter()
            .map(|one| one.baseline.clone())
            .chain(entries.iter().map(|one| one.spec.snapshot.baseline.clone()))
            .chain([head.clone()])
            .collect(),
    };
    let mut here = Some(head);
    for _ in 1..args.limit {
        here = here.and_then(|commit| workspace.commit_facts(&commit).ok()?.parents.into_iter().next());
        found.extend(here.clone());
    }
    let mut timed: Vec<(i64, String)> = Vec::new();
    for commit in found {
        // An experiment that came from elsewhere may stand on a commit that this clone does not have.
        let time = workspace.commit_facts(&commit).map_or(i64::MIN, |facts| facts.time);
        timed.push((time, commit));
    }
    timed.sort_by(|a, b| b.cmp(a));
    Ok(timed.into_iter().map(|(_, commit)| commit).collect())
}

/// Branches and tags by commit.
fn names(workspace: &Workspace) -> Result<BTreeMap<String, String>, Error> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for prefix in ["refs/heads/", "refs/tags/"] {
        for (name, commit) in workspace.refs(prefix)? {
            found.entry(commit).or_insert_with(|| name[prefix.len()..].to_owned());
        }
    }
    Ok(found)
}

enum Job<'a> {
    Workspace,
    Baseline(&'a str),
    Experiment(&'a Experiment),
    Entry(&'a Entry),
}

impl Job<'_> {
    fn row(self, workspace: &Workspace, store: &Store, names: &BTreeMap<String, String>) -> Result<Row, Failure> {
        let empty = |kind: Kind, name: String| Row {
            kind,
            name,
            commit: None,
            baseline: None,
            created: None,
            message: None,
            overrides: Vec::new(),
            metrics: Vec::new(),
            params: Vec::new(),
        };
        let with = |mut row: Row, place: &Place| {
            (row.params, row.metrics) = values::at(place, store);
            row
        };
        match self {
            Job::Workspace => Ok(with(empty(Kind::Workspace, "workspace".to_owned()), &Place::now(workspace)?)),
            Job::Baseline(commit) => {
                let digits = short(commit);
                let name = names.get(commit).map_or_else(|| digits.to_owned(), |name| format!("{name} {digits}"));
                let row = Row { commit: Some(commit.to_owned()), baseline: Some(commit.to_owned()), ..empty(Kind::Baseline, name) };
                match (workspace.commit_facts(commit), Place::at(workspace, commit)) {
                    (Ok(facts), Ok(place)) => Ok(with(Row { created: Some(Timestamp(facts.time)), ..row }, &place)),
                    _ => Ok(row),
                }
            }
            Job::Experiment(one) => {
                let row = Row {
                    commit: Some(one.commit.clone()),
                    baseline: Some(one.baseline.clone()),
                    created: Some(one.created),
                    message: one.note.as_ref().and_then(|note| note.message.clone()),
                    overrides: one.note.as_ref().map(|note| note.overrides.clone()).unwrap_or_default(),
                    ..empty(Kind::Experiment, one.name.clone())
                };
                Ok(with(row, &Place::at(workspace, &one.commit)?))
            }
            Job::Entry(entry) => {
                let kind = match entry.state {
                    State::Waiting => Kind::Queued,
                    State::Running => Kind::Running,
                    State::Failed => Kind::Failed,
                };
                let spec = &entry.spec;
                let row = Row {
                    baseline: Some(spec.snapshot.baseline.clone()),
                    created: Some(entry.created),
                    message: spec.message.clone(),
                    overrides: spec.overrides.clone(),
                    ..empty(kind, spec.name.clone())
                };
                let place = Place::at(workspace, &spec.snapshot.files)?;
                let params = values::with(values::leaves(place.params()), &spec.overrides);
                Ok(Row { params, ..row })
            }
        }
    }
}
