//! `derm exp list`.

use serde::Serialize;

use super::{of_scope, short};
use crate::cli::exp::ExpListArgs;
use crate::clock::Timestamp;
use crate::commands::{Context, Exit, Failure};
use crate::experiments::queue::{self, State};
use crate::experiments::{Experiment, Note};
use crate::ui::{Page, Report, Style};

#[derive(Serialize)]
struct List {
    experiments: Vec<Listed>,
    queue: Vec<Waiting>,
}

#[derive(Serialize)]
struct Listed {
    name: String,
    commit: String,
    baseline: String,
    created: Timestamp,
    message: Option<String>,
    note: Option<Note>,
}

#[derive(Serialize)]
struct Waiting {
    name: String,
    baseline: String,
    state: State,
}

impl Report for List {
    const KIND: &'static str = "exp-list";

    fn human(&self, page: &mut Page) {
        if self.experiments.is_empty() && self.queue.is_empty() {
            page.line("no experiments of this commit; `-A` lists those of all");
            return;
        }
        let mut baseline = "";
        for one in &self.experiments {
            if one.baseline != baseline {
                page.line(format!("{}:", Style::Heading.paint(short(&one.baseline))));
                baseline = &one.baseline;
            }
            let said = one.message.as_deref().and_then(|said| said.lines().next()).map(|said| Style::Faint.paint(&format!("  {said}")));
            page.line(format!("  {} {}{}", Style::Faint.paint(short(&one.commit)), one.name, said.unwrap_or_default()));
        }
        if !self.queue.is_empty() {
            page.line(format!("{}:", Style::Heading.paint("queue")));
        }
        for one in &self.queue {
            page.line(format!("  {:<7} {}", word(one.state), one.name));
        }
    }
}

pub(super) fn word(state: State) -> &'static str {
    match state {
        State::Waiting => "queued",
        State::Running => "running",
        State::Failed => "failed",
    }
}

pub fn run(context: &Context, args: &ExpListArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let mut found = of_scope(&workspace, &args.scope)?;
    if args.name_only && !context.ui.is_json() {
        context.ui.raw(&found.iter().map(|one| format!("{}\n", one.name)).collect::<String>())?;
        return Ok(Exit::Done);
    }
    // Commits in the order of their newest experiment, the newest last as within each.
    let newest = |baseline: &str| found.iter().filter(|one| one.baseline == baseline).map(|one| one.created).max();
    let order: Vec<(Option<Timestamp>, String)> = found.iter().map(|one| (newest(&one.baseline), one.baseline.clone())).collect();
    let mut keyed: Vec<_> = order.into_iter().zip(found.drain(..)).collect();
    keyed.sort_by(|a, b| a.0.cmp(&b.0));
    let listed = |one: Experiment| Listed {
        name: one.name,
        commit: one.commit,
        baseline: one.baseline,
        created: one.created,
        message: one.note.as_ref().and_then(|note| note.message.clone()),
        note: one.note,
    };
    let queue = queue::list(&workspace)?.into_iter();
    let queue = queue.map(|entry| Waiting { name: entry.spec.name, baseline: entry.spec.snapshot.baseline, state: entry.state }).collect();
    context.ui.show(&List { experiments: keyed.into_iter().map(|(_, one)| listed(one)).collect(), queue })?;
    Ok(Exit::Done)
}
