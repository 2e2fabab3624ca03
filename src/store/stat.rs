//! What the file system says about a file, and when that is enough to know its content.
//!
//! A file whose size, modification time, change time and inode are as recorded has the recorded
//! content, with one exception: a file that is written twice within one tick of the clock shows
//! the same times for both contents. Hence the racy rule: what changed less than a tick before it was
//! hashed is not recorded, and is hashed again next time. A tick is 20 ms (kernels stamp with a
//! clock of 1 to 10 ms), or 2 s where times have no fraction (HFS+, FAT). The change time is the
//! kernel's own, so setting a modification time back does not deceive.

use std::fs::Metadata;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A file's fingerprint. Times are nanoseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    pub size: u64,
    pub modified: i64,
    pub changed: i64,
    pub inode: u64,
}

const TICK: Duration = Duration::from_millis(20);
const COARSE_TICK: Duration = Duration::from_secs(2);

impl Stat {
    #[cfg(unix)]
    pub fn of(meta: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        let nanos = |seconds: i64, nanos: i64| seconds.saturating_mul(1_000_000_000).saturating_add(nanos);
        Self {
            size: meta.len(),
            modified: nanos(meta.mtime(), meta.mtime_nsec()),
            changed: nanos(meta.ctime(), meta.ctime_nsec()),
            inode: meta.ino(),
        }
    }

    /// Without inode and change time, the modification and creation times stand in.
    #[cfg(not(unix))]
    pub fn of(meta: &Metadata) -> Self {
        let nanos = |time: std::io::Result<SystemTime>| time.map_or(0, since_epoch);
        Self { size: meta.len(), modified: nanos(meta.modified()), changed: nanos(meta.modified()), inode: nanos(meta.created()) as u64 }
    }

    /// Whether nothing was written to the file in between; it may have got other names and permissions.
    pub fn is_same_content(&self, other: &Self) -> bool {
        (self.size, self.modified, self.inode) == (other.size, other.modified, other.inode)
    }

    /// Whether a later change must show, given that the content was read at `read` or later.
    pub fn is_settled(&self, read: SystemTime) -> bool {
        since_epoch(read) > self.changed.saturating_add(self.tick().as_nanos() as i64)
    }

    /// How long a writer waits so that whoever changes the file after it is seen to have done so.
    pub fn tick(&self) -> Duration {
        if self.changed % 1_000_000_000 == 0 && self.modified % 1_000_000_000 == 0 { COARSE_TICK } else { TICK }
    }
}

fn since_epoch(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |age| age.as_nanos() as i64)
}

/// Whether a file has an executable bit.
pub fn is_executable(meta: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        meta.permissions().mode() & 0o111 != 0
    }
    #[cfg(not(unix))]
    {
        let _ = meta;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_older_than_a_tick_is_settled() {
        let at = |nanos: u64| UNIX_EPOCH + Duration::from_nanos(nanos);
        let fine = Stat { modified: 5_000_000_001, changed: 5_000_000_001, ..Stat::default() };
        assert!(!fine.is_settled(at(5_000_000_001)));
        assert!(!fine.is_settled(at(5_019_000_000)));
        assert!(fine.is_settled(at(5_021_000_000)));
        let coarse = Stat { modified: 5_000_000_000, changed: 5_000_000_000, ..Stat::default() };
        assert!(!coarse.is_settled(at(6_900_000_000)));
        assert!(coarse.is_settled(at(7_100_000_000)));
        let future = Stat { changed: i64::MAX, ..Stat::default() };
        assert!(!future.is_settled(at(1)));
    }
}
