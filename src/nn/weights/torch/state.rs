//! Which of the mappings in a checkpoint is the state dict.

use indexmap::IndexMap;

use super::super::super::error::TorchFault;
use super::pickle::{Made, Value};

/// Keys under which trainers keep a state dict, the one to use first: averaged weights before those of the last step, as timm does;
/// a teacher before its student, as DINO's authors publish it.
const KEYS: [&str; 14] = [
    "state_dict_ema",
    "model_ema",
    "ema",
    "teacher",
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "net",
    "network",
    "module",
    "params_ema",
    "params",
    "student",
];

/// So deep a state dict may lie.
const DEEPEST: usize = 4;

/// The tensors by name, and the keys under which they lay.
pub(super) type Found<'a> = (Vec<(&'a str, usize)>, Vec<String>);

/// Finds it from the value that the file's program ended with.
pub(super) fn find<'a>(made: &Made<'a>, root: Value<'a>) -> Result<Found<'a>, TorchFault> {
    let holders = holders(made);
    let holds = |value: Value<'a>| matches!(value, Value::Mapping(place) if holders[place]);
    let (mut at, mut under) = (root, Vec::new());
    for _ in 0..=DEEPEST {
        let Value::Mapping(place) = at else { break };
        let pairs = &made.mappings[place];
        let entry = |key: &str| pairs.iter().rev().find(|(k, _)| *k == Value::Text(key)).map(|(_, value)| *value);
        let known = KEYS.iter().find_map(|key| entry(key).filter(|&value| holds(value)).map(|value| (*key, value)));
        if let Some((key, value)) = known {
            under.push(key.to_owned());
            at = value;
            continue;
        }
        let tensors = tensors(pairs);
        if !tensors.is_empty() {
            return Ok((tensors, under));
        }
        let nested = pairs.iter().filter(|(_, value)| holds(*value)).collect::<Vec<_>>();
        match nested[..] {
            [&(Value::Text(key), value)] => {
                under.push(key.to_owned());
                at = value;
            }
            [] => break,
            _ => return Err(TorchFault::Ambiguous { keys: nested.iter().filter_map(|(key, _)| text(*key)).collect() }),
        }
    }
    let keys =
        if let Value::Mapping(place) = root { made.mappings[place].iter().filter_map(|(key, _)| text(*key)).collect() } else { Vec::new() };
    Err(TorchFault::NoStateDict { keys })
}

fn text(value: Value<'_>) -> Option<String> {
    if let Value::Text(text) = value { Some(text.to_owned()) } else { None }
}

fn tensors<'a>(pairs: &[(Value<'a>, Value<'a>)]) -> Vec<(&'a str, usize)> {
    let tensor = |pair: &(Value<'a>, Value<'a>)| match *pair {
        (Value::Text(name), Value::Tensor(place)) => Some((name, place)),
        _ => None,
    };
    // Of a key that is set twice the last value counts, as in Python.
    pairs.iter().filter_map(tensor).collect::<IndexMap<_, _>>().into_iter().collect()
}

/// For each mapping, whether it has named tensors in it or in its own mappings, down to [`DEEPEST`].
fn holders(made: &Made<'_>) -> Vec<bool> {
    let named = |pair: &(Value<'_>, Value<'_>)| matches!(pair, (Value::Text(_), Value::Tensor(_)));
    let mut holds: Vec<bool> = made.mappings.iter().map(|pairs| pairs.iter().any(named)).collect();
    for _ in 0..DEEPEST {
        let inner = |value: &Value<'_>| matches!(value, Value::Mapping(place) if holds[*place]);
        holds = made.mappings.iter().zip(&holds).map(|(pairs, &own)| own || pairs.iter().any(|(_, value)| inner(value))).collect();
    }
    holds
}
