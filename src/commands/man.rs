//! `derm man`.

use super::{Context, Exit, Failure};
use crate::cli::man::ManArgs;

pub fn run(_context: &Context, _args: &ManArgs) -> Result<Exit, Failure> {
    Err(Failure::new("`derm man` is not built yet"))
}
