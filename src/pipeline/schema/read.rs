//! Reading nodes as one type or another; a wrong type is a problem with its place.

use super::Reader;
use crate::pipeline::value::Value;
use crate::pipeline::yaml::{Data, Entry, Node};
use crate::relpath::{RelPath, RelPathError};

impl Reader<'_, '_> {
    pub(super) fn wrong(&mut self, node: &Node, what: &str, wanted: &str) {
        self.problems.add_whole(node.mark, format!("{what} must be {wanted}, not {}", node.what()));
    }

    pub(super) fn map<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Entry]> {
        let entries = node.entries();
        if entries.is_none() {
            self.wrong(node, what, "a map");
        }
        entries
    }

    pub(super) fn list<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        let items = node.items();
        if items.is_none() {
            self.wrong(node, what, "a list");
        }
        items
    }

    /// A text; a number or truth value counts as what is printed for it.
    pub(super) fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        match &node.data {
            Data::Scalar(Value::Null) | Data::List(_) | Data::Map(_) => {
                self.wrong(node, what, "a text");
                None
            }
            Data::Scalar(value) => Some(value.python()),
        }
    }

    pub(super) fn flag(&mut self, node: &Node, what: &str) -> bool {
        match node.data {
            Data::Scalar(Value::Bool(value)) => value,
            _ => {
                self.wrong(node, what, "true or false");
                false
            }
        }
    }

    /// A path in the repository.
    pub(super) fn path(&mut self, node: &Node, base: &RelPath) -> Option<RelPath> {
        let text = self.text(node, "a path")?;
        if text.contains("://") {
            self.problems.add(node.mark, format!("`{text}` is an address, not a path in the repository"));
            return None;
        }
        self.resolve(node, base, &text)
    }

    pub(super) fn resolve(&mut self, node: &Node, base: &RelPath, text: &str) -> Option<RelPath> {
        match RelPath::resolve(base, text) {
            Ok(path) => Some(path),
            Err(error) => {
                let hint = matches!(error, RelPathError::Outside(_)).then(|| match text.starts_with('/') {
                    true => "name it relative to `wdir`, inside the repository".to_owned(),
                    false => format!("it is taken relative to `{base}`"),
                });
                self.problems.add_with(node.mark, format!("path {error}"), hint);
                None
            }
        }
    }

    /// A map's keys are all known.
    pub(super) fn known(&mut self, entries: &[Entry], what: &str, known: &[&str]) {
        for entry in entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            self.problems.unknown_key(entry.mark, &entry.key, what, known);
        }
    }
}
