//! What a plain scalar means: the YAML 1.2 core schema as ruamel.yaml, DVC's reader, resolves it.
//!
//! `yes` and `on` are texts, `010` is ten, `1_000` is a thousand, `1e3` is the float 1000.0, `0o17` and `0x1F`
//! are integers. Dates stay texts (in DVC they break templating).

use crate::pipeline::value::Value;

/// The value of an unquoted scalar.
pub fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).unwrap_or_else(|| Value::Text(text.to_owned())),
    }
}

fn number(text: &str) -> Option<Value> {
    let first = text.bytes().next()?;
    if !(first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.')) {
        return None;
    }
    let (negative, digits) = match first {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    match digits {
        ".inf" | ".Inf" | ".INF" => return Some(Value::Float(if negative { f64::NEG_INFINITY } else { f64::INFINITY })),
        ".nan" | ".NaN" | ".NAN" if digits.len() == text.len() => return Some(Value::Float(f64::NAN)),
        _ => {}
    }
    integer(digits, negative).or_else(|| float(text, digits))
}

fn integer(digits: &str, negative: bool) -> Option<Value> {
    let (radix, body) = match digits.get(..2) {
        Some("0x") => (16, &digits[2..]),
        Some("0o") => (8, &digits[2..]),
        Some("0b") => (2, &digits[2..]),
        _ => (10, digits),
    };
    let plain: String = body.chars().filter(|c| *c != '_').collect();
    if plain.is_empty() || !plain.chars().all(|c| c.is_digit(radix)) || (radix == 10 && body.starts_with('_')) {
        return None;
    }
    match i128::from_str_radix(&plain, radix) {
        Ok(value) => Some(Value::Int(if negative { -value } else { value })),
        // More than 38 digits: nobody's parameter; a float keeps its size.
        Err(_) => plain.parse().ok().map(|value: f64| Value::Float(if negative { -value } else { value })),
    }
}

fn float(text: &str, digits: &str) -> Option<Value> {
    let (mantissa, exponent) = match digits.find(['e', 'E']) {
        Some(at) => (&digits[..at], Some(&digits[at + 1..])),
        None => (digits, None),
    };
    let whole_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let good_mantissa = match mantissa.split_once('.') {
        Some((whole, fraction)) => {
            whole_digits(whole) && whole_digits(fraction) && mantissa.bytes().any(|b| b.is_ascii_digit()) && !whole.starts_with('_')
        }
        None => exponent.is_some() && !mantissa.is_empty() && !mantissa.starts_with('_') && whole_digits(mantissa),
    };
    let good_exponent = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['+', '-']).unwrap_or(e);
        !e.is_empty() && e.bytes().all(|b| b.is_ascii_digit())
    });
    if !good_mantissa || !good_exponent {
        return None;
    }
    text.replace('_', "").parse().ok().map(Value::Float)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_are_yaml_1_2() {
        for (text, value) in [
            ("yes", Value::Text("yes".into())),
            ("on", Value::Text("on".into())),
            ("010", Value::Int(10)),
            ("1_000", Value::Int(1000)),
            ("0x1F", Value::Int(31)),
            ("0o17", Value::Int(15)),
            ("-3", Value::Int(-3)),
            ("1e3", Value::Float(1000.0)),
            ("0.10", Value::Float(0.1)),
            (".5", Value::Float(0.5)),
            ("5.", Value::Float(5.0)),
            ("-.inf", Value::Float(f64::NEG_INFINITY)),
            ("~", Value::Null),
            ("TRUE", Value::Bool(true)),
            ("2020-01-01", Value::Text("2020-01-01".into())),
            ("1.2.3", Value::Text("1.2.3".into())),
            ("-", Value::Text("-".into())),
            (".", Value::Text(".".into())),
            ("_1", Value::Text("_1".into())),
            ("1e", Value::Text("1e".into())),
            ("12:30", Value::Text("12:30".into())),
            ("é", Value::Text("é".into())),
            ("0é", Value::Text("0é".into())),
        ] {
            assert_eq!(resolve(text), value, "{text}");
        }
    }
}
