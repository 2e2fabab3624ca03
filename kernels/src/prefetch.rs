//! Asking for memory ahead of its use.
//!
//! Kernels that walk over several lines of an image at once, a few channels at a time, leave a pattern that the hardware's
//! prefetchers do not follow; they ask for the next line themselves.
#![allow(unsafe_code)] // The instruction takes a pointer.

/// Asks for the cache lines of `x` to be brought into the first cache, without waiting for them.
#[inline(always)]
pub fn prefetch(x: &[f32]) {
    x.chunks(16).for_each(|line| prefetch_pointer(line.as_ptr()));
}

/// Asks for the cache line at `x`, which need not be one's own.
#[inline(always)]
pub fn prefetch_pointer(x: *const f32) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch reads nothing, whatever its address; the CPU has the instruction since SSE.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(x.cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = x;
}
