//! Arguments of `derm export`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum, ValueHint};

/// Export a model to ONNX, or as a bundle that stands alone
///
/// An ONNX file holds the whole network at opset 17 with a free batch size `N`, batch norm folded away, and the
/// class names, preprocessing and licence in its metadata. It runs in ONNX Runtime, OpenVINO, TensorRT and on
/// phones. The finished file is read back and checked before it takes its place. Fitting a picture to the input and colour
/// constancy stay outside of the graph: `derm.preprocess` in the metadata says what has to be done.
///
/// A bundle is copied after its weights were verified. Both are written whole or not at all, and the same model
/// gives the same bytes.
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLES
  A trained model for ONNX Runtime
    derm export --model models/skin --out models/skin.onnx
  One that reads 8-bit pixels and gives probabilities
    derm export --model models/skin --preprocess normalise --output probabilities --out skin.onnx
  A network with published weights
    derm export --network squeezenet1_1 --weights squeezenet1_1.safetensors --out imagenet.onnx
  A copy of a bundle, verified
    derm export --model models/skin --format bundle --out release/skin")]
#[command(group = ArgGroup::new("source").required(true).args(["model", "network"]))]
pub struct ExportArgs {
    /// The bundle to export: a folder written by `derm train`
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub model: Option<PathBuf>,

    /// A network of derm's zoo, with published weights and their classes
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other, requires = "weights")]
    pub network: Option<String>,

    /// Weights for --network: a safetensors or PyTorch file, or a hub name such as `owner/name[@revision][:file]`
    #[arg(long, value_name = "FILE|HUB", value_hint = ValueHint::FilePath, requires = "network", conflicts_with = "model")]
    pub weights: Option<String>,

    /// What to write
    #[arg(long, value_name = "FORMAT", default_value = "onnx")]
    pub format: Format,

    /// Where to write it: a file for onnx, a folder for bundle
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub out: PathBuf,

    /// What the ONNX graph gives
    #[arg(long, value_name = "WHAT", default_value = "logits", help_heading = "ONNX options")]
    pub output: OutputKind,

    /// How much preprocessing the ONNX graph does itself
    #[arg(long, value_name = "LEVEL", default_value = "none", help_heading = "ONNX options")]
    pub preprocess: PreprocessLevel,
}

/// What to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One ONNX file
    Onnx,
    /// A folder with weights, configuration, model card and provenance
    Bundle,
}

/// What the graph gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputKind {
    /// Values before softmax
    Logits,
    /// Softmax applied: each row sums to 1; of masks and of labels that do not exclude each other sigmoid
    Probabilities,
}

/// How much the graph does itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PreprocessLevel {
    /// Nothing: reads normalised float32 [N, 3, H, W]
    None,
    /// Normalisation: reads uint8 [N, H, W, 3], RGB of exactly the right size
    Normalise,
}
