//! `derm repro`.

use super::{Context, Exit, Failure};
use crate::cli::repro::ReproArgs;

pub fn run(_context: &Context, _args: &ReproArgs) -> Result<Exit, Failure> {
    Err(Failure::new("`derm repro` is not built yet"))
}
