//! `derm init`.

use super::{Context, Exit, Failure};
use crate::cli::init::InitArgs;

pub fn run(_context: &Context, _args: &InitArgs) -> Result<Exit, Failure> {
    Err(Failure::new("`derm init` is not built yet"))
}
