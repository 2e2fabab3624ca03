//! New values as text.

use super::layout::Style;
use crate::pipeline::value::Value;
use crate::pipeline::yaml::emit;

/// The language that is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Dialect {
    Yaml,
    Json,
}

/// A value on one line; `None` where the language has no word for it.
pub(super) fn flow(value: &Value, dialect: Dialect) -> Option<String> {
    match value {
        Value::Text(text) => Some(self::text(text, dialect, true)),
        Value::Float(number) if !number.is_finite() && dialect == Dialect::Json => None,
        // Readers of YAML 1.1 take `1e-05` for a text, `1.0e-05` for the number; both are the number in YAML 1.2.
        Value::Float(_) if dialect == Dialect::Yaml => Some(with_point(&value.json())),
        Value::List(items) => {
            let items: Option<Vec<String>> = items.iter().map(|item| flow(item, dialect)).collect();
            Some(format!("[{}]", items?.join(", ")))
        }
        Value::Map(map) => {
            let entry = |(key, value): (&String, &Value)| Some(format!("{}: {}", text(key, dialect, true), flow(value, dialect)?));
            let entries: Option<Vec<String>> = map.iter().map(entry).collect();
            Some(format!("{{{}}}", entries?.join(", ")))
        }
        other => Some(other.json()),
    }
}

fn with_point(number: &str) -> String {
    match number.split_once('e') {
        Some((mantissa, exponent)) if !mantissa.contains('.') => format!("{mantissa}.0e{exponent}"),
        _ => number.to_owned(),
    }
}

/// A text or a key. `inside`: between brackets, where commas and brackets end a plain text.
pub(super) fn text(content: &str, dialect: Dialect, inside: bool) -> String {
    if dialect == Dialect::Json {
        return serde_json::Value::from(content).to_string();
    }
    let ends = inside && content.contains([',', '[', ']', '{', '}']);
    if ends { emit::quoted(content) } else { emit::text(content) }
}

/// A new scalar or collection in the place of a scalar written in `style`. `indent`: of lines of its own; `None` where it may have none.
pub(super) fn instead(value: &Value, style: Style, dialect: Dialect, inside: bool, indent: Option<usize>) -> Option<String> {
    let Value::Text(content) = value else { return flow(value, dialect) };
    if dialect == Dialect::Json {
        return flow(value, dialect);
    }
    let lines = indent.filter(|_| !inside && content.contains('\n'));
    Some(match (style, lines) {
        (Style::Double, _) => emit::quoted(content),
        (Style::Single, _) if !content.chars().any(char::is_control) => format!("'{}'", content.replace('\'', "''")),
        (Style::Block { indent }, _) if indent > 0 => emit::block(content, indent),
        (_, Some(indent)) => emit::block(content, indent),
        _ => text(content, dialect, inside),
    })
}

/// A key with its value as lines of a block map, each with its end.
pub(super) fn entry(key: &str, value: &Value, indent: usize, newline: &str) -> Option<String> {
    let (margin, key) = (" ".repeat(indent), text(key, Dialect::Yaml, false));
    let line = match value {
        Value::Map(map) if !map.is_empty() => {
            let inner: Option<String> = map.iter().map(|(key, value)| entry(key, value, indent + 2, newline)).collect();
            return Some(format!("{margin}{key}:{newline}{}", inner?));
        }
        Value::Text(content) => emit::block(content, indent + 2).replace('\n', newline),
        Value::Null => return Some(format!("{margin}{key}: null{newline}")),
        other => flow(other, Dialect::Yaml)?,
    };
    Some(format!("{margin}{key}: {line}{newline}"))
}
