//! How much of a disk decoded images may take up, and which go first.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::pack::EXTENSION;
use crate::workspace::atomic::TEMP_PREFIX;

/// Of the space that is free or could be made free by removing packs, one part in this many.
const SHARE: u64 = 2;
/// A temporary file that has not grown for this long was left behind by a process that was killed.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

/// A pack on disk.
struct Kept {
    used: SystemTime,
    bytes: u64,
    path: PathBuf,
}

/// Makes room for `bytes` more below `root`, removing the packs that were not used for longest, and never those of `spared`.
/// Whether there is room then.
pub fn make_room(root: &Path, bytes: u64, spared: &HashSet<PathBuf>) -> bool {
    let packs = packs(root);
    let taken: u64 = packs.iter().map(|pack| pack.bytes).sum();
    // Where the system does not say how much is free, the write itself will.
    let Ok(disk) = rustix::fs::statvfs(root) else { return true };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    remove_oldest(packs, bytes, taken.saturating_add(free) / SHARE, spared)
}

fn remove_oldest(mut packs: Vec<Kept>, bytes: u64, limit: u64, spared: &HashSet<PathBuf>) -> bool {
    let mut taken: u64 = packs.iter().map(|pack| pack.bytes).sum();
    packs.sort_by(|a, b| (a.used, &a.path).cmp(&(b.used, &b.path)));
    for pack in packs.iter().filter(|pack| !spared.contains(&pack.path)) {
        if taken.saturating_add(bytes) <= limit {
            break;
        }
        if fs::remove_file(&pack.path).is_ok() {
            taken -= pack.bytes;
        }
    }
    taken.saturating_add(bytes) <= limit
}

/// All packs below `root`, of whichever geometry.
fn packs(root: &Path) -> Vec<Kept> {
    let folders = fs::read_dir(root).into_iter().flatten().flatten();
    let files = folders.flat_map(|folder| fs::read_dir(folder.path()).into_iter().flatten().flatten());
    let kept = files.filter(|file| file.path().extension().is_some_and(|extension| extension == EXTENSION)).filter_map(|file| {
        let meta = file.metadata().ok()?;
        Some(Kept { used: meta.modified().ok()?, bytes: meta.len(), path: file.path() })
    });
    kept.collect()
}

/// Removes what killed writers left in `folder` long ago; others may be writing there now.
pub fn sweep(folder: &Path) {
    for file in fs::read_dir(folder).into_iter().flatten().flatten() {
        let age = file.metadata().and_then(|meta| meta.modified()).map(|modified| modified.elapsed().unwrap_or_default());
        if file.file_name().to_string_lossy().starts_with(TEMP_PREFIX) && age.is_ok_and(|age| age > ABANDONED) {
            // What cannot be removed is ignored by every reader.
            let _ = fs::remove_file(file.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_packs_that_were_not_used_for_longest_go_first_and_no_more_than_needed() {
        let root = tempfile::tempdir().unwrap();
        let file = |name: &str, age: u64| {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, [0; 100]).unwrap();
            let then = SystemTime::now() - Duration::from_secs(age);
            filetime::set_file_mtime(&path, then.into()).unwrap();
            path
        };
        let (old, older, oldest) = (file("a/1.pack", 10), file("b/2.pack", 20), file("a/3.pack", 30));
        let other = file("a/other", 99);
        let left = || [&old, &older, &oldest].map(|path| path.exists());
        let spared = HashSet::from([oldest.clone()]);
        assert!(remove_oldest(packs(root.path()), 50, 350, &spared));
        assert_eq!(left(), [true; 3], "there was room");
        assert!(remove_oldest(packs(root.path()), 50, 300, &spared));
        assert_eq!(left(), [true, false, true], "the oldest is in use");
        assert!(!remove_oldest(packs(root.path()), 50, 100, &spared));
        assert_eq!(left(), [false, false, true], "what is in use is spared though there is no room");
        assert!(other.exists());
    }

    #[test]
    fn only_what_was_abandoned_is_swept() {
        let root = tempfile::tempdir().unwrap();
        let (new, left) = (root.path().join(".derm-tmp-new"), root.path().join(".derm-tmp-left"));
        fs::write(&new, "").unwrap();
        fs::write(&left, "").unwrap();
        filetime::set_file_mtime(&left, (SystemTime::now() - 2 * ABANDONED).into()).unwrap();
        sweep(root.path());
        assert!(new.exists() && !left.exists());
    }
}
