//! What can go wrong in the store.

use std::io;
use std::path::{Path, PathBuf};

use crate::digest::ObjectId;
use crate::relpath::RelPath;
use crate::text::Place;
use crate::workspace;

/// An error of [`crate::store`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// From the workspace: an operation of the operating system, a setting, git.
    #[error(transparent)]
    Workspace(#[from] workspace::Error),
    /// Nothing is there.
    #[error("`{0}` does not exist")]
    Missing(RelPath),
    /// A path that derm cannot track.
    #[error("cannot track `{path}`: {reason}")]
    Untrackable {
        /// The path.
        path: RelPath,
        /// Why, as a fragment.
        reason: Untrackable,
    },
    /// The path's content is held by git.
    #[error("`{path}` is tracked by git")]
    TrackedByGit {
        /// The path that was to be added.
        path: RelPath,
        /// Whether it is a folder.
        folder: bool,
    },
    /// The pointer would be invisible to git.
    #[error("git ignores `{0}`")]
    PointerIgnored(RelPath),
    /// Another tracked path lies inside.
    #[error("`{path}` holds `{inner}`, which is tracked already")]
    Overlap {
        /// The path that was to be added.
        path: RelPath,
        /// The tracked path inside.
        inner: RelPath,
    },
    /// No pointer covers the path.
    #[error("`{0}` is not tracked")]
    NotTracked(RelPath),
    /// The path is a part of a tracked folder.
    #[error("`{path}` lies inside the tracked folder `{target}`")]
    InsideTracked {
        /// The path.
        path: RelPath,
        /// The folder.
        target: RelPath,
    },
    /// Something is where something should come to.
    #[error("`{0}` exists already")]
    Exists(RelPath),
    /// The file kept changing while it was read.
    #[error("`{0}` changes while it is being read")]
    Unstable(PathBuf),
    /// A checkout would destroy bytes that are nowhere else.
    #[error("a checkout would destroy changes that are not in the cache")]
    WouldLose {
        /// The files.
        paths: Vec<RelPath>,
    },
    /// Objects are missing or damaged; everything else was checked out.
    #[error("not everything could be checked out")]
    Incomplete {
        /// Paths whose objects are not in the cache.
        missing: Vec<RelPath>,
        /// Paths whose objects do not have the bytes of their name; they were set aside.
        damaged: Vec<RelPath>,
    },
    /// An object is not in the cache.
    #[error("object `{0}` is not in the cache")]
    NoObject(ObjectId),
    /// An object does not have the bytes of its name.
    #[error("object `{0}` is damaged")]
    Damaged(ObjectId),
    /// The bytes of a tree object cannot be understood.
    #[error("object `{id}` is no folder listing: {reason}")]
    BadTree {
        /// The object.
        id: ObjectId,
        /// Why.
        reason: &'static str,
    },
    /// A pointer file cannot be understood.
    #[error("not a pointer: {message}")]
    BadPointer {
        /// Where.
        place: Box<Place>,
        /// What is wrong.
        message: String,
    },
    /// None of the configured link types works.
    #[error("cannot link `{path}` to the cache by any of: {tried}")]
    NoLink {
        /// The file.
        path: RelPath,
        /// The link types.
        tried: String,
    },
    /// No remote is named, and there is none to choose.
    #[error("no remote is chosen")]
    NoRemote {
        /// Those that are configured.
        known: Vec<String>,
    },
    /// No remote of this name is configured.
    #[error("there is no remote `{name}`")]
    UnknownRemote {
        /// As typed.
        name: String,
        /// Those that are configured.
        known: Vec<String>,
    },
    /// A remote without a URL.
    #[error("the remote `{name}` has no URL")]
    NoUrl {
        /// The remote.
        name: String,
    },
    /// A URL that derm cannot use.
    #[error("`{url}` cannot be a remote: {reason}")]
    BadUrl {
        /// As typed, without passwords.
        url: String,
        /// Why, as a fragment.
        reason: String,
    },
    /// The remote did not do what it was asked.
    #[error("the remote `{remote}` failed{}{path}{}", if path.is_empty() { "" } else { " at `" }, if path.is_empty() { "" } else { "`" })]
    Remote {
        /// The remote.
        remote: String,
        /// Relative to the remote; empty when it is about the whole.
        path: String,
        /// Why.
        #[source]
        fault: super::remote::Fault,
    },
    /// A URL or a folder that data was to be copied from.
    #[error("cannot read `{url}`")]
    Elsewhere {
        /// As typed, without passwords.
        url: String,
        /// Why.
        #[source]
        fault: super::remote::Fault,
    },
    /// The remote was written by a newer derm.
    #[error("the remote `{remote}` was written by another version of derm")]
    RemoteFormat {
        /// The remote.
        remote: String,
    },
    /// Stopped by the user.
    #[error("interrupted")]
    Interrupted,
}

/// Why a path cannot be tracked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untrackable {
    /// The repository's root.
    #[error("it is the whole repository")]
    Root,
    /// Inside `.derm` or `.git`.
    #[error("it belongs to `{0}`")]
    Internal(&'static str),
    /// A `*.derm` file.
    #[error("it is a pointer")]
    Pointer,
    /// Left out by the ignore rules.
    #[error("it is left out by `.dermignore`, `.dvcignore` or the default rules")]
    Ignored,
    /// A symbolic link of the user's.
    #[error("`{0}` is a symbolic link")]
    Symlink(RelPath),
    /// Inside what is moved there.
    #[error("it lies inside `{0}`")]
    Inside(RelPath),
    /// A socket, a pipe, a device.
    #[error("`{}` is neither a file nor a folder", .0.display())]
    Special(PathBuf),
    /// A name or a link target that is not UTF-8.
    #[error("the name or link target of `{}` is not valid UTF-8", .0.display())]
    NotUtf8(PathBuf),
    /// A name or a link target longer than a listing can hold.
    #[error("the name or link target of `{}` is too long", .0.display())]
    TooLong(PathBuf),
    /// Folders nested beyond reason.
    #[error("`{}` is nested more than 512 folders deep", .0.display())]
    TooDeep(PathBuf),
}

impl Error {
    /// For `map_err`: adds the operation and the path to an I/O error.
    pub fn io(operation: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Workspace(workspace::Error::Io { operation, path: path.as_ref().to_owned(), source })
    }
}
