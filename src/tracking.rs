//! Runs as files: what a training or an evaluation was given, did and reached.
//!
//! # Layout, version 1
//!
//! ```text
//! .derm/runs/<experiment>/<run>/
//!   run.json      identity, status, times, command line, git, params, tags, datasets, artifacts, metrics' summary
//!   metrics.log   "<ms>\t<step>\t<key>\t<value>\n", append only
//!   env.json      derm's version, system, processor, memory
//!   artifacts/    files and folders that belong to the run
//!   alive         locked by the process that writes the run; gone once the run has ended
//! ```
//!
//! - `<run>` is a UUIDv7 as 32 lower-case hexadecimal digits, so that names sort by time. The name
//!   of an experiment is one folder name: see [`check_experiment`].
//! - `run.json` is one [`Record`]; it is replaced whole and atomically, never edited in place.
//!   Fields that this version does not know are kept when it is rewritten. A `schema` above
//!   [`Record::SCHEMA`] is not read.
//! - `metrics.log` gets one write a call, so that rows of one step stay together. `<ms>` is
//!   milliseconds since 1970 UTC, `<step>` a whole number, `<value>` a decimal number that reads
//!   back to the same bits, or `NaN`, `inf`, `-inf`. A last line without its end is skipped by
//!   readers and cut when the run is resumed; so is any other line that does not parse. Of two
//!   lines with the same key and step the later one holds (a resumed run repeats steps).
//! - The summary in `run.json` is computed from `metrics.log` when the run ends, so that listing
//!   runs opens one file a run. For a run that has not ended it is computed on reading.
//! - A run whose `run.json` says `running` and whose `alive` nobody holds is shown as `crashed`.
//!
//! # Promises
//!
//! - Tracking never fails a training: every problem is kept and given back by
//!   [`RunWriter::problems`], and the work goes on.
//! - A metrics row that was given to [`RunWriter::metrics`] survives the end of the process at
//!   any instant; it survives a power cut after at most a second of further rows.
//! - One unreadable run never hides the others: see [`runs::Listing::broken`].
//!
//! Nothing here writes a folder called `mlruns`, reads another tool's files, or reaches a network.

mod alive;
mod artifacts;
mod better;
mod error;
mod metrics;
mod names;
mod record;
pub mod runs;
mod system;
mod writer;

pub use better::Better;
pub use error::Error;
pub use metrics::{History, Point};
pub use names::{RunId, check_experiment};
pub use record::{Artifact, DatasetRef, Git, MetricSummary, Record, Status};
pub use runs::{Listing, Run};
pub use system::Environment;
pub use writer::{RunWriter, Start};
