//! `derm data`.

mod audit;
mod extract;
mod ingest;
mod split;
mod stats;

use std::path::Path;

use super::{Context, Exit, Failure};
use crate::cli::data::{DataArgs, DataCommand};
use crate::dataset::{Dataset, Split, Work};
use crate::observer::Observer;
use crate::workspace::atomic;
use crate::workspace::settings::Settings;

pub fn run(context: &Context, args: &DataArgs) -> Result<Exit, Failure> {
    match &args.command {
        DataCommand::Ingest(args) => ingest::run(context, args),
        DataCommand::Split(args) => split::run(context, args),
        DataCommand::Audit(args) => audit::run(context, args),
        DataCommand::Stats(args) => stats::run(context, args),
        DataCommand::Extract(args) => extract::run(context, args),
    }
}

/// What images of a class are called; `alone`: they are all there are.
fn class_word(class: Option<&str>, of_none: bool, alone: bool) -> &str {
    match class {
        Some(name) => name,
        None if of_none => "(none of them)",
        None if alone => "all",
        None => "(not labelled)",
    }
}

/// A path for JSON and for reports: as typed, but never the machine's own folders.
fn shown(path: &Path) -> String {
    let path = if path.is_absolute() { path.file_name().map(Path::new).unwrap_or(path) } else { path };
    path.display().to_string().replace('\\', "/")
}

fn work<'a>(context: &'a Context, observer: &'a dyn Observer) -> Work<'a> {
    Work { observer, interrupt: &context.interrupt }
}

/// The options of `--params`.
fn settings(context: &Context, spec: Option<&str>) -> Result<Option<Settings>, Failure> {
    let Some(spec) = spec else { return Ok(None) };
    let (path, key) = Settings::parse_spec(spec);
    Ok(Some(Settings::read(&context.cwd.join(path), key.as_deref())?))
}

/// A dataset and, if one is named, its split.
fn open(context: &Context, dataset: &Path, split: Option<&Path>) -> Result<(Dataset, Option<Split>), Failure> {
    let dataset = Dataset::open(&context.cwd.join(dataset))?;
    let split = split.map(|path| Split::read(&context.cwd.join(path), &dataset)).transpose()?;
    Ok((dataset, split))
}

/// Writes a file whole or not at all, making its folder.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .map_err(|error| Failure::new(format!("cannot create `{}`", folder.display())).cause(error.to_string()))?;
    }
    Ok(atomic::write(path, bytes)?)
}
