//! Pointer files: `PATH.derm` beside the tracked `PATH`, small YAML that git keeps instead of the data.
//!
//! ```yaml
//! schema: 1
//! path: skin            # the name of what is tracked, in the pointer's folder
//! hash: af1349b9…       # BLAKE3: of the bytes, or of the folder's node
//! kind: tree            # file or tree
//! size: 39353693        # bytes
//! files: 10015
//! executable: true      # only for a file with that bit
//! import:               # only for imported data
//!   url: …              # a git repository, a URL, or a path from the root
//!   path: data/skin     # in the git repository
//!   rev: main           # as asked for; the main branch without it
//!   commit: 1f3a…       # the commit that it came from
//!   stamp: …            # of a URL: changes when the content does
//! desc: …               # free text, kept as it is
//! meta: …               # any YAML without tags whose keys are scalars, kept as it is
//! ```
//!
//! Unknown keys, duplicate keys and wrong types are errors with their place, also the marks of an
//! unresolved merge. `path` must be the pointer's own name without `.derm`. A pointer in a folder
//! that git or `.dermignore` leaves out is not found.

use std::path::Path;

use ignore::WalkBuilder;
use serde::{Deserialize, Serialize};

use super::{Entry, Error};
use crate::digest::ParseObjectIdError;
use crate::relpath::RelPath;
use crate::text::Place;
use crate::workspace::{Workspace, atomic, rules};

/// How pointer files are called.
pub const SUFFIX: &str = ".derm";

/// The content of a pointer file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// What is tracked.
    pub entry: Entry,
    /// Free text of the user's.
    pub desc: Option<String>,
    /// Any YAML of the user's.
    pub meta: Option<serde_yaml::Value>,
    /// Where imported data came from.
    pub import: Option<Import>,
}

/// Where imported data came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Import {
    /// A git repository, a URL, or a path from the root.
    pub url: String,
    /// In the git repository; `None` for a URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<RelPath>,
    /// The revision that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rev: Option<String>,
    /// The commit that it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// What the URL said about its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stamp: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: u32,
    path: String,
    hash: String,
    kind: super::Kind,
    size: u64,
    files: u64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    executable: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    import: Option<Import>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    desc: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    meta: Option<serde_yaml::Value>,
}

impl Pointer {
    /// A pointer without notes.
    pub fn new(entry: Entry) -> Self {
        Self { entry, desc: None, meta: None, import: None }
    }

    /// Understands the bytes of the pointer file of `target`.
    pub fn parse(target: &RelPath, bytes: &[u8]) -> Result<Self, Error> {
        let text = String::from_utf8_lossy(bytes);
        let bad = |line, column, message: String| Error::BadPointer {
            place: Box::new(Place::new(path_of(target).as_str(), line, column, &text)),
            message,
        };
        let file: File = serde_yaml::from_str(&text).map_err(|error| {
            let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
            bad(line, column, without_place(&error.to_string()))
        })?;
        let line_of = |key: &str| text.lines().position(|line| line.starts_with(key)).map_or(1, |n| n + 1);
        if file.schema != 1 {
            return Err(bad(line_of("schema"), 1, format!("schema {} is not known to this derm, which reads schema 1", file.schema)));
        }
        if target.name() != Some(&file.path) {
            return Err(bad(
                line_of("path"),
                1,
                format!("`path` is `{}`, but the file's name says `{}`", file.path, target.name().unwrap_or(".")),
            ));
        }
        if let Some(what) = file.meta.as_ref().and_then(not_kept) {
            return Err(bad(line_of("meta"), 1, format!("`meta` holds {what}, which would not be kept: write the value without it")));
        }
        let id = file.hash.parse().map_err(|error: ParseObjectIdError| bad(line_of("hash"), 7, error.to_string()))?;
        let entry = Entry { id, kind: file.kind, size: file.size, files: file.files, executable: file.executable };
        Ok(Self { entry, desc: file.desc, meta: file.meta, import: file.import })
    }

    /// The bytes of the pointer file of `target`.
    pub fn to_yaml(&self, target: &RelPath) -> String {
        let Entry { id, kind, size, files, executable } = self.entry.clone();
        let path = target.name().unwrap_or_default().to_owned();
        let (import, desc, meta) = (self.import.clone(), self.desc.clone(), self.meta.clone());
        let file = File { schema: 1, path, hash: id.hex(), kind, size, files, executable, import, desc, meta };
        // Plain data with text keys: there is nothing that YAML could refuse.
        serde_yaml::to_string(&file).unwrap_or_default()
    }

    /// Reads the pointer of `target`; `None` without one.
    pub fn read(workspace: &Workspace, target: &RelPath) -> Result<Option<Self>, Error> {
        if target.is_root() {
            return Ok(None);
        }
        let path = path_of(target).on_disk(workspace.root());
        match std::fs::read(&path) {
            Ok(bytes) => Self::parse(target, &bytes).map(Some),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(Error::io("read", &path)(error)),
        }
    }

    /// Writes the pointer of `target`.
    pub fn write(&self, workspace: &Workspace, target: &RelPath) -> Result<(), Error> {
        let path = path_of(target).on_disk(workspace.root());
        Ok(atomic::write(&path, self.to_yaml(target).as_bytes())?)
    }
}

/// What of it is not written back as it was: the escapes in a tag's name, and keys of several parts.
fn not_kept(value: &serde_yaml::Value) -> Option<&'static str> {
    use serde_yaml::Value::{Mapping, Sequence, Tagged};
    match value {
        Tagged(_) => Some("a tag (`!NAME`)"),
        Sequence(items) => items.iter().find_map(not_kept),
        Mapping(map) => map.iter().find_map(|(key, value)| match key {
            Sequence(_) | Mapping(_) => Some("a list or a map as a key"),
            key => not_kept(key).or_else(|| not_kept(value)),
        }),
        _ => None,
    }
}

/// serde_yaml repeats the place at the end of its message; the place is shown before it already.
fn without_place(message: &str) -> String {
    message.split(" at line ").next().unwrap_or(message).to_owned()
}

/// Nothing is there, or a folder is in the way (`.derm/` for the root).
fn is_absent(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{InvalidFilename, IsADirectory, NotADirectory, NotFound};
    // No file can have a name that is too long for one.
    matches!(error.kind(), NotFound | NotADirectory | IsADirectory | InvalidFilename)
}

/// Whether a file system can have the pointer file of `target`: names have at most 255 bytes.
pub fn can_have_one(target: &RelPath) -> bool {
    path_of(target).name().is_none_or(|name| name.len() <= 255)
}

/// The pointer file of `target`.
pub fn path_of(target: &RelPath) -> RelPath {
    target.parent().unwrap_or_default().join(&format!("{}{SUFFIX}", target.name().unwrap_or_default()))
}

/// What the pointer file `path` is for; `None` when it is no pointer file.
pub fn target_of(path: &RelPath) -> Option<RelPath> {
    let name = path.name()?.strip_suffix(SUFFIX).filter(|name| !name.is_empty())?;
    Some(path.parent()?.join(name))
}

/// The pointer that covers `path`: its own or that of a folder above it.
pub fn covering(workspace: &Workspace, path: &RelPath) -> Result<Option<(RelPath, Pointer)>, Error> {
    let mut here = Some(path.clone());
    while let Some(target) = here.filter(|target| !target.is_root()) {
        if let Some(pointer) = Pointer::read(workspace, &target)? {
            return Ok(Some((target, pointer)));
        }
        here = target.parent();
    }
    Ok(None)
}

/// All pointers, sorted by path. Folders that git or `.dermignore` leaves out are not entered.
pub fn find_all(workspace: &Workspace) -> Result<Vec<(RelPath, Pointer)>, Error> {
    find_below(workspace, &RelPath::root())
}

/// All pointers whose pointer file lies in `folder` or below, sorted by path.
pub fn find_below(workspace: &Workspace, folder: &RelPath) -> Result<Vec<(RelPath, Pointer)>, Error> {
    let mut walk = WalkBuilder::new(folder.on_disk(workspace.root()));
    walk.standard_filters(false).git_ignore(true).require_git(false).parents(true);
    rules::FILES.iter().for_each(|name| {
        walk.add_custom_ignore_filename(name);
    });
    walk.filter_entry(|entry| entry.depth() == 0 || entry.file_name().to_str().is_some_and(|name| !rules::always(name)));
    let mut found = Vec::new();
    for entry in walk.build() {
        let Some(target) = entry.ok().filter(is_pointer_file).and_then(|entry| target_on_disk(workspace, entry.path())) else { continue };
        found.extend(Pointer::read(workspace, &target)?.map(|pointer| (target, pointer)));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}

fn is_pointer_file(entry: &ignore::DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_file()) && entry.file_name().as_encoded_bytes().ends_with(SUFFIX.as_bytes())
}

fn target_on_disk(workspace: &Workspace, path: &Path) -> Option<RelPath> {
    target_of(&RelPath::strip(workspace.root(), path).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::ObjectId;
    use proptest::prelude::*;

    #[test]
    fn notes_of_the_user_are_kept() {
        let target = RelPath::new("data/skin").unwrap();
        let text = Pointer::new(Entry::file(ObjectId::of(b"x"), 1)).to_yaml(&target) + "desc: as delivered\nmeta:\n  ticket: 12\n";
        let pointer = Pointer::parse(&target, text.as_bytes()).unwrap();
        assert_eq!(pointer.to_yaml(&target), text);
    }

    // Found by fuzzing: `!a%0b` came back as another tag, and a map as a key not as the same key.
    #[test]
    fn what_would_not_be_kept_is_refused() {
        let target = RelPath::new("data/skin").unwrap();
        for (meta, what) in
            [("- {!a%0b k: 1}", "a tag"), ("? ti{t: [0, .pa'\u{bb}\t]", "a list or a map as a key"), ("k: {[1]: 2}", "a list or a map")]
        {
            let text = Pointer::new(Entry::file(ObjectId::of(b"x"), 1)).to_yaml(&target) + "meta:\n  " + meta + "\n";
            let said = Pointer::parse(&target, text.as_bytes()).unwrap_err().to_string();
            assert!(said.contains(&format!("`meta` holds {what}")), "{said}");
        }
    }

    #[test]
    fn names_lead_to_targets_and_back() {
        let path = |text: &str| RelPath::new(text).unwrap();
        assert_eq!(path_of(&path("a/b.jpg")), path("a/b.jpg.derm"));
        assert_eq!(target_of(&path("a/b.jpg.derm")), Some(path("a/b.jpg")));
        assert_eq!(target_of(&path(".derm")), None);
        assert_eq!(target_of(&path("a/b.jpg")), None);
    }

    proptest! {
        #[test]
        fn random_and_damaged_pointers_never_panic(noise in proptest::collection::vec(any::<u8>(), 0..120), at in any::<usize>(), byte in any::<u8>()) {
            let target = RelPath::new("data").unwrap();
            let _ = Pointer::parse(&target, &noise);
            let mut bytes = Pointer::new(Entry::file(ObjectId::of(b"x"), 1)).to_yaml(&target).into_bytes();
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = Pointer::parse(&target, &bytes);
            bytes.truncate(at);
            let _ = Pointer::parse(&target, &bytes);
        }
    }
}
