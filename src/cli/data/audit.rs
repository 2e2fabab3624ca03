//! Arguments of `derm data audit`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Look for what would make results look better than they are
///
/// Lesions and patients that straddle the split, copies (the same bytes, or the
/// same pixels in other bytes), copies with different labels, files that cannot
/// be read or that changed, masks that are not binary or do not fit their
/// image, and the balance of the classes. Every file is read and decoded.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
EXAMPLES
  derm data audit data/skin
  derm data audit data/skin --split split.csv --fail-on leakage
  derm data audit data/skin --split split.csv --out reports/audit.json

EXIT STATUS
    0  done
    1  failed
    2  wrong usage, or a file of yours that cannot be understood
    3  something named with --fail-on was found
  130  interrupted"
)]
pub struct AuditArgs {
    /// The dataset folder
    #[arg(value_name = "DATASET", value_hint = clap::ValueHint::DirPath)]
    pub dataset: PathBuf,

    /// The split to audit too
    #[arg(long, value_name = "CSV", value_hint = clap::ValueHint::FilePath)]
    pub split: Option<PathBuf>,

    /// Also write the findings to this JSON file
    #[arg(short, long, value_name = "JSON", value_hint = clap::ValueHint::FilePath)]
    pub out: Option<PathBuf>,

    /// End with exit code 3 when this is found
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    pub fail_on: Vec<FailOn>,
}

/// Findings that can fail an audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// A lesion, a patient or a copy straddles the split
    Leakage,
    /// Copies, wherever they are
    Duplicates,
    /// Copies with different labels
    Conflicts,
    /// Images or masks that are gone, cannot be used or changed
    Unreadable,
}
