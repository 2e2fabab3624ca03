//! `derm dag`.

use std::path::Path;

use serde::Serialize;

use super::{Context, Exit, Failure};
use crate::cli::dag::DagArgs;
use crate::pipeline::draw::Drawing;
use crate::pipeline::draw::page::page;
use crate::pipeline::{self, Project, target};
use crate::store::{Store, Work};
use crate::text;
use crate::ui::{Page, Report};
use crate::workspace::atomic;

/// Columns when the terminal does not say.
const WIDTH: usize = 100;

#[derive(Serialize)]
struct Dag {
    stages: Vec<Node>,
    #[serde(skip)]
    text: String,
}

#[derive(Serialize)]
struct Node {
    stage: String,
    needs: Vec<String>,
}

impl Report for Dag {
    const KIND: &'static str = "dag";

    fn human(&self, page: &mut Page) {
        for line in self.text.lines() {
            page.line(line);
        }
    }
}

pub fn run(context: &Context, args: &DagArgs) -> Result<Exit, Failure> {
    let project = Project::load(&context.workspace()?)?;
    project.warnings.iter().for_each(|warning| context.ui.warn(warning));
    if project.stages.is_empty() {
        return Err(crate::pipeline::Error::NoPipelines.into());
    }
    let wanted = wanted(&project, context, &args.targets, args.full)?;
    if let Some(out) = &args.html {
        return write_page(context, &project, &wanted, args.expand, out);
    }
    let all = if args.outs { Drawing::outputs(&project, &wanted) } else { Drawing::of(&project, &wanted) };
    let few = || if args.outs || args.expand { all.clone() } else { Drawing::collapsed(&project, &wanted).0 };
    let text = match (args.dot, args.mermaid, args.list, args.md) {
        _ if context.ui.is_json() => String::new(),
        (true, ..) => all.dot(),
        (_, true, ..) => all.mermaid(),
        (_, _, true, _) => all.list(),
        (.., true) => format!("```mermaid\n{}```\n", few().mermaid()),
        _ => few().text(width()),
    };
    let needs = |at: usize| all.needs[at].iter().map(|need| all.names[*need].clone()).collect();
    let stages = all.names.iter().enumerate().filter(|_| context.ui.is_json());
    let stages = stages.map(|(at, stage)| Node { stage: stage.clone(), needs: needs(at) }).collect();
    context.ui.show(&Dag { stages, text })?;
    Ok(Exit::Done)
}

/// The page, with how the stages stand where that can be found out.
fn write_page(context: &Context, project: &Project, wanted: &[bool], expand: bool, out: &Path) -> Result<Exit, Failure> {
    let (drawing, members) = if expand {
        let members = project.graph.order.iter().filter(|index| wanted[**index]).map(|index| vec![*index]).collect();
        (Drawing::of(project, wanted), members)
    } else {
        Drawing::collapsed(project, wanted)
    };
    let store = Store::open(&project.workspace)?;
    let observer = context.ui.observer();
    let planned = pipeline::status(project, &store, Work { observer: &*observer, interrupt: &context.interrupt });
    let planned = planned.or_else(|error| {
        if error.is_interrupt() {
            return Err(error);
        }
        context.ui.warn(format!("how the stages stand is left out: {error}"));
        Ok(Vec::new())
    })?;
    atomic::write(&context.cwd.join(out), page(project, &drawing, &members, &planned).as_bytes())?;
    store.flush()?;
    context.ui.note(format!("{} in `{}`", text::count(members.iter().map(Vec::len).sum(), "stage", "stages"), out.display()));
    Ok(Exit::Done)
}

fn wanted(project: &Project, context: &Context, targets: &[String], full: bool) -> Result<Vec<bool>, Failure> {
    if targets.is_empty() {
        return Ok(vec![true; project.stages.len()]);
    }
    let mut start = Vec::new();
    for target in targets {
        start.extend(target::resolve(project, &context.cwd, target)?);
    }
    if !full {
        return Ok(project.graph.closure(&start, &project.graph.needs));
    }
    let mut wanted = vec![false; project.stages.len()];
    while let Some(stage) = start.pop() {
        if !std::mem::replace(&mut wanted[stage], true) {
            start.extend(project.graph.needs[stage].iter().chain(&project.graph.feeds[stage]).filter(|other| !wanted[**other]));
        }
    }
    Ok(wanted)
}

fn width() -> usize {
    let asked = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    asked.or_else(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))).unwrap_or(WIDTH)
}
