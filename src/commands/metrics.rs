//! `derm metrics`.

use super::{Context, Exit, Failure};
use crate::cli::metrics::MetricsArgs;

pub fn run(_context: &Context, _args: &MetricsArgs) -> Result<Exit, Failure> {
    Err(Failure::new("`derm metrics` is not built yet"))
}
