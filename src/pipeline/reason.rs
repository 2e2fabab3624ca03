//! Why a stage is run or not: decided once, shown by `status`, by `repro -v` and in JSON alike.

use serde::Serialize;

use super::stage::Command;
use super::value::Value;
use crate::relpath::RelPath;
use crate::text;

/// What a look at a stage came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Nothing to do.
    Fresh,
    /// Inputs and command are as recorded; only outputs are not as they should be, and the cache has them all.
    Restore(Vec<Reason>),
    /// It has to run.
    Stale(Vec<Reason>),
}

impl Verdict {
    /// The reasons; none when fresh.
    pub fn reasons(&self) -> &[Reason] {
        match self {
            Verdict::Fresh => &[],
            Verdict::Restore(reasons) | Verdict::Stale(reasons) => reasons,
        }
    }

    /// Whether nothing is to be done.
    pub fn is_fresh(&self) -> bool {
        *self == Verdict::Fresh
    }
}

/// How a path differs from its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Difference {
    /// Nothing is there.
    Missing,
    /// The content is another.
    Modified,
    /// There is no record of it.
    New,
    /// It is as recorded, but the cache lacks it.
    NotInCache,
}

/// One reason to run a stage.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Reason {
    /// Asked for with `--force`.
    Forced,
    /// There is no record of it.
    NeverRun,
    /// The command is another.
    CommandChanged {
        /// As recorded.
        old: String,
        /// As defined now.
        new: String,
    },
    /// It says `always_changed`.
    AlwaysChanged,
    /// It has neither inputs nor outputs to decide by.
    NothingToCompare,
    /// A file or folder that it reads.
    Dep {
        /// The dependency.
        path: RelPath,
        /// How it differs.
        change: Difference,
        /// Files that differ inside a folder: at most [`SHOWN`], those added with `+`, deleted with `-`, others with `~`.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        files: Vec<String>,
        /// How many files differ, when known.
        #[serde(skip_serializing_if = "is_zero")]
        count: usize,
    },
    /// A parameter that it reads.
    Param {
        /// The file.
        file: RelPath,
        /// The dotted key.
        key: String,
        /// As recorded; null when it was not.
        old: Option<Value>,
        /// Now; null when it is gone.
        new: Option<Value>,
    },
    /// An output.
    Out {
        /// The output.
        path: RelPath,
        /// How it differs.
        change: Difference,
    },
    /// Inputs were edited while it ran last.
    ChangedDuringRun {
        /// The inputs.
        paths: Vec<RelPath>,
    },
    /// A stage before it will run; if that makes the same again, this one is skipped.
    Upstream {
        /// The stages.
        stages: Vec<String>,
    },
}

/// Files of a folder that a reason names one by one.
pub const SHOWN: usize = 5;

fn is_zero(n: &usize) -> bool {
    *n == 0
}

impl Reason {
    /// In words: a fragment.
    pub fn text(&self) -> String {
        match self {
            Reason::Forced => "forced".to_owned(),
            Reason::NeverRun => "never run".to_owned(),
            Reason::CommandChanged { old, new } => format!("command changed from `{}` to `{}`", short(old), short(new)),
            Reason::AlwaysChanged => "it says `always_changed`".to_owned(),
            Reason::NothingToCompare => "it has neither inputs nor outputs, so it runs every time".to_owned(),
            Reason::Dep { path, change, files, count } => dep(path, *change, files, *count),
            Reason::Param { file, key, old, new } => {
                let name = if file.as_str() == "params.yaml" { format!("parameter `{key}`") } else { format!("parameter `{file}:{key}`") };
                match (old, new) {
                    (Some(old), Some(new)) => format!("{name} changed from {} to {}", short(&old.json()), short(&new.json())),
                    (None, Some(_)) => format!("{name} is new"),
                    (_, None) => format!("{name} is missing"),
                }
            }
            Reason::Out { path, change } => match change {
                Difference::Missing => format!("output `{path}` is missing"),
                Difference::Modified => format!("output `{path}` was modified"),
                Difference::New => format!("output `{path}` is new"),
                Difference::NotInCache => format!("output `{path}` is not in the cache"),
            },
            Reason::ChangedDuringRun { paths } => format!("{} changed while it ran", text::quoted_list(&names(paths))),
            Reason::Upstream { stages } => format!("{} will run first", text::quoted_list(stages)),
        }
    }
}

fn dep(path: &RelPath, change: Difference, files: &[String], count: usize) -> String {
    let what = match change {
        Difference::Missing => return format!("dependency `{path}` is missing"),
        Difference::New => return format!("dependency `{path}` is new"),
        Difference::Modified | Difference::NotInCache => format!("dependency `{path}` was modified"),
    };
    match (files.is_empty(), count.saturating_sub(files.len())) {
        (true, _) => what,
        (false, 0) => format!("{what}: {}", files.join(", ")),
        (false, more) => format!("{what}: {} and {more} more", files.join(", ")),
    }
}

fn names(paths: &[RelPath]) -> Vec<&str> {
    paths.iter().map(RelPath::as_str).collect()
}

/// As much as fits into a line.
fn short(text: &str) -> String {
    let line = text.replace('\n', " ⏎ ");
    match line.char_indices().nth(120) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line,
    }
}

/// A command as a reason shows it.
pub fn command_text(cmd: &Command) -> String {
    match cmd {
        Command::Text(text) => text.clone(),
        Command::List(items) => Value::List(items.iter().map(|item| Value::Text(item.clone())).collect()).json(),
    }
}
