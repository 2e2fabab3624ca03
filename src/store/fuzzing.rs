//! See [`crate::fuzzing`].

use super::pointer::Pointer;
use super::remote::pack::Index;
use super::tree::Node;
use crate::relpath::RelPath;

/// The pointer of `data`.
pub fn pointer(bytes: &[u8]) {
    let Ok(target) = RelPath::new("data") else { return };
    if let Ok(pointer) = Pointer::parse(&target, bytes) {
        let text = pointer.to_yaml(&target);
        let again = Pointer::parse(&target, text.as_bytes()).ok();
        // A number that is none (`.nan`) is not equal to itself: then the text decides.
        assert!(
            again.as_ref() == Some(&pointer) || again.map(|again| again.to_yaml(&target)) == Some(text),
            "a pointer reads back: {pointer:?}"
        );
    }
}

/// A listing: canonical.
pub fn tree(bytes: &[u8]) {
    if let Ok(node) = Node::decode(bytes) {
        assert_eq!(node.encode(), bytes, "a listing is canonical");
    }
}

/// The index of a pack: canonical.
pub fn pack(bytes: &[u8]) {
    if let Some(index) = Index::decode(bytes) {
        assert_eq!(index.encode(), bytes, "an index is canonical");
        let _ = index.pack_size();
    }
}
