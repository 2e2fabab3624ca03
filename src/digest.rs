//! Names for bytes: BLAKE3 content hashes and the canonical encoding behind every key.
//!
//! An [`ObjectId`] is the 32-byte BLAKE3 hash of some bytes, written as 64 lower-case hex
//! digits, always in full. A [`KeyHasher`] hashes structured values: every field is preceded
//! by its length as a little-endian `u64`, so that `("ab", "c")` and `("a", "bc")` differ.
//! This module never decides what belongs into a key; its callers document that.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The BLAKE3 hash of an object's bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId([u8; 32]);

/// A text that is not 64 hexadecimal digits.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a content hash (64 hexadecimal digits)")]
pub struct ParseObjectIdError(String);

/// Files up to this size are read in one piece; larger ones are hashed in blocks by several threads.
const PARALLEL_FROM: u64 = 8 << 20;

impl ObjectId {
    /// Hashes bytes held in memory.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// Hashes a file's content without reading it whole into memory.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        if size < PARALLEL_FROM {
            return in_buffer(&mut file, size, Self::of);
        }
        let mut hasher = blake3::Hasher::new();
        let mut block = vec![0; 4 << 20];
        loop {
            let filled = fill(&mut file, &mut block)?;
            if filled == 0 {
                break;
            }
            hasher.update_rayon(&block[..filled]);
        }
        Ok(Self(*hasher.finalize().as_bytes()))
    }

    /// The 32 bytes of the hash.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Rebuilds an id from its 32 bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// All 64 hexadecimal digits, lower case.
    pub fn hex(&self) -> String {
        blake3::Hash::from_bytes(self.0).to_hex().to_string()
    }
}

thread_local! {
    /// What small files are read into: one allocation a thread instead of one a file.
    static BUFFER: std::cell::RefCell<Vec<u8>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// A buffer above this is given back after use.
const KEPT: usize = 1 << 20;

/// Hands over the content of a file, read into memory as a whole.
pub fn with_content<T>(path: &Path, use_it: impl FnOnce(&[u8]) -> T) -> io::Result<T> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    in_buffer(&mut file, size, use_it)
}

/// The first `size` bytes of an open file; fewer when it ends before.
pub fn in_buffer<T>(file: &mut File, size: u64, use_it: impl FnOnce(&[u8]) -> T) -> io::Result<T> {
    // Taken out while it is in use: `use_it` may come here again.
    let mut buffer = BUFFER.take();
    if buffer.len() < size as usize {
        buffer.resize(size as usize, 0);
    }
    let filled = fill(file, &mut buffer[..size as usize]);
    let value = filled.map(|filled| use_it(&buffer[..filled]));
    if buffer.len() > KEPT {
        buffer = Vec::new();
    }
    BUFFER.set(buffer);
    value
}

/// Reads until `block` is full or the input ends.
pub fn fill(input: &mut impl Read, block: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < block.len() {
        match input.read(&mut block[filled..])? {
            0 => break,
            n => filled += n,
        }
    }
    Ok(filled)
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectId({self})")
    }
}

impl FromStr for ObjectId {
    type Err = ParseObjectIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lower = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let hash = blake3::Hash::from_hex(text).ok().filter(|_| lower);
        hash.map(|h| Self(*h.as_bytes())).ok_or_else(|| ParseObjectIdError(text.to_owned()))
    }
}

impl Serialize for ObjectId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.hex())
    }
}

impl<'de> Deserialize<'de> for ObjectId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Hashes a sequence of fields, each preceded by its length, under a name that says what the key is for.
pub struct KeyHasher(blake3::Hasher);

impl KeyHasher {
    /// `purpose` separates keys of different kinds, for example `"derm training key 1"`.
    pub fn new(purpose: &str) -> Self {
        let mut hasher = Self(blake3::Hasher::new());
        hasher.field(purpose.as_bytes());
        hasher
    }

    /// Adds one field.
    pub fn field(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    /// Adds one field from text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.field(text.as_bytes())
    }

    /// The finished key.
    pub fn finish(&self) -> ObjectId {
        ObjectId(*self.0.finalize().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_full_width_and_round_trips() {
        // The published BLAKE3 test vector for empty input.
        let empty = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";
        assert_eq!(ObjectId::of(b"").to_string(), empty);
        assert_eq!(empty.parse::<ObjectId>().unwrap(), ObjectId::of(b""));
        assert!(empty.to_uppercase().parse::<ObjectId>().is_err());
        assert!("af13".parse::<ObjectId>().is_err());
    }

    #[test]
    fn small_and_large_files_hash_as_their_bytes() {
        let folder = tempfile::tempdir().unwrap();
        for size in [0, 1, 4096, (PARALLEL_FROM as usize) + 3] {
            let bytes: Vec<u8> = (0..size).map(|i| (i % 251) as u8).collect();
            let path = folder.path().join("file");
            std::fs::write(&path, &bytes).unwrap();
            assert_eq!(ObjectId::of_file(&path).unwrap(), ObjectId::of(&bytes));
        }
    }

    #[test]
    fn fields_do_not_run_together() {
        let key = |a: &str, b: &str| KeyHasher::new("test").text(a).text(b).finish();
        assert_ne!(key("ab", "c"), key("a", "bc"));
        assert_eq!(key("ab", "c"), key("ab", "c"));
    }
}
