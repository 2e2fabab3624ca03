//! `derm doctor`.

use super::{Context, Exit, Failure};
use crate::cli::doctor::DoctorArgs;

pub fn run(_context: &Context, _args: &DoctorArgs) -> Result<Exit, Failure> {
    Err(Failure::new("`derm doctor` is not built yet"))
}
