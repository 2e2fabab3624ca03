//! Every public function on sizes that fit and on sizes that do not: it gives whole results or it panics, and nothing else.
//!
//! New memory is poisoned with NaN in tests, so a value that nobody wrote shows up as one; what lies outside of a slice
//! cannot be touched ([`super::testing`]), for slices have no spare room.

mod images;
mod values;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use proptest::prelude::*;

use super::testing::each;

/// Values of a slice at most where nothing has to fit: sizes may say more.
const MOST: usize = 1 << 16;

/// Draws of one case.
struct Draw {
    state: u64,
    /// Whether every size and length is as it should be.
    fits: bool,
}

impl Draw {
    fn below(&mut self, end: usize) -> usize {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.state >> 33) as usize) % end
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// A size that may be 0.
    fn size(&mut self) -> usize {
        self.pick(&[0, 1, 1, 2, 3, 4, 5, 7, 9, 16, 17, 33])
    }

    /// A size of at least 1.
    fn some(&mut self) -> usize {
        self.size().max(1)
    }

    /// This, or sometimes something else where nothing has to fit.
    fn about(&mut self, size: usize) -> usize {
        if self.fits || self.below(3) > 0 {
            return size;
        }
        self.pick(&[0, size / 2, size.saturating_sub(1), size + 1, size + 3, 2 * size + 1, 40])
    }

    /// As [`about`](Self::about), or so large that products of sizes wrap.
    fn about_or_vast(&mut self, size: usize) -> usize {
        if self.fits || self.below(8) > 0 {
            return self.about(size);
        }
        self.pick(&[1 << 31, 1 << 32, 1 << 63, usize::MAX / 2, usize::MAX])
    }

    /// About `len` values, in memory of just that size.
    fn values(&mut self, len: usize) -> Box<[f32]> {
        let len = if self.fits { len } else { self.about(len).min(MOST) };
        super::testing::values(len, 7).into()
    }
}

thread_local! {
    /// Whether panics of this thread are expected, and say nothing.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// The result of `work`, or nothing where it panicked.
fn quietly<T: Default>(work: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                before(panic)
            }
        }));
    });
    QUIET.set(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    QUIET.set(false);
    result.unwrap_or_default()
}

/// Runs `case` on many draws: what it returns are slices with the lengths that they should have; where nothing has to fit it may panic.
fn check(cases: u32, case: impl Fn(&mut Draw) -> Vec<(Vec<f32>, usize)> + Sync) {
    let all = || {
        // Nothing leaves this thread, so that the quiet of panics is its own.
        let _pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build().unwrap();
        each(cases, any::<u64>(), |isa, seed| {
            let mut draw = Draw { state: seed, fits: true };
            for (result, len) in case(&mut draw) {
                assert!(result.len() == len && !result.iter().any(|y| y.is_nan()), "{isa:?}: {len} values, not {result:?}");
            }
            let mut draw = Draw { state: seed, fits: false };
            for (result, _) in quietly(|| case(&mut draw)) {
                assert!(!result.iter().any(|y| y.is_nan()), "{isa:?}: nobody wrote some of {result:?}");
            }
        });
    };
    std::thread::scope(|scope| scope.spawn(all).join()).unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}
