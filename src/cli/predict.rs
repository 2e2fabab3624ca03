//! Arguments of `derm predict`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::device::DeviceArgs;

/// Classify images, or draw masks, with a trained network
///
/// Takes images, folders of images, globs in quotes, and `-` for a list of paths on stdin; or a dataset, all of it or one
/// subset of a split. Images that cannot be read are reported and left out.
///
/// A model of images with any number of labels gives each label a probability of its own; said are those of at least 0.5.
///
/// A network that gives masks writes `DIR/masks/NAME.png` for each image, as large as the image, 0 and 255 (of two or
/// three classes in red, green and blue); files that are there are replaced.
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLES
  Classify photographs
    derm predict --model models/skin photos/ 'more/*.jpg'
  A table of probabilities for the test images
    derm predict --model models/skin --data data/skin --split data/skin-split.csv --out predictions.csv
  Masks of photographs
    derm predict --model models/outline photos/ --out outlines

EXIT STATUS
    0  every image was predicted
    1  failed, or images could not be read; the others were predicted unless --strict
    2  wrong usage, or a file of yours that cannot be understood
  130  interrupted")]
pub struct PredictArgs {
    /// The bundle: a folder made by `derm train`
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub model: PathBuf,

    /// Images, folders, globs, or `-` for a list on stdin
    #[arg(value_name = "IMAGE", value_hint = ValueHint::AnyPath, conflicts_with = "data", required_unless_present = "data")]
    pub images: Vec<String>,

    /// A dataset instead of images
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub data: Option<PathBuf>,

    /// A split of the dataset
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath, requires = "data")]
    pub split: Option<PathBuf>,

    /// The subset of the split [default: test]
    #[arg(long, value_name = "SUBSET", value_parser = ["train", "val", "test"], requires = "split")]
    pub subset: Option<String>,

    /// The fold of a split with folds
    #[arg(long, value_name = "K", value_hint = ValueHint::Other, requires = "split")]
    pub fold: Option<u32>,

    /// A CSV with the columns image, age, sex and site (a dataset's manifest.csv will do), for a model that was trained with them; what is
    /// not there is taken as missing
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath, conflicts_with = "data")]
    pub metadata: Option<PathBuf>,

    /// Write all probabilities as CSV, or masks into this folder
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub out: Option<PathBuf>,

    /// Show the N most probable classes of each image
    #[arg(long, value_name = "N", default_value_t = 1, value_hint = ValueHint::Other)]
    pub top: usize,

    /// Where the probabilities of masks are cut [default: 0.5]
    #[arg(long, value_name = "P", value_parser = super::share, value_hint = ValueHint::Other)]
    pub threshold: Option<f64>,

    /// Also write the probabilities of masks: DIR/probabilities/NAME.png, 16 bits, 65,535 is 1
    #[arg(long)]
    pub probabilities: bool,

    /// Look from eight sides (mirrored and turned) and take the mean; eight times the work
    #[arg(long)]
    pub tta: bool,

    #[command(flatten)]
    pub device: DeviceArgs,

    /// Stop at the first image that cannot be read
    #[arg(long)]
    pub strict: bool,
}
