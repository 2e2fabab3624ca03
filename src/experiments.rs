//! Experiments: runs of a pipeline with other parameters, kept as git commits beside the user's own.
//!
//! # What an experiment is
//!
//! A commit below `refs/derm/exps/AB/CDEF…/NAME`, where `ABCDEF…` is the full hash of its *baseline*: the commit that was checked out
//! when it was made, and the commit's one parent. Its tree is the baseline's with the files that derm knows of as they are after the run:
//! everything that git tracks, pipeline files, locks, pointers, parameter files, outputs with `cache: false`, and new files that stages
//! read and git does not ignore. Data is in the cache, named by the locks and pointers of that tree. The user's branch, index and
//! untracked files have no part in it: a commit is written from a tree made in memory ([`crate::workspace`]).
//!
//! The message is
//!
//! ```text
//! derm experiment NAME
//!
//! what the user said with --message
//!
//! Derm-Experiment: {"schema":1,"overrides":[…],"targets":[…],"started":…,"ended":…,"host":"…","derm":"0.1.0"}
//! ```
//!
//! A commit without that line is an experiment without a note. Names are parts of references, unique below one baseline; a name that is
//! not given is made of an adjective and a noun ([`names`]), which follow from what goes in.
//!
//! # How one is run
//!
//! In the workspace, by `repro` as ever; or as a *trial* ([`trial`]) in a worktree of its own, by a child process of the same
//! binary. The place of trials is `.derm/tmp/exps/`, or what `exp.dir` says:
//!
//! | path below `ID/` | what |
//! | --- | --- |
//! | `tree/` | a git worktree whose `HEAD` is the baseline, with the files of the snapshot |
//! | `trial.json` | what it is for, and the child that works there |
//! | `log` | everything that the child printed |
//! | `lock` | locked by the derm that looks after it, for as long as that lives |
//!
//! `tree/.derm/config.local` sends it to the cache, the run cache and the remotes of the repository it belongs to, so that trials share
//! results of stages. Of the data it has only what the stages asked for read and no stage before them makes ([`inputs`]), linked and
//! not copied where the file system can. What a trial has to start from is a *snapshot* ([`snapshot`]): the commit, and a second one
//! with the uncommitted changes if there are any, kept by `refs/derm/snapshots/HASH`.
//!
//! A derm that dies leaves the folder. Whoever starts the same trial again ends a child that still works there, and goes on in the same
//! worktree, so that a training continues from its last checkpoint; whoever starts another trial under that name begins anew. Runs
//! recorded in the worktree are moved into the repository's `.derm/runs/` when the trial ends.
//!
//! # The queue
//!
//! `.derm/exps/queue/ID.json` holds what waits, runs or failed ([`queue`]); entries of what is done go. An entry that says it is running is
//! believed only while somebody holds its trial's lock.
//!
//! # Promises
//!
//! - A reference appears only when its stages succeeded and their outputs are in the cache.
//! - `gc` keeps the data of every experiment, of the queue and of running trials; `exp remove` gives it up.
//! - Nothing of the user's is changed by a trial: no file, no index, no branch. `exp apply` refuses to overwrite what is nowhere else.

pub mod apply;
mod error;
pub mod inputs;
pub mod names;
mod note;
pub mod overrides;
mod place;
pub mod queue;
pub mod refs;
pub mod runner;
pub mod save;
pub mod search;
pub mod snapshot;
pub mod sweep;
pub mod trial;
pub mod values;

pub use error::Error;
pub use note::Note;
pub use refs::Experiment;
pub use snapshot::Snapshot;
pub use values::{Leaf, Set};
