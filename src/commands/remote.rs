//! `derm remote`.

use serde::Serialize;
use toml_edit::Value;

use super::config::{parts, value_of};
use super::{Context, Exit, Failure};
use crate::cli::remote::{AddArgs, DefaultArgs, ModifyArgs, RemoteArgs, RemoteCommand, RemoveArgs, RenameArgs};
use crate::store::remote::address::{self, Address};
use crate::ui::{Align, Page, Report, Style, Table};
use crate::workspace::config::{self, REMOTE_KEYS, Remote};
use crate::workspace::{Error, Workspace};

#[derive(Serialize)]
struct ListReport {
    remotes: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    name: String,
    default: bool,
    #[serde(flatten)]
    settings: Remote,
}

impl Report for ListReport {
    const KIND: &'static str = "remotes";

    fn human(&self, page: &mut Page) {
        if self.remotes.is_empty() {
            page.line("No remote yet: `derm remote add NAME URL`.");
            return;
        }
        let mut table = Table::new([("name", Align::Left), ("url", Align::Left), ("", Align::Left)]);
        for remote in &self.remotes {
            let url = address::shown(remote.settings.url.as_deref().unwrap_or("none"));
            table.row([remote.name.clone(), url, if remote.default { Style::Good.paint("default") } else { String::new() }]);
        }
        page.table(&table);
    }
}

#[derive(Serialize)]
struct DefaultReport {
    remote: Option<String>,
}

impl Report for DefaultReport {
    const KIND: &'static str = "default-remote";

    fn human(&self, page: &mut Page) {
        page.line(self.remote.as_deref().unwrap_or("no remote is chosen"));
    }
}

pub fn run(context: &Context, args: &RemoteArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let observer = context.ui.observer();
    let _lock = workspace.lock(&*observer, &context.interrupt)?;
    match &args.command {
        RemoteCommand::Add(args) => add(context, &workspace, args),
        RemoteCommand::List(_) => list(context, &workspace),
        RemoteCommand::Modify(args) => modify(context, &workspace, args),
        RemoteCommand::Default(args) => default(context, &workspace, args),
        RemoteCommand::Rename(args) => rename(&workspace, args),
        RemoteCommand::Remove(args) => remove(&workspace, args),
    }
}

/// The remote that is used where none is named.
fn chosen(workspace: &Workspace) -> Option<String> {
    let config = workspace.config();
    let only = || (config.remotes.len() == 1).then(|| config.remotes.keys().next().cloned()).flatten();
    config.default_remote.as_ref().map(|setting| setting.value.clone()).or_else(only)
}

fn list(context: &Context, workspace: &Workspace) -> Result<Exit, Failure> {
    let chosen = chosen(workspace);
    let listed = workspace.config().remotes.iter().map(|(name, settings)| Listed {
        name: name.clone(),
        default: chosen.as_ref() == Some(name),
        settings: settings.clone(),
    });
    context.ui.show(&ListReport { remotes: listed.collect() })?;
    Ok(Exit::Done)
}

fn add(context: &Context, workspace: &Workspace, args: &AddArgs) -> Result<Exit, Failure> {
    if !config::is_remote_name(&args.name) {
        return Err(Failure::usage(format!("`{}` is no name for a remote", args.name)).hint("use letters, digits, `-` and `_`"));
    }
    if workspace.config().remotes.contains_key(&args.name) && !args.force {
        let hint = format!("`derm remote modify {} url URL` changes it, `--force` replaces it", args.name);
        return Err(Failure::usage(format!("there is a remote `{}` already", args.name)).hint(hint));
    }
    let url = understood(context, workspace, &args.url)?;
    // What a replaced remote of this name said does not belong to the new one.
    if workspace.config().remotes.contains_key(&args.name) {
        set(workspace, args.local, &["remote", &args.name], None)?;
    }
    set(workspace, args.local, &["remote", &args.name, "url"], Some(url.into()))?;
    if args.default {
        set(workspace, args.local, &["core", "remote"], Some(args.name.as_str().into()))?;
    }
    Ok(Exit::Done)
}

fn modify(context: &Context, workspace: &Workspace, args: &ModifyArgs) -> Result<Exit, Failure> {
    known(workspace, &args.name)?;
    if !REMOTE_KEYS.contains(&args.key.as_str()) {
        let hint = format!("the settings are {}", crate::text::quoted_list(&REMOTE_KEYS));
        return Err(Failure::usage(format!("a remote has no setting `{}`", args.key)).hint(hint));
    }
    let key = format!("remote.{}.{}", args.name, args.key);
    let parts = parts(&key)?;
    let value = match (&args.value, args.key.as_str()) {
        (Some(url), "url") => Some(understood(context, workspace, url)?.into()),
        (text, _) => text.as_deref().map(|text| value_of(&parts, text)).transpose()?,
    };
    set(workspace, args.local, &parts, value)?;
    Ok(Exit::Done)
}

fn default(context: &Context, workspace: &Workspace, args: &DefaultArgs) -> Result<Exit, Failure> {
    match &args.name {
        Some(name) => {
            known(workspace, name)?;
            set(workspace, args.local, &["core", "remote"], Some(name.as_str().into()))?;
        }
        None if args.unset => set(workspace, args.local, &["core", "remote"], None)?,
        None => context.ui.show(&DefaultReport { remote: chosen(workspace) })?,
    }
    Ok(Exit::Done)
}

fn rename(workspace: &Workspace, args: &RenameArgs) -> Result<Exit, Failure> {
    let settings = known(workspace, &args.name)?;
    if !config::is_remote_name(&args.new) || workspace.config().remotes.contains_key(&args.new) {
        return Err(Failure::usage(format!("`{}` cannot be the new name", args.new))
            .hint("use letters, digits, `-` and `_`, and a name that is free"));
    }
    let settings = serde_json::to_value(settings).unwrap_or_default();
    for (key, value) in settings.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let parts = ["remote", &args.new, key];
        set(workspace, args.local, &parts, Some(value_of(&parts, &text)?))?;
    }
    set(workspace, args.local, &["remote", &args.name], None)?;
    if workspace.config().default_remote.as_ref().is_some_and(|chosen| chosen.value == args.name) {
        set(workspace, args.local, &["core", "remote"], Some(args.new.as_str().into()))?;
    }
    Ok(Exit::Done)
}

fn remove(workspace: &Workspace, args: &RemoveArgs) -> Result<Exit, Failure> {
    known(workspace, &args.name)?;
    if workspace.config().default_remote.as_ref().is_some_and(|chosen| chosen.value == args.name) {
        set(workspace, args.local, &["core", "remote"], None)?;
    }
    set(workspace, args.local, &["remote", &args.name], None)?;
    Ok(Exit::Done)
}

fn set(workspace: &Workspace, local: bool, key: &[&str], value: Option<Value>) -> Result<(), Error> {
    config::edit::set(workspace.root(), local, key, value)
}

fn known<'a>(workspace: &'a Workspace, name: &str) -> Result<&'a Remote, Failure> {
    let remotes = &workspace.config().remotes;
    remotes.get(name).ok_or_else(|| {
        let known = remotes.keys().cloned().collect();
        crate::store::Error::UnknownRemote { name: name.to_owned(), known }.into()
    })
}

/// The URL as it is to be written: a relative path is typed from where the user stands and kept from the root. One that cannot
/// work is refused.
fn understood(context: &Context, workspace: &Workspace, url: &str) -> Result<String, Failure> {
    let parsed = Address::parse(url, workspace.root());
    parsed.map_err(|reason| crate::store::Error::BadUrl { url: address::shown(url), reason })?;
    Ok(workspace.kept(&context.cwd, url))
}
