//! A parameter's value: what YAML, JSON and TOML have in common.
//!
//! Two values are the same when their parsed values are: `0.1` and `0.10`, `1` and `1.0`; a truth value is not a number.

use indexmap::IndexMap;
use serde::{Serialize, Serializer};

/// A parsed value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i128),
    /// A floating-point number.
    Float(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// A map in the order of its file.
    Map(IndexMap<String, Value>),
}

impl Value {
    /// Whether both mean the same: numbers by value, maps without order.
    pub fn same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Int(a), Value::Float(b)) | (Value::Float(b), Value::Int(a)) => *a as f64 == *b,
            (Value::Float(a), Value::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
            (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b)),
            (Value::Map(a), Value::Map(b)) => a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| a.same(b))),
            (a, b) => a == b,
        }
    }

    /// The value at a dotted key, with list indexes as numbers; a key that itself holds dots is found too.
    pub fn select(&self, key: &str) -> Option<&Value> {
        let Value::Map(map) = self else { return self.select_in_list(key) };
        if let Some(found) = map.get(key) {
            return Some(found);
        }
        key.match_indices('.').find_map(|(dot, _)| map.get(&key[..dot])?.select(&key[dot + 1..]))
    }

    fn select_in_list(&self, key: &str) -> Option<&Value> {
        let Value::List(items) = self else { return None };
        let (index, rest) = key.split_once('.').map_or((key, None), |(index, rest)| (index, Some(rest)));
        let item = items.get(index.parse::<usize>().ok()?)?;
        rest.map_or(Some(item), |rest| item.select(rest))
    }

    /// As Python's `str` prints it, except that truth values are `true` and `false`: the form that `${…}` puts into a text.
    pub fn python(&self) -> String {
        match self {
            Value::Null => "None".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Float(value) => python_float(*value),
            Value::Text(text) => text.clone(),
            Value::List(_) | Value::Map(_) => self.json(),
        }
    }

    /// On one line as JSON; infinities and NaN as YAML writes them.
    pub fn json(&self) -> String {
        match self {
            Value::Null => "null".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Float(value) if value.is_nan() => ".nan".to_owned(),
            Value::Float(value) if value.is_infinite() => if *value > 0.0 { ".inf" } else { "-.inf" }.to_owned(),
            Value::Float(value) => python_float(*value),
            Value::Text(text) => serde_json::Value::from(text.as_str()).to_string(),
            Value::List(items) => format!("[{}]", items.iter().map(Value::json).collect::<Vec<_>>().join(", ")),
            Value::Map(map) => {
                let entry = |(key, value): (&String, &Value)| format!("{}: {}", serde_json::Value::from(key.as_str()), value.json());
                format!("{{{}}}", map.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// For tables: texts bare, everything else as JSON.
    pub fn shown(&self) -> String {
        match self {
            Value::Text(text) => text.clone(),
            other => other.json(),
        }
    }

    /// As a number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Int(value) => Some(*value as f64),
            Value::Float(value) => Some(*value),
            _ => None,
        }
    }

    /// What it is, for messages.
    pub fn what(&self) -> &'static str {
        match self {
            Value::Null => "nothing",
            Value::Bool(_) => "a truth value",
            Value::Int(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// The leaves of nested maps with their dotted keys, in order; an empty map is a leaf.
    pub fn leaves(&self) -> Vec<(String, &Value)> {
        let mut found = Vec::new();
        collect(self, String::new(), &mut found);
        found
    }
}

fn collect<'a>(value: &'a Value, key: String, found: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Map(map) if !map.is_empty() => {
            for (name, inner) in map {
                collect(inner, if key.is_empty() { name.clone() } else { format!("{key}.{name}") }, found);
            }
        }
        leaf => found.push((key, leaf)),
    }
}

/// Python's `repr` of a float: the shortest digits that give the number back, an exponent below 1e-4 and from 1e16 on.
pub fn python_float(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e16).contains(&size) {
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
        return format!("{mantissa}e{sign}{digits:0>2}");
    }
    format!("{value:?}")
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(value) => match (i64::try_from(*value), u64::try_from(*value)) {
                (Ok(value), _) => serializer.serialize_i64(value),
                (_, Ok(value)) => serializer.serialize_u64(value),
                _ => serializer.serialize_f64(*value as f64),
            },
            // JSON has no infinities: as texts they are at least not lost.
            Value::Float(value) if !value.is_finite() => serializer.serialize_str(&python_float(*value)),
            Value::Float(value) => serializer.serialize_f64(*value),
            Value::Text(text) => serializer.serialize_str(text),
            Value::List(items) => items.serialize(serializer),
            Value::Map(map) => map.serialize(serializer),
        }
    }
}

impl From<&serde_json::Value> for Value {
    fn from(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(value) => Value::Bool(*value),
            serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(value), _) => Value::Int(value.into()),
                (_, Some(value)) => Value::Int(value.into()),
                _ => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            serde_json::Value::String(text) => Value::Text(text.clone()),
            serde_json::Value::Array(items) => Value::List(items.iter().map(Value::from).collect()),
            serde_json::Value::Object(map) => Value::Map(map.iter().map(|(key, value)| (key.clone(), value.into())).collect()),
        }
    }
}

impl From<&toml::Value> for Value {
    fn from(toml: &toml::Value) -> Self {
        match toml {
            toml::Value::Boolean(value) => Value::Bool(*value),
            toml::Value::Integer(value) => Value::Int((*value).into()),
            toml::Value::Float(value) => Value::Float(*value),
            toml::Value::String(text) => Value::Text(text.clone()),
            toml::Value::Datetime(time) => Value::Text(time.to_string()),
            toml::Value::Array(items) => Value::List(items.iter().map(Value::from).collect()),
            toml::Value::Table(map) => Value::Map(map.iter().map(|(key, value)| (key.clone(), value.into())).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_print_as_python_does() {
        // Each right side is what `python3 -c 'print(repr(x))'` prints.
        for (value, text) in [
            (1e3, "1000.0"),
            (0.1, "0.1"),
            (1e-4, "0.0001"),
            (1e-5, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.25e100, "1.25e+100"),
            (-2.5e-10, "-2.5e-10"),
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (123456789.123, "123456789.123"),
            (f64::INFINITY, "inf"),
            (f64::NAN, "nan"),
        ] {
            assert_eq!(python_float(value), text);
        }
    }

    #[test]
    fn values_compare_by_what_they_mean() {
        assert!(Value::Int(1).same(&Value::Float(1.0)));
        assert!(!Value::Int(1).same(&Value::Bool(true)));
        assert!(!Value::Text("1".into()).same(&Value::Int(1)));
        assert!(Value::Float(f64::NAN).same(&Value::Float(f64::NAN)));
    }

    #[test]
    fn dotted_keys_reach_lists_and_keys_with_dots() {
        let inner = Value::Map([("b".to_owned(), Value::List(vec![Value::Int(7)]))].into_iter().collect());
        let root = Value::Map([("a".to_owned(), inner), ("x.y".to_owned(), Value::Int(3))].into_iter().collect());
        assert_eq!(root.select("a.b.0"), Some(&Value::Int(7)));
        assert_eq!(root.select("x.y"), Some(&Value::Int(3)));
        assert_eq!(root.select("a.c"), None);
    }
}
