//! `derm data extract`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{shown, work};
use crate::cli::data::extract::ExtractArgs;
use crate::commands::{Context, Exit, Failure};
use crate::dataset::extract::{Extracted, What, extract};
use crate::dataset::ingest::label_stem;
use crate::text::{count, grouped};
use crate::ui::{Align, Page, Report, Table};

pub fn run(context: &Context, args: &ExtractArgs) -> Result<Exit, Failure> {
    let stacks = named(context, args)?;
    let what = if args.labels { What::Labels { classes: 1 } } else { What::Images };
    let observer = context.ui.observer();
    let done = extract(&stacks, what, &context.cwd.join(&args.out), work(context, observer.as_ref()))?;
    context.ui.show(&Done::new(&args.out, args.labels, done))?;
    Ok(Exit::Done)
}

/// Every file with the name of its folder of pages; a name twice is wrong usage.
fn named(context: &Context, args: &ExtractArgs) -> Result<Vec<(String, PathBuf)>, Failure> {
    let mut found: BTreeMap<String, PathBuf> = BTreeMap::new();
    for typed in &args.stacks {
        for file in files(&context.cwd.join(typed), typed)? {
            let stem = file.file_stem().and_then(|stem| stem.to_str());
            let stem = stem.ok_or_else(|| Failure::usage(format!("the name of `{}` is not plain UTF-8", file.display())))?;
            let name = if args.labels { label_stem(stem) } else { stem }.to_owned();
            if let Some(first) = found.insert(name.clone(), file.clone())
                && first != file
            {
                let message = format!("`{}` and `{}` would both become `{name}`", first.display(), file.display());
                return Err(Failure::usage(message).hint("extract them into two folders"));
            }
        }
    }
    Ok(found.into_iter().collect())
}

/// The file itself, or the TIFF files of a folder.
fn files(path: &Path, typed: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let failed = |error: std::io::Error| Failure::usage(format!("cannot read `{}`", typed.display())).cause(error.to_string());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let end = path.extension().map(|end| end.to_string_lossy().to_ascii_lowercase());
        if matches!(end.as_deref(), Some("tif" | "tiff")) {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(Failure::usage(format!("the folder `{}` holds no TIFF files", typed.display())));
    }
    Ok(files)
}

/// What is told after an extraction.
#[derive(Serialize)]
struct Done {
    folder: String,
    labels: bool,
    pages: usize,
    stacks: Vec<StackDone>,
}

#[derive(Serialize)]
struct StackDone {
    stack: String,
    pages: usize,
    /// What became 0 and 255.
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<[f64; 2]>,
    /// Pages with a label.
    #[serde(skip_serializing_if = "Option::is_none")]
    labelled: Option<usize>,
}

impl Done {
    fn new(out: &Path, labels: bool, done: Vec<Extracted>) -> Self {
        let stack = |one: Extracted| StackDone {
            stack: one.stack,
            pages: one.pages,
            range: one.range.map(|range| [range.low, range.high]),
            labelled: labels.then_some(one.shown),
        };
        Self { folder: shown(out), labels, pages: done.iter().map(|one| one.pages).sum(), stacks: done.into_iter().map(stack).collect() }
    }
}

impl Report for Done {
    const KIND: &'static str = "extract";

    fn human(&self, page: &mut Page) {
        let pages = count(self.pages, "page", "pages");
        page.line(format!("{}: {pages} of {}", self.folder, count(self.stacks.len(), "stack", "stacks"))).blank();
        let last = if self.labels { "labelled" } else { "0 to 255 stands for" };
        let mut table = Table::new([("stack", Align::Left), ("pages", Align::Right), (last, Align::Right)]);
        for stack in &self.stacks {
            let range = stack.range.map(|[low, high]| format!("{low} to {high}"));
            let last = range.or_else(|| stack.labelled.map(|n| grouped(n as u64))).unwrap_or_default();
            table.row([stack.stack.clone(), grouped(stack.pages as u64), last]);
        }
        page.table(&table);
    }
}
