//! `derm params`.

use super::{Context, Exit, Failure};
use crate::cli::params::ParamsArgs;

pub fn run(_context: &Context, _args: &ParamsArgs) -> Result<Exit, Failure> {
    Err(Failure::new("`derm params` is not built yet"))
}
