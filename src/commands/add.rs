//! `derm add`.

use super::{Context, Exit, Failure};
use crate::cli::add::AddArgs;

pub fn run(_context: &Context, _args: &AddArgs) -> Result<Exit, Failure> {
    Err(Failure::new("`derm add` is not built yet"))
}
