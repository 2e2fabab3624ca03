//! `derm drift`.

use super::{Context, Exit, Failure};
use crate::cli::drift::DriftArgs;

pub fn run(_context: &Context, _args: &DriftArgs) -> Result<Exit, Failure> {
    Err(Failure::new("`derm drift` is not built yet"))
}
