//! `derm config`.

use serde::Serialize;
use toml_edit::{Array, Value};

use super::{Context, Exit, Failure};
use crate::cli::config::ConfigArgs;
use crate::text;
use crate::ui::{Align, Page, Report, Style, Table};
use crate::workspace::config::{self, Config, KEYS, Origin, REMOTE_KEYS};

#[derive(Serialize)]
struct ConfigReport {
    settings: Vec<Line>,
    /// One setting was asked for: its value alone is the answer.
    #[serde(skip)]
    alone: bool,
}

#[derive(Serialize)]
struct Line {
    key: String,
    value: serde_json::Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
}

impl Line {
    fn new(key: impl Into<String>, value: impl Serialize, origin: Option<&Origin>) -> Self {
        Self { key: key.into(), value: serde_json::to_value(value).unwrap_or_default(), origin: origin.map(ToString::to_string) }
    }

    fn text(&self) -> String {
        match &self.value {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Array(items) => items.iter().map(|item| item.as_str().unwrap_or_default()).collect::<Vec<_>>().join(", "),
            other => other.to_string(),
        }
    }
}

impl Report for ConfigReport {
    const KIND: &'static str = "config";

    fn human(&self, page: &mut Page) {
        if self.alone {
            self.settings.iter().for_each(|line| {
                page.line(line.text());
            });
            return;
        }
        let mut table = Table::new([("setting", Align::Left), ("value", Align::Left), ("from", Align::Left)]);
        for line in &self.settings {
            table.row([line.key.clone(), line.text(), Style::Faint.paint(line.origin.as_deref().unwrap_or_default())]);
        }
        page.table(&table);
    }
}

pub fn run(context: &Context, args: &ConfigArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let Some(key) = &args.key else {
        let settings = lines(workspace.config());
        context.ui.show(&ConfigReport { settings, alone: false })?;
        return Ok(Exit::Done);
    };
    let parts = parts(key)?;
    if args.value.is_none() && !args.unset {
        let settings: Vec<Line> = lines(workspace.config()).into_iter().filter(|line| line.key == *key).collect();
        let unset = settings.is_empty();
        context.ui.show(&ConfigReport { settings, alone: true })?;
        return Ok(if unset { Exit::Failed } else { Exit::Done });
    }
    let value = args.value.as_deref().map(|text| value_of(&parts, text)).transpose()?;
    let observer = context.ui.observer();
    let _lock = workspace.lock(&*observer, &context.interrupt)?;
    config::edit::set(workspace.root(), args.local, &parts, value)?;
    Ok(Exit::Done)
}

/// All settings that have a value.
fn lines(config: &Config) -> Vec<Line> {
    let mut found = vec![
        Line::new("cache.dir", config.cache.dir.value.display().to_string(), Some(&config.cache.dir.origin)),
        Line::new("cache.link", &config.cache.link.value, Some(&config.cache.link.origin)),
    ];
    if let Some(remote) = &config.default_remote {
        found.push(Line::new("core.remote", &remote.value, Some(&remote.origin)));
    }
    if config.exp_dir.origin != Origin::Default {
        found.push(Line::new("exp.dir", config.exp_dir.value.display().to_string(), Some(&config.exp_dir.origin)));
    }
    for (name, remote) in &config.remotes {
        let settings = serde_json::to_value(remote).unwrap_or_default();
        let settings = settings.as_object().cloned().unwrap_or_default();
        found.extend(settings.into_iter().map(|(key, value)| Line::new(format!("remote.{name}.{key}"), value, None)));
    }
    found
}

/// The parts of a setting's name.
pub(super) fn parts(key: &str) -> Result<Vec<&str>, Failure> {
    let parts: Vec<&str> = key.split('.').collect();
    let known = match parts.as_slice() {
        ["remote", name, key] => config::is_remote_name(name) && REMOTE_KEYS.contains(key),
        _ => KEYS.contains(&key),
    };
    if known {
        return Ok(parts);
    }
    let names: Vec<String> = KEYS.iter().map(|key| (*key).to_owned()).chain(REMOTE_KEYS.map(|key| format!("remote.NAME.{key}"))).collect();
    Err(Failure::usage(format!("there is no setting `{key}`")).hint(format!("the settings are {}", text::quoted_list(&names))))
}

/// A value in the type that its setting has.
pub(super) fn value_of(parts: &[&str], text: &str) -> Result<Value, Failure> {
    let wrong = |wanted: &str| Failure::usage(format!("`{text}` is no value for `{}`", parts.join("."))).hint(format!("it takes {wanted}"));
    match parts.last().copied().unwrap_or_default() {
        "link" => Ok(Value::Array(text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect::<Array>())),
        "anonymous" => text.parse::<bool>().map(Value::from).map_err(|_| wrong("true or false")),
        "jobs" | "timeout" => {
            text.parse::<i64>().ok().filter(|n| *n > 0).map(Value::from).ok_or_else(|| wrong("a whole number of at least 1"))
        }
        _ => Ok(Value::from(text)),
    }
}
