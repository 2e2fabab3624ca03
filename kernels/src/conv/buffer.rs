//! Memory that kernels fill: outputs that several threads write, and scratch aligned to cache lines.
#![allow(unsafe_code)] // Threads write rectangles of one new vector.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::mem::{MaybeUninit, take};
use std::ops::{Deref, DerefMut, Range};

use pulp::bytemuck;

/// An output that several threads fill, each writing parts that no other touches.
///
/// Kernels write rectangles of pixels x channels, whose rows interleave in memory, so `split_at_mut` cannot part them.
#[derive(Clone, Copy)]
pub struct Canvas<'a> {
    start: *mut MaybeUninit<f32>,
    len: usize,
    borrow: PhantomData<&'a mut [MaybeUninit<f32>]>,
}

// SAFETY: a `Canvas` is an exclusive borrow of floats; `part`'s contract keeps what threads take from it apart.
unsafe impl Send for Canvas<'_> {}
// SAFETY: as above.
unsafe impl Sync for Canvas<'_> {}

impl<'a> Canvas<'a> {
    /// A canvas over floats that are already there.
    pub fn over(floats: &'a mut [f32]) -> Self {
        Self { start: floats.as_mut_ptr().cast(), len: floats.len(), borrow: PhantomData }
    }

    /// The floats of `range`.
    ///
    /// # Safety
    ///
    /// While the returned slice lives, no other part of the canvas that overlaps it may live.
    #[inline(always)]
    #[allow(clippy::mut_from_ref, reason = "the contract above is what makes the parts exclusive")]
    pub unsafe fn part(&self, range: Range<usize>) -> &'a mut [MaybeUninit<f32>] {
        assert!(range.start <= range.end && range.end <= self.len);
        // SAFETY: in bounds by the assertion, exclusive by the contract, and any bytes are valid for `MaybeUninit`.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(range.start), range.end - range.start) }
    }
}

/// A new vector of `len` floats, all written by `fill`.
///
/// Zeroing first would cost a pass over memory, which is a good part of the time of a 1x1 convolution.
///
/// # Safety
///
/// `fill` must write every element of the canvas.
pub unsafe fn filled(len: usize, fill: impl FnOnce(Canvas<'_>)) -> Vec<f32> {
    let mut out = Vec::with_capacity(len);
    let spare = &mut out.spare_capacity_mut()[..len];
    if cfg!(any(test, debug_assertions)) {
        spare.fill(MaybeUninit::new(f32::NAN)); // so that tests see what was left out
    }
    fill(Canvas { start: spare.as_mut_ptr(), len, borrow: PhantomData });
    // SAFETY: the capacity is there, and by the contract all of it is written.
    unsafe { out.set_len(len) };
    out
}

/// A cache line of floats.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([f32; 16]);

// SAFETY: all zeros are valid floats.
unsafe impl bytemuck::Zeroable for Line {}
// SAFETY: 64 bytes of floats, aligned to 64: no padding, and any bits are valid.
unsafe impl bytemuck::Pod for Line {}

/// Floats that start on a cache line, so that vector loads do not straddle two.
#[derive(Debug)]
pub struct Scratch {
    lines: Vec<Line>,
    len: usize,
}

impl Scratch {
    /// `len` zeros.
    pub fn zeros(len: usize) -> Self {
        Self { lines: vec![Line([0.0; 16]); len.div_ceil(16)], len }
    }
}

impl Deref for Scratch {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &bytemuck::cast_slice(&self.lines)[..self.len]
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut bytemuck::cast_slice_mut(&mut self.lines)[..self.len]
    }
}

thread_local! {
    /// What this thread's tasks used and may use again.
    static SPARE: RefCell<Vec<Scratch>> = const { RefCell::new(Vec::new()) };
}

/// Floats that a thread keeps in one piece.
const KEPT: usize = 4 << 20;
/// Pieces that a thread keeps.
const PIECES: usize = 4;

/// Scratch that goes back to its thread, so that the next task need not touch new memory; it holds whatever it held before.
pub struct Lent(Scratch);

impl Lent {
    /// `len` floats.
    pub fn new(len: usize) -> Self {
        let mut scratch = SPARE.with_borrow_mut(Vec::pop).unwrap_or_else(|| Scratch::zeros(0));
        if scratch.lines.len() * 16 < len {
            scratch = Scratch::zeros(len);
        }
        scratch.len = len;
        Self(scratch)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let scratch = Scratch { lines: take(&mut self.0.lines), len: 0 };
        if scratch.lines.len() * 16 <= KEPT {
            // A thread that ends has nowhere to keep it.
            let _ = SPARE.try_with(|spare| {
                let mut spare = spare.borrow_mut();
                if spare.len() < PIECES {
                    spare.push(scratch);
                }
            });
        }
    }
}

impl Deref for Lent {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.0
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.0
    }
}
