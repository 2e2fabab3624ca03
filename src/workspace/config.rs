//! Settings: `.derm/config` (committed) and `.derm/config.local` (not), both TOML.
//!
//! ```toml
//! [cache]
//! dir = "/data/shared/derm"        # relative to the root; default `.derm/cache`
//! link = ["reflink", "copy"]       # tried in this order; also `hardlink`, `symlink`
//! ```
//!
//! The local file wins, key by key. Every setting remembers where it came from. An unknown key or
//! a wrong type is an error with its place; a missing file is the same as an empty one.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{DERM_DIR, Error};
use crate::text::Place;

/// The names of all settings.
pub const KEYS: [&str; 2] = ["cache.dir", "cache.link"];

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
struct File {
    cache: CacheFile,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct CacheFile {
    dir: Option<PathBuf>,
    link: Option<Vec<Link>>,
}

impl Default for Config {
    fn default() -> Self {
        let dir = Setting { value: Path::new(DERM_DIR).join("cache"), origin: Origin::Default };
        let link = Setting { value: vec![Link::Reflink, Link::Copy], origin: Origin::Default };
        Self { cache: Cache { dir, link } }
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

    fn overlay(&mut self, file: File, name: &'static str) {
        let origin = || Origin::File(name);
        if let Some(value) = file.cache.dir {
            self.cache.dir = Setting { value, origin: origin() };
        }
        if let Some(value) = file.cache.link {
            self.cache.link = Setting { value, origin: origin() };
        }
    }
}

fn parse(name: &str, text: &str) -> Result<File, Error> {
    let file: File = toml::from_str(text).map_err(|error| explained(name, text, &error))?;
    let wrong = |key: &'static str, word: &str, message: &str| {
        let place = Box::new(place_at(name, text, text.find(word).unwrap_or(0)));
        Err(Error::Config { place, message: message.to_owned(), key: Some(key) })
    };
    if file.cache.link.as_ref().is_some_and(Vec::is_empty) {
        return wrong("cache.link", "link", "`cache.link` names no link type");
    }
    if file.cache.dir.as_ref().is_some_and(|dir| dir.as_os_str().is_empty()) {
        return wrong("cache.dir", "dir", "`cache.dir` is empty");
    }
    Ok(file)
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
        ] {
            let Err(Error::Config { place, message, .. }) = parse("config", text) else { panic!("{text} is accepted") };
            assert_eq!((place.line, place.column), (line, column), "{text}: {message}");
            assert!(message.contains(word), "{message}");
        }
    }
}
