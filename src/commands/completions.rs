//! `derm completions`.

use super::{Context, Exit, Failure};
use crate::cli::completions::CompletionsArgs;

pub fn run(_context: &Context, _args: &CompletionsArgs) -> Result<Exit, Failure> {
    Err(Failure::new("`derm completions` is not built yet"))
}
