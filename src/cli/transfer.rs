//! Arguments of `derm push`, `derm fetch` and `derm pull`.

use clap::Args;

use super::scope::ScopeArgs;

/// Send what the cache has and a remote lacks
///
/// Every file that the pointers and the pipelines' locks name is asked for, not
/// only the folder's listing, so pushing again repairs a remote that lost
/// something. What was sent stays when the rest fails; the next push goes on
/// from there, also inside a large file.
///
/// Outputs with `push: false` stay here. An output with `remote: NAME` goes
/// there, unless --remote says otherwise.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
EXAMPLES
  derm push                         everything that the workspace names
  derm push data/skin -r lab        one folder, to the remote `lab`
  derm push --all-tags --dry        what the data of all releases would take"
)]
pub struct PushArgs {
    /// Tracked paths, outputs of stages, or paths inside or above them; everything by default
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,

    /// The remote, or a URL
    #[arg(short, long, value_name = "NAME")]
    pub remote: Option<String>,

    /// Only say what would be sent
    #[arg(long)]
    pub dry: bool,

    /// Also send the results of all earlier runs of stages, and what they made
    #[arg(long)]
    pub run_cache: bool,

    #[command(flatten)]
    pub scope: ScopeArgs,
}

/// Bring what the cache lacks from a remote, without touching the workspace
///
/// Everything that comes is hashed before it is kept. What the remote does not
/// have is reported after the rest came.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
EXAMPLES
  derm fetch                        what the workspace names
  derm fetch --all-branches         also what other branches need
  derm fetch data/skin/images       a part of a tracked folder"
)]
pub struct FetchArgs {
    /// Tracked paths, outputs of stages, or paths inside or above them; everything by default
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,

    /// The remote, or a URL
    #[arg(short, long, value_name = "NAME")]
    pub remote: Option<String>,

    /// Also bring the results of earlier runs of stages, and what they made
    #[arg(long)]
    pub run_cache: bool,

    #[command(flatten)]
    pub scope: ScopeArgs,
}

/// Bring what the cache lacks from a remote, and put it in place
///
/// `derm fetch`, then `derm checkout`. Content that is not in the cache is never
/// overwritten without --force.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
EXAMPLES
  git clone URL && cd REPO && derm pull      the data of a fresh clone
  derm pull data/skin/images/ISIC_0024306.jpg"
)]
pub struct PullArgs {
    /// Tracked paths, outputs of stages, or paths inside or above them; everything by default
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,

    /// The remote, or a URL
    #[arg(short, long, value_name = "NAME")]
    pub remote: Option<String>,

    /// Overwrite and remove changed files even if their content is nowhere else
    #[arg(short, long)]
    pub force: bool,

    /// Succeed although the remote lacks something
    #[arg(long)]
    pub allow_missing: bool,

    /// Also bring the results of earlier runs of stages, and what they made
    #[arg(long)]
    pub run_cache: bool,
}
