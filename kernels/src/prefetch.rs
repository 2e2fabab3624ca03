//! Asking for memory ahead of its use.
//!
//! Kernels that walk over several lines of an image at once, a few channels at a time, leave a pattern that the hardware's
//! prefetchers do not follow; they ask for the next line themselves.
#![allow(unsafe_code)] // The instruction takes a pointer.

/// Asks for the cache lines of `x` to be brought into the second cache, without waiting for them.
#[inline(always)]
pub fn prefetch(x: &[f32]) {
    #[cfg(target_arch = "x86_64")]
    for line in x.chunks(16) {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        // SAFETY: a prefetch reads nothing, whatever its address; the CPU has the instruction since SSE.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(line.as_ptr().cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = x;
}
