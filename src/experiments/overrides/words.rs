//! What words without quotes mean.

use crate::pipeline::value::Value;

/// What a word without quotes means: Hydra's lexer.
pub(super) fn scalar(text: &str) -> Value {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    match text.to_ascii_lowercase().as_str() {
        "null" => return Value::Null,
        "true" => return Value::Bool(true),
        "false" => return Value::Bool(false),
        "nan" => return Value::Float(f64::NAN),
        _ => {}
    }
    if unsigned.eq_ignore_ascii_case("inf") {
        return Value::Float(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    let plain = || text.replace('_', "");
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    if exponent.is_none() && is_whole(mantissa) {
        return plain().parse().map_or_else(|_| Value::Text(text.to_owned()), Value::Int);
    }
    let good_exponent = exponent.is_none_or(|exponent| is_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)));
    let good_mantissa = match mantissa.split_once('.') {
        Some(("", fraction)) => is_digits(fraction),
        Some((whole, fraction)) => is_whole(whole) && (fraction.is_empty() || is_digits(fraction)),
        None => exponent.is_some() && is_whole(mantissa),
    };
    match plain().parse() {
        Ok(number) if good_exponent && good_mantissa => Value::Float(number),
        _ => Value::Text(text.to_owned()),
    }
}

fn is_digits(text: &str) -> bool {
    let digits = text.split('_').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    digits && !text.is_empty()
}

/// Digits without a zero before others.
fn is_whole(text: &str) -> bool {
    is_digits(text) && (text == "0" || !text.starts_with('0'))
}
