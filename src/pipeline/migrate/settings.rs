//! What DVC's configuration means in derm's.
//!
//! `.dvc/config` and `.dvc/config.local` are INI files with sections `[core]`, `[cache]` and `['remote "NAME"']`; paths in them are
//! relative to `.dvc/`. Taken over are `core.remote`, `cache.type` and of each remote where it is and how it is reached. Never
//! taken over: where DVC's cache is, and passwords and keys, which have no place in derm's configuration.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use toml_edit::{Array, Value};

use crate::store::remote::address::Address;
use crate::workspace::complete::Assignment;
use crate::workspace::config::{Link, is_remote_name};

/// A section of an INI file: its name and its settings.
type Section = (String, Vec<(String, String)>);

/// What one of DVC's files says.
#[derive(Debug, Default)]
pub struct Settings {
    /// The same for derm.
    pub assignments: Vec<Assignment>,
    /// Where DVC's cache is, if it says so.
    pub cache: Option<PathBuf>,
    /// What was not taken over, or needs a word.
    pub remarks: Vec<String>,
}

/// What is not taken over of a remote, and said to be so.
const SECRETS: &[&str] = &[
    "access_key_id",
    "secret_access_key",
    "session_token",
    "credentialpath",
    "configpath",
    "password",
    "user",
    "token",
    "sas_token",
    "account_key",
    "connection_string",
    "client_secret",
    "client_id",
    "tenant_id",
    "bearer_token_command",
    "custom_auth_header",
    "keyfile",
    "passphrase",
];

/// Understands the text of one file.
pub fn understand(text: &str, root: &Path) -> Settings {
    let sections = parse(text);
    let mut settings = Settings::default();
    for (name, entries) in &sections {
        let remote = name.strip_prefix("remote ").map(|rest| rest.trim().trim_matches(['"', '\'']));
        match (name.as_str(), remote) {
            ("core", _) => core(entries, &mut settings),
            ("cache", _) => cache(entries, root, &mut settings),
            ("parsing", _) => parsing(entries, &mut settings),
            (_, Some(remote)) => self::remote(remote, entries, &sections, root, &mut settings),
            _ => {}
        }
    }
    settings
}

fn core(entries: &[(String, String)], settings: &mut Settings) {
    if let Some(remote) = get(entries, "remote") {
        settings.assignments.push((words(&["core", "remote"]), sound(remote).into()));
    }
}

fn parsing(entries: &[(String, String)], settings: &mut Settings) {
    for (key, known) in [("bool", ["store_true", "boolean_optional"]), ("list", ["nargs", "append"])] {
        if let Some(value) = get(entries, key).filter(|value| known.contains(value)) {
            settings.assignments.push((words(&["parsing", key]), value.into()));
        }
    }
}

fn cache(entries: &[(String, String)], root: &Path, settings: &mut Settings) {
    if let Some(types) = get(entries, "type") {
        let wanted: Vec<&str> = types.split([',', '[', ']', '"', '\'', ' ']).filter(|word| !word.is_empty()).collect();
        let mut links: Vec<&str> = Link::ALL.iter().map(|link| link.name()).filter(|name| wanted.contains(name)).collect();
        links.sort_by_key(|name| wanted.iter().position(|word| word == name));
        if !links.contains(&Link::Copy.name()) {
            links.push(Link::Copy.name());
        }
        settings.assignments.push((words(&["cache", "link"]), Value::Array(links.into_iter().collect::<Array>())));
    }
    if let Some(dir) = get(entries, "dir") {
        let dir = from_dvc(root, dir);
        if !dir.starts_with(root) {
            settings
                .remarks
                .push(format!("`cache.dir` is not taken over: objects are read from `{}` and kept in `.derm/cache`", dir.display()));
        }
        settings.cache = Some(dir);
    }
}

fn remote(name: &str, entries: &[(String, String)], sections: &[Section], root: &Path, settings: &mut Settings) {
    let key = sound(name);
    if key != name {
        settings.remarks.push(format!("the remote `{name}` is called `{key}`: names are letters, digits, `-` and `_`"));
    }
    let (url, inherited) = url(entries, sections, 0);
    let all: Vec<(String, String)> = entries.iter().cloned().chain(inherited).collect();
    if let Some(url) = url {
        let url = if url.contains("://") { url } else { relative(root, &url) };
        match Address::parse(&url, root) {
            Ok(_) => put(settings, &key, "url", url.into()),
            Err(reason) => {
                settings.remarks.push(format!("the remote `{name}` is not taken over: {reason}"));
                return;
            }
        }
    }
    for (theirs, ours) in [("endpointurl", "endpoint"), ("region", "region"), ("profile", "profile"), ("account_name", "account")] {
        if let Some(value) = get(&all, theirs) {
            put(settings, &key, ours, value.into());
        }
    }
    for (theirs, ours) in [("jobs", "jobs"), ("read_timeout", "timeout")] {
        if let Some(value) = get(&all, theirs).and_then(|value| value.parse::<u32>().ok()).filter(|value| *value > 0) {
            put(settings, &key, ours, i64::from(value).into());
        }
    }
    if get(&all, "allow_anonymous_login").is_some_and(is_true) {
        put(settings, &key, "anonymous", true.into());
    }
    let secrets: BTreeSet<&str> = all.iter().map(|(key, _)| key.as_str()).filter(|key| SECRETS.contains(key)).collect();
    if !secrets.is_empty() {
        let names = crate::text::quoted_list(&secrets.into_iter().collect::<Vec<_>>());
        settings
            .remarks
            .push(format!("of the remote `{name}` {names} stay behind: derm finds credentials where the service's own tools do"));
    }
}

fn put(settings: &mut Settings, remote: &str, key: &str, value: Value) {
    settings.assignments.push((words(&["remote", remote, key]), value));
}

/// A remote's address, and the settings of the one that it begins with (`remote://NAME/PATH`).
fn url(entries: &[(String, String)], sections: &[Section], depth: usize) -> (Option<String>, Vec<(String, String)>) {
    let Some(own) = get(entries, "url") else { return (None, Vec::new()) };
    let Some((base, path)) = own.strip_prefix("remote://").map(|rest| rest.split_once('/').unwrap_or((rest, ""))) else {
        return (Some(own.to_owned()), Vec::new());
    };
    let is_base = |section: &&Section| section.0.strip_prefix("remote ").is_some_and(|name| name.trim().trim_matches(['"', '\'']) == base);
    match sections.iter().find(is_base) {
        Some((_, inner)) if depth < 8 => {
            let (outer, more) = url(inner, sections, depth + 1);
            let joined = outer.map(|outer| format!("{}/{path}", outer.trim_end_matches('/')));
            (joined, inner.iter().cloned().chain(more).collect())
        }
        _ => (Some(own.to_owned()), Vec::new()),
    }
}

/// A path of DVC's configuration, absolute and without `..`.
fn from_dvc(root: &Path, path: &str) -> PathBuf {
    let path = match path.strip_prefix("~/").and_then(|rest| std::env::var_os("HOME").map(|home| Path::new(&home).join(rest))) {
        Some(path) => path,
        None => root.join(".dvc").join(path),
    };
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(out.pop()),
            Component::CurDir => {}
            part => out.push(part),
        }
    }
    out
}

/// A local folder as derm writes it: relative to the root if it was relative.
fn relative(root: &Path, path: &str) -> String {
    if Path::new(path).is_absolute() || path.starts_with('~') {
        return path.to_owned();
    }
    let target = from_dvc(root, path);
    let shared = root.components().zip(target.components()).take_while(|(a, b)| a == b).count();
    let up = (shared..root.components().count()).map(|_| Component::ParentDir);
    up.chain(target.components().skip(shared)).collect::<PathBuf>().display().to_string()
}

/// A name that derm takes for a remote.
fn sound(name: &str) -> String {
    match is_remote_name(name) {
        true => name.to_owned(),
        false => {
            name.chars().map(|c| if is_remote_name(&c.to_string()) { c } else { '-' }).collect::<String>()
                + if name.is_empty() { "remote" } else { "" }
        }
    }
}

fn words(parts: &[&str]) -> Vec<String> {
    parts.iter().map(|part| (*part).to_owned()).collect()
}

fn get<'a>(entries: &'a [(String, String)], key: &str) -> Option<&'a str> {
    entries.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

fn is_true(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "true" | "yes" | "on" | "1")
}

/// Sections and settings; lines that are neither are passed over.
fn parse(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.split_once(']')).map(|(name, _)| name.trim()) {
            sections.push((name.trim_matches('\'').to_owned(), Vec::new()));
        } else if let (Some((key, value)), Some((_, entries))) = (line.split_once('='), sections.last_mut()) {
            entries.push((key.trim().to_ascii_lowercase(), unquoted(value.trim())));
        }
    }
    sections
}

fn unquoted(value: &str) -> String {
    for quote in ['"', '\''] {
        if let Some((inner, _)) = value.strip_prefix(quote).and_then(|rest| rest.split_once(quote)) {
            return inner.to_owned();
        }
    }
    value.split(" #").next().unwrap_or(value).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_become_settings() {
        let text = "[core]\n    remote = lab\n    analytics = false\n[cache]\n    type = \"hardlink,reflink\"\n    dir = ../../big # shared\n\
                    ['remote \"lab\"']\n    url = s3://b/p\n    endpointurl = http://h:9000\n    secret_access_key = x\n\
                    ['remote \"my disk\"']\n    url = ../../store\n['remote \"sub\"']\n    url = remote://lab/x\n['remote \"old\"']\n    url = ssh://h/p\n";
        let settings = understand(text, Path::new("/w/project"));
        let lines: Vec<String> =
            settings.assignments.iter().map(|(name, value)| format!("{} = {}", name.join("."), value.to_string().trim())).collect();
        let expected = [
            "core.remote = \"lab\"",
            "cache.link = [\"hardlink\", \"reflink\", \"copy\"]",
            "remote.lab.url = \"s3://b/p\"",
            "remote.lab.endpoint = \"http://h:9000\"",
            "remote.my-disk.url = \"../store\"",
            "remote.sub.url = \"s3://b/p/x\"",
            "remote.sub.endpoint = \"http://h:9000\"",
        ];
        assert_eq!(lines, expected);
        assert_eq!(settings.cache, Some(PathBuf::from("/w/big")));
        assert_eq!(settings.remarks.len(), 5, "{:?}", settings.remarks);
    }
}
