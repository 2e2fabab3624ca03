//! `derm params`.

mod set;

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Context, Exit, Failure};
use crate::cli::params::{ParamsArgs, ParamsCommand, ParamsShowArgs};
use crate::pipeline::metrics::{self, Listing};
use crate::pipeline::problem::Problem;
use crate::pipeline::value::Value;
use crate::pipeline::{Error, Project};
use crate::relpath::RelPath;
use crate::ui::{Align, Page, Report, Style, Table};

pub fn run(context: &Context, args: &ParamsArgs) -> Result<Exit, Failure> {
    match &args.command {
        ParamsCommand::Show(args) => show(context, args),
        ParamsCommand::Set(args) => set::run(context, args),
    }
}

#[derive(Serialize)]
struct Params {
    params: Vec<Param>,
    #[serde(skip)]
    origin: bool,
}

#[derive(Serialize)]
struct Param {
    file: RelPath,
    key: String,
    value: Value,
    /// For YAML files.
    line: Option<usize>,
    /// Stages that read it.
    stages: Vec<String>,
}

fn show(context: &Context, args: &ParamsShowArgs) -> Result<Exit, Failure> {
    let project = Project::load(&context.workspace()?)?;
    let listing = match named(context, &project, &args.files)? {
        Some(files) => metrics::list(&project, files),
        None => metrics::params(&project),
    };
    if !args.files.is_empty() {
        present(&listing)?;
    }
    let mut params = Vec::new();
    for listed in &listing.files {
        for (key, value) in &listed.values {
            let stages = metrics::readers(&project, &listed.file, key).into_iter().map(str::to_owned).collect();
            let line = listed.lines.get(key).copied();
            params.push(Param { file: listed.file.clone(), key: key.clone(), value: value.clone(), line, stages });
        }
    }
    context.ui.show(&Params { params, origin: args.origin })?;
    finish(context, listing)
}

/// The files that a user named, relative to where the user is.
pub(super) fn named(context: &Context, project: &Project, files: &[String]) -> Result<Option<BTreeSet<RelPath>>, Failure> {
    if files.is_empty() {
        return Ok(None);
    }
    let path = |file: &String| project.workspace.relative(&context.cwd, std::path::Path::new(file));
    Ok(Some(files.iter().map(path).collect::<Result<_, _>>()?))
}

/// Files that a user named are there.
pub(super) fn present(listing: &Listing) -> Result<(), Error> {
    if listing.missing.is_empty() { Ok(()) } else { Err(Error::NoFiles(listing.missing.iter().map(ToString::to_string).collect())) }
}

/// Reports files that could not be shown; the command then fails although the rest was shown.
pub(super) fn finish(context: &Context, listing: Listing) -> Result<Exit, Failure> {
    for file in &listing.missing {
        context.ui.warn(format!("`{file}` does not exist"));
    }
    if listing.problems.is_empty() {
        return Ok(Exit::Done);
    }
    if context.ui.is_json() {
        // The one document is out already.
        let say = |problem: &Problem| context.ui.warn(format!("{}: {}", problem.place, problem.message));
        listing.problems.iter().for_each(say);
        return Ok(Exit::Usage);
    }
    Err(Error::Definition(listing.problems).into())
}

impl Report for Params {
    const KIND: &'static str = "params";

    fn human(&self, page: &mut Page) {
        if self.params.is_empty() {
            page.line("no parameters");
            return;
        }
        let mut columns = vec![("file", Align::Left), ("parameter", Align::Left), ("value", Align::Left)];
        if self.origin {
            columns.extend([("where", Align::Left), ("read by", Align::Left)]);
        }
        let mut table = Table::with_columns(columns.into_iter().map(|(name, align)| (name.to_owned(), align)).collect());
        for param in &self.params {
            let mut row = vec![param.file.to_string(), param.key.clone(), param.value.shown()];
            if self.origin {
                let line = param.line.map(|line| format!("{}:{line}", param.file)).unwrap_or_default();
                row.extend([Style::Faint.paint(&line), param.stages.join(", ")]);
            }
            table.row(row);
        }
        page.table(&table);
    }
}
