//! Arguments of `derm checkout`.

use clap::Args;

/// Make files match their pointers and locks
#[derive(Debug, Args)]
pub struct CheckoutArgs {}
