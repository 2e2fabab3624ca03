//! `derm status`.

use super::{Context, Exit, Failure};
use crate::cli::status::StatusArgs;

pub fn run(_context: &Context, _args: &StatusArgs) -> Result<Exit, Failure> {
    Err(Failure::new("`derm status` is not built yet"))
}
