//! Following a dotted key into a value, and changing what stands there.

use indexmap::IndexMap;

use super::error::{Error, place};
use super::{Action, Edit};
use crate::pipeline::problem::Source;
use crate::pipeline::value::Value;
use crate::text;

/// What is wrong with one edit, before it is known in which file.
pub(super) enum Fault {
    Missing { key: String, near: Option<String> },
    Exists { key: String, value: String },
    NotAMap { parent: String, what: &'static str },
    OtherValue { value: String, expected: String },
}

impl Fault {
    pub(super) fn at(self, source: &Source, key: &str) -> Error {
        let (file, key) = (source.path.clone(), key.to_owned());
        match self {
            Fault::Missing { key, near } => Error::Missing { file, key, near },
            Fault::Exists { key, value } => Error::Exists { place: place(source, &key), file, key, value },
            Fault::NotAMap { parent, what } => Error::NotAMap { place: place(source, &parent), file, key, parent, what },
            Fault::OtherValue { value, expected } => Error::OtherValue { file, key, value, expected },
        }
    }
}

/// Changes `root` as an edit says.
pub(super) fn change(root: &mut Value, edit: &Edit) -> Result<(), Fault> {
    match &edit.action {
        Action::Set(value) => put(root, &edit.key, value, Rule::Set),
        Action::Add(value) => put(root, &edit.key, value, Rule::Add),
        Action::Put(value) => put(root, &edit.key, value, Rule::Put),
        Action::Remove(expected) => remove(root, &edit.key, expected.as_ref()),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Rule {
    Set,
    Add,
    Put,
}

fn put(root: &mut Value, key: &str, value: &Value, rule: Rule) -> Result<(), Fault> {
    if root.select(key).is_none() {
        if rule == Rule::Set {
            return Err(missing(root, key));
        }
        return insert(root, key, "", value.clone());
    }
    // Found above; looked for anew because the other way out needs the root.
    let Some(there) = find(root, key) else { return Err(missing(root, key)) };
    merge(there, key, value, rule).map_err(|fault| match fault {
        Fault::Missing { key, .. } => missing(root, &key),
        other => other,
    })
}

/// Puts a value where one stands: maps are merged, all else is replaced.
fn merge(there: &mut Value, key: &str, value: &Value, rule: Rule) -> Result<(), Fault> {
    if let (Value::Map(old), Value::Map(new)) = (&mut *there, value) {
        for (name, inner) in new {
            let full = format!("{key}.{name}");
            match old.get_mut(name) {
                Some(slot) => merge(slot, &full, inner, rule)?,
                None if rule == Rule::Set => return Err(Fault::Missing { key: full, near: None }),
                None => drop(old.insert(name.clone(), inner.clone())),
            }
        }
        return Ok(());
    }
    if rule == Rule::Add && *there != Value::Null {
        return Err(Fault::Exists { key: key.to_owned(), value: there.json() });
    }
    *there = value.clone();
    Ok(())
}

/// The same way as [`Value::select`], to change what is there.
fn find<'v>(value: &'v mut Value, key: &str) -> Option<&'v mut Value> {
    match value {
        Value::Map(map) => {
            if map.contains_key(key) {
                return map.get_mut(key);
            }
            let dot = key.match_indices('.').map(|(dot, _)| dot);
            let dot = { dot }.find(|dot| map.get(&key[..*dot]).is_some_and(|inner| inner.select(&key[dot + 1..]).is_some()))?;
            find(map.get_mut(&key[..dot])?, &key[dot + 1..])
        }
        Value::List(items) => {
            let (index, rest) = key.split_once('.').map_or((key, None), |(index, rest)| (index, Some(rest)));
            let item = items.get_mut(index.parse::<usize>().ok()?)?;
            match rest {
                None => Some(item),
                Some(rest) => find(item, rest),
            }
        }
        _ => None,
    }
}

/// Adds a key that is not there, below the deepest map on its way. `above` is the way so far, with its last dot.
fn insert(value: &mut Value, key: &str, above: &str, new: Value) -> Result<(), Fault> {
    if *value == Value::Null {
        *value = Value::Map(IndexMap::new());
    }
    let what = value.what();
    let parent = above.trim_end_matches('.').to_owned();
    match value {
        Value::Map(map) => {
            let dot = key.match_indices('.').map(|(dot, _)| dot).find(|dot| map.contains_key(&key[..*dot]));
            if let Some(dot) = dot
                && let Some(inner) = map.get_mut(&key[..dot])
            {
                return insert(inner, &key[dot + 1..], &format!("{above}{}.", &key[..dot]), new);
            }
            let mut names = key.split('.').rev();
            let last = names.next_back().unwrap_or(key);
            let nested = names.fold(new, |inner, name| Value::Map([(name.to_owned(), inner)].into_iter().collect()));
            map.insert(last.to_owned(), nested);
            Ok(())
        }
        Value::List(items) => {
            let (index, rest) = key.split_once('.').map_or((key, None), |(index, rest)| (index, Some(rest)));
            let index: usize = index.parse().map_err(|_| Fault::NotAMap { parent, what })?;
            match rest {
                None if index == items.len() => items.push(new),
                Some(rest) if index < items.len() => return insert(&mut items[index], rest, &format!("{above}{index}."), new),
                _ => return Err(Fault::Missing { key: format!("{above}{key}"), near: None }),
            }
            Ok(())
        }
        _ => Err(Fault::NotAMap { parent, what }),
    }
}

fn remove(root: &mut Value, key: &str, expected: Option<&Value>) -> Result<(), Fault> {
    let Some(there) = root.select(key) else { return Err(missing(root, key)) };
    if let Some(expected) = expected
        && !there.same(expected)
    {
        return Err(Fault::OtherValue { value: there.json(), expected: expected.json() });
    }
    take(root, key);
    Ok(())
}

fn take(value: &mut Value, key: &str) {
    match value {
        Value::Map(map) if map.contains_key(key) => drop(map.shift_remove(key)),
        Value::Map(map) => {
            let dots = key.match_indices('.').map(|(dot, _)| dot);
            let dot = { dots }.find(|dot| map.get(&key[..*dot]).is_some_and(|inner| inner.select(&key[dot + 1..]).is_some()));
            if let Some(dot) = dot
                && let Some(inner) = map.get_mut(&key[..dot])
            {
                take(inner, &key[dot + 1..]);
            }
        }
        Value::List(items) => {
            let (index, rest) = key.split_once('.').map_or((key, None), |(index, rest)| (index, Some(rest)));
            let Some(index) = index.parse::<usize>().ok().filter(|index| *index < items.len()) else { return };
            match rest {
                None => drop(items.remove(index)),
                Some(rest) => take(&mut items[index], rest),
            }
        }
        _ => {}
    }
}

fn missing(root: &Value, key: &str) -> Fault {
    let mut keys = Vec::new();
    all_keys(root, "", &mut keys);
    let near = text::suggest(key, keys.iter().map(String::as_str)).map(str::to_owned);
    Fault::Missing { key: key.to_owned(), near }
}

fn all_keys(value: &Value, above: &str, keys: &mut Vec<String>) {
    if let Value::Map(map) = value {
        for (name, inner) in map {
            let key = format!("{above}{name}");
            all_keys(inner, &format!("{key}."), keys);
            keys.push(key);
        }
    }
}
