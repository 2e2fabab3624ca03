//! `derm` without arguments: what to type first. Exit code 0, since it answers a question.

use super::{Context, Exit, Failure};
use crate::ui::{Page, Style};
use crate::workspace::{self, Workspace};

pub fn run(context: &Context) -> Result<Exit, Failure> {
    if context.ui.is_json() {
        return Err(Failure::usage("no command is given").hint("`derm --help` lists the commands"));
    }
    let mut page = Page::default();
    page.line(concat!("derm ", env!("CARGO_PKG_VERSION"), ": from a folder of skin images to an audited, reproducible, exportable model"));
    page.blank();
    match Workspace::discover(&context.cwd) {
        Ok(workspace) => inside(&mut page, &workspace),
        Err(workspace::Error::NoRepository { .. }) => outside(&mut page),
        Err(_) => damaged(&mut page),
    }
    page.blank().line("`derm --help` lists all commands, `derm help COMMAND` explains one.");
    context.ui.raw(&page.into_text())?;
    Ok(Exit::Done)
}

fn outside(page: &mut Page) {
    page.line("This folder is in no derm repository yet. Type first:").blank();
    commands(page, &[("derm init", "make this folder a repository"), ("derm init --git", "the same, and a git repository too")]);
}

fn inside(page: &mut Page, workspace: &Workspace) {
    page.line(format!("The repository is {}. What to type next:", workspace.root().display())).blank();
    let has_pipelines = workspace.root().join("pipelines").is_dir() || workspace.root().join("dvc.yaml").is_file();
    let status = ("derm status", "see what changed");
    if has_pipelines {
        let repro = ("derm repro", "run what is out of date");
        commands(page, &[repro, status, ("derm dag", "see the stages"), ("derm runs list", "see what was trained")]);
    } else {
        let ingest = ("derm data ingest FOLDER --out data/skin", "make a dataset of a folder of images");
        commands(page, &[ingest, ("derm add PATH", "put data under version control"), status]);
    }
}

fn damaged(page: &mut Page) {
    page.line("The repository's settings cannot be read. Type first:").blank();
    commands(page, &[("derm doctor", "see what is wrong with them")]);
}

fn commands(page: &mut Page, lines: &[(&str, &str)]) {
    let widest = lines.iter().map(|(command, _)| command.len()).max().unwrap_or(0).max(16);
    for (command, about) in lines {
        let gap = " ".repeat(widest - command.len());
        page.line(format!("  {}{gap}  {about}", Style::Good.paint(command)));
    }
}
