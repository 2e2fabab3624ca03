//! Arguments of `derm model`.

use clap::{Args, Subcommand, ValueHint};

/// Look at the networks there are, and at weights for them
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLES
  derm model zoo
  derm model zoo 'resnet*'
  derm model weights resnet18 resnet18.pth")]
pub struct ModelArgs {
    #[command(subcommand)]
    pub command: ModelCommand,
}

#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    Zoo(ZooArgs),
    Weights(WeightsArgs),
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

/// Say what of a weights file a network would take over
///
/// Every parameter of both is one of: loaded, adapted (input channels, patches, tables of places), left out (the file's head),
/// or fresh (the network's own head). Names of torchvision, transformers and segmentation models are understood. PyTorch files are
/// read without running what is in them. A file that does not fit is an error that lists what differs.
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLES
  derm model weights resnet18 resnet18-f37072fd.pth
  derm model weights vit_tiny_patch16_224 published --image-size 384
  derm model weights efficientnet_lite0 models/skin --json | jq .fates")]
pub struct WeightsArgs {
    /// A network that `derm model zoo` lists, with `.TAG` where one of its published weights is meant
    #[arg(value_name = "NETWORK", value_hint = ValueHint::Other)]
    pub network: String,

    /// A safetensors or PyTorch file, a bundle, a hub name OWNER/NAME[@REV][:FILE], or `published`
    #[arg(value_name = "WEIGHTS", value_hint = ValueHint::FilePath)]
    pub weights: String,

    /// Classes or masks of the network [default: those of its published weights, else 2]
    #[arg(long, value_name = "N", value_hint = ValueHint::Other)]
    pub outputs: Option<usize>,

    /// Side of the square input in pixels [default: the network's own]
    #[arg(long, value_name = "PIXELS", value_hint = ValueHint::Other)]
    pub image_size: Option<u32>,

    /// Load the head too, instead of a fresh one for other classes
    #[arg(long)]
    pub keep_head: bool,
}
