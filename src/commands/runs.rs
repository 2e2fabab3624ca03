//! `derm runs`.

use super::{Context, Exit, Failure};
use crate::cli::runs::RunsArgs;

pub fn run(_context: &Context, _args: &RunsArgs) -> Result<Exit, Failure> {
    Err(Failure::new("`derm runs` is not built yet"))
}
