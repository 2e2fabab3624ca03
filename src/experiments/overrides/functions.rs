//! `range`, `uniform`, `int` and the casts; what is wrong is said in words, the place is the caller's.

use super::words::scalar;
use super::{Given, MAX_PRODUCT};
use crate::pipeline::value::Value;

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

pub(super) fn between(low: &Value, high: &Value, log: bool) -> Result<Given, &'static str> {
    let (Some(low), Some(high)) = (number(low), number(high)) else { return Err("two numbers are wanted here") };
    if !low.is_finite() || !high.is_finite() || low >= high {
        return Err("the first number is not less than the second");
    }
    if log && low <= 0.0 {
        return Err("orders of magnitude are those of numbers above 0");
    }
    Ok(Given::Uniform { low, high, log })
}

/// `range(stop)`, `range(start, stop)`, `range(start, stop, step)`, also with names.
pub(super) fn range(arguments: &[(Option<String>, Value)]) -> Result<Vec<Value>, &'static str> {
    let mut slots: [Option<&Value>; 3] = [None; 3];
    let places: &[usize] = if arguments.iter().filter(|(name, _)| name.is_none()).count() == 1 { &[1] } else { &[0, 1, 2] };
    let mut next = places.iter();
    for (name, value) in arguments {
        let place = match name.as_deref() {
            None => *next.next().ok_or("`range` takes three numbers at most")?,
            Some("start") => 0,
            Some("stop") => 1,
            Some("step") => 2,
            Some(_) => return Err("`range` has `start`, `stop` and `step`"),
        };
        slots[place] = Some(value);
    }
    let (zero, one) = (Value::Int(0), Value::Int(1));
    let (start, stop, step) =
        (slots[0].unwrap_or(&zero), slots[1].ok_or("`range` needs to know where it stops")?, slots[2].unwrap_or(&one));
    if let (Value::Int(start), Value::Int(stop), Value::Int(step)) = (start, stop, step) {
        if *step == 0 {
            return Err("the step of a range cannot be 0");
        }
        let goes = |at: &i128| if *step > 0 { at < stop } else { at > stop };
        let values = std::iter::successors(Some(*start), |at| at.checked_add(*step)).take_while(goes).take(MAX_PRODUCT + 1);
        return Ok(values.map(Value::Int).collect());
    }
    let (Some(start), Some(stop), Some(step)) = (number(start), number(stop), number(step)) else {
        return Err("`range` takes numbers");
    };
    if step == 0.0 || !step.is_finite() || !start.is_finite() || !stop.is_finite() {
        return Err("the step of a range cannot be 0, nor its ends infinite");
    }
    let values = (0..=MAX_PRODUCT).map(|i| start + i as f64 * step).take_while(|at| if step > 0.0 { *at < stop } else { *at > stop });
    Ok(values.map(Value::Float).collect())
}

impl Given {
    pub(super) fn of(values: Vec<Value>) -> Result<Self, &'static str> {
        match values.len() {
            0 => Err("the range is empty"),
            n if n > MAX_PRODUCT => Err("the range has too many numbers"),
            _ => Ok(Given::Choice(values)),
        }
    }
}

pub(super) fn cast(name: &str, value: &Value) -> Result<Value, &'static str> {
    let no = "the value cannot be converted to that";
    let text = value.python();
    match (name, value) {
        ("str", Value::List(_) | Value::Map(_)) => Err(no),
        ("str", Value::Null) => Ok(Value::Text("null".to_owned())),
        ("str", _) => Ok(Value::Text(text)),
        ("int", Value::Bool(value)) => Ok(Value::Int((*value).into())),
        ("int", Value::Float(value)) if value.is_finite() => Ok(Value::Int(value.trunc() as i128)),
        ("int", _) => Some(scalar(&text)).filter(|value| matches!(value, Value::Int(_))).ok_or(no),
        ("float", Value::Bool(value)) => Ok(Value::Float((*value).into())),
        ("float", _) => number(&scalar(&text)).map(Value::Float).ok_or(no),
        ("bool", Value::Int(value)) => Ok(Value::Bool(*value != 0)),
        ("bool", Value::Float(value)) => Ok(Value::Bool(*value != 0.0)),
        (_, _) => Some(scalar(&text)).filter(|value| matches!(value, Value::Bool(_))).ok_or(no),
    }
}
