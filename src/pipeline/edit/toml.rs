//! TOML through toml_edit, which keeps comments and layout itself.

use indexmap::IndexMap;
use toml_edit::{Array, DocumentMut, InlineTable, Item, TableLike};

use super::identical;
use crate::pipeline::value::Value;

/// `text`, which holds `old`, changed so that it holds `new`; `None` where TOML cannot say it.
pub(super) fn rewrite(text: &str, old: &Value, new: &Value) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok()?;
    let (Value::Map(old), Value::Map(new)) = (old, new) else { return None };
    table(document.as_table_mut(), old, new)?;
    Some(document.to_string())
}

fn table(table: &mut dyn TableLike, old: &IndexMap<String, Value>, new: &IndexMap<String, Value>) -> Option<()> {
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        table.remove(key);
    }
    for (key, value) in new {
        match (table.get_mut(key), old.get(key)) {
            (Some(there), Some(before)) => item(there, before, value)?,
            _ => drop(table.insert(key, Item::Value(word(value)?))),
        }
    }
    Some(())
}

fn item(there: &mut Item, old: &Value, new: &Value) -> Option<()> {
    if identical(old, new) {
        return Some(());
    }
    if let (Some(inner), Value::Map(old), Value::Map(new)) = (there.as_table_like_mut(), old, new) {
        return table(inner, old, new);
    }
    if let (Item::ArrayOfTables(tables), Value::List(old), Value::List(new)) = (&mut *there, old, new)
        && old.len() == new.len()
    {
        for (inner, (old, new)) in tables.iter_mut().zip(old.iter().zip(new)) {
            let (Value::Map(old), Value::Map(new)) = (old, new) else { return None };
            table(inner, old, new)?;
        }
        return Some(());
    }
    if let (Some(array), Value::List(old), Value::List(new)) = (there.as_array_mut(), old, new) {
        return list(array, old, new);
    }
    let fresh = word(new)?;
    match there.as_value_mut() {
        Some(value) => replace(value, fresh),
        None => *there = Item::Value(fresh),
    }
    Some(())
}

fn list(array: &mut Array, old: &[Value], new: &[Value]) -> Option<()> {
    for (i, (before, after)) in old.iter().zip(new).enumerate() {
        if !identical(before, after) {
            replace(array.get_mut(i)?, word(after)?);
        }
    }
    while array.len() > new.len() {
        array.remove(array.len() - 1);
    }
    for value in new.iter().skip(old.len()) {
        array.push(word(value)?);
    }
    Some(())
}

/// Another value with the space and the comment around the old one.
fn replace(value: &mut toml_edit::Value, fresh: toml_edit::Value) {
    let around = value.decor().clone();
    *value = fresh;
    *value.decor_mut() = around;
}

fn word(value: &Value) -> Option<toml_edit::Value> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => i64::try_from(*value).ok()?.into(),
        Value::Float(value) => (*value).into(),
        Value::Text(text) => text.as_str().into(),
        Value::List(items) => toml_edit::Value::Array(items.iter().map(word).collect::<Option<Array>>()?),
        Value::Map(map) => {
            let mut inner = InlineTable::new();
            for (key, value) in map {
                inner.insert(key, word(value)?);
            }
            toml_edit::Value::InlineTable(inner)
        }
    })
}
