//! Pipelines: stages with their inputs and outputs, and running exactly those that are stale.
//!
//! A repository's pipelines are `pipelines/*.yaml` (paths relative to the root) and any `dvc.yaml` (paths
//! relative to its folder), in DVC's schema ([`schema`]). Read, expanded and connected they are a [`Project`].
//! What each stage last used and made stands in a lock beside its file ([`lock`]); whether a stage is
//! stale, and why, is decided by [`decide()`] alone, from contents and values, never from times.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`yaml`], [`value`], [`problem`] | text with places, parsed values, what is wrong where |
//! | [`paramfile`], [`pyparams`], [`template`], [`schema`], [`stage`] | parameters, `${…}`, the meaning of a pipeline file |
//! | [`stage_file`] | changing a pipeline file as text |
//! | [`edit`] | changing values in parameter files |
//! | [`graph`], [`project`], [`target`] | what comes before what; everything together; what a user may name |
//! | [`lock`], [`reason`], [`mod@decide`] | the record, the verdict and its reasons |
//! | [`world`], [`run`], [`runcache`] | the disk; running; results of earlier runs |
//! | [`executor`] | where commands run: this machine, or Slurm |
//! | [`journal`] | finished stages on their way into the locks |
//! | [`mod@commit`] | recording what is there without running |
//! | [`mod@migrate`] | from a DVC project to a derm repository |
//! | [`origin`], [`revision`] | files of the workspace or of a commit; what is known at either |
//! | [`plots`] | what is plotted, and its data at several places |
//! | [`status`], [`metrics`], [`compare`], [`draw`] | what `derm status`, `params`, `metrics` and `dag` show |
//!
//! Promises: nothing runs before every pipeline file is understood; a stage reaches its lock only when its commands
//! succeeded and its outputs are in the cache; what a run that failed or was killed had moved or half made is put
//! back; an output that a person edited is kept as an object before it is replaced; an input that changes
//! while its stage runs leaves the stage stale. Not here: remotes and the terminal.

pub mod commit;
pub mod compare;
pub mod decide;
pub mod draw;
pub mod edit;
mod error;
pub mod executor;
#[doc(hidden)]
pub mod fuzzing;
pub mod graph;
pub mod journal;
pub mod lock;
pub mod metrics;
pub mod migrate;
mod missing;
pub mod origin;
mod outputs;
pub mod paramfile;
pub mod plan;
pub mod plots;
pub mod problem;
pub mod project;
pub mod pyparams;
pub mod reason;
pub mod revision;
pub mod run;
pub mod runcache;
pub mod schema;
pub mod stage;
pub mod stage_file;
pub mod status;
pub mod target;
pub mod template;
pub mod value;
pub mod world;
pub mod yaml;

pub use decide::decide;
pub use error::{Ended, Error, JobEnd, Tail};
pub use outputs::{outputs, outputs_at};
pub use project::Project;
pub use reason::{Reason, Verdict};
pub use revision::Snapshot;
pub use run::{Options, Outcome, repro};
pub use status::status;
