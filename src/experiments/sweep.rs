//! Sweeps: many experiments of one pipeline, whose parameters a search chooses.
//!
//! A sweep has *configurations*, numbered from 1: one point of the search each. A configuration has one *trial*, or one for
//! each value of its `folds` (a parameter such as `train.fold` or `train.seed`); its result is then the mean over them.
//! A trial is an experiment ([`super::trial`]) called `SWEEP-001`, with folds `SWEEP-001-fold0`.
//!
//! # Files
//!
//! `.derm/sweeps/NAME/`, which git ignores:
//!
//! | file | what |
//! | --- | --- |
//! | `sweep.json` | `schema` 1, `name`, [`Settings`] and the [`Snapshot`](super::Snapshot) that all trials start from; written once |
//! | `trials.jsonl` | one [`Event`] a line, appended and synced, never changed: points asked for, reports, results |
//! | `lock` | locked by the derm that runs the sweep |
//!
//! The reference `refs/derm/sweeps/NAME` keeps the snapshot. A last line without its end is what a kill left: it is cut off.
//!
//! # The same table, whatever happens
//!
//! Points and decisions follow from the settings and from results by configuration number ([`super::search`]), never from who
//! ends first. So a sweep that was killed at any moment goes on from its journal and ends as one that was not. A trial
//! that was running is started again in the worktree it left; what its stages finished is in the run cache. What a trial
//! reported before a kill counts. `lag` is fixed when the sweep begins: the number of trials at once then.
//!
//! A trial that is ended early counts with the value that it was judged by. A failed trial has no value, is not tried again, and
//! ends no sweep. A configuration with folds counts when all of them are done.

mod error;
mod journal;
mod metric;
mod naming;
mod run;
mod settings;
mod table;
mod watch;

pub use error::Error;
pub use journal::{Ended, Event, Journal, Sweep, list, remove};
pub use run::{Listener, Outcome, run};
pub use settings::{Goal, Settings, Target};
pub use table::{Row, Table};
pub use watch::Watch;
