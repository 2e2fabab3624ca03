//! Arguments of `derm ensemble`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

/// Make one table of predictions of several models' tables
///
/// Tables are those of `derm predict --out` and `derm evaluate`, or any tool's with the columns `image` and one `p_CLASS` a class.
/// The result is one more such table, which `derm evaluate --predictions` judges.
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLES
  The mean of five folds' models on the test images
    for k in 0 1 2 3 4; do
      derm predict --model models/fold-$k --data data/skin --split folds.csv --out p$k.csv
    done
    derm ensemble p?.csv --out mean.csv
    derm evaluate --predictions mean.csv --data data/skin --out reports/ensemble
  What each fold's model says of the images that it did not learn from, as one table
    derm ensemble --any val?.csv --out out-of-fold.csv")]
pub struct EnsembleArgs {
    /// Tables of predictions
    #[arg(value_name = "CSV", value_hint = ValueHint::FilePath, required = true)]
    pub tables: Vec<PathBuf>,

    /// The table to write
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath)]
    pub out: PathBuf,

    /// How probabilities are averaged
    #[arg(long, value_name = "MEAN", default_value = "arithmetic")]
    pub mean: MeanKind,

    /// How much each table counts, in their order [default: all alike]
    #[arg(long, value_name = "W,W,…", value_delimiter = ',', value_hint = ValueHint::Other)]
    pub weights: Vec<f64>,

    /// Take images that only some of the tables have, too
    #[arg(long)]
    pub any: bool,
}

/// How probabilities are averaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MeanKind {
    /// Their mean
    Arithmetic,
    /// The mean of their logarithms, brought back to a sum of 1
    Geometric,
}
