//! Arguments of `derm config`.

use clap::Args;

/// Show or change settings
///
/// Settings stand in `.derm/config`, which git keeps, and in `.derm/config.local`,
/// which wins and stays on this machine.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
SETTINGS
  cache.dir            where objects are, relative to the repository; default .derm/cache
  cache.link           how files stand for their objects: reflink, hardlink, symlink, copy,
                       tried in this order
  core.remote          the remote that is used where none is named
  exp.dir              where experiments run beside the workspace; default .derm/tmp/exps
  remote.NAME.KEY      see `derm remote modify --help`

EXAMPLES
  derm config                                  all settings, and where they come from
  derm config cache.link                       one
  derm config cache.link reflink,hardlink,copy --local
  derm config --unset cache.dir"
)]
pub struct ConfigArgs {
    /// The setting; all of them if none is given
    pub key: Option<String>,

    /// Its new value; a list takes commas
    #[arg(requires = "key")]
    pub value: Option<String>,

    /// Take the setting away
    #[arg(long, requires = "key", conflicts_with = "value")]
    pub unset: bool,

    /// Write to `.derm/config.local`, which git does not keep
    #[arg(long)]
    pub local: bool,
}
