//! Arguments of `derm data split`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Divide a dataset into training, validation and test images, or into folds
///
/// Stratified: every class has its share in every part. Grouped: images that
/// share a patient, a lesion or their bytes stay together (by default all that
/// the dataset knows), so that no lesion is learnt and then tested on. The same
/// seed gives the same split.
///
/// With --folds K the images that are not for the test are dealt into K folds
/// for cross-validation. With --official the parts come from a table by others
/// with the columns `image` (or image_id, image_name, isic_id) and `split`;
/// every image of the dataset must be in it once.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
EXAMPLES
  derm data split data/skin --out data/skin-split.csv
  derm data split data/skin --out folds.csv --folds 5 --test 0
  derm data split data/ham --out split.csv --official dermamnist_split.csv"
)]
pub struct SplitArgs {
    /// The dataset folder
    #[arg(value_name = "DATASET", value_hint = clap::ValueHint::DirPath)]
    pub dataset: PathBuf,

    /// The split file to write
    #[arg(short, long, value_name = "CSV", value_hint = clap::ValueHint::FilePath)]
    pub out: PathBuf,

    /// Share for training [default: what the others leave]
    #[arg(long, value_name = "SHARE")]
    pub train: Option<f64>,

    /// Share for validation [default: 0.15, with --folds 0]
    #[arg(long, value_name = "SHARE")]
    pub val: Option<f64>,

    /// Share for the test [default: 0.15]
    #[arg(long, value_name = "SHARE")]
    pub test: Option<f64>,

    /// Deal the images that are not for the test into K folds
    #[arg(long, value_name = "K")]
    pub folds: Option<u32>,

    /// What must stay together [default: auto]
    #[arg(long, value_name = "BY")]
    pub group: Option<GroupArg>,

    /// Every seed gives another split [default: 1]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Take the parts from this table
    #[arg(long, value_name = "CSV", conflicts_with_all = ["train", "val", "test", "folds", "group", "seed"], value_hint = clap::ValueHint::FilePath)]
    pub official: Option<PathBuf>,

    /// Read options from a YAML file, or from the map at KEY in it; flags win
    #[arg(long, value_name = "FILE[:KEY]")]
    pub params: Option<String>,
}

/// What must stay together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GroupArg {
    /// Images that share a patient, a lesion or their bytes, as far as known
    Auto,
    /// Images of one lesion
    Group,
    /// Images of one patient
    Patient,
    /// Nothing: every image by itself
    None,
}
