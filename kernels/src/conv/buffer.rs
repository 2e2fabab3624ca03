//! Memory that kernels fill: outputs that several threads write, and scratch aligned to cache lines.
#![allow(unsafe_code)] // Threads write rectangles of one new vector.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::mem::{MaybeUninit, take};
use std::ops::{Deref, DerefMut, Range};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pulp::bytemuck;

/// Floats of a cache line.
const LINE: usize = 16;

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
    /// A canvas over memory for floats.
    pub fn new(memory: &'a mut [MaybeUninit<f32>]) -> Self {
        Self { start: memory.as_mut_ptr(), len: memory.len(), borrow: PhantomData }
    }

    /// A canvas over floats that are already there.
    pub fn over(floats: &'a mut [f32]) -> Self {
        Self { start: floats.as_mut_ptr().cast(), len: floats.len(), borrow: PhantomData }
    }

    /// Asks for the memory of `len` floats from `start` on.
    #[inline(always)]
    pub fn prefetch(&self, start: usize, len: usize) {
        for line in (0..len).step_by(LINE) {
            super::prefetch::prefetch_pointer(self.start.wrapping_add(start + line).cast());
        }
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

    fn capacity(&self) -> usize {
        self.lines.len() * 16
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
    /// Small pieces that this thread's tasks used and may use again while they are in its cache.
    static OWN: RefCell<Vec<Scratch>> = const { RefCell::new(Vec::new()) };
}

/// Large pieces, which several threads use together.
static SHARED: Mutex<Vec<Scratch>> = Mutex::new(Vec::new());

/// Floats of the largest small piece.
const SMALL: usize = 1 << 20;
/// Small pieces that a thread keeps, and large ones that are kept in all.
const PIECES: usize = 6;

/// Scratch that is kept for whoever comes next: new memory has to be zeroed by the system and by us. It holds whatever it held before.
#[derive(Debug)]
pub struct Lent(Scratch);

impl Lent {
    /// `len` floats.
    pub fn new(len: usize) -> Self {
        let mut scratch = if len <= SMALL { OWN.with_borrow_mut(|kept| fitting(kept, len)) } else { fitting(&mut shared(), len) }
            .unwrap_or_else(|| Scratch::zeros(len));
        scratch.len = len;
        Self(scratch)
    }
}

/// Takes the smallest kept piece of at least `len` floats, if it is not far too large.
fn fitting(kept: &mut Vec<Scratch>, len: usize) -> Option<Scratch> {
    let large = |scratch: &Scratch| scratch.capacity() >= len && (scratch.capacity() <= SMALL || scratch.capacity() <= 2 * len);
    let fits = kept.iter().enumerate().filter(|(_, scratch)| large(scratch));
    let place = fits.min_by_key(|(_, scratch)| scratch.capacity())?.0;
    Some(kept.remove(place))
}

/// Keeps a piece, the oldest ones giving way.
fn keep(kept: &mut Vec<Scratch>, scratch: Scratch) {
    kept.push(scratch);
    if kept.len() > PIECES {
        kept.remove(0);
    }
}

fn shared() -> MutexGuard<'static, Vec<Scratch>> {
    SHARED.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Lent {
    fn drop(&mut self) {
        let scratch = Scratch { lines: take(&mut self.0.lines), len: 0 };
        if scratch.capacity() > SMALL {
            keep(&mut shared(), scratch);
        } else {
            // A thread that ends has nowhere to keep it.
            let _ = OWN.try_with(|kept| keep(&mut kept.borrow_mut(), scratch));
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
