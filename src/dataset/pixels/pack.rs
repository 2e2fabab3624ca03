//! One file of decoded images; its format stands in [`super`].

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};

use super::mapped::Mapped;
use crate::digest::ObjectId;
use crate::store::Stat;
use crate::workspace;
use crate::workspace::atomic::AtomicFile;

const MAGIC: &[u8; 16] = b"derm pixels 1\n\0\0";
const HEAD: usize = MAGIC.len() + 8 + 8;
const ENTRY: usize = 32 + 32 + 4 * 8;
/// How the names of packs end.
pub const EXTENSION: &str = "pack";

/// What is known of one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// BLAKE3 of the image file.
    pub image: ObjectId,
    /// The file's fingerprint when it was hashed; all zeros where that says nothing.
    pub stat: Stat,
    /// BLAKE3 of the pixels.
    pub pixels: ObjectId,
}

/// An opened pack.
pub struct Pack {
    path: PathBuf,
    size: usize,
    entries: Vec<Entry>,
    bytes: Mapped,
    /// What is known of each image's pixels: a [`Check`].
    checked: Vec<AtomicU8>,
}

/// Whether pixels were compared with their hash.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Check {
    NotYet,
    Good,
    Bad,
}

impl Pack {
    /// Opens a pack of images of `size` bytes; `None` where it is not whole or not one.
    pub fn open(path: &Path, size: usize) -> io::Result<Option<Self>> {
        Ok(Self::of(path, size, Mapped::open(path)?))
    }

    fn of(path: &Path, size: usize, bytes: Mapped) -> Option<Self> {
        let entries = read_head(&bytes, size)?;
        let head = bytes.get(..HEAD + entries.len() * ENTRY)?;
        let whole = head.len().checked_add(entries.len().checked_mul(size)?)? == bytes.len();
        if !whole || path.file_stem()?.to_str()? != ObjectId::of(head).hex() {
            return None;
        }
        let checked = entries.iter().map(|_| AtomicU8::new(Check::NotYet as u8)).collect();
        Some(Self { path: path.to_owned(), size, entries, bytes, checked })
    }

    /// Writes images of `size` bytes into `folder` and opens what was written.
    pub fn write<'a>(
        folder: &Path,
        size: usize,
        images: impl Iterator<Item = (Entry, &'a [u8])> + Clone,
    ) -> Result<Self, workspace::Error> {
        let mut head = MAGIC.to_vec();
        head.extend_from_slice(&(images.clone().count() as u64).to_le_bytes());
        head.extend_from_slice(&(size as u64).to_le_bytes());
        for (Entry { image, stat, pixels }, _) in images.clone() {
            head.extend_from_slice(image.as_bytes());
            head.extend_from_slice(pixels.as_bytes());
            head.extend_from_slice(&stat.size.to_le_bytes());
            head.extend_from_slice(&stat.modified.to_le_bytes());
            head.extend_from_slice(&stat.changed.to_le_bytes());
            head.extend_from_slice(&stat.inode.to_le_bytes());
        }
        let path = folder.join(ObjectId::of(&head).hex()).with_extension(EXTENSION);
        let mut file = AtomicFile::create(&path)?;
        file.write_all(&head).map_err(workspace::Error::io("write", &path))?;
        for (_, pixels) in images {
            file.write_all(pixels).map_err(workspace::Error::io("write", &path))?;
        }
        // Without waiting for the disk: every byte is checked before it is used.
        file.commit_unsynced()?;
        let opened = Self::open(&path, size).and_then(|pack| pack.ok_or(io::ErrorKind::InvalidData.into()));
        let pack = opened.map_err(workspace::Error::io("read", &path))?;
        pack.checked.iter().for_each(|check| check.store(Check::Good as u8, Ordering::Relaxed));
        Ok(pack)
    }

    /// What is known of the images, in their order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The pixels of one image, compared with their hash when they are first asked for; `None` where they do not match it.
    ///
    /// A pack that turns out damaged is removed, so that its images are decoded and kept anew by whoever comes next.
    pub fn image(&self, slot: usize) -> Option<&[u8]> {
        let (entry, check) = (self.entries.get(slot)?, self.checked.get(slot)?);
        let start = HEAD + self.entries.len() * ENTRY + slot * self.size;
        let pixels = self.bytes.get(start..start + self.size)?;
        if check.load(Ordering::Relaxed) == Check::NotYet as u8 {
            let found = if ObjectId::of(pixels) == entry.pixels { Check::Good } else { Check::Bad };
            check.store(found as u8, Ordering::Relaxed);
            if let Check::Bad = found {
                // Where it cannot be removed its image is found bad again next time.
                let _ = fs::remove_file(&self.path);
            }
        }
        (check.load(Ordering::Relaxed) == Check::Good as u8).then_some(pixels)
    }
}

/// The entries of a head that says what it must.
fn read_head(bytes: &[u8], size: usize) -> Option<Vec<Entry>> {
    let mut input = bytes.strip_prefix(MAGIC)?;
    let count = usize::try_from(u64::from_le_bytes(take(&mut input)?)).ok()?;
    if u64::from_le_bytes(take(&mut input)?) != size as u64 || count > input.len() / ENTRY {
        return None;
    }
    (0..count).map(|_| entry(&mut input)).collect()
}

fn entry(input: &mut &[u8]) -> Option<Entry> {
    let (image, pixels) = (ObjectId::from_bytes(take(input)?), ObjectId::from_bytes(take(input)?));
    let size = u64::from_le_bytes(take(input)?);
    let modified = i64::from_le_bytes(take(input)?);
    let changed = i64::from_le_bytes(take(input)?);
    let inode = u64::from_le_bytes(take(input)?);
    Some(Entry { image, stat: Stat { size, modified, changed, inode }, pixels })
}

fn take<const N: usize>(input: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = input.split_first_chunk::<N>()?;
    *input = rest;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: usize = 12;

    fn images() -> Vec<(Entry, Vec<u8>)> {
        let image = |i: u8| {
            let pixels = vec![i; SIZE];
            let stat = Stat { size: 1, modified: -2, changed: 3, inode: u64::from(i) };
            (Entry { image: ObjectId::of(&[i]), stat, pixels: ObjectId::of(&pixels) }, pixels)
        };
        (0..5).map(image).collect()
    }

    fn write(folder: &Path) -> Pack {
        Pack::write(folder, SIZE, images().iter().map(|(entry, pixels)| (*entry, pixels.as_slice()))).unwrap()
    }

    #[test]
    fn what_was_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path()).path().to_owned();
        let pack = Pack::open(&path, SIZE).unwrap().unwrap();
        for (slot, (entry, pixels)) in images().iter().enumerate() {
            assert_eq!((&pack.entries()[slot], pack.image(slot).unwrap()), (entry, pixels.as_slice()));
        }
        assert!(pack.image(5).is_none());
        assert!(Pack::open(&path, SIZE + 1).unwrap().is_none(), "images of another size");
        let renamed = folder.path().join(format!("{}.pack", ObjectId::of(b"another").hex()));
        fs::copy(&path, &renamed).unwrap();
        assert!(Pack::open(&renamed, SIZE).unwrap().is_none(), "under a name that is not its own");
    }

    #[test]
    fn no_flipped_bit_and_no_cut_goes_unnoticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path()).path().to_owned();
        let whole = fs::read(&path).unwrap();
        let pixels = images();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 4;
            // A new file each time: a mapped one must not be written to.
            fs::remove_file(&path).unwrap();
            fs::write(&path, &bytes).unwrap();
            if let Some(pack) = Pack::open(&path, SIZE).unwrap() {
                let bad: Vec<usize> = (0..5).filter(|&slot| pack.image(slot).is_none()).collect();
                assert_eq!(bad, [(at - (whole.len() - 5 * SIZE)) / SIZE], "byte {at}");
                assert!(!path.exists(), "a damaged pack is removed");
                fs::write(&path, &whole).unwrap();
                assert!((0..5).all(|slot| pack.image(slot).is_none_or(|found| found == pixels[slot].1)));
            }
            let cut = folder.path().join("cut");
            fs::create_dir_all(&cut).unwrap();
            let cut = cut.join(path.file_name().unwrap());
            fs::write(&cut, &whole[..at]).unwrap();
            assert!(!matches!(Pack::open(&cut, SIZE), Ok(Some(_))), "cut at {at}");
            fs::remove_file(&cut).unwrap();
        }
    }
}
