//! Vectors in and out of slices, and the one arithmetic step of all kernels here.
#![allow(unsafe_code)] // Registers are written to memory that may be new.

use std::mem::MaybeUninit;

use pulp::{Simd, bytemuck};

use super::simd::is_fused;

/// `a * b + c`: fused where the set has the instruction, two steps where it would be a call into a library.
#[inline(always)]
pub fn multiply_add<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
    if is_fused::<S>() { simd.mul_add_e_f32s(a, b, c) } else { simd.add_f32s(simd.mul_f32s(a, b), c) }
}

/// The first lanes of `floats`, zeros beyond its end.
#[inline(always)]
pub fn load<S: Simd>(simd: S, floats: &[f32]) -> S::f32s {
    match floats.get(..S::F32_LANES) {
        Some(full) => bytemuck::pod_read_unaligned(bytemuck::cast_slice(full)),
        None => simd.partial_load_f32s(floats),
    }
}

/// Writes the lanes of `value` to the start of `out`, as many as it holds.
#[inline(always)]
pub fn store<S: Simd>(out: &mut [MaybeUninit<f32>], value: S::f32s) {
    let count = out.len().min(S::F32_LANES);
    let lanes = (&raw const value).cast::<MaybeUninit<f32>>();
    if count == S::F32_LANES {
        // SAFETY: `out` holds at least the lanes of one vector.
        unsafe { out.as_mut_ptr().cast::<S::f32s>().write_unaligned(value) };
    } else {
        // SAFETY: `count` is at most the lanes of `value` and the length of `out`.
        unsafe { out.as_mut_ptr().copy_from_nonoverlapping(lanes, count) };
    }
}

/// Writes all lanes of `value` to the start of `out`.
#[inline(always)]
pub fn store_floats<S: Simd>(out: &mut [f32], value: S::f32s) {
    let out = &mut out[..S::F32_LANES];
    // SAFETY: `out` holds the lanes of one vector.
    unsafe { out.as_mut_ptr().cast::<S::f32s>().write_unaligned(value) };
}
