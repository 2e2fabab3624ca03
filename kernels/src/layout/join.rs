//! Slices one after the other.

use rayon::prelude::*;

use super::super::fresh::{Uninit, filled};

/// Floats that a thread copies at a time.
const CHUNK: usize = 1 << 16;

/// The values of all `parts`, in order.
pub fn joined(parts: &[&[f32]]) -> Vec<f32> {
    let len = parts.iter().map(|part| part.len()).sum();
    let write = |[mut to]: [&mut [Uninit]; 1]| {
        let mut pieces = Vec::new();
        for part in parts {
            let (own, rest) = std::mem::take(&mut to).split_at_mut(part.len());
            pieces.extend(own.chunks_mut(CHUNK).zip(part.chunks(CHUNK)));
            to = rest;
        }
        pieces.into_par_iter().for_each(|(to, from)| {
            to.write_copy_of_slice(from);
        });
    };
    // SAFETY: the parts are as long as the result, and each is copied whole.
    let [values] = unsafe { filled(len, write) };
    values
}
