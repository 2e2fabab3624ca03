//! `derm data`.

use super::{Context, Exit, Failure};
use crate::cli::data::DataArgs;

pub fn run(_context: &Context, _args: &DataArgs) -> Result<Exit, Failure> {
    Err(Failure::new("`derm data` is not built yet"))
}
