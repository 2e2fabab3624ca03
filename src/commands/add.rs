//! `derm add`.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use globset::GlobBuilder;
use ignore::WalkBuilder;
use serde::Serialize;

use super::{Context, Exit, Failure, transfer};
use crate::cli::add::AddArgs;
use crate::relpath::RelPath;
use crate::store::add::{Added, add, add_to_remote};
use crate::store::{Store, Work, pointer};
use crate::text;
use crate::ui::{Align, Page, Report, Style, Table};
use crate::workspace::{Workspace, rules};

#[derive(Serialize)]
struct AddReport {
    added: Vec<Added>,
    /// What to commit: pointers and `.gitignore` files.
    commit: Vec<RelPath>,
    /// `git add …` for the folder that the user stands in.
    #[serde(skip)]
    to_commit: String,
}

impl Report for AddReport {
    const KIND: &'static str = "add";

    fn human(&self, page: &mut Page) {
        let mut table = Table::new([("path", Align::Left), ("files", Align::Right), ("size", Align::Right), ("", Align::Left)]);
        for added in &self.added {
            let state = match &added.before {
                None => Style::Good.paint("new"),
                Some(before) if *before == added.entry => Style::Faint.paint("unchanged"),
                Some(_) => Style::Changed.paint("changed"),
            };
            table.row([added.path.to_string(), text::grouped(added.entry.files), text::bytes(added.entry.size), state]);
        }
        page.table(&table);
        if self.added.iter().any(|added| added.before.as_ref() != Some(&added.entry)) {
            page.blank().line(format!("To commit: {}", self.to_commit));
        }
    }
}

pub fn run(context: &Context, args: &AddArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let paths = resolve(context, &workspace, &args.paths)?;
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    let _lock = workspace.lock(work.observer, work.interrupt)?;
    let store = Store::open(&workspace)?;
    let added = match args.to_remote {
        true => add_to_remote(&workspace, &store, &transfer::open(context, &workspace, args.remote.as_deref())?, &paths, &work),
        false => add(&workspace, &store, &paths, &work),
    };
    // What was hashed stays known when a later path fails.
    let flushed = store.flush();
    let added = added?;
    flushed?;
    let commit = to_commit(&added);
    let to_commit = git_add(&workspace, &commit);
    context.ui.show(&AddReport { added, commit, to_commit })?;
    Ok(Exit::Done)
}

/// The pointers, and each `.gitignore` that got a line.
fn to_commit(added: &[Added]) -> Vec<RelPath> {
    let files = added.iter().flat_map(|added| [Some(added.pointer.clone()), added.ignored.then(|| gitignore_of(&added.path))]);
    files.flatten().collect::<BTreeSet<_>>().into_iter().collect()
}

/// The command that stages `files`, as it works in the folder that the shell is in, whatever `--cd` says.
fn git_add(workspace: &Workspace, files: &[RelPath]) -> String {
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).ok();
    let below = here.as_deref().and_then(|here| RelPath::strip(workspace.root(), here).ok());
    let start = match &below {
        Some(_) => "git add".to_owned(),
        None => format!("git -C {} add", text::shell_word(&workspace.root().display().to_string())),
    };
    let from = below.unwrap_or_default();
    files.iter().fold(start, |command, file| format!("{command} {}", text::shell_word(&file.seen_from(&from))))
}

fn gitignore_of(path: &RelPath) -> RelPath {
    path.parent().unwrap_or_default().join(".gitignore")
}

/// What was typed: paths as they are, patterns expanded, `-` read from stdin; without repetition.
fn resolve(context: &Context, workspace: &Workspace, typed: &[String]) -> Result<Vec<RelPath>, Failure> {
    let mut found: Vec<RelPath> = Vec::new();
    for text in typed {
        let paths = match text.as_str() {
            "-" => from_stdin()?,
            text if context.cwd.join(text).symlink_metadata().is_err() && text.contains(['*', '?', '[', '{']) => {
                expand(&context.cwd, text)?
            }
            text => vec![PathBuf::from(text)],
        };
        for path in paths {
            let path = workspace.relative(&context.cwd, &path)?;
            if !found.contains(&path) {
                found.push(path);
            }
        }
    }
    if found.is_empty() { Err(Failure::usage("no path was given").hint("stdin held no lines")) } else { Ok(found) }
}

fn from_stdin() -> Result<Vec<PathBuf>, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    read.map_err(|error| Failure::usage("cannot read paths from stdin").cause(error.to_string()))?;
    Ok(text.lines().filter(|line| !line.is_empty()).map(PathBuf::from).collect())
}

/// The paths that match a pattern, sorted; `*` does not cross folders, `**` does. Pointers and what the
/// default rules leave out do not match.
fn expand(cwd: &Path, pattern: &str) -> Result<Vec<PathBuf>, Failure> {
    let glob = GlobBuilder::new(pattern.trim_start_matches("./")).literal_separator(true).build();
    let matcher =
        glob.map_err(|error| Failure::usage(format!("`{pattern}` is no pattern")).cause(error.kind().to_string()))?.compile_matcher();
    let mut walk = WalkBuilder::new(cwd);
    walk.standard_filters(false).sort_by_file_name(Ord::cmp);
    rules::FILES.iter().for_each(|name| {
        walk.add_custom_ignore_filename(name);
    });
    if !pattern.contains("**") {
        walk.max_depth(Some(pattern.matches('/').count() + 1));
    }
    walk.filter_entry(|entry| entry.depth() == 0 || entry.file_name().to_str().is_some_and(|name| !rules::always(name)));
    let below = |entry: ignore::DirEntry| entry.path().strip_prefix(cwd).ok().map(Path::to_owned);
    let mut found: Vec<PathBuf> = Vec::new();
    for path in walk.build().flatten().filter_map(below) {
        let inside = found.iter().any(|folder| path.starts_with(folder));
        let is_pointer = path.to_str().is_some_and(|path| path.ends_with(pointer::SUFFIX));
        if matcher.is_match(&path) && !inside && !is_pointer {
            found.push(path);
        }
    }
    if found.is_empty() { Err(Failure::usage(format!("nothing matches `{pattern}`"))) } else { Ok(found) }
}
