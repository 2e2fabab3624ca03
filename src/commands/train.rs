//! `derm train`.

use super::{Context, Exit, Failure};
use crate::cli::train::TrainArgs;

pub fn run(_context: &Context, _args: &TrainArgs) -> Result<Exit, Failure> {
    Err(Failure::new("`derm train` is not built yet"))
}
