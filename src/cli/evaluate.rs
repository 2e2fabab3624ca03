//! Arguments of `derm evaluate`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

/// Evaluate a model, or a table of predictions
///
/// Writes three files into --out: `metrics.json` (every number, with 95 % intervals), `predictions.csv`
/// (one row an image) and `report.html` (one page that needs nothing else: confusion matrix, ROC and
/// precision-recall curves, reliability diagram, worst mistakes with their images). In a repository the
/// evaluation is also recorded as a run.
///
/// A table of predictions is a CSV with the columns `image`, `label` and one `p_CLASS` a class, and
/// `group` (or `patient_id`, `lesion_id`) where images of one patient or lesion must not count as
/// independent. It may come from any tool.
///
/// EXAMPLES
///   derm evaluate --model models/skin --data data/skin --split data/skin-split.csv --out reports/evaluation
///   derm evaluate --predictions theirs.csv --out reports/theirs
///   derm evaluate --predictions theirs.csv --data data/skin --out reports/theirs
///
/// EXIT STATUS
///   0 done, 1 failed, 2 wrong usage or a table that cannot be understood, 130 interrupted
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, group(ArgGroup::new("source").required(true).args(["predictions", "model"])))]
pub struct EvaluateArgs {
    /// The table of predictions to evaluate
    #[arg(long, value_name = "FILE", help_heading = "What to evaluate")]
    pub predictions: Option<PathBuf>,

    /// The model to predict with: a bundle's folder
    #[arg(long, value_name = "DIR", requires = "data", help_heading = "What to evaluate")]
    pub model: Option<PathBuf>,

    /// The dataset; with --predictions it gives pictures, and the labels and groups that the table lacks
    #[arg(long, value_name = "DIR", help_heading = "What to evaluate")]
    pub data: Option<PathBuf>,

    /// The split whose subset is predicted; without it, all labelled images are
    #[arg(long, value_name = "FILE", requires = "model", help_heading = "What to evaluate")]
    pub split: Option<PathBuf>,

    /// The subset that is predicted
    #[arg(long, value_name = "SUBSET", default_value = "test", help_heading = "What to evaluate")]
    pub subset: Subset,

    /// The fold whose images count as `val`
    #[arg(long, value_name = "N", requires = "split", help_heading = "What to evaluate")]
    pub fold: Option<u32>,

    /// The folder to write into; it is made when it is not there
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub out: PathBuf,

    /// The experiment that the run is recorded under
    #[arg(long, value_name = "NAME", default_value = "evaluation", help_heading = "Output")]
    pub experiment: String,

    /// Draws of the bootstrap behind the intervals, 0 for none [default: 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=100_000), help_heading = "Intervals")]
    pub resamples: Option<u32>,

    /// Seed of the bootstrap [default: 0]
    #[arg(long, value_name = "N", help_heading = "Intervals")]
    pub seed: Option<u64>,

    /// Read `resamples` and `seed` from a map in a YAML file, such as `params.yaml:evaluate`
    #[arg(long, value_name = "FILE[:KEY]", help_heading = "Intervals")]
    pub params: Option<String>,
}

/// A part of a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Subset {
    /// What a network learns from
    Train,
    /// What choices are made on
    Val,
    /// What is looked at once, at the end
    Test,
}
