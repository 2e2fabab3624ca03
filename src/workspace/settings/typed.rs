//! A YAML node becomes a typed value through serde; a mismatch keeps the place of the innermost node.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::yaml::{Key, Mark, Node, Value};
use super::{Error, SourceFile, UnknownKey};
use crate::text;

/// The value of `node` as a `T`.
pub(super) fn convert<T: DeserializeOwned>(node: &Node) -> Result<T, Failed> {
    T::deserialize(Typed(node))
}

/// Why a node is no `T`.
#[derive(Debug)]
pub(super) struct Failed {
    mark: Option<Mark>,
    what: What,
}

#[derive(Debug)]
enum What {
    Type { expected: String, found: String },
    UnknownKey { key: String, known: &'static [&'static str] },
    Other(String),
}

impl Failed {
    fn new(what: What) -> Self {
        Self { mark: None, what }
    }

    fn at(mut self, mark: Mark) -> Self {
        self.mark.get_or_insert(mark);
        self
    }

    pub(super) fn into_error(self, file: &SourceFile, key: String, start: Mark) -> Error {
        let mark = self.mark.unwrap_or(start);
        let place = file.place(mark);
        match self.what {
            What::Type { expected, found } => Error::Type { place, key, expected, found },
            What::Other(reason) => Error::Invalid { place, key, reason },
            What::UnknownKey { key: name, known } => {
                let suggestion = text::suggest(&name, known.iter().copied()).map(str::to_owned);
                let key = if key.is_empty() { name } else { format!("{key}.{name}") };
                let keys = vec![UnknownKey { key, line: mark.line, suggestion }];
                Error::Unknown { place, keys, known: known.iter().map(|name| (*name).to_owned()).collect() }
            }
        }
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.what)
    }
}

impl std::error::Error for Failed {}

impl de::Error for Failed {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(What::Other(format!("is wrong: {message}")))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(What::Type { expected: wanted(&expected.to_string()), found: describe(found) })
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn invalid_length(length: usize, expected: &dyn de::Expected) -> Self {
        Self::new(What::Other(format!("has {}, expected {expected}", text::count(length, "element", "elements"))))
    }

    fn unknown_variant(variant: &str, known: &'static [&'static str]) -> Self {
        let near = text::suggest(variant, known.iter().copied()).map(|near| format!("; is `{near}` meant?")).unwrap_or_default();
        Self::new(What::Other(format!("is `{variant}`, which is none of {}{near}", text::quoted_list(known))))
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        Self::new(What::UnknownKey { key: field.to_owned(), known })
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(What::Other(format!("lacks the key `{field}`")))
    }
}

/// serde's names of types, for people.
fn wanted(name: &str) -> String {
    let known = match name {
        "u8" => "a whole number from 0 to 255",
        "u16" | "u32" | "u64" | "u128" | "usize" => "a whole number, 0 or more",
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "`true` or `false`",
        "a string" | "string" | "path string" => "a text",
        "a sequence" => "a list",
        "a map" => "a map",
        _ if name.starts_with("a nonzero") => "a whole number, 1 or more",
        _ if name.starts_with("struct ") => "a map",
        _ => name,
    };
    known.to_owned()
}

fn describe(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Str(text) => format!("the text `{}`", text.escape_debug()),
        Unexpected::Bool(value) => format!("`{value}`"),
        Unexpected::Unsigned(value) => format!("`{value}`"),
        Unexpected::Signed(value) => format!("`{value}`"),
        Unexpected::Float(value) => format!("`{value}`"),
        Unexpected::Unit => "nothing".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a map".to_owned(),
        other => other.to_string(),
    }
}

struct Typed<'a>(&'a Node);

impl<'a> Typed<'a> {
    fn any<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        match &self.0.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value, _) => visitor.visit_bool(*value),
            Value::Int(value, text) => match (u64::try_from(*value), i64::try_from(*value)) {
                (Ok(value), _) => visitor.visit_u64(value),
                (_, Ok(value)) => visitor.visit_i64(value),
                _ => visitor.visit_f64(text.parse().unwrap_or(f64::NAN)),
            },
            Value::Float(value, _) => visitor.visit_f64(*value),
            Value::Text(text) => visitor.visit_str(text),
            Value::List(items) => visitor.visit_seq(Items(items.iter())),
            Value::Map(entries) => visitor.visit_map(Entries { rest: entries.iter(), value: None }),
        }
    }

    /// A text takes any scalar as it is written, so that `version: 1.10` stays `1.10`.
    fn text<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        match &self.0.value {
            Value::Bool(_, text) | Value::Int(_, text) | Value::Float(_, text) | Value::Text(text) => visitor.visit_str(text),
            _ => self.any(visitor),
        }
    }
}

impl<'de, 'a> Deserializer<'de> for Typed<'a> {
    type Error = Failed;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        let mark = self.0.mark;
        self.any(visitor).map_err(|failed| failed.at(mark))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        let mark = self.0.mark;
        self.text(visitor).map_err(|failed| failed.at(mark))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        if self.0.value == Value::Null { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Failed> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failed> {
        let mark = self.0.mark;
        let done = match &self.0.value {
            Value::Map(entries) => visitor.visit_enum(MapAccessDeserializer::new(Entries { rest: entries.iter(), value: None })),
            Value::Bool(_, text) | Value::Int(_, text) | Value::Float(_, text) | Value::Text(text) => {
                let text: StrDeserializer<'_, Failed> = text.as_str().into_deserializer();
                text.deserialize_enum(name, variants, visitor)
            }
            other => Err(Failed::new(What::Type { expected: format!("one of {}", text::quoted_list(variants)), found: other.describe() })),
        };
        done.map_err(|failed| failed.at(mark))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf
        unit unit_struct seq tuple tuple_struct map struct ignored_any
    }
}

struct Items<'a>(std::slice::Iter<'a, Node>);

impl<'de> de::SeqAccess<'de> for Items<'_> {
    type Error = Failed;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Failed> {
        self.0.next().map(|node| seed.deserialize(Typed(node))).transpose()
    }
}

struct Entries<'a> {
    rest: std::slice::Iter<'a, (Key, Node)>,
    value: Option<&'a Node>,
}

impl<'de> de::MapAccess<'de> for Entries<'_> {
    type Error = Failed;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Failed> {
        let Some((key, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some(value);
        let text: StrDeserializer<'_, Failed> = key.text.as_str().into_deserializer();
        seed.deserialize(text).map(Some).map_err(|failed| failed.at(key.mark))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failed> {
        match self.value.take() {
            Some(node) => seed.deserialize(Typed(node)),
            None => Err(de::Error::custom("a value is asked for before its key")),
        }
    }
}
