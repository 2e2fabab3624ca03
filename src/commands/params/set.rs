//! `derm params set`.

use serde::Serialize;

use crate::cli::params::set::ParamsSetArgs;
use crate::commands::{Context, Exit, Failure};
use crate::experiments::overrides::{self, DEFAULT_FILE, How, Override};
use crate::pipeline::edit;
use crate::pipeline::value::Value;
use crate::relpath::RelPath;
use crate::ui::{Page, Report, Style};
use crate::workspace::{Workspace, atomic};

#[derive(Serialize)]
struct Changes {
    params: Vec<Change>,
    /// Nothing was written.
    dry: bool,
}

#[derive(Serialize)]
struct Change {
    file: RelPath,
    key: String,
    /// `null` also where it was not there: see `added`.
    old: Option<Value>,
    new: Option<Value>,
    added: bool,
    removed: bool,
}

pub fn run(context: &Context, args: &ParamsSetArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let mut wanted = Vec::new();
    for typed in &args.set {
        let mut one = Override::parse(typed)?;
        if args.add && one.how == How::Set {
            one.how = How::Put;
        }
        one.file = Some(file(context, &workspace, &one)?.to_string());
        wanted.push(one);
    }
    if let Some(sweep) = wanted.iter().find(|one| one.given.is_some() && one.edit().is_none()) {
        let key = &sweep.key;
        return Err(Failure::usage(format!("`{key}` is given several values, and a file holds one"))
            .hint(format!("a list is written `{key}=[A,B]`, a text with a comma `{key}='\"A,B\"'`"))
            .hint("`derm exp run -S` and `derm sweep -S` try several"));
    }
    let applied = overrides::apply(workspace.root(), &wanted)?;
    if !args.dry {
        for one in applied.iter().filter(|one| one.changed.iter().any(|changed| !idle(changed))) {
            atomic::write(&one.file.on_disk(workspace.root()), one.text.as_bytes())?;
        }
    }
    let of = |one: overrides::Applied| {
        let file = one.file;
        one.changed.into_iter().map(move |changed| Change {
            file: file.clone(),
            added: changed.old.is_none() && changed.new.is_some(),
            removed: changed.new.is_none(),
            key: changed.key,
            old: changed.old,
            new: changed.new,
        })
    };
    context.ui.show(&Changes { params: applied.into_iter().flat_map(of).collect(), dry: args.dry })?;
    Ok(Exit::Done)
}

/// The file that is meant: one by name from where the user is; else `params.yaml` there, if there is one, else in the root.
fn file(context: &Context, workspace: &Workspace, one: &Override) -> Result<RelPath, Failure> {
    let beside = |name: &str| workspace.relative(&context.cwd, std::path::Path::new(name));
    match &one.file {
        Some(name) => Ok(beside(name)?),
        None => match beside(DEFAULT_FILE) {
            Ok(file) if file.on_disk(workspace.root()).exists() => Ok(file),
            _ => Ok(RelPath::root().join(DEFAULT_FILE)),
        },
    }
}

fn idle(changed: &edit::Changed) -> bool {
    changed.old == changed.new
}

impl Report for Changes {
    const KIND: &'static str = "params-set";

    fn human(&self, page: &mut Page) {
        for change in &self.params {
            let key = Style::Heading.paint(&change.key);
            let shown = |value: &Option<Value>| value.as_ref().map(Value::json).unwrap_or_default();
            let what = match (change.added, change.removed) {
                (true, _) => format!("{} (new)", Style::Good.paint(&shown(&change.new))),
                (_, true) => format!("{} is gone", Style::Bad.paint(&shown(&change.old))),
                _ if change.old == change.new => format!("{} as before", shown(&change.old)),
                _ => format!("{} -> {}", shown(&change.old), Style::Good.paint(&shown(&change.new))),
            };
            page.line(format!("{}: {key}: {what}", change.file));
        }
        if self.dry {
            page.line("Nothing was changed.");
        }
    }
}
