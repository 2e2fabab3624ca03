//! A map of parameters as command-line flags: `--key value`, as DVC writes them.
//!
//! Nested keys are joined by dots, true is a bare flag, false is nothing, a list follows its flag
//! (`--sizes 1 2`), texts are quoted for a POSIX shell. A repository's settings may have it otherwise ([`Style`]).

use indexmap::IndexMap;

use crate::pipeline::value::{Value, python_float};

/// DVC's `parsing.bool` and `parsing.list`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// False is `--no-flag`.
    pub no_for_false: bool,
    /// A list repeats its flag: `--sizes 1 --sizes 2`.
    pub repeat: bool,
}

/// The flags of a map.
///
/// # Errors
/// A list inside a list cannot be written.
pub fn print(map: &IndexMap<String, Value>, style: Style) -> Result<String, String> {
    let mut words: Vec<String> = Vec::new();
    for (key, value) in map {
        flag(key, value, style, &mut words)?;
    }
    Ok(words.join(" "))
}

fn flag(key: &str, value: &Value, style: Style, words: &mut Vec<String>) -> Result<(), String> {
    match value {
        Value::Map(map) => {
            for (name, inner) in map {
                flag(&format!("{key}.{name}"), inner, style, words)?;
            }
        }
        Value::Bool(true) => words.push(format!("--{key}")),
        Value::Bool(false) => words.extend(style.no_for_false.then(|| format!("--no-{key}"))),
        Value::List(items) => {
            for (i, item) in items.iter().enumerate() {
                if i == 0 || style.repeat {
                    words.push(format!("--{key}"));
                }
                words.push(word(item).ok_or_else(|| format!("`{key}` holds a list inside a list, which cannot become a flag"))?);
            }
        }
        plain => words.extend([format!("--{key}"), word(plain).unwrap_or_default()]),
    }
    Ok(())
}

fn word(value: &Value) -> Option<String> {
    match value {
        // Inside a list DVC prints truth values as Python does, unlike everywhere else.
        Value::Bool(value) => Some(if *value { "True" } else { "False" }.to_owned()),
        Value::Text(text) => Some(quote(text)),
        Value::Float(value) => Some(python_float(*value)),
        Value::Null | Value::Int(_) => Some(value.python()),
        Value::List(_) | Value::Map(_) => None,
    }
}

/// One word of a POSIX shell: unchanged when it needs no quotes (Python's `shlex.quote`).
pub fn quote(text: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    if !text.is_empty() && text.chars().all(safe) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\"'\"'")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_become_flags_as_in_dvc() {
        let inner = Value::Map([("lr".to_owned(), Value::Float(1e-5)), ("on".to_owned(), Value::Bool(true))].into_iter().collect());
        let map: IndexMap<String, Value> = [
            ("name".to_owned(), Value::Text("it's a".into())),
            ("opt".to_owned(), inner),
            ("off".to_owned(), Value::Bool(false)),
            ("sizes".to_owned(), Value::List(vec![Value::Int(1), Value::Text("b c".into()), Value::Bool(true)])),
            ("none".to_owned(), Value::Null),
        ]
        .into_iter()
        .collect();
        assert_eq!(
            print(&map, Style::default()).unwrap(),
            "--name 'it'\"'\"'s a' --opt.lr 1e-05 --opt.on --sizes 1 'b c' True --none None"
        );
        let other = Style { no_for_false: true, repeat: true };
        assert!(print(&map, other).unwrap().contains("--no-off --sizes 1 --sizes 'b c' --sizes True --none"));
    }
}
