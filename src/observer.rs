//! How long work reports its progress, and how it learns that it should stop.
//!
//! Engines take a `&dyn Observer` and an [`Interrupt`]; they know nothing of terminals.
//! The terminal, the run log and the tests each bring their own observer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a task counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things, named in the plural: `images`, `files`, `epochs`.
    Items(&'static str),
    /// Bytes.
    Bytes,
}

/// Receives the progress of long work. All methods may be called from any thread.
pub trait Observer: Send + Sync {
    /// A task begins. `total` is `None` when it is not known beforehand.
    fn begin(&self, name: &str, total: Option<u64>, unit: Unit) -> Box<dyn Task>;

    /// Something the user should know although the work goes on.
    fn warn(&self, message: &str);

    /// A remark about what is being done, shown unless quiet.
    fn note(&self, message: &str);
}

/// One running task; it ends when dropped.
pub trait Task: Send + Sync {
    /// `n` more units are done.
    fn advance(&self, n: u64);

    /// `n` units were done before this task began: they count for how far it is and not for how fast.
    fn resume(&self, n: u64);

    /// A short text beside the bar, such as the current loss.
    fn message(&self, text: &str);
}

/// Discards everything.
pub struct Silent;

impl Observer for Silent {
    fn begin(&self, _: &str, _: Option<u64>, _: Unit) -> Box<dyn Task> {
        Box::new(Silent)
    }
    fn warn(&self, _: &str) {}
    fn note(&self, _: &str) {}
}

impl Task for Silent {
    fn advance(&self, _: u64) {}
    fn resume(&self, _: u64) {}
    fn message(&self, _: &str) {}
}

/// A flag that asks long work to stop at its next safe point.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Asks for the stop.
    pub fn raise(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether a stop was asked for.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
