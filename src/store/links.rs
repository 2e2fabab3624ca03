//! How objects and files in the workspace are linked: which type, and the steps of each.
//!
//! The types of `cache.link` are tried in their order. A type that the file system does not have
//! is not tried again by this process. An executable file is never a hard or symbolic link:
//! it would share its permissions with the object; it is a reflink or a copy.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};

use crate::workspace::config::Link;

/// The link types in effect.
#[derive(Debug)]
pub struct Links {
    order: Vec<Link>,
    failed: AtomicU8,
}

impl Links {
    pub fn new(order: &[Link]) -> Self {
        Self { order: order.to_vec(), failed: AtomicU8::new(0) }
    }

    /// The types to try for a file, first choice first.
    pub fn candidates(&self, executable: bool) -> Vec<Link> {
        let failed = self.failed.load(Ordering::Relaxed);
        let possible = |link: &Link| failed & bit(*link) == 0 && !(executable && shares_permissions(*link));
        let mut found: Vec<Link> = self.order.iter().copied().filter(possible).collect();
        if executable && !found.contains(&Link::Copy) {
            found.push(Link::Copy);
        }
        found
    }

    /// Remembers that this file system does not have `link`.
    pub fn give_up(&self, link: Link) {
        self.failed.fetch_or(bit(link), Ordering::Relaxed);
    }

    /// The names in order, for a message.
    pub fn names(&self) -> String {
        self.order.iter().map(|link| link.name()).collect::<Vec<_>>().join(", ")
    }
}

fn bit(link: Link) -> u8 {
    1 << link as u8
}

/// Whether a file linked so has the permissions of its object.
pub fn shares_permissions(link: Link) -> bool {
    matches!(link, Link::Hardlink | Link::Symlink)
}

/// Whether the next type should be tried after `error`; the others are about more than the link.
pub fn is_about_the_link(error: &io::Error) -> bool {
    !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::ReadOnlyFilesystem)
}

/// Whether no file of this file system can be linked so.
pub fn is_for_all_files(link: Link, error: &io::Error) -> bool {
    link == Link::Reflink || matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::CrossesDevices)
}

/// Makes `to` a link of type `link` to the file `from`; not for copies, which are verified while they are made.
pub fn make(link: Link, from: &Path, to: &Path, executable: bool) -> io::Result<()> {
    match link {
        Link::Reflink => reflink_copy::reflink(from, to).and_then(|()| make_writable(to, executable)),
        Link::Hardlink => fs::hard_link(from, to),
        Link::Symlink => symlink(from, to),
        Link::Copy => Err(ErrorKind::Unsupported.into()),
    }
}

#[cfg(unix)]
fn symlink(from: &Path, to: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(from, to)
}

#[cfg(windows)]
fn symlink(from: &Path, to: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(from, to)
}

/// A new file for content of the workspace: permissions as the umask has them.
pub fn create_file(path: &Path, executable: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(if executable { 0o777 } else { 0o666 });
    }
    #[cfg(not(unix))]
    let _ = executable;
    options.open(path)
}

/// A new file with these bytes, which appears in its place when it is whole: it has no name before.
///
/// # Errors
/// When something is there, or the file system does not have such files.
#[cfg(target_os = "linux")]
pub fn create_whole(path: &Path, executable: bool, bytes: &[u8]) -> io::Result<fs::Metadata> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, open};
    let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
    let mode = Mode::from_raw_mode(if executable { 0o777 } else { 0o666 });
    let mut file = File::from(open(folder, OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC, mode)?);
    file.write_all(bytes)?;
    linkat(CWD, format!("/proc/self/fd/{}", file.as_raw_fd()), CWD, path, AtFlags::SYMLINK_FOLLOW)?;
    file.metadata()
}

#[cfg(not(target_os = "linux"))]
pub fn create_whole(_: &Path, _: bool, _: &[u8]) -> io::Result<fs::Metadata> {
    Err(ErrorKind::Unsupported.into())
}

/// A new read-only file for an object (0444, less what the umask takes), written through the open handle.
pub fn create_object(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o444);
    }
    options.open(path)
}

/// Writes a new object file.
pub fn write_object(path: &Path, bytes: &[u8]) -> io::Result<()> {
    create_object(path)?.write_all(bytes)
}

/// Takes away all write permission.
pub fn make_read_only(path: &Path) -> io::Result<()> {
    let mut permissions = fs::metadata(path)?.permissions();
    #[cfg(not(unix))]
    permissions.set_readonly(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if permissions.mode() & 0o7777 & !0o444 == 0 {
            return Ok(());
        }
        permissions.set_mode(permissions.mode() & 0o444);
    }
    fs::set_permissions(path, permissions)
}

/// Gives the owner write permission, and whoever may read the executable bit if asked.
fn make_writable(path: &Path, executable: bool) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path)?.permissions().mode() & 0o777;
        let execute = if executable { (mode & 0o444) >> 2 } else { 0 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode | 0o200 | execute))
    }
    #[cfg(not(unix))]
    {
        let _ = executable;
        let mut permissions = fs::metadata(path)?.permissions();
        permissions.set_readonly(false);
        fs::set_permissions(path, permissions)
    }
}

/// Whether the symbolic link at `path` with this `target` points into `folder`, by text alone.
pub fn points_into(path: &Path, target: &Path, folder: &Path) -> bool {
    let mut resolved = path.parent().unwrap_or(Path::new("")).to_path_buf();
    for part in target.components() {
        match part {
            Component::ParentDir => {
                resolved.pop();
            }
            Component::CurDir => {}
            part => resolved.push(part),
        }
    }
    resolved.starts_with(folder)
}

/// What to write into a symbolic link at `at` so that it finds `object`: relative inside the
/// repository, so that the whole can be moved; absolute to a cache elsewhere.
pub fn symlink_target(root: &Path, at: &Path, object: &Path) -> PathBuf {
    let (Ok(inside), Some(Ok(below))) = (object.strip_prefix(root), at.parent().map(|folder| folder.strip_prefix(root))) else {
        return object.to_owned();
    };
    below.components().map(|_| "..").collect::<PathBuf>().join(inside)
}

/// Whether two paths name the same file on disk.
#[cfg(unix)]
pub fn is_same_file(a: &fs::Metadata, b: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

#[cfg(not(unix))]
pub fn is_same_file(_: &fs::Metadata, _: &fs::Metadata) -> bool {
    false
}

/// Whether a file that has an object has the look of a link of this type to it, without asking the cache: the last word on
/// permissions and numbers of names, and derm's own symbolic links.
#[cfg(unix)]
pub fn looks_like(link: Link, meta: &fs::Metadata, through_link: bool) -> bool {
    match link {
        Link::Hardlink => !through_link && !is_sole(meta) && meta.permissions().readonly(),
        Link::Symlink => through_link,
        Link::Reflink | Link::Copy => false,
    }
}

#[cfg(not(unix))]
pub fn looks_like(_: Link, _: &fs::Metadata, _: bool) -> bool {
    false
}

/// Whether two files lie in one file system.
#[cfg(unix)]
pub fn is_same_disk(a: &fs::Metadata, b: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    a.dev() == b.dev()
}

#[cfg(not(unix))]
pub fn is_same_disk(_: &fs::Metadata, _: &fs::Metadata) -> bool {
    false
}

/// Whether nothing else shares the file's content by a hard link.
#[cfg(unix)]
pub fn is_sole(meta: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    meta.nlink() == 1
}

#[cfg(not(unix))]
pub fn is_sole(_: &fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executables_never_share_permissions_and_failures_are_remembered() {
        let links = Links::new(&[Link::Reflink, Link::Hardlink, Link::Copy]);
        assert_eq!(links.candidates(false), [Link::Reflink, Link::Hardlink, Link::Copy]);
        assert_eq!(links.candidates(true), [Link::Reflink, Link::Copy]);
        links.give_up(Link::Reflink);
        assert_eq!(links.candidates(false), [Link::Hardlink, Link::Copy]);
        assert_eq!(Links::new(&[Link::Symlink]).candidates(true), [Link::Copy]);
    }

    #[test]
    fn symlinks_inside_the_repository_are_relative() {
        let target = |at: &str, object: &str| symlink_target(Path::new("/r"), Path::new(at), Path::new(object));
        assert_eq!(target("/r/data/x/a.jpg", "/r/.derm/cache/b3/ab/c"), Path::new("../../.derm/cache/b3/ab/c"));
        assert_eq!(target("/r/a.jpg", "/big/b3/ab/c"), Path::new("/big/b3/ab/c"));
        assert!(points_into(Path::new("/r/data/a"), Path::new("../.derm/cache/b3/ab/c"), Path::new("/r/.derm/cache/b3")));
        assert!(!points_into(Path::new("/r/data/a"), Path::new("../b3/ab/c"), Path::new("/r/.derm/cache/b3")));
    }
}
