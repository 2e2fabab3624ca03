//! How the allocator is set up.
#![allow(unsafe_code)] // The allocator's settings are C functions.

use std::ffi::c_long;

/// `mi_option_purge_delay` of mimalloc's `mi_option_t`, for which its Rust package has no name.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// Keeps freed memory with the process instead of giving it back to the system after a moment.
///
/// Training makes the same large tensors in every step; to give their pages back and have them cleared anew cost a fifth of
/// a step. The process never holds more than the largest tensors of each size that it once needed at a time.
/// `MIMALLOC_PURGE_DELAY` in the environment wins.
pub fn keep_freed_memory() {
    set_purge_delay(-1);
}

/// Gives freed memory back to the system at once, which costs time: for work that is told to need little memory.
///
/// What was kept for one size of tensors is of no use to another: with it, gradient checkpointing saved a seventh of a process's
/// memory where it saved a third without it. `MIMALLOC_PURGE_DELAY` in the environment wins.
pub fn give_back_freed_memory() {
    set_purge_delay(0);
}

fn set_purge_delay(milliseconds: c_long) {
    if std::env::var_os("MIMALLOC_PURGE_DELAY").is_none() {
        // SAFETY: sets one number that the allocator reads atomically; the option exists in the bundled mimalloc.
        unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, milliseconds) };
    }
}
