//! Scalars as YAML, so that reading gives the same value back.

use super::scalar;
use crate::pipeline::value::Value;

/// A text on one line, plain where that reads back as the same text, else in double quotes.
pub fn text(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// Bytes of a key on one line: YAML 1.2 (7.4) lets a key be found only within 1,024 characters before its colon.
const LONGEST_KEY: usize = 1000;

/// A key and its colon, whose line begins `indent` spaces in; a longer key than fits gets a line of its own.
pub fn key(name: &str, indent: usize) -> String {
    let key = text(name);
    if key.len() < LONGEST_KEY { format!("{key}:") } else { format!("? {key}\n{}:", " ".repeat(indent)) }
}

/// A text that may have several lines: a literal block below its key, `indent` spaces in.
pub fn block(content: &str, indent: usize) -> String {
    let safe_line = |line: &str| !line.ends_with([' ', '\t', '\r']) && line.chars().all(|c| c == '\t' || (c >= ' ' && !is_odd(c)));
    let body = content.strip_suffix('\n').unwrap_or(content);
    let many = body.contains('\n') && !body.starts_with([' ', '\t', '\n']) && !body.ends_with('\n');
    if !many || !body.split('\n').all(safe_line) {
        return text(content);
    }
    let mut out = if body.len() == content.len() { "|-" } else { "|" }.to_owned();
    for line in body.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            out.push_str(&" ".repeat(indent));
            out.push_str(line);
        }
    }
    out
}

/// A value on one line.
pub fn value(value: &Value) -> String {
    match value {
        Value::Text(content) => text(content),
        other => flow(other),
    }
}

/// A value inside brackets and braces.
fn flow(value: &Value) -> String {
    let entry = |(name, value): (&String, &Value)| match quoted(name) {
        key if key.len() < LONGEST_KEY => format!("{key}: {}", flow(value)),
        key => format!("? {key} : {}", flow(value)),
    };
    match value {
        Value::Text(content) => quoted(content),
        Value::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Map(map) => format!("{{{}}}", map.iter().map(entry).collect::<Vec<_>>().join(", ")),
        plain => plain.json(),
    }
}

/// A text in double quotes: JSON's escapes are YAML's, except that YAML breaks lines at a few more characters.
pub fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_odd(c) {
            out.push_str(&format!("\\u{:04x}", c as u32));
        } else {
            out.push(c);
        }
    }
    out
}

/// Control characters, other line ends, and the byte order mark.
fn is_odd(c: char) -> bool {
    matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn is_plain(text: &str) -> bool {
    let first = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '.');
    let rest =
        |c: char| c.is_ascii_alphanumeric() || " _-./+=@~$,()%;&|<>*'\"!?^\\".contains(c) || (c as u32 > 0xa0 && c.is_alphanumeric());
    text.starts_with(first)
        && text.chars().all(rest)
        && !text.ends_with(' ')
        && !text.starts_with("...")
        && matches!(scalar::resolve(text), Value::Text(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::problem::Source;
    use crate::pipeline::yaml;
    use crate::relpath::RelPath;
    use proptest::prelude::*;

    fn read_back(yaml: String) -> Value {
        let source = Source { path: RelPath::new("x").unwrap(), text: yaml.clone().into() };
        let node = yaml::parse(&source).unwrap_or_else(|problems| panic!("{yaml:?}: {problems:?}"));
        node.get("k").unwrap_or_else(|| panic!("{yaml:?}")).to_value()
    }

    // Found by fuzzing: YAML looks for the colon of a key no further than 1,024 characters.
    #[test]
    fn long_keys_and_odd_texts_inside_values_read_back() {
        for long in ["k".repeat(5000), "\u{f}".repeat(300), "é".repeat(999)] {
            let text = format!("{} 1\n", key(&long, 0));
            let source = Source { path: RelPath::new("x").unwrap(), text: text.clone().into() };
            let node = yaml::parse(&source).unwrap_or_else(|problems| panic!("{text:?}: {problems:?}"));
            assert_eq!(node.get(&long).map(|node| node.to_value()), Some(Value::Int(1)));
            let inside = Value::List(vec![Value::Map([(long, Value::Text("\u{7f}\u{2028}".to_owned()))].into_iter().collect())]);
            assert_eq!(read_back(format!("k: {}\n", value(&inside))), inside);
        }
    }

    proptest! {
        #[test]
        fn every_text_reads_back(content in "\\PC*|[ -~\n\t]*|(a|b|\n| |:|#|-)*") {
            let expected = Value::Text(content.clone());
            prop_assert_eq!(read_back(format!("k: {}\n", text(&content))), expected.clone());
            prop_assert_eq!(read_back(format!("k: {}\n", block(&content, 2))), expected);
        }
    }
}
