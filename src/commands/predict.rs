//! `derm predict`.

use super::{Context, Exit, Failure};
use crate::cli::predict::PredictArgs;

pub fn run(_context: &Context, _args: &PredictArgs) -> Result<Exit, Failure> {
    Err(Failure::new("`derm predict` is not built yet"))
}
