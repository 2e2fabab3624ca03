//! `derm dag`.

use super::{Context, Exit, Failure};
use crate::cli::dag::DagArgs;

pub fn run(_context: &Context, _args: &DagArgs) -> Result<Exit, Failure> {
    Err(Failure::new("`derm dag` is not built yet"))
}
