//! `derm evaluate`.

use super::{Context, Exit, Failure};
use crate::cli::evaluate::EvaluateArgs;

pub fn run(_context: &Context, _args: &EvaluateArgs) -> Result<Exit, Failure> {
    Err(Failure::new("`derm evaluate` is not built yet"))
}
