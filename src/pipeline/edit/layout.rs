//! Where every value of a text stands, as far as changing it needs that.

use std::ops::Range;

/// A value in a text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item {
    /// Its bytes: a scalar with its quotes, without anchor and tag; a flow list or map with its brackets; of a block
    /// list or map from the first item or key to the end of the last value. For an empty scalar: where one would be put.
    pub span: Range<usize>,
    /// What it is.
    pub kind: Kind,
}

/// What stands there.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A scalar.
    Scalar(Style),
    /// `*name`.
    Alias,
    /// A list; `flow` when in brackets.
    List { flow: bool, items: Vec<Item> },
    /// A map; `flow` when in braces.
    Map { flow: bool, entries: Vec<Entry> },
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    /// `|` or `>`; the column that its lines begin in.
    Block {
        indent: usize,
    },
    /// Nothing is written. `colon`: nor a colon after the key, as in `{a}`.
    Empty {
        colon: bool,
    },
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// The key as text.
    pub key: String,
    /// It is the plain key `<<`.
    pub merge: bool,
    /// The bytes of the key, with its quotes.
    pub span: Range<usize>,
    /// The value.
    pub value: Item,
}

impl Item {
    /// Whether it is written in blocks: by indentation.
    pub fn is_block(&self) -> bool {
        matches!(self.kind, Kind::List { flow: false, .. } | Kind::Map { flow: false, .. })
    }
}

/// Where the line begins that holds the byte `at`.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

/// Behind the end of the line that holds the byte `at`; the end of the text if its last line has none.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end + 1)
}

/// Whether only spaces stand before `at` on its line.
pub(super) fn begins_line(text: &str, at: usize) -> bool {
    text[line_start(text, at)..at].bytes().all(|b| b == b' ' || b == b'\t')
}

/// The dash of the item of a block list that begins at `at`; the item may begin on a later line.
pub(super) fn dash(text: &str, at: usize) -> Option<usize> {
    text[..at].rfind('-')
}
