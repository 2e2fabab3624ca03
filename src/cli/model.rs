//! Arguments of `derm model`.

use clap::{Args, Subcommand};

/// Look at the networks there are
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLES
  derm model zoo
  derm model zoo 'resnet*'")]
pub struct ModelArgs {
    #[command(subcommand)]
    pub command: ModelCommand,
}

#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    Zoo(ZooArgs),
}

/// List the networks that `derm train --network` takes
///
/// Each with what it costs (values that are trained, multiplications with an addition for one image at the input size), the size
/// of its input in pixels, and the weights that are published for it: `--weights published` takes the first of them, `--network
/// NAME.TAG --weights published` those of a tag. Weights that only stand elsewhere than on the Hugging Face hub are in brackets.
/// A licence that keeps you from something says so here, and again before training starts.
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLES
  derm model zoo
  derm model zoo unet 'resnet*'
  derm model zoo --json | jq -r '.networks[] | select(.parameters < 1e7) | .name'")]
pub struct ZooArgs {
    /// Only networks of which this is a part of the name or a pattern with `*` and `?` for the whole of it
    #[arg(value_name = "PATTERN")]
    pub patterns: Vec<String>,
}
