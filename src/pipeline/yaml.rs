//! YAML with places: every value knows its line and column, so that every complaint can point at it.
//!
//! The event parser is saphyr-parser (YAML 1.2); the tree, the scalars and the limits are ours:
//!
//! - scalars are those of the YAML 1.2 core schema as DVC's reader resolves them (see [`scalar`]);
//! - duplicate keys, tabs in indentation, more than one document and unknown aliases are errors;
//! - anchors and aliases are copied, `<<` merges maps (keys written out win);
//! - nesting beyond 100 levels and expansion beyond two million values are refused, so no input
//!   can exhaust the stack or the memory.

mod build;
pub mod emit;
pub mod scalar;

pub use build::parse;

use super::value::Value;

/// A line and column, both from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mark {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its first character.
    pub mark: Mark,
    /// The value.
    pub data: Data,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// Null, a truth value, a number or a text.
    Scalar(Value),
    /// A list.
    List(Vec<Node>),
    /// A map in the order of the file.
    Map(Vec<Entry>),
}

/// A key of a map with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key as text: `1:` and `"1":` are the same key.
    pub key: String,
    /// Where the key stands.
    pub mark: Mark,
    /// The value.
    pub value: Node,
}

impl Node {
    /// A text node.
    pub fn text(mark: Mark, text: impl Into<String>) -> Self {
        Self { mark, data: Data::Scalar(Value::Text(text.into())) }
    }

    /// A node whose parts all carry the same mark.
    pub fn from_value(mark: Mark, value: &Value) -> Self {
        let data = match value {
            Value::List(items) => Data::List(items.iter().map(|item| Self::from_value(mark, item)).collect()),
            Value::Map(map) => {
                Data::Map(map.iter().map(|(key, item)| Entry { key: key.clone(), mark, value: Self::from_value(mark, item) }).collect())
            }
            other => Data::Scalar(other.clone()),
        };
        Self { mark, data }
    }

    /// The value without its places.
    pub fn to_value(&self) -> Value {
        match &self.data {
            Data::Scalar(value) => value.clone(),
            Data::List(items) => Value::List(items.iter().map(Node::to_value).collect()),
            Data::Map(entries) => Value::Map(entries.iter().map(|entry| (entry.key.clone(), entry.value.to_value())).collect()),
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.data {
            Data::Scalar(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self.data, Data::Scalar(Value::Null))
    }

    /// The entries, if it is a map.
    pub fn entries(&self) -> Option<&[Entry]> {
        match &self.data {
            Data::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The items, if it is a list.
    pub fn items(&self) -> Option<&[Node]> {
        match &self.data {
            Data::List(items) => Some(items),
            _ => None,
        }
    }

    /// The value of a key, if it is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries()?.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// What it is, for messages: "a map", "a text", ….
    pub fn what(&self) -> &'static str {
        match &self.data {
            Data::Scalar(value) => value.what(),
            Data::List(_) => "a list",
            Data::Map(_) => "a map",
        }
    }
}
