//! Packs: many small objects as one file of a remote. This page is the format, version 1.
//!
//! ```text
//! ID.pack    the bytes of the objects, one after the other; nothing before, between or after them
//! ID.index = "dermpack" version:u8=1 count:u32 (id:[32] size:u32)*count        nothing follows
//! ```
//!
//! Integers are little-endian. The objects stand in the pack in the order of the index, so an object begins where those before it end.
//! `ID` is the BLAKE3 hash of the index's bytes, in 64 hex digits; no id stands twice in an index.

use std::collections::HashSet;

use crate::digest::ObjectId;

const HEAD: &[u8; 9] = b"dermpack\x01";
const LINE: usize = 36;

/// Objects up to this size may be packed.
pub const SMALL: u64 = 1 << 20;

/// A pack is closed when it has so many bytes.
pub const FULL: u64 = 16 << 20;

/// The folder of packs.
pub const FOLDER: &str = "packs";

/// The objects of one pack, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    /// Each with its length.
    pub objects: Vec<(ObjectId, u32)>,
}

impl Index {
    /// The bytes of the index file.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEAD.len() + 4 + self.objects.len() * LINE);
        out.extend_from_slice(HEAD);
        out.extend_from_slice(&(self.objects.len() as u32).to_le_bytes());
        for (id, size) in &self.objects {
            out.extend_from_slice(id.as_bytes());
            out.extend_from_slice(&size.to_le_bytes());
        }
        out
    }

    /// Understands the bytes of an index file; `None` for anything else.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (count, lines) = bytes.strip_prefix(HEAD)?.split_first_chunk::<4>()?;
        let (lines, rest) = lines.as_chunks::<LINE>();
        if !rest.is_empty() || lines.len() != u32::from_le_bytes(*count) as usize {
            return None;
        }
        let object = |line: &[u8; LINE]| {
            let (id, size) = line.split_first_chunk::<32>()?;
            Some((ObjectId::from_bytes(*id), u32::from_le_bytes(size.try_into().ok()?)))
        };
        let objects: Vec<(ObjectId, u32)> = lines.iter().map(object).collect::<Option<_>>()?;
        let mut seen = HashSet::with_capacity(objects.len());
        objects.iter().all(|(id, _)| seen.insert(*id)).then_some(Self { objects })
    }

    /// The length that the pack must have.
    pub fn pack_size(&self) -> u64 {
        self.objects.iter().map(|(_, size)| u64::from(*size)).sum()
    }
}

/// The path of a pack on the remote.
pub fn pack_path(id: &ObjectId) -> String {
    format!("{FOLDER}/{}.pack", id.hex())
}

/// The path of its index.
pub fn index_path(id: &ObjectId) -> String {
    format!("{FOLDER}/{}.index", id.hex())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_bytes_are_those_of_the_specification() {
        let index = Index { objects: vec![(ObjectId::of(b"a"), 1), (ObjectId::of(b"bb"), 2)] };
        let mut expected = b"dermpack\x01\x02\0\0\0".to_vec();
        expected.extend_from_slice(ObjectId::of(b"a").as_bytes());
        expected.extend_from_slice(b"\x01\0\0\0");
        expected.extend_from_slice(ObjectId::of(b"bb").as_bytes());
        expected.extend_from_slice(b"\x02\0\0\0");
        assert_eq!(index.encode(), expected);
        assert_eq!(index.pack_size(), 3);
        assert_eq!(Index::decode(&expected), Some(index));
        expected[8] = 2;
        assert_eq!(Index::decode(&expected), None, "a newer version is not understood");
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic_and_what_is_read_is_canonical(noise in proptest::collection::vec(any::<u8>(), 0..120), count in 0u32..4) {
            let mut bytes = HEAD.to_vec();
            bytes.extend_from_slice(&count.to_le_bytes());
            bytes.extend_from_slice(&noise);
            if let Some(index) = Index::decode(&bytes) {
                prop_assert_eq!(index.encode(), bytes);
            }
            let _ = Index::decode(&noise);
        }
    }
}
