//! Tree objects: the canonical listing of one folder. The format is final; this is version 1.
//!
//! ```text
//! node    = "dermtree" version:u8=1 count:u32 item*count          nothing follows
//! item    = kind:u8 name_length:u16 name rest
//! kind 1  file               rest = size:u64 id:[32]
//! kind 2  executable file    rest = size:u64 id:[32]
//! kind 3  folder             rest = size:u64 files:u64 id:[32]    size, files: sums over all below
//! kind 4  symbolic link      rest = target_length:u16 target
//! ```
//!
//! Integers are little-endian. Names are UTF-8 without `/` and NUL, not empty, not `.` or `..`, and stand in
//! strictly rising order of their bytes. `id` is the BLAKE3 hash of the file's bytes or of the
//! folder's own node. Link targets are UTF-8, kept as written, never followed. So equal folders
//! have equal bytes, one changed file rewrites only the nodes above it, and an empty folder
//! is a node of 13 bytes. Owners, times and other permission bits are not kept.

use crate::digest::ObjectId;

const MAGIC: &[u8; 8] = b"dermtree";
const VERSION: u8 = 1;

/// A folder's listing, sorted by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    items: Vec<Item>,
}

/// One line of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The name in the folder.
    pub name: String,
    /// What has this name.
    pub what: What,
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A file.
    File {
        /// Its bytes.
        id: ObjectId,
        /// How many.
        size: u64,
        /// Whether it may be executed.
        executable: bool,
    },
    /// A folder.
    Folder {
        /// Its node.
        id: ObjectId,
        /// Bytes of all files below.
        size: u64,
        /// Files and links below.
        files: u64,
    },
    /// A symbolic link.
    Link {
        /// Where it points, as written.
        target: String,
    },
}

impl What {
    /// Bytes of content.
    pub fn size(&self) -> u64 {
        match self {
            What::File { size, .. } | What::Folder { size, .. } => *size,
            What::Link { .. } => 0,
        }
    }

    /// Files and links.
    pub fn files(&self) -> u64 {
        match self {
            What::File { .. } | What::Link { .. } => 1,
            What::Folder { files, .. } => *files,
        }
    }
}

impl Node {
    /// Sorts `items` by name; of two with one name the last stays.
    pub fn new(mut items: Vec<Item>) -> Self {
        items.sort_by(|a, b| a.name.cmp(&b.name));
        items.reverse();
        items.dedup_by(|a, b| a.name == b.name);
        items.reverse();
        Self { items }
    }

    /// The items, sorted by name.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The item of this name.
    pub fn get(&self, name: &str) -> Option<&What> {
        let at = self.items.binary_search_by(|item| item.name.as_str().cmp(name)).ok()?;
        self.items.get(at).map(|item| &item.what)
    }

    /// The same folder with one item put in or replaced.
    pub fn with(&self, name: &str, what: What) -> Self {
        let mut items = self.items.clone();
        items.retain(|item| item.name != name);
        items.push(Item { name: name.to_owned(), what });
        Self::new(items)
    }

    /// The folder's entry in the listing above, for the id of its node.
    pub fn summary(&self, id: ObjectId) -> What {
        let size = self.items.iter().fold(0u64, |sum, item| sum.saturating_add(item.what.size()));
        let files = self.items.iter().fold(0u64, |sum, item| sum.saturating_add(item.what.files()));
        What::Folder { id, size, files }
    }

    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(13 + self.items.len() * 64);
        out.extend_from_slice(MAGIC);
        out.push(VERSION);
        out.extend_from_slice(&(self.items.len() as u32).to_le_bytes());
        for Item { name, what } in &self.items {
            out.push(match what {
                What::File { executable: false, .. } => 1,
                What::File { executable: true, .. } => 2,
                What::Folder { .. } => 3,
                What::Link { .. } => 4,
            });
            put_text(&mut out, name);
            match what {
                What::File { id, size, .. } => {
                    out.extend_from_slice(&size.to_le_bytes());
                    out.extend_from_slice(id.as_bytes());
                }
                What::Folder { id, size, files } => {
                    out.extend_from_slice(&size.to_le_bytes());
                    out.extend_from_slice(&files.to_le_bytes());
                    out.extend_from_slice(id.as_bytes());
                }
                What::Link { target } => put_text(&mut out, target),
            }
        }
        out
    }

    /// The length of [`Node::encode`].
    pub fn encoded_len(&self) -> u64 {
        let item = |item: &Item| {
            3 + item.name.len()
                + match &item.what {
                    What::File { .. } => 40,
                    What::Folder { .. } => 48,
                    What::Link { target } => 2 + target.len(),
                }
        };
        13 + self.items.iter().map(item).sum::<usize>() as u64
    }

    /// Understands canonical bytes and refuses all others.
    pub fn decode(bytes: &[u8]) -> Result<Self, &'static str> {
        let mut input = Input(bytes);
        if input.take(8)? != MAGIC {
            return Err("it does not begin as one");
        }
        if input.array::<1>()? != [VERSION] {
            return Err("its version is not known to this derm");
        }
        let count = u32::from_le_bytes(input.array()?) as usize;
        // An item takes at least 6 bytes: a false count cannot reserve more memory than the bytes justify.
        let mut items: Vec<Item> = Vec::with_capacity(count.min(bytes.len() / 6));
        for _ in 0..count {
            let item = input.item()?;
            if items.last().is_some_and(|last| last.name >= item.name) {
                return Err("its names are not sorted");
            }
            items.push(item);
        }
        if input.0.is_empty() { Ok(Self { items }) } else { Err("bytes follow its end") }
    }
}

/// Callers refuse names and targets above 65,535 bytes, see [`fits`].
fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.len() as u16).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// Whether a name or a link target fits a listing.
pub fn fits(text: &str) -> bool {
    u16::try_from(text.len()).is_ok()
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], &'static str> {
        let (head, rest) = self.0.split_at_checked(n).ok_or("it is cut short")?;
        self.0 = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        self.take(N)?.try_into().map_err(|_| "it is cut short")
    }

    fn text(&mut self) -> Result<String, &'static str> {
        let length = u16::from_le_bytes(self.array()?).into();
        std::str::from_utf8(self.take(length)?).map(str::to_owned).map_err(|_| "a text in it is not UTF-8")
    }

    fn number(&mut self) -> Result<u64, &'static str> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn id(&mut self) -> Result<ObjectId, &'static str> {
        Ok(ObjectId::from_bytes(self.array()?))
    }

    fn item(&mut self) -> Result<Item, &'static str> {
        let [kind] = self.array()?;
        let name = self.text()?;
        if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
            return Err("a name in it is not a file name");
        }
        let what = match kind {
            1 | 2 => What::File { size: self.number()?, id: self.id()?, executable: kind == 2 },
            3 => What::Folder { size: self.number()?, files: self.number()?, id: self.id()? },
            4 => What::Link { target: self.text()? },
            _ => return Err("it holds something of an unknown kind"),
        };
        Ok(Item { name, what })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn what() -> impl Strategy<Value = What> {
        prop_oneof![
            (any::<[u8; 32]>(), any::<u64>(), any::<bool>()).prop_map(|(id, size, executable)| What::File {
                id: ObjectId::from_bytes(id),
                size,
                executable
            }),
            (any::<[u8; 32]>(), any::<u64>(), any::<u64>()).prop_map(|(id, size, files)| What::Folder {
                id: ObjectId::from_bytes(id),
                size,
                files
            }),
            "\\PC{0,12}".prop_map(|target| What::Link { target }),
        ]
    }

    fn node() -> impl Strategy<Value = Node> {
        let item = ("[a-zA-Zé ]{1,8}", what()).prop_map(|(name, what)| Item { name, what });
        proptest::collection::vec(item, 0..12).prop_map(Node::new)
    }

    #[test]
    fn the_bytes_are_those_of_the_specification() {
        let id = ObjectId::of(b"hello");
        let node = Node::new(vec![
            Item { name: "b".into(), what: What::Link { target: "a".into() } },
            Item { name: "a".into(), what: What::File { id, size: 5, executable: true } },
        ]);
        let mut expected = b"dermtree\x01\x02\0\0\0\x02\x01\0a\x05\0\0\0\0\0\0\0".to_vec();
        expected.extend_from_slice(id.as_bytes());
        expected.extend_from_slice(b"\x04\x01\0b\x01\0a");
        assert_eq!(node.encode(), expected);
        assert_eq!(Node::default().encode().len(), 13);
        assert_eq!(node.summary(id), What::Folder { id, size: 5, files: 2 });
    }

    proptest! {
        #[test]
        fn every_node_reads_back(node in node()) {
            prop_assert_eq!(node.encoded_len(), node.encode().len() as u64);
            prop_assert_eq!(Node::decode(&node.encode()), Ok(node));
        }

        #[test]
        fn random_and_damaged_bytes_never_panic(node in node(), noise in proptest::collection::vec(any::<u8>(), 0..64), at in any::<usize>(), byte in any::<u8>()) {
            let _ = Node::decode(&noise);
            let mut bytes = node.encode();
            let at = at % bytes.len();
            bytes[at] = byte;
            // What is accepted is canonical: it encodes to the very bytes that were read.
            if let Ok(read) = Node::decode(&bytes) {
                prop_assert_eq!(read.encode(), bytes.clone());
            }
            bytes.truncate(at);
            prop_assert!(Node::decode(&bytes).is_err());
        }
    }
}
