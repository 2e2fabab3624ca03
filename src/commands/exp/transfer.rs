//! `derm exp push` and `derm exp pull`.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{baselines, of_scope};
use crate::cli::exp::ExpTransferArgs;
use crate::commands::transfer::{grouped, open};
use crate::commands::{Context, Exit, Failure, recorded};
use crate::experiments::{Error, Experiment, refs};
use crate::pipeline::Project;
use crate::relpath::RelPath;
use crate::store::remote::{self, Fetched, Pushed};
use crate::store::{Entry, Store, Work};
use crate::text;
use crate::ui::{Page, Report};
use crate::workspace::{Workspace, exchange};

/// Paths that a message names.
const SHOWN: usize = 5;

#[derive(Serialize)]
struct Moved<T: Serialize> {
    git_remote: String,
    experiments: Vec<String>,
    data: Vec<Data<T>>,
    #[serde(skip)]
    verb: &'static str,
}

#[derive(Serialize)]
struct Data<T: Serialize> {
    remote: String,
    #[serde(flatten)]
    moved: T,
}

trait Amount: Serialize {
    const KIND: &'static str;
    fn amount(&self) -> (u64, u64);
}

impl Amount for Pushed {
    const KIND: &'static str = "exp-push";
    fn amount(&self) -> (u64, u64) {
        (self.objects, self.bytes)
    }
}

impl Amount for Fetched {
    const KIND: &'static str = "exp-pull";
    fn amount(&self) -> (u64, u64) {
        (self.objects, self.bytes)
    }
}

impl<T: Amount> Report for Moved<T> {
    const KIND: &'static str = T::KIND;

    fn human(&self, page: &mut Page) {
        if self.experiments.is_empty() {
            page.line("no experiments");
            return;
        }
        let count = text::count(self.experiments.len(), "experiment", "experiments");
        let names = text::some_of(&self.experiments, SHOWN);
        page.line(format!("{} {count} {} `{}`: {names}", self.verb, if self.verb == "Sent" { "to" } else { "from" }, self.git_remote));
        for Data { remote, moved } in &self.data {
            let (objects, bytes) = moved.amount();
            if objects > 0 {
                page.line(format!(
                    "{} {} ({}) of data, `{remote}`",
                    self.verb,
                    text::count(objects as usize, "object", "objects"),
                    text::bytes(bytes)
                ));
            }
        }
    }
}

pub fn push(context: &Context, args: &ExpTransferArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let mut chosen = Vec::new();
    for name in &args.names {
        chosen.push(refs::find(&workspace, name)?);
    }
    if args.names.is_empty() {
        chosen = of_scope(&workspace, &args.scope)?;
    }
    let mut data = Vec::new();
    // Data first: whoever gets the reference can have what it names.
    if !args.no_data && !chosen.is_empty() {
        let store = Store::open(&workspace)?;
        let observer = context.ui.observer();
        let work = Work { observer: &*observer, interrupt: &context.interrupt };
        let project = Project::load(&workspace)?;
        for (name, entries) in grouped(&project, needed(&workspace, &chosen)?, args.remote.as_deref(), true) {
            if entries.is_empty() {
                continue;
            }
            let remote = open(context, &workspace, name.as_deref())?;
            let moved = remote::push(&store, &remote, &entries, &work)?;
            if !moved.incomplete.is_empty() {
                let paths: Vec<&str> = moved.incomplete.iter().map(RelPath::as_str).collect();
                return Err(Failure::new("not all data of the experiments could be pushed")
                    .cause(format!("not whole in the cache: {}", text::some_of(&paths, SHOWN)))
                    .hint("`derm fetch` brings it from where it is; `--no-data` sends the experiments without"));
            }
            data.push(Data { remote: remote.name().to_owned(), moved });
        }
        store.flush()?;
    }
    let references: Vec<String> = chosen.iter().map(Experiment::reference).collect();
    if !references.is_empty() {
        exchange::push(&context.cwd, &args.git_remote, &references, args.force).map_err(|error| rejected(error, args))?;
    }
    let experiments = chosen.into_iter().map(|one| one.name).collect();
    context.ui.show(&Moved::<Pushed> { git_remote: args.git_remote.clone(), experiments, data, verb: "Sent" })?;
    Ok(Exit::Done)
}

fn rejected(error: crate::workspace::Error, args: &ExpTransferArgs) -> Failure {
    let text = match &error {
        crate::workspace::Error::Git { reason, .. } => reason.clone(),
        _ => String::new(),
    };
    let failure = Failure::from(error);
    match text.contains("rejected") && !args.force {
        true => failure.hint("another experiment of that name is there: `--force` replaces it, `derm exp rename` keeps both"),
        false => failure,
    }
}

pub fn pull(context: &Context, args: &ExpTransferArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let wanted = baselines(&workspace, &args.scope)?;
    let there = exchange::list(&context.cwd, &args.git_remote, refs::REFS)?;
    let known: Vec<(String, String, String)> = there
        .iter()
        .filter_map(|(reference, _)| refs::parse(reference).map(|(baseline, name)| (reference.clone(), baseline, name)))
        .collect();
    for name in &args.names {
        if !known.iter().any(|(_, _, found)| found == name) {
            let near = text::suggest(name, known.iter().map(|(_, _, found)| found.as_str())).map(str::to_owned);
            return Err(match near {
                Some(near) => Error::Unknown { name: name.clone(), near: Some(near) }.into(),
                None => Failure::usage(format!("`{}` has no experiment `{name}`", args.git_remote)),
            });
        }
    }
    let is_wanted = |(_, baseline, name): &&(String, String, String)| match args.names.is_empty() {
        true => wanted.as_ref().is_none_or(|wanted| wanted.contains(baseline)),
        false => args.names.contains(name),
    };
    let references: Vec<String> = known.iter().filter(is_wanted).map(|(reference, _, _)| reference.clone()).collect();
    if !references.is_empty() {
        exchange::fetch(&context.cwd, &args.git_remote, &references, args.force).map_err(|error| rejected(error, args))?;
    }
    let here: BTreeSet<&String> = references.iter().collect();
    let chosen: Vec<Experiment> = refs::all(&workspace)?.into_iter().filter(|one| here.contains(&one.reference())).collect();
    let mut data = Vec::new();
    let mut absent: Vec<String> = Vec::new();
    if !args.no_data && !chosen.is_empty() {
        let store = Store::open(&workspace)?;
        let observer = context.ui.observer();
        let work = Work { observer: &*observer, interrupt: &context.interrupt };
        let project = Project::load(&workspace)?;
        for (name, entries) in grouped(&project, needed(&workspace, &chosen)?, args.remote.as_deref(), false) {
            if entries.iter().all(|(_, entry)| store.has(entry)) {
                continue;
            }
            let remote = open(context, &workspace, name.as_deref())?;
            let moved = remote::fetch(&store, &remote, &entries, &work)?;
            absent.extend(moved.absent.iter().map(ToString::to_string));
            data.push(Data { remote: remote.name().to_owned(), moved });
        }
        store.flush()?;
    }
    let experiments = chosen.into_iter().map(|one| one.name).collect();
    context.ui.show(&Moved::<Fetched> { git_remote: args.git_remote.clone(), experiments, data, verb: "Brought" })?;
    if absent.is_empty() {
        return Ok(Exit::Done);
    }
    absent.sort();
    absent.dedup();
    let failure =
        Failure::new("not all data of the experiments could be fetched").cause(format!("not there: {}", text::some_of(&absent, SHOWN)));
    crate::ui::tell(&failure.hint("`derm exp push` from where they were made").shown());
    Ok(Exit::Failed)
}

/// The data that experiments name, each path and content once.
fn needed(workspace: &Workspace, chosen: &[Experiment]) -> Result<Vec<(RelPath, Entry)>, Failure> {
    let mut found: Vec<(RelPath, Entry)> = Vec::new();
    for one in chosen {
        found.extend(recorded::at(workspace, &one.commit)?);
    }
    found.sort_by(|a, b| (&a.0, a.1.id).cmp(&(&b.0, b.1.id)));
    found.dedup();
    Ok(found)
}
