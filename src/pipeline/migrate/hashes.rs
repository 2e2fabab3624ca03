//! DVC's hashes of a file and derm's, in one pass.
//!
//! DVC 3 names a file by the MD5 of its bytes. DVC 2 took text first from CRLF to LF, a block of 1 MiB at a time, and took a
//! block (before: a file) for text when its first 512 bytes hold no NUL and at most 30 % of bytes that are neither
//! printable ASCII nor white space. A file written by any of its releases is recognised.

use std::fs::File;
use std::io;
use std::path::Path;

use md5::{Digest, Md5};

use crate::digest::{ObjectId, fill};
use crate::observer::Interrupt;
use crate::store::Stat;
use crate::store::adopt::Seen;

const BLOCK: usize = 1 << 20;
const HEAD: usize = 512;

/// What a file holds, in both tools' words.
#[derive(Clone, Debug)]
pub struct Found {
    /// For the store.
    pub seen: Seen,
    md5: String,
    /// DVC 2's, where they differ from the plain one.
    of_text: Vec<String>,
}

impl Found {
    /// Whether DVC would call the file by this name.
    pub fn is(&self, md5: &str, legacy: bool) -> bool {
        self.md5 == md5 || (legacy && self.of_text.iter().any(|text| text == md5))
    }

    /// The MD5 of the bytes.
    pub fn md5(&self) -> &str {
        &self.md5
    }

    /// What DVC 2 would have called it.
    pub fn legacy_md5(&self) -> &str {
        self.of_text.first().unwrap_or(&self.md5)
    }
}

/// Reads a file; an interruption is an error of kind `Interrupted`.
pub fn read(path: &Path, interrupt: &Interrupt) -> io::Result<Found> {
    let mut file = File::open(path)?;
    let meta = file.metadata()?;
    let mut plain = Md5::new();
    // By block and by file: made when the first CRLF of a text comes, until then both are the plain one.
    let mut of_text: [Option<Md5>; 2] = [None, None];
    let mut whole_is_text = None;
    let mut blake = blake3::Hasher::new();
    let mut block = vec![0; BLOCK.min(meta.len() as usize + 1)];
    let mut size = 0;
    loop {
        if interrupt.is_raised() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let filled = fill(&mut file, &mut block)?;
        if filled == 0 {
            break;
        }
        let bytes = &block[..filled];
        size += filled as u64;
        blake.update(bytes);
        let is_text = is_text(&bytes[..HEAD.min(filled)]);
        let as_text = [is_text, *whole_is_text.get_or_insert(is_text)];
        let unix = if as_text.contains(&true) { without_cr(bytes) } else { None };
        for (hasher, as_text) in of_text.iter_mut().zip(as_text) {
            match (&unix, as_text) {
                (Some(unix), true) => hasher.get_or_insert_with(|| plain.clone()).update(unix),
                _ => {
                    if let Some(hasher) = hasher {
                        hasher.update(bytes);
                    }
                }
            }
        }
        plain.update(bytes);
        if filled < block.len() && block.len() < BLOCK {
            block.resize(BLOCK, 0);
        }
    }
    let seen = Seen { id: ObjectId::from_bytes(*blake.finalize().as_bytes()), size, stat: Stat::of(&meta) };
    Ok(Found { seen, md5: hex(plain), of_text: of_text.into_iter().flatten().map(hex).collect() })
}

/// The MD5 of bytes.
pub fn md5_of(bytes: &[u8]) -> String {
    let mut hasher = Md5::new();
    hasher.update(bytes);
    hex(hasher)
}

fn hex(hasher: Md5) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// DVC's guess.
fn is_text(head: &[u8]) -> bool {
    let plain = |byte: &u8| matches!(byte, 32..=126 | b'\n' | b'\r' | b'\t' | 0x0c | 0x08);
    !head.contains(&0) && head.iter().filter(|byte| !plain(byte)).count() * 10 <= head.len() * 3
}

/// The bytes with LF for each CRLF; `None` when there is none.
fn without_cr(bytes: &[u8]) -> Option<Vec<u8>> {
    let is_crlf = |at: usize| bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n');
    let first = bytes.iter().enumerate().position(|(at, byte)| *byte == b'\r' && is_crlf(at))?;
    let mut out = Vec::with_capacity(bytes.len());
    out.extend_from_slice(&bytes[..first]);
    out.extend((first..bytes.len()).filter(|at| !is_crlf(*at)).map(|at| bytes[at]));
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bytes: &[u8]) -> Found {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        read(file.path(), &Interrupt::default()).unwrap()
    }

    #[test]
    fn text_and_bytes_are_named_as_dvc_names_them() {
        // Right sides from `md5sum`, and from dvc_data.hashfile.hash.fobj_md5(…, name="md5-dos2unix").
        assert_eq!(found(b"").md5(), "d41d8cd98f00b204e9800998ecf8427e");
        let text = found(b"a\r\nb\r\n");
        assert_eq!((text.md5(), text.legacy_md5()), ("59b0d7772f0561efb95518f3cb8abc60", "dd8c6a395b5dd36c56d23275028f526c"));
        assert!(text.is("dd8c6a395b5dd36c56d23275028f526c", true) && !text.is("dd8c6a395b5dd36c56d23275028f526c", false));
        let binary = found(b"a\r\n\0");
        assert_eq!(binary.md5(), binary.legacy_md5());
        assert_eq!(found(b"a\nb\n").legacy_md5(), "dd8c6a395b5dd36c56d23275028f526c");
    }

    #[test]
    fn an_end_of_line_across_blocks_is_left_alone_as_by_dvc() {
        let mut bytes = vec![b'x'; BLOCK - 1];
        bytes.extend_from_slice(b"\r\ny\r\n");
        let mut expected = vec![b'x'; BLOCK - 1];
        expected.extend_from_slice(b"\r\ny\n");
        assert_eq!(found(&bytes).legacy_md5(), md5_of(&expected));
    }
}
