//! New vectors without a first pass of zeros.
//!
//! Filling a result with zeros before it is overwritten costs a third of the time of a kernel that is bound by memory.
#![allow(unsafe_code)] // A vector's length is set after its values were written.

use std::mem::MaybeUninit;

/// Memory for a result.
pub type Uninit = MaybeUninit<f32>;

/// `M` vectors of `len` values that `write` writes.
///
/// # Safety
///
/// `write` must write every value of every slice.
pub unsafe fn filled<const M: usize>(len: usize, write: impl FnOnce([&mut [Uninit]; M])) -> [Vec<f32>; M] {
    let mut vectors = [(); M].map(|()| Vec::with_capacity(len));
    write(vectors.each_mut().map(|vector| spare(vector, len, f32::NAN)));
    // SAFETY: the caller promises that `write` wrote `len` values of each.
    vectors.iter_mut().for_each(|vector| unsafe { vector.set_len(len) });
    vectors
}

/// A vector of `len` values that `write` writes, and one of as many small numbers.
///
/// # Safety
///
/// `write` must write every value of both slices.
pub unsafe fn filled_with_numbers(len: usize, write: impl FnOnce(&mut [Uninit], &mut [MaybeUninit<u16>])) -> (Vec<f32>, Vec<u16>) {
    let (mut values, mut numbers) = (Vec::with_capacity(len), Vec::with_capacity(len));
    write(spare(&mut values, len, f32::NAN), spare(&mut numbers, len, u16::MAX));
    // SAFETY: the caller promises that `write` wrote `len` values of each.
    unsafe {
        values.set_len(len);
        numbers.set_len(len);
    }
    (values, numbers)
}

/// The memory of `len` values behind an empty vector.
fn spare<T: Copy>(vector: &mut Vec<T>, len: usize, poison: T) -> &mut [MaybeUninit<T>] {
    let memory = &mut vector.spare_capacity_mut()[..len];
    // A value that a kernel forgets shows up in its tests.
    if cfg!(any(test, debug_assertions)) {
        memory.fill(MaybeUninit::new(poison));
    }
    memory
}

/// Cuts each slice into chunks of `chunk` values: first all first chunks, then all second ones, and so on.
pub fn chunks<T, const M: usize>(slices: [&mut [T]; M], chunk: usize) -> Vec<[&mut [T]; M]> {
    let count = slices.first().map_or(0, |slice| slice.len().div_ceil(chunk));
    let mut rests = slices.map(|slice| slice.chunks_mut(chunk));
    (0..count).map(|_| rests.each_mut().map(|rest| rest.next().unwrap_or_default())).collect()
}
