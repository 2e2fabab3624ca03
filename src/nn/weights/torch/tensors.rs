//! From views of storages to tensors.

use candle_core::{Device, Tensor};
use half::{bf16, f16};

use super::super::super::error::TorchFault;
use super::StateDict;
use super::classes::Element;
use super::pickle::{Made, View};

/// All tensors of a state dict may have so many times the file's bytes as elements: some views share a storage, but a
/// small file does not unfold to fill the memory.
const UNFOLDING: usize = 8;

/// Reads the named tensors; `load` gives a storage's bytes by its key. Each storage is read once and let go.
pub(super) fn load(
    made: &Made<'_>,
    names: &[(&str, usize)],
    under: Vec<String>,
    big_endian: bool,
    file_length: usize,
    mut load: impl FnMut(&str) -> Result<Vec<u8>, TorchFault>,
) -> Result<StateDict, TorchFault> {
    let mut state = StateDict { tensors: Vec::new(), others: Vec::new(), under };
    let mut budget = file_length.saturating_mul(UNFOLDING);
    let mut views: Vec<(&str, &View)> = names.iter().map(|(name, place)| (*name, &made.tensors[*place])).collect();
    views.sort_by_key(|(_, view)| made.storages[view.storage].key);
    let mut held: Option<(&str, Vec<u8>)> = None;
    for (name, view) in views {
        if let Element::Whole(kind, _) = view.element {
            state.others.push((name.to_owned(), kind));
            continue;
        }
        let storage = &made.storages[view.storage];
        let held_bytes = storage.count.checked_mul(storage.element.map_or(1, Element::size));
        let count = extent(view).zip(held_bytes).and_then(|(extent, bytes)| fitting(view, extent, bytes));
        let count = count.ok_or_else(|| TorchFault::View { name: name.to_owned() })?;
        budget = budget.checked_sub(count).ok_or_else(|| TorchFault::Unfolds { name: name.to_owned() })?;
        let bytes = match held.take() {
            Some((key, bytes)) if key == storage.key => bytes,
            _ => load(storage.key)?,
        };
        let values = values(&bytes, view, count, big_endian).ok_or_else(|| TorchFault::View { name: name.to_owned() })?;
        state.tensors.push((name.to_owned(), Tensor::from_vec(values, view.size.as_slice(), &Device::Cpu).map_err(TorchFault::tensor)?));
        held = Some((storage.key, bytes));
    }
    Ok(state)
}

/// Elements of a view, and those of its storage from the start to its last one; `None` where that is beyond all numbers.
fn extent(view: &View) -> Option<(usize, usize)> {
    let count = view.size.iter().try_fold(1usize, |count, &size| count.checked_mul(size))?;
    if count == 0 {
        return Some((0, 0));
    }
    let last = view
        .size
        .iter()
        .zip(&view.stride)
        .try_fold(view.offset, |last, (&size, &stride)| last.checked_add((size - 1).checked_mul(stride)?))?;
    Some((count, last.checked_add(1)?))
}

/// The number of elements, where the storage is long enough.
fn fitting(view: &View, (count, reach): (usize, usize), storage_bytes: usize) -> Option<usize> {
    (reach.checked_mul(view.element.size())? <= storage_bytes).then_some(count)
}

/// The elements in row-major order; `None` where the storage's bytes are fewer than announced.
fn values(bytes: &[u8], view: &View, count: usize, big_endian: bool) -> Option<Vec<f32>> {
    let size = view.element.size();
    let (_, reach) = extent(view)?;
    let bytes = bytes.get(..reach.checked_mul(size)?)?;
    let number = |at: usize| number(&bytes[at * size..(at + 1) * size], view.element, big_endian);
    if count == 0 {
        return Some(Vec::new());
    }
    let row = view.size.last().copied().unwrap_or(1);
    let step = view.stride.last().copied().unwrap_or(1);
    let axes = view.size.len().saturating_sub(1);
    let mut index = vec![0; axes];
    let mut start = view.offset;
    let mut values = Vec::with_capacity(count);
    loop {
        values.extend((0..row).map(|column| number(start + column * step)));
        // The next row: count up like an odometer.
        let Some(axis) = (0..axes).rev().find(|&axis| index[axis] + 1 < view.size[axis]) else { return Some(values) };
        index[axis] += 1;
        index[axis + 1..].fill(0);
        start = view.offset + index.iter().zip(&view.stride).map(|(i, stride)| i * stride).sum::<usize>();
    }
}

/// One element as f32.
fn number(bytes: &[u8], element: Element, big_endian: bool) -> f32 {
    let mut raw = [0; 8];
    raw[..bytes.len()].copy_from_slice(bytes);
    if big_endian {
        raw[..bytes.len()].reverse();
    }
    match element {
        Element::F32 => f32::from_le_bytes([raw[0], raw[1], raw[2], raw[3]]),
        Element::F64 => f64::from_le_bytes(raw) as f32,
        Element::F16 => f16::from_le_bytes([raw[0], raw[1]]).to_f32(),
        Element::Bf16 => bf16::from_le_bytes([raw[0], raw[1]]).to_f32(),
        Element::Whole(..) => f32::NAN,
    }
}
