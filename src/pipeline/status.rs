//! Where all stages stand: what `derm repro` would do with each, and why.

use super::plan::{Planned, plan};
use super::world::Disk;
use super::{Error, Project};
use crate::store::{Store, Work};

/// Every stage in the order in which they come after each other. Reads only; the stat index is kept for next time.
///
/// # Errors
/// A lock or a parameter file that cannot be understood, or a file that cannot be read.
pub fn status(project: &Project, store: &Store, work: Work<'_>) -> Result<Vec<Planned>, Error> {
    let disk = Disk::new(store, &project.files, work);
    let wanted = vec![true; project.stages.len()];
    plan(project, &project.locks()?, &wanted, false, &disk)
}
