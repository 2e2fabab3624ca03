//! Arguments of `derm evaluate`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueHint};

use super::device::DeviceArgs;

/// Evaluate a model, a table of predictions, or predicted masks
///
/// Writes four files: `metrics.json` (the numbers that are compared), `evaluation.json` (every number, with 95 %
/// intervals, averages, confusion matrix, ISIC's and MedMNIST's scores), `predictions.csv` (one row an image) and
/// `report.html` (one page that needs nothing else: confusion matrix, ROC and precision-recall curves, reliability
/// diagram, worst mistakes with their images). In a repository the evaluation is also recorded as a run.
///
/// A table of predictions is a CSV with the columns `image`, `label` and one `p_CLASS` a class, and `group` (or
/// `patient_id`, `lesion_id`) where images of one patient or lesion must not count as independent. Any tool may have made it.
///
/// Where images have any number of labels, the table's column is `labels`, with `;` between them, empty for none and `?` where they are
/// not known; a model of such labels makes such a table. Each label is then judged by itself at a probability of 0.5, and all together by
/// subset accuracy and Hamming loss.
///
/// Masks, of a model that gives them or from a folder by any tool, are compared with those of the dataset: Dice, Jaccard,
/// thresholded Jaccard, sensitivity, specificity, HD95 and average surface distance of each image (`masks.csv` takes the place of
/// `predictions.csv`), and overlays of the worst, middling and best. A predicted mask is called like its image, has its shape, and shows
/// black and one other colour; soft masks need --threshold.
#[derive(Debug, Args)]
#[command(
    group(ArgGroup::new("source").required(true).args(["predictions", "model"])),
    after_help = "\
EXAMPLES
  A model on the test images
    derm evaluate --model models/skin --data data/skin --split data/skin-split.csv --out reports/evaluation
  Another tool's predictions, with pictures of the mistakes
    derm evaluate --predictions theirs.csv --data data/skin --out reports/theirs
  Another tool's masks of the test images
    derm evaluate --predictions masks/ --data data/skin --split data/skin-split.csv --out reports/masks"
)]
pub struct EvaluateArgs {
    /// The table of predictions, or the folder of predicted masks, to evaluate
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath, help_heading = "What to evaluate")]
    pub predictions: Option<PathBuf>,

    /// The bundle to predict with: a folder made by `derm train`
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, requires = "data", help_heading = "What to evaluate")]
    pub model: Option<PathBuf>,

    /// The dataset; beside --predictions it gives pictures, and the labels and groups that the table lacks
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "What to evaluate")]
    pub data: Option<PathBuf>,

    /// The split whose subset is evaluated; without it all images are
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath, requires = "data", help_heading = "What to evaluate")]
    pub split: Option<PathBuf>,

    /// The subset of the split [default: test]
    #[arg(long, value_name = "SUBSET", value_parser = ["train", "val", "test"], requires = "split", help_heading = "What to evaluate")]
    pub subset: Option<String>,

    /// The fold of a split with folds
    #[arg(long, value_name = "K", value_hint = ValueHint::Other, requires = "split", help_heading = "What to evaluate")]
    pub fold: Option<u32>,

    /// Where soft masks are cut, 0 to 1 [default of a model: 0.5]
    #[arg(long, value_name = "P", value_parser = super::share, value_hint = ValueHint::Other, help_heading = "What to evaluate")]
    pub threshold: Option<f64>,

    /// Look from eight sides (mirrored and turned) and take the mean; eight times the work
    #[arg(long, conflicts_with = "predictions", help_heading = "What to evaluate")]
    pub tta: bool,

    #[command(flatten, next_help_heading = "What to evaluate")]
    pub device: DeviceArgs,

    /// The folder to write into; it is made when it is not there
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Output")]
    pub out: PathBuf,

    /// The experiment that the run is recorded under
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other, default_value = "evaluation", help_heading = "Output")]
    pub experiment: String,

    /// Draws of the bootstrap behind the intervals, 0 for none [default: 1000]
    #[arg(
        long,
        value_name = "N",
        value_hint = ValueHint::Other,
        value_parser = clap::value_parser!(u32).range(0..=100_000),
        help_heading = "Intervals"
    )]
    pub resamples: Option<u32>,

    /// Seed of the bootstrap [default: 0]
    #[arg(long, value_name = "N", value_hint = ValueHint::Other, help_heading = "Intervals")]
    pub seed: Option<u64>,

    /// Read `resamples` and `seed` from a map in a YAML file, such as `params.yaml:evaluate`; the command line wins
    #[arg(long, value_name = "FILE[:KEY]", value_hint = ValueHint::FilePath, help_heading = "Intervals")]
    pub params: Option<String>,
}
