//! Parse, dispatch, exit code. Everything else is in the library.

use std::process::ExitCode;

/// Faster than the system's, most of all for large blocks that come and go; see [`derm::allocator`].
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    derm::allocator::keep_freed_memory();
    derm::commands::main(std::env::args_os())
}
