//! How finely rayon cuts a loop over tasks.
//!
//! By itself rayon cuts a loop into two pieces a thread, and cuts further only where an idle thread takes one that nobody has begun. Two
//! threads that start together then end up to a quarter of the loop apart, and a training step is hundreds of loops. Smaller pieces let
//! the thread that is ahead take over.

use rayon::iter::MaxLen;
use rayon::prelude::*;

/// Pieces of a loop, if it has as many tasks.
const PIECES: usize = 32;

/// The same tasks, in no fewer pieces than [`PIECES`]. Which thread takes which piece changes no result: tasks are cut by shapes alone.
pub fn finely<I: IndexedParallelIterator>(tasks: I) -> MaxLen<I> {
    let each = tasks.len().div_ceil(PIECES).max(1);
    tasks.with_max_len(each)
}
