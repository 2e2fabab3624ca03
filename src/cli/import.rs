//! Arguments of `derm get`, `derm import`, `derm update` and `derm ls`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Copy data from somewhere else, without tracking it
///
/// With PATH, URL is a git repository whose data derm tracks, or a file that git
/// itself keeps; without, it is a file or a folder at a URL, in a bucket or on
/// this machine. Works outside of a repository too.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
EXAMPLES
  derm get https://github.com/lab/skin data/ham10000 --rev v2
  derm get https://example.org/metadata.csv
  derm get s3://isic-data/2019/images -o data/images"
)]
pub struct GetArgs {
    /// A git repository, a URL, or a path
    pub url: String,

    /// What to copy of a git repository
    pub path: Option<String>,

    /// Where to put it [default: its name, here]
    #[arg(short, long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub out: Option<PathBuf>,

    /// The revision of the git repository [default: its main branch]
    #[arg(long, value_name = "REV", requires = "path")]
    pub rev: Option<String>,

    /// Replace what is there
    #[arg(short, long)]
    pub force: bool,
}

/// Copy data from somewhere else and track it, with where it came from
///
/// As `derm get`, then `derm add`; the pointer also says where the data came
/// from, so that `derm update` finds what is new there.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
EXAMPLES
  derm import https://github.com/lab/skin data/ham10000 -o data/ham10000
  derm import https://example.org/metadata.csv -o data/metadata.csv"
)]
pub struct ImportArgs {
    /// A git repository, a URL, or a path
    pub url: String,

    /// What to copy of a git repository
    pub path: Option<String>,

    /// Where to put it [default: its name, here]
    #[arg(short, long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub out: Option<PathBuf>,

    /// The revision of the git repository [default: its main branch]
    #[arg(long, value_name = "REV", requires = "path")]
    pub rev: Option<String>,
}

/// Bring imported data up to date with where it came from
#[derive(Debug, Args)]
pub struct UpdateArgs {
    /// Imported paths; all of them by default
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,

    /// From now on follow this revision of the git repository
    #[arg(long, value_name = "REV", requires = "targets")]
    pub rev: Option<String>,

    /// Overwrite changed files even if their content is nowhere else
    #[arg(short, long)]
    pub force: bool,
}

/// List what a repository tracks
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLES
  derm ls                                     what is tracked here
  derm ls . data/skin -R                      every file of a tracked folder
  derm ls https://github.com/lab/skin --rev v2")]
pub struct LsArgs {
    /// A git repository; this one by default
    pub url: Option<String>,

    /// Only this path and what is below it
    pub path: Option<String>,

    /// Every file of tracked folders
    #[arg(short = 'R', long)]
    pub recursive: bool,

    /// The revision [default: the workspace here, the main branch elsewhere]
    #[arg(long, value_name = "REV")]
    pub rev: Option<String>,
}
