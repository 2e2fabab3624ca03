//! Arguments of `derm drift`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::device::DeviceArgs;

/// Compare current images or predictions with a reference
///
/// Measures some forty properties of each image (exposure, colour cast, focus, hair, rulers, the lesion's size
/// and shape, the skin around it), and compares them, the metadata and a model's predictions column by column:
/// Kolmogorov-Smirnov for numbers, chi-square for categories, false discoveries controlled over all columns.
/// A column drifts when the difference is certain and big enough to matter. The report says how often this very
/// rule raises a false alarm, measured by splitting the reference, and how small a shift this many images show.
///
/// Writes `drift.json` and `drift.html` into the folder given by --out. The same inputs and seed give the same bytes.
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLES
  This month's photographs against the training data
    derm drift --reference data/skin --current photos/november --out reports/drift
  The test images against the training images, with a model's predictions
    derm drift --reference data/skin --reference-subset train --current data/skin --current-subset test \\
      --split data/skin-split.csv --model models/skin --out reports/drift
  Predictions alone
    derm drift --reference-predictions spring.csv --current-predictions autumn.csv --out reports/drift

EXIT STATUS
    0  compared
    1  failed
    2  wrong usage, or a file of yours that cannot be understood
    3  something drifts and --fail-on-drift was given
  130  interrupted")]
pub struct DriftArgs {
    /// The reference: a dataset, or a folder of images
    #[arg(
        long,
        value_name = "DIR", value_hint = ValueHint::DirPath,
        requires = "current",
        required_unless_present = "reference_predictions",
        help_heading = "What to compare"
    )]
    pub reference: Option<PathBuf>,

    /// What is compared with it: a dataset, or a folder of images
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, requires = "reference", help_heading = "What to compare")]
    pub current: Option<PathBuf>,

    /// Take only this subset of the reference: train, val or test
    #[arg(long, value_name = "SUBSET", value_parser = ["train", "val", "test"], requires = "split", help_heading = "What to compare")]
    pub reference_subset: Option<String>,

    /// Take only this subset of the current dataset
    #[arg(long, value_name = "SUBSET", value_parser = ["train", "val", "test"], requires = "split", help_heading = "What to compare")]
    pub current_subset: Option<String>,

    /// The split file that names the subsets of both sides
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath, help_heading = "What to compare")]
    pub split: Option<PathBuf>,

    /// The fold of the split, when it has folds
    #[arg(long, value_name = "N", value_hint = ValueHint::Other, requires = "split", help_heading = "What to compare")]
    pub fold: Option<u32>,

    /// A bundle that predicts both sides, so that predictions are compared too
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, requires = "reference", conflicts_with = "reference_predictions", help_heading = "Predictions")]
    pub model: Option<PathBuf>,

    #[command(flatten, next_help_heading = "Predictions")]
    pub device: DeviceArgs,

    /// Predictions for the reference, as `derm predict` writes them
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath, requires = "current_predictions", help_heading = "Predictions")]
    pub reference_predictions: Option<PathBuf>,

    /// Predictions for the current images
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath, requires = "reference_predictions", help_heading = "Predictions")]
    pub current_predictions: Option<PathBuf>,

    /// Folder for `drift.json` and `drift.html`
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Output")]
    pub out: PathBuf,

    /// Also write the measured features as `reference-features.csv` and `current-features.csv`
    #[arg(long, requires = "reference", help_heading = "Output")]
    pub write_features: bool,

    /// Exit with code 3 when something drifts
    #[arg(long, help_heading = "Output")]
    pub fail_on_drift: bool,

    /// Read settings from a YAML file, or from the map at a key in it
    #[arg(long, value_name = "FILE[:KEY]", value_hint = ValueHint::FilePath, help_heading = "Decision")]
    pub params: Option<String>,

    /// False discovery rate over all columns [default: 0.05]
    #[arg(long, value_name = "Q", value_hint = ValueHint::Other, help_heading = "Decision")]
    pub q: Option<f64>,

    /// Least shift that matters, in standard deviations of the reference [default: 0.1]
    #[arg(long, value_name = "SD", value_hint = ValueHint::Other, help_heading = "Decision")]
    pub min_shift: Option<f64>,

    /// Least Cramér's V that matters for categories [default: 0.1]
    #[arg(long, value_name = "V", value_hint = ValueHint::Other, help_heading = "Decision")]
    pub min_v: Option<f64>,

    /// Fewest values a side that are tested [default: 30]
    #[arg(long, value_name = "N", value_hint = ValueHint::Other, help_heading = "Decision")]
    pub min_rows: Option<usize>,

    /// How often the reference is split to measure false alarms; 0 for not at all [default: 200]
    #[arg(long, value_name = "N", value_hint = ValueHint::Other, help_heading = "Decision")]
    pub splits: Option<usize>,

    /// Rounds of permutation tests [default: 2000]
    #[arg(long, value_name = "N", value_hint = ValueHint::Other, help_heading = "Decision")]
    pub permutations: Option<usize>,

    /// Seed of splits and permutations [default: 0]
    #[arg(long, value_name = "N", value_hint = ValueHint::Other, help_heading = "Decision")]
    pub seed: Option<u64>,
}
