//! `derm export`.

use super::{Context, Exit, Failure};
use crate::cli::export::ExportArgs;

pub fn run(_context: &Context, _args: &ExportArgs) -> Result<Exit, Failure> {
    Err(Failure::new("`derm export` is not built yet"))
}
