//! Doing many things at once, on a bounded number of threads: transfers wait, so they are not rayon's.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Runs `each` on every item, in order, on at most `jobs` threads. The first error ends the rest, after what is under way.
pub fn on_threads<T: Sync, E: Send>(jobs: usize, items: &[T], each: impl Fn(&T) -> Result<(), E> + Sync) -> Result<(), E> {
    let next = AtomicUsize::new(0);
    let failed: Mutex<Option<E>> = Mutex::new(None);
    let lock = || failed.lock().unwrap_or_else(PoisonError::into_inner);
    std::thread::scope(|scope| {
        for _ in 0..jobs.min(items.len()) {
            scope.spawn(|| {
                while lock().is_none() {
                    let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) else { return };
                    if let Err(error) = each(item) {
                        lock().get_or_insert(error);
                    }
                }
            });
        }
    });
    failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU64;

    #[test]
    fn every_item_is_done_once_and_an_error_ends_it() {
        let sum = AtomicU64::new(0);
        let items: Vec<u64> = (1..=1000).collect();
        on_threads(7, &items, |n| {
            sum.fetch_add(*n, Ordering::Relaxed);
            Ok::<(), ()>(())
        })
        .unwrap();
        assert_eq!(sum.into_inner(), 500_500);
        let done = AtomicU64::new(0);
        let failed = on_threads(2, &items, |n| {
            done.fetch_add(1, Ordering::Relaxed);
            if *n == 3 { Err("three") } else { Ok(()) }
        });
        assert_eq!(failed, Err("three"));
        assert!(done.into_inner() < 1000);
    }
}
