//! How the allocator is set up.
#![allow(unsafe_code)] // The allocator's settings are C functions.

use std::ffi::c_long;

/// `mi_option_purge_delay` of mimalloc's `mi_option_t`, for which its Rust package has no name.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// Keeps freed memory with the process instead of giving it back to the system after a moment.
///
/// Training makes the same large tensors in every step; to give their pages back and have them cleared anew cost a fifth of
/// a step. The process never holds more than it once needed at a time. `MIMALLOC_PURGE_DELAY` in the environment wins.
pub fn keep_freed_memory() {
    if std::env::var_os("MIMALLOC_PURGE_DELAY").is_none() {
        const NEVER: c_long = -1;
        // SAFETY: sets one number that the allocator reads atomically; the option exists in the bundled mimalloc.
        unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, NEVER) };
    }
}
