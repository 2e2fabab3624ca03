//! An allocator that puts every slice of numbers next to memory that must not be touched.
//!
//! A block lies between two pages that the processor refuses to read or write, right before the second or right after the first by
//! turns: one value too far on that side ends the process on the spot, in code as it is optimised for use, whatever the instruction
//! set. Sanitizers see as much, but take ten times as long to compile these kernels.
#![allow(unsafe_code)] // It is the allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering};

#[global_allocator]
static GUARDED: Guarded = Guarded;

struct Guarded;

/// Whether these are the sizes of `f32`, `u32` or `u16`, which kernels read and write; everything else lies where it always does.
fn is_guarded(layout: Layout) -> bool {
    matches!(layout.align(), 2 | 4) && layout.size() > 0 && layout.size().is_multiple_of(layout.align())
}

/// Bytes of a page.
fn page() -> usize {
    static PAGE: AtomicUsize = AtomicUsize::new(0);
    match PAGE.load(Ordering::Relaxed) {
        0 => {
            // SAFETY: asks for a number.
            let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
            PAGE.store(page, Ordering::Relaxed);
            page
        }
        page => page,
    }
}

/// Bytes of the pages that a block takes, without those around it.
fn room(layout: Layout) -> usize {
    layout.size().next_multiple_of(page())
}

// SAFETY: a block has pages of its own, which are readable and writable until it is freed, and it starts at a multiple of its
// alignment: its size is one, and so is a page's.
unsafe impl GlobalAlloc for Guarded {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        static TURN: AtomicUsize = AtomicUsize::new(0);
        if !is_guarded(layout) {
            // SAFETY: passed on.
            return unsafe { System.alloc(layout) };
        }
        let (page, room) = (page(), room(layout));
        let late = TURN.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
        // SAFETY: maps new pages and opens those between the first and the last.
        unsafe {
            let first = libc::mmap(null_mut(), room + 2 * page, libc::PROT_NONE, libc::MAP_PRIVATE | libc::MAP_ANON, -1, 0);
            if first == libc::MAP_FAILED || libc::mprotect(first.byte_add(page), room, libc::PROT_READ | libc::PROT_WRITE) != 0 {
                return null_mut();
            }
            first.cast::<u8>().add(page + if late { room - layout.size() } else { 0 })
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if !is_guarded(layout) {
            // SAFETY: passed on.
            return unsafe { System.dealloc(block, layout) };
        }
        let page = page();
        // SAFETY: a block starts in its first page, before which lies the first that was mapped for it.
        unsafe { libc::munmap(block.sub(block.addr() % page + page).cast(), room(layout) + 2 * page) };
    }
}
