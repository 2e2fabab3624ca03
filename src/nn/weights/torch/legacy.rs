//! The layout before torch 1.6: five pickles (a magic number, a version, the machine, the object, the keys of the storages),
//! then for each key the number of elements, 8 bytes, and the elements.

use std::collections::HashMap;

use super::super::super::error::TorchFault;
use super::pickle::{self, Made, Value};
use super::{StateDict, state, tensors};

/// `torch.serialization.MAGIC_NUMBER` as a pickle of protocol 2 or later holds it.
const MAGIC: [u8; 12] = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

pub(super) fn read(bytes: &[u8]) -> Result<StateDict, TorchFault> {
    if bytes.get(2..14) != Some(&MAGIC) {
        return Err(TorchFault::PlainPickle);
    }
    let mut at = 0;
    for _ in 0..2 {
        at += pickle::run(&bytes[at..])?.2;
    }
    let (machine, about, length) = pickle::run(&bytes[at..])?;
    let big = is_big_endian(&machine, about);
    at += length;
    let (made, root, length) = pickle::run(&bytes[at..])?;
    at += length;
    let (keys, listed, length) = pickle::run(&bytes[at..])?;
    at += length;
    let places = places(&made, &keys, listed, bytes, at)?;
    let (names, under) = state::find(&made, root)?;
    let load = |key: &str| match places.get(key) {
        Some(&(start, end)) => Ok(bytes[start..end].to_vec()),
        None => Err(TorchFault::NoEntry { name: key.to_owned() }),
    };
    tensors::load(&made, &names, under, big, bytes.len(), load)
}

fn is_big_endian<'a>(made: &Made<'a>, about: Value<'a>) -> bool {
    let Value::Mapping(place) = about else { return false };
    made.mappings[place].contains(&(Value::Text("little_endian"), Value::Bool(false)))
}

/// Where each storage's elements lie in the file.
fn places<'a>(
    made: &Made<'_>,
    keys: &Made<'a>,
    listed: Value<'a>,
    bytes: &[u8],
    mut at: usize,
) -> Result<HashMap<&'a str, (usize, usize)>, TorchFault> {
    let sizes: HashMap<&str, usize> = made.storages.iter().filter_map(|s| Some((s.key, s.element?.size()))).collect();
    let mut places = HashMap::new();
    for &key in keys.values(listed).unwrap_or_default() {
        let Value::Text(key) = key else { return Err(TorchFault::Malformed { what: "a storage without a name", at }) };
        let size = *sizes.get(key).ok_or_else(|| TorchFault::NoEntry { name: key.to_owned() })?;
        let count: [u8; 8] = bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().ok_or(TorchFault::Truncated)?;
        let length = usize::try_from(u64::from_le_bytes(count)).ok().and_then(|count| count.checked_mul(size));
        let start = at + count.len();
        let end = length.and_then(|length| start.checked_add(length)).filter(|&end| end <= bytes.len()).ok_or(TorchFault::Truncated)?;
        places.insert(key, (start, end));
        at = end;
    }
    Ok(places)
}
