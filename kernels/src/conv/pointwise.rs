//! A matrix product of pixels as a part of something else: on one thread, into memory that is there.
#![allow(unsafe_code)] // The memory may be new.

use super::buffer::Canvas;
use super::direct::{Direct, Sweep};
use super::epilogue::Epilogue;
use super::packed::Packed;
use super::sweep::Axis;

/// A 1x1 convolution of the pixels of `x`, on this thread, into the first of `canvas`; `far` says whether that is likely to be out of
/// the caches. To the bit what [`forward_packed`] computes.
///
/// # Safety
///
/// No part of the canvas may be alive.
pub(crate) unsafe fn pointwise(x: &[f32], weight: &Packed, epilogue: Epilogue<'_>, canvas: Canvas<'_>, far: bool) {
    let [c_in, c_out] = weight.matrix();
    let pixels = x.len() / c_in;
    let [y, along] = [1, pixels].map(Axis::one_to_one);
    let pass = Direct {
        isa: weight.mode().isa,
        source: x,
        source_size: [1, pixels],
        source_pitch: c_in,
        source_group: c_in,
        run: c_in,
        images: 1,
        groups: 1,
        target_size: [1, pixels],
        columns: c_out,
        epilogue,
        far,
        sweeps: vec![Sweep { y, x: along, panels: weight.direct() }],
    };
    // SAFETY: by the contract.
    unsafe { pass.write(canvas) }
}
