//! Where a training pass runs: on one of rayon's own threads.
//!
//! A pass is hundreds of short parallel operations. Called from any other thread, each of them is handed over and waited for:
//! the caller sleeps and is woken again. On a worker the caller takes its share of the work itself.
//!
//! Not for inference: a worker that waits may take up other work, also another batch of the same inference,
//! and that would wait for weights which the first batch is still rearranging further down the same stack.

/// Runs `work` on a worker of the pool in charge: at once where this thread is one.
pub(super) fn on_workers<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    rayon::scope(|_| work())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_runs_on_a_worker_of_the_pool_in_charge() {
        assert!(rayon::current_thread_index().is_none());
        assert!(on_workers(|| rayon::current_thread_index().is_some()));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        assert_eq!(pool.install(|| on_workers(rayon::current_num_threads)), 3);
    }
}
