//! `derm stage`.

mod add;

use serde::Serialize;

use super::{Context, Exit, Failure};
use crate::cli::stage::{ListArgs, StageArgs, StageCommand};
use crate::pipeline::stage::{Command, Out, Role, Stage};
use crate::pipeline::{Project, target};
use crate::relpath::RelPath;
use crate::text;
use crate::ui::{Align, Page, Report, Style, Table};

pub fn run(context: &Context, args: &StageArgs) -> Result<Exit, Failure> {
    match &args.command {
        StageCommand::List(args) => list(context, args),
        StageCommand::Add(args) => add::run(context, args),
    }
}

#[derive(Serialize)]
struct List {
    stages: Vec<Listed>,
    #[serde(skip)]
    name_only: bool,
}

#[derive(Serialize)]
struct Listed {
    stage: String,
    /// Its file.
    file: RelPath,
    /// The `foreach` or `matrix` that made it.
    group: Option<String>,
    cmd: serde_json::Value,
    wdir: RelPath,
    deps: Vec<RelPath>,
    params: Vec<Params>,
    outs: Vec<Made>,
    frozen: bool,
    always_changed: bool,
    desc: Option<String>,
    /// With its file where others have one of that name.
    #[serde(skip)]
    label: String,
}

#[derive(Serialize)]
struct Params {
    file: RelPath,
    /// `null` is all of the file.
    keys: Option<Vec<String>>,
}

#[derive(Serialize)]
struct Made {
    path: RelPath,
    role: Role,
    cache: bool,
    persist: bool,
    push: bool,
    remote: Option<String>,
}

fn list(context: &Context, args: &ListArgs) -> Result<Exit, Failure> {
    let project = Project::load(&context.workspace()?)?;
    project.warnings.iter().for_each(|warning| context.ui.warn(warning));
    let mut wanted: Vec<usize> = (0..project.stages.len()).collect();
    if !args.targets.is_empty() {
        let mut named = std::collections::HashSet::new();
        for typed in &args.targets {
            named.extend(target::resolve(&project, &context.cwd, typed)?);
        }
        wanted.retain(|index| named.contains(index));
    }
    let stages = wanted.into_iter().map(|index| listed(&project, index)).collect();
    context.ui.show(&List { stages, name_only: args.name_only })?;
    Ok(Exit::Done)
}

fn listed(project: &Project, index: usize) -> Listed {
    let stage: &Stage = &project.stages[index];
    let made = |out: &Out| Made {
        path: out.path.clone(),
        role: out.role,
        cache: out.cache,
        persist: out.persist,
        push: out.push,
        remote: out.remote.clone(),
    };
    Listed {
        stage: stage.name.clone(),
        file: project.pipelines[stage.pipeline].file.clone(),
        group: stage.group.clone(),
        cmd: match &stage.cmd {
            Command::Text(text) => text.as_str().into(),
            Command::List(items) => items.as_slice().into(),
        },
        wdir: stage.wdir.clone(),
        deps: stage.deps.clone(),
        params: stage.params.iter().map(|params| Params { file: params.file.clone(), keys: params.keys.clone() }).collect(),
        outs: stage.outs.iter().map(made).collect(),
        frozen: stage.frozen,
        always_changed: stage.always_changed,
        desc: stage.desc.clone(),
        label: project.label(index).to_owned(),
    }
}

/// Paths that a line of the table names.
const SHOWN: usize = 3;

impl Listed {
    fn makes(&self) -> String {
        let names: Vec<&str> = self.outs.iter().map(|out| out.path.as_str()).collect();
        match names.len() {
            0 => String::new(),
            n if n <= SHOWN => names.join(", "),
            n => format!("{} and {} more", names[..SHOWN].join(", "), n - SHOWN),
        }
    }

    fn remarks(&self) -> String {
        let flags = [(self.frozen, "frozen"), (self.always_changed, "runs every time")];
        let words = flags.into_iter().filter(|(is, _)| *is).map(|(_, word)| word.to_owned());
        words.chain(self.desc.as_ref().map(|desc| desc.lines().next().unwrap_or_default().to_owned())).collect::<Vec<_>>().join("; ")
    }
}

impl Report for List {
    const KIND: &'static str = "stages";

    fn human(&self, page: &mut Page) {
        if self.name_only {
            for stage in &self.stages {
                page.line(&stage.label);
            }
            return;
        }
        if self.stages.is_empty() {
            page.line("no stages");
            return;
        }
        let mut table = Table::new([("stage", Align::Left), ("makes", Align::Left), ("", Align::Left)]);
        for stage in &self.stages {
            table.row([stage.label.clone(), stage.makes(), Style::Faint.paint(&stage.remarks())]);
        }
        page.table(&table);
        page.blank().line(text::count(self.stages.len(), "stage", "stages"));
    }
}
