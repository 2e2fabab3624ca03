//! `derm dag`.

use serde::Serialize;

use super::{Context, Exit, Failure};
use crate::cli::dag::DagArgs;
use crate::pipeline::draw::Drawing;
use crate::pipeline::{Project, target};
use crate::ui::{Page, Report};

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
    let drawing = Drawing::of(&project, &wanted(&project, context, &args.targets)?);
    let text = match (args.dot, args.mermaid, args.list) {
        (true, _, _) => drawing.dot(),
        (_, true, _) => drawing.mermaid(),
        (_, _, true) => drawing.list(),
        _ => drawing.text(width()),
    };
    let needs = |at: usize| drawing.needs[at].iter().map(|need| drawing.names[*need].clone()).collect();
    let stages = drawing.names.iter().enumerate().map(|(at, stage)| Node { stage: stage.clone(), needs: needs(at) }).collect();
    context.ui.show(&Dag { stages, text })?;
    Ok(Exit::Done)
}

fn wanted(project: &Project, context: &Context, targets: &[String]) -> Result<Vec<bool>, Failure> {
    if targets.is_empty() {
        return Ok(vec![true; project.stages.len()]);
    }
    let mut start = Vec::new();
    for target in targets {
        start.extend(target::resolve(project, &context.cwd, target)?);
    }
    Ok(project.graph.closure(&start, &project.graph.needs))
}

fn width() -> usize {
    let asked = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    asked.or_else(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))).unwrap_or(WIDTH)
}
