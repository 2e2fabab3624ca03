//! Overrides as text that reads back to the same.

use std::fmt;

use super::words::scalar;
use super::{Given, How, Override};
use crate::pipeline::edit::identical;
use crate::pipeline::value::Value;

/// A value as `-S` takes it.
pub fn literal(value: &Value) -> String {
    match value {
        Value::Text(text) => self::text(text),
        Value::Float(number) if number.is_nan() => "nan".to_owned(),
        Value::Float(number) if number.is_infinite() => if *number > 0.0 { "inf" } else { "-inf" }.to_owned(),
        Value::List(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(",")),
        Value::Map(map) => {
            let entries = map.iter().map(|(key, value)| format!("{}:{}", self::text(key), literal(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
        }
        other => other.json(),
    }
}

/// Plain where that is the same text, else in quotes.
fn text(content: &str) -> String {
    let ordinary = |c: char| c.is_alphanumeric() || "_-./+@%?|*".contains(c);
    let plain = !content.is_empty() && content.chars().all(ordinary);
    if plain && identical(&scalar(content), &Value::Text(content.to_owned())) {
        return content.to_owned();
    }
    let mut out = String::from('"');
    let mut slashes = 0;
    for c in content.chars().chain(['"']) {
        // Backslashes count only before the quote: doubled there.
        if c == '"' {
            out.extend(std::iter::repeat_n('\\', slashes));
        }
        slashes = if c == '\\' { slashes + 1 } else { 0 };
        out.push(c);
        if c == '"' {
            out.insert(out.len() - 1, '\\');
        }
    }
    // The last quote closes.
    out.truncate(out.len() - 2);
    out.push('"');
    out
}

impl fmt::Display for Override {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}:")?;
        }
        let sign = match self.how {
            How::Set => "",
            How::Add => "+",
            How::Put => "++",
            How::Remove => "~",
        };
        write!(f, "{sign}{}", self.key)?;
        match &self.given {
            None => Ok(()),
            Some(given) => write!(f, "={given}"),
        }
    }
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |number: f64| literal(&Value::Float(number));
        match self {
            Given::One(value) => f.write_str(&literal(value)),
            Given::Choice(values) => write!(f, "choice({})", values.iter().map(literal).collect::<Vec<_>>().join(",")),
            Given::Uniform { low, high, log } => {
                write!(f, "{}({},{})", if *log { "loguniform" } else { "uniform" }, number(*low), number(*high))
            }
            Given::Int { low, high } => write!(f, "int({low},{high})"),
        }
    }
}
