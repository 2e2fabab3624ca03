//! Arguments of `derm data extract`.

use std::path::PathBuf;

use clap::Args;

/// Write the pages of TIFF stacks as PNG files
///
/// `nuclei.tif` becomes `DIR/nuclei/0001.png` and so on, one page in memory at
/// a time; the folder appears whole or not at all. Pages of 8 bits are kept as
/// they are; deeper ones become 8 bits by the smallest and largest value of
/// their stack. With --labels every value above 0 becomes 255; the word at the
/// end of a label stack's name (`_label`, `_mask`, `_gt`) is left out, so that
/// images and masks get the same names.
///
/// `derm data ingest` takes stacks as they are: this is for other tools.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
EXAMPLES
  derm data extract nuclei.tif --out pages
  derm data extract stacks/ --out images
  derm data extract labels/*.tif --labels --out masks"
)]
pub struct ExtractArgs {
    /// TIFF files, or folders of them
    #[arg(value_name = "STACK", required = true, value_hint = clap::ValueHint::AnyPath)]
    pub stacks: Vec<PathBuf>,

    /// The new folder to write into
    #[arg(short, long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub out: PathBuf,

    /// The pages are labels: write masks of 0 and 255
    #[arg(long)]
    pub labels: bool,
}
