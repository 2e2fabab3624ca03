//! Arguments of `derm data stats`.

use std::path::PathBuf;

use clap::Args;

/// Describe a dataset: classes, ages, sexes, sites, sizes, colours
///
/// Mean and standard deviation of the colours, over all pixels of all images,
/// need every image to be decoded; `--no-colour` leaves them out.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
EXAMPLES
  derm data stats data/skin
  derm data stats data/skin --split data/skin-split.csv --json"
)]
pub struct StatsArgs {
    /// The dataset folder
    #[arg(value_name = "DATASET", value_hint = clap::ValueHint::DirPath)]
    pub dataset: PathBuf,

    /// Count by subset of this split too
    #[arg(long, value_name = "CSV", value_hint = clap::ValueHint::FilePath)]
    pub split: Option<PathBuf>,

    /// Do not decode the images for their colours
    #[arg(long)]
    pub no_colour: bool,
}
