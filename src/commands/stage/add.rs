//! `derm stage add`.

use std::path::Path;

use clap::FromArgMatches;
use serde::Serialize;

use crate::cli::stage::AddArgs;
use crate::cli::{self, Cli, Command};
use crate::commands::{Context, Exit, Failure, repro};
use crate::pipeline::problem::Source;
use crate::pipeline::stage_file::{self, Draft, Out, Params};
use crate::pipeline::template::flags::quote;
use crate::pipeline::{Error, Project, project};
use crate::relpath::RelPath;
use crate::text;
use crate::ui::{Page, Report};
use crate::workspace::{Workspace, atomic};

#[derive(Serialize)]
struct Added {
    stage: String,
    file: RelPath,
    /// Whether one of that name was there.
    replaced: bool,
}

impl Report for Added {
    const KIND: &'static str = "stage-add";

    fn human(&self, page: &mut Page) {
        let word = if self.replaced { "replaced" } else { "added" };
        page.line(format!("{word} stage `{}` in `{}`", self.stage, self.file));
    }
}

pub fn run(context: &Context, args: &AddArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    check_name(&args.name)?;
    let before = Project::load(&workspace)?;
    let file = file(context, &workspace, &before, args.file.as_deref())?;
    let here = workspace.relative(&context.cwd, Path::new("."))?;
    let source = project::source(&workspace, &file)?;
    let draft = draft(args, project::base(&file).as_ref(), &here);
    let old = before.stages.iter().any(|stage| stage.name == args.name && before.pipelines[stage.pipeline].file == file);
    let text = stage_file::add(&source, &draft, args.force).map_err(Error::from)?;
    // Everything is understood with it, or it is not written.
    before.with(Source { path: file.clone(), text: text.as_str().into() })?;
    let path = file.on_disk(workspace.root());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    atomic::write(&path, text.as_bytes())?;
    let added = Added { stage: args.name.clone(), file: file.clone(), replaced: old };
    if !args.run {
        context.ui.show(&added)?;
        return Ok(Exit::Done);
    }
    context.ui.note(format!("added stage `{}` in `{file}`", args.name));
    run_it(context, &format!("{file}:{}", args.name))
}

/// As `derm repro --single` does.
fn run_it(context: &Context, stage: &str) -> Result<Exit, Failure> {
    let typed = ["derm", "repro", "--single", stage];
    let parsed = cli::command().try_get_matches_from(typed).and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed {
        Ok(Cli { command: Some(Command::Repro(args)), .. }) => repro::run(context, &args),
        _ => Err(Failure::usage(format!("type `derm repro --single {}`", text::shell_word(stage)))),
    }
}

/// The names that DVC gives out: letters, digits, `-` and `_`, and what is no punctuation at all.
fn check_name(name: &str) -> Result<(), Failure> {
    let bad = |c: char| (c.is_ascii_punctuation() && !matches!(c, '-' | '_')) || c.is_control();
    if name.trim().is_empty() || name.chars().any(bad) {
        return Err(Failure::usage(format!("`{name}` is no name for a stage")).hint("a name has no punctuation but `-` and `_`"));
    }
    Ok(())
}

/// The file that it goes into.
fn file(context: &Context, workspace: &Workspace, project: &Project, asked: Option<&str>) -> Result<RelPath, Failure> {
    if let Some(asked) = asked {
        let file = workspace.relative(&context.cwd, Path::new(asked))?;
        return match project::is_pipeline(&file) {
            true => Ok(file),
            false => {
                Err(Failure::usage(format!("`{asked}` is no pipeline file")).hint("those are `pipelines/NAME.yaml` and any `dvc.yaml`"))
            }
        };
    }
    let beside = workspace.relative(&context.cwd, Path::new("dvc.yaml"))?;
    if beside.on_disk(workspace.root()).is_file() {
        return Ok(beside);
    }
    let named: Vec<&RelPath> =
        project.pipelines.iter().map(|pipeline| &pipeline.file).filter(|file| file.name() != Some("dvc.yaml")).collect();
    match named.as_slice() {
        [] => Ok(RelPath::new("pipelines/main.yaml").unwrap_or_default()),
        [only] => Ok((*only).clone()),
        several => {
            let hints = several.iter().take(5).map(|file| format!("`--file {file}`")).collect::<Vec<_>>().join(" or ");
            Err(Failure::usage("there are several pipeline files").hint(format!("name one: {hints}")))
        }
    }
}

fn draft(args: &AddArgs, base: Option<&RelPath>, here: &RelPath) -> Draft {
    // Where the file's paths start elsewhere, this folder is the stage's own.
    let start = base.cloned().unwrap_or_default();
    let folder = match &args.wdir {
        Some(wdir) => RelPath::resolve(here, wdir).unwrap_or_else(|_| here.clone()),
        None => here.clone(),
    };
    let outs = [
        ("outs", &args.outs, true, false),
        ("outs", &args.outs_no_cache, false, false),
        ("outs", &args.outs_persist, true, true),
        ("outs", &args.outs_persist_no_cache, false, true),
        ("metrics", &args.metrics, true, false),
        ("metrics", &args.metrics_no_cache, false, false),
        ("plots", &args.plots, true, false),
        ("plots", &args.plots_no_cache, false, false),
    ];
    let out = |(section, paths, cache, persist): (&'static str, &Vec<String>, bool, bool)| {
        paths.iter().map(move |path| Out { section, path: path.clone(), cache, persist }).collect::<Vec<_>>()
    };
    Draft {
        name: args.name.clone(),
        cmd: match args.command.as_slice() {
            [only] => only.clone(),
            words => words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" "),
        },
        desc: args.desc.clone(),
        wdir: (folder != start).then(|| folder.seen_from(&start)),
        deps: args.deps.clone(),
        params: params(&args.params),
        outs: outs.into_iter().flat_map(out).collect(),
        always_changed: args.always_changed,
    }
}

/// `key,key` of the default file, `FILE:key,key`, `FILE:`.
fn params(typed: &[String]) -> Vec<Params> {
    let mut found: Vec<Params> = Vec::new();
    for text in typed {
        let (file, keys) = match text.split_once(':') {
            Some((file, keys)) => (Some(file.to_owned()), keys),
            None => (None, text.as_str()),
        };
        let keys: Vec<String> = keys.split(',').map(str::trim).filter(|key| !key.is_empty()).map(str::to_owned).collect();
        match found.iter_mut().find(|params| params.file == file && params.keys.is_empty() == keys.is_empty()) {
            Some(params) => params.keys.extend(keys),
            None => found.push(Params { file, keys }),
        }
    }
    found
}
