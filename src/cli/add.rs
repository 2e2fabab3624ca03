//! Arguments of `derm add`.

use clap::Args;

/// Track files or folders by content hash
#[derive(Debug, Args)]
pub struct AddArgs {}
