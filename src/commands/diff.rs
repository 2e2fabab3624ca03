//! `derm diff`.

use super::{Context, Exit, Failure};
use crate::cli::diff::DiffArgs;

pub fn run(_context: &Context, _args: &DiffArgs) -> Result<Exit, Failure> {
    Err(Failure::new("`derm diff` is not built yet"))
}
