//! Paths inside a repository: relative, normalised, with `/` on every system.
//!
//! A [`RelPath`] never starts with `/`, never holds `.`, `..`, an empty part or a `\`
//! separator (on Windows), and is valid UTF-8. The root itself is the empty path. Turning
//! outside text into a `RelPath` can fail; turning a `RelPath` into a disk path cannot.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize};

/// A normalised path relative to the repository's root.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct RelPath(String);

/// Why a text is no path inside the repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelPathError {
    /// The path leads out of the repository.
    #[error("`{0}` lies outside the repository")]
    Outside(String),
    /// The path is not valid UTF-8.
    #[error("`{0}` is not valid UTF-8")]
    NotUtf8(String),
}

impl RelPath {
    /// The repository's root.
    pub fn root() -> Self {
        Self::default()
    }

    /// Normalises `path`, taken relative to `base`: resolves `.` and `..`, drops trailing slashes.
    pub fn resolve(base: &RelPath, path: &str) -> Result<Self, RelPathError> {
        let outside = || RelPathError::Outside(path.to_owned());
        let mut parts: Vec<String> = base.parts().map(str::to_owned).collect();
        for component in Path::new(path).components() {
            match component {
                Component::CurDir => {}
                Component::Normal(part) => {
                    let part = part.to_str().ok_or_else(|| RelPathError::NotUtf8(path.to_owned()))?;
                    parts.push(part.to_owned());
                }
                Component::ParentDir => {
                    parts.pop().ok_or_else(outside)?;
                }
                Component::RootDir | Component::Prefix(_) => return Err(outside()),
            }
        }
        Ok(Self(parts.join("/")))
    }

    /// Normalises a path relative to the root.
    pub fn new(path: &str) -> Result<Self, RelPathError> {
        Self::resolve(&Self::root(), path)
    }

    /// The part of the absolute `path` below the absolute `root`, both already free of `..`.
    pub fn strip(root: &Path, path: &Path) -> Result<Self, RelPathError> {
        let shown = || path.display().to_string();
        let below = path.strip_prefix(root).map_err(|_| RelPathError::Outside(shown()))?;
        Self::new(below.to_str().ok_or_else(|| RelPathError::NotUtf8(shown()))?)
    }

    /// The path with `/` between its parts.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Its parts, outermost first.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|part| !part.is_empty())
    }

    /// The last part; `None` for the root.
    pub fn name(&self) -> Option<&str> {
        self.parts().last()
    }

    /// The folder that holds it; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        Some(self.0.rfind('/').map_or_else(Self::root, |cut| Self(self.0[..cut].to_owned())))
    }

    /// This path with one more part, which must be a plain file name.
    pub fn join(&self, name: &str) -> Self {
        debug_assert!(!name.is_empty() && !name.contains('/') && name != "." && name != "..");
        if self.is_root() { Self(name.to_owned()) } else { Self(format!("{}/{name}", self.0)) }
    }

    /// Whether `self` equals `other` or lies inside it.
    pub fn is_within(&self, other: &RelPath) -> bool {
        other.is_root() || self.0.strip_prefix(&other.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// This path as one types it in the folder `from` of the same repository.
    pub fn seen_from(&self, from: &RelPath) -> String {
        let shared = self.parts().zip(from.parts()).take_while(|(a, b)| a == b).count();
        let up = std::iter::repeat_n("..", from.parts().count() - shared);
        let parts: Vec<&str> = up.chain(self.parts().skip(shared)).collect();
        if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
    }

    /// The place on disk, below `root`.
    pub fn on_disk(&self, root: &Path) -> PathBuf {
        self.parts().fold(root.to_owned(), |path, part| path.join(part))
    }
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_root() { "." } else { &self.0 })
    }
}

impl fmt::Debug for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RelPath({self})")
    }
}

impl<'de> Deserialize<'de> for RelPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelPath {
        RelPath::new(text).unwrap()
    }

    #[test]
    fn normalises_what_people_type() {
        assert_eq!(path("data/./skin/").as_str(), "data/skin");
        assert_eq!(path("data/x/../skin").as_str(), "data/skin");
        assert_eq!(RelPath::resolve(&path("a/b"), "../c").unwrap().as_str(), "a/c");
        assert!(path(".").is_root());
    }

    #[test]
    fn is_typed_from_anywhere() {
        assert_eq!(path("a/x").seen_from(&path("a/b")), "../x");
        assert_eq!(path("a/b/x").seen_from(&path("a/b")), "x");
        assert_eq!(path("x").seen_from(&RelPath::root()), "x");
        assert_eq!(path("a").seen_from(&path("a")), ".");
    }

    #[test]
    fn refuses_what_leads_outside() {
        for text in ["..", "a/../../b", "/etc/passwd"] {
            assert_eq!(RelPath::new(text), Err(RelPathError::Outside(text.to_owned())));
        }
    }

    #[test]
    fn within_compares_whole_parts() {
        assert!(path("data/skin/a.jpg").is_within(&path("data/skin")));
        assert!(path("data/skin").is_within(&path("data/skin")));
        assert!(!path("data/skin2").is_within(&path("data/skin")));
        assert!(path("x").is_within(&RelPath::root()));
    }

    #[test]
    fn parent_and_name_split_at_the_last_part() {
        assert_eq!(path("a/b/c").parent(), Some(path("a/b")));
        assert_eq!(path("a").parent(), Some(RelPath::root()));
        assert_eq!(RelPath::root().parent(), None);
        assert_eq!(path("a/b/c").name(), Some("c"));
    }
}
