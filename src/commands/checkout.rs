//! `derm checkout`.

use super::{Context, Exit, Failure};
use crate::cli::checkout::CheckoutArgs;

pub fn run(_context: &Context, _args: &CheckoutArgs) -> Result<Exit, Failure> {
    Err(Failure::new("`derm checkout` is not built yet"))
}
