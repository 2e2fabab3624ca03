//! Settings: `.derm/config` (committed) and `.derm/config.local` (not), both TOML.
//!
//! ```toml
//! format = 1                       # optional; another number is refused
//!
//! [cache]
//! dir = "/data/shared/derm"        # relative to the root; default `.derm/cache`
//! link = ["reflink", "copy"]       # tried in this order; also `hardlink`, `symlink`
//!
//! [core]
//! remote = "lab"                   # what `push`, `pull` and `fetch` use without `--remote`
//!
//! [exp]
//! dir = "/scratch/exps"            # where experiments run beside the workspace; default `.derm/tmp/exps`
//!
//! [remote.lab]                     # see [`Remote`]
//! url = "s3://bucket/skin"
//! ```
//!
//! The local file wins, key by key, also inside one remote. Every setting remembers where it came from. An unknown key or
//! a wrong type is an error with its place; a missing file is the same as an empty one.

pub mod edit;

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{DERM_DIR, Error};
use crate::text::Place;

/// The format that this derm reads.
const FORMAT: u32 = 1;

/// The names of all settings but those of remotes.
pub const KEYS: [&str; 4] = ["cache.dir", "cache.link", "core.remote", "exp.dir"];

/// The names of the settings of one remote: `remote.NAME.url` and so on.
pub const REMOTE_KEYS: [&str; 8] = ["url", "endpoint", "region", "profile", "account", "anonymous", "jobs", "timeout"];

/// What `init` writes.
pub(super) const TEMPLATE: &str = "\
# Settings of this repository. What belongs to one machine goes into `.derm/config.local`.

# [cache]
# dir = \"/data/shared/derm\"     # where objects are; default: .derm/cache
# link = [\"reflink\", \"copy\"]    # how files are linked to the cache, tried in this order; also \"hardlink\", \"symlink\"
";

/// How a file in the workspace stands for its object in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Link {
    /// A copy that shares its blocks until one side is written (Btrfs, XFS, APFS).
    Reflink,
    /// A second name of the same file, read-only. No extra space; an edit would reach the object.
    Hardlink,
    /// A symbolic link to the object, which is read-only.
    Symlink,
    /// A plain copy.
    Copy,
}

impl Link {
    /// All of them.
    pub const ALL: [Link; 4] = [Link::Reflink, Link::Hardlink, Link::Symlink, Link::Copy];

    /// The name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Link::Reflink => "reflink",
            Link::Hardlink => "hardlink",
            Link::Symlink => "symlink",
            Link::Copy => "copy",
        }
    }
}

/// Where a setting came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Built in.
    Default,
    /// A file, relative to the root.
    File(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Origin::Default => "default",
            Origin::File(path) => path,
        })
    }
}

/// A value and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value in effect.
    pub value: T,
    /// Who said so.
    pub origin: Origin,
}

/// All settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `[cache]`.
    pub cache: Cache,
    /// `core.remote`: the remote that is used when none is named.
    pub default_remote: Option<Setting<String>>,
    /// `exp.dir`: where trials of experiments are; relative to the root unless absolute.
    pub exp_dir: Setting<PathBuf>,
    /// `[remote.NAME]`, by name.
    pub remotes: BTreeMap<String, Remote>,
}

/// `[remote.NAME]`: where objects are kept beside the cache, and how it is reached. Credentials have no place here:
/// they come from where the service's own tools look for them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remote {
    /// `s3://BUCKET/PREFIX`, `gs://…`, `az://CONTAINER/…`, `https://…`, or a folder (relative to the root).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The address of a service that speaks S3's or Azure's protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The region of an S3 bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The profile of `~/.aws/credentials` and `~/.aws/config`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The storage account of an Azure container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Ask without credentials: a public bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anonymous: Option<bool>,
    /// Transfers at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jobs: Option<NonZeroUsize>,
    /// Seconds without an answer after which a request counts as failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<NonZeroUsize>,
}

impl Remote {
    /// What `other` says wins.
    fn overlay(&mut self, other: Self) {
        self.url = other.url.or(self.url.take());
        self.endpoint = other.endpoint.or(self.endpoint.take());
        self.region = other.region.or(self.region.take());
        self.profile = other.profile.or(self.profile.take());
        self.account = other.account.or(self.account.take());
        self.anonymous = other.anonymous.or(self.anonymous);
        self.jobs = other.jobs.or(self.jobs);
        self.timeout = other.timeout.or(self.timeout);
    }
}

/// `[cache]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    /// Where objects are; relative to the root unless absolute.
    pub dir: Setting<PathBuf>,
    /// Link types, tried in this order. Never empty. Executable files are reflinks or copies whatever it says.
    pub link: Setting<Vec<Link>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    format: Option<u32>,
    cache: CacheFile,
    core: CoreFile,
    exp: ExpFile,
    remote: BTreeMap<String, Remote>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct CoreFile {
    remote: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ExpFile {
    dir: Option<PathBuf>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct CacheFile {
    dir: Option<PathBuf>,
    link: Option<Vec<Link>>,
}

impl Default for Config {
    fn default() -> Self {
        let dir = Setting { value: Path::new(DERM_DIR).join("cache"), origin: Origin::Default };
        let link = Setting { value: vec![Link::Reflink, Link::Copy], origin: Origin::Default };
        let exp_dir = Setting { value: Path::new(DERM_DIR).join("tmp").join("exps"), origin: Origin::Default };
        Self { cache: Cache { dir, link }, default_remote: None, exp_dir, remotes: BTreeMap::new() }
    }
}

impl Config {
    /// Reads both files below `root`.
    pub fn read(root: &Path) -> Result<Self, Error> {
        let mut config = Self::default();
        for name in [".derm/config", ".derm/config.local"] {
            match std::fs::read_to_string(root.join(name)) {
                Ok(text) => config.overlay(parse(name, &text)?, name),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(Error::io("read", name)(error)),
            }
        }
        Ok(config)
    }

    /// The settings of another repository, from the text of its `.derm/config`.
    pub fn of_text(text: &str) -> Result<Self, Error> {
        let mut config = Self::default();
        config.overlay(parse(".derm/config", text)?, ".derm/config");
        Ok(config)
    }

    /// The text of a `.derm/config.local` by which another checkout of the repository uses the same cache and remotes. Inputs are
    /// linked there unless the user said how: what only reads needs no copies.
    pub fn for_elsewhere(&self, root: &Path) -> String {
        let absolute = |url: &str| {
            let typed = Path::new(url);
            let is_path = !url.contains("://") && !url.starts_with('~') && typed.is_relative();
            if is_path { root.join(typed).to_string_lossy().into_owned() } else { url.to_owned() }
        };
        let link = match self.cache.link.origin {
            Origin::Default => vec![Link::Reflink, Link::Hardlink, Link::Symlink, Link::Copy],
            Origin::File(_) => self.cache.link.value.clone(),
        };
        let remotes: BTreeMap<&String, Remote> = self
            .remotes
            .iter()
            .map(|(name, remote)| (name, Remote { url: remote.url.as_deref().map(absolute), ..remote.clone() }))
            .collect();
        let core: BTreeMap<&str, &String> = self.default_remote.iter().map(|remote| ("remote", &remote.value)).collect();
        let cache = CacheFile { dir: Some(root.join(&self.cache.dir.value)), link: Some(link) };
        #[derive(Serialize)]
        struct Text<'a> {
            cache: CacheFile,
            core: BTreeMap<&'a str, &'a String>,
            remote: BTreeMap<&'a String, Remote>,
        }
        // Plain texts and numbers: there is nothing that TOML could refuse.
        toml::to_string(&Text { cache, core, remote: remotes }).unwrap_or_default()
    }

    fn overlay(&mut self, file: File, name: &'static str) {
        let origin = || Origin::File(name);
        if let Some(value) = file.cache.dir {
            self.cache.dir = Setting { value, origin: origin() };
        }
        if let Some(value) = file.cache.link {
            self.cache.link = Setting { value, origin: origin() };
        }
        if let Some(value) = file.exp.dir {
            self.exp_dir = Setting { value, origin: origin() };
        }
        if let Some(value) = file.core.remote {
            self.default_remote = Some(Setting { value, origin: origin() });
        }
        for (remote, settings) in file.remote {
            self.remotes.entry(remote).or_default().overlay(settings);
        }
    }
}

pub(super) fn parse(name: &str, text: &str) -> Result<File, Error> {
    let file: File = toml::from_str(text).map_err(|error| explained(name, text, &error))?;
    let wrong = |key: &'static str, word: &str, message: &str| {
        let place = Box::new(place_at(name, text, text.find(word).unwrap_or(0)));
        Err(Error::Config { place, message: message.to_owned(), key: Some(key) })
    };
    if let Some(format) = file.format.filter(|format| *format != FORMAT) {
        let place = Box::new(place_at(name, text, text.find("format").unwrap_or(0)));
        return Err(Error::Config {
            place,
            message: format!("format {format} is not known to this derm, which reads format {FORMAT}"),
            key: None,
        });
    }
    if file.cache.link.as_ref().is_some_and(Vec::is_empty) {
        return wrong("cache.link", "link", "`cache.link` names no link type");
    }
    if file.cache.dir.as_ref().is_some_and(|dir| dir.as_os_str().is_empty()) {
        return wrong("cache.dir", "dir", "`cache.dir` is empty");
    }
    if file.exp.dir.as_ref().is_some_and(|dir| dir.as_os_str().is_empty()) {
        return wrong("exp.dir", "dir", "`exp.dir` is empty");
    }
    if let Some(remote) = file.remote.keys().find(|name| !is_remote_name(name)) {
        let place = Box::new(place_at(name, text, text.find(remote.as_str()).unwrap_or(0)));
        return Err(Error::Config {
            place,
            message: format!("`{remote}` is no name for a remote: letters, digits, `-` and `_`"),
            key: None,
        });
    }
    Ok(file)
}

/// Letters, digits, `-` and `_`, so that it needs no quotes in TOML and is one part of a dotted key.
pub fn is_remote_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

/// A parser's complaint in words about the setting that it stumbled over.
fn explained(name: &str, text: &str, error: &toml::de::Error) -> Error {
    let Range { start, .. } = error.span().unwrap_or(0..0);
    let place = Box::new(place_at(name, text, start));
    let line = place.excerpt.as_deref().unwrap_or_default();
    let (typed, value) = line.split_once('=').map_or((line, false), |(typed, _)| (typed, place.column > typed.chars().count()));
    let key = KEYS.into_iter().find(|key| value && key.rsplit('.').next() == typed.trim().rsplit('.').next());
    let message = match (key, error.message()) {
        (Some(key), _) => format!("cannot understand the value of `{key}`"),
        (None, reason) if reason.starts_with("unknown field") => format!("there is no setting `{}`", typed.trim().trim_matches(['[', ']'])),
        (None, reason) if value && reason.starts_with("invalid") => format!("cannot understand this value: {}", reason.replace('\n', " ")),
        (None, reason) => format!("this is not TOML: {}", reason.replace('\n', " ")),
    };
    Error::Config { place, message, key }
}

fn place_at(name: &str, text: &str, offset: usize) -> Place {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
    Place::new(name, line, column, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_and_wrong_types_are_placed() {
        for (text, line, column, word) in [
            ("[cache]\nlinks = []\n", 2, 1, "links"),
            ("[cache]\nlink = \"copy\"\n", 2, 8, "the value of `cache.link`"),
            ("[cache]\nlink = foo\n", 2, 8, "the value of `cache.link`"),
            ("[cache]\ndir = 3\n", 2, 7, "the value of `cache.dir`"),
            ("[cache]\nlink = [\"copy\", \"magic\"]\n", 2, 17, "the value of `cache.link`"),
            ("[cache]\nlink = []\n", 2, 1, "no link type"),
            ("[cache\n", 1, 7, ""),
            ("format = 2\n", 1, 1, "format 2 is not known"),
            ("format = 0\n", 1, 1, "format 0 is not known"),
            ("[remote.\"a b\"]\nurl = \"x\"\n", 1, 10, "no name for a remote"),
            ("[remote.lab]\nurls = \"x\"\n", 2, 1, "urls"),
        ] {
            let Err(Error::Config { place, message, .. }) = parse("config", text) else { panic!("{text} is accepted") };
            assert_eq!((place.line, place.column), (line, column), "{text}: {message}");
            assert!(message.contains(word), "{message}");
        }
    }
}
