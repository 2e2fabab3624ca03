//! Parse, dispatch, exit code. Everything else is in the library.

use std::process::ExitCode;

/// Freed blocks stay with the process: training allocates the same activations every step.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    derm::commands::main(std::env::args_os())
}
