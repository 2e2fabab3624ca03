//! Arguments of `derm remote`.

use clap::{Args, Subcommand};

/// Say where data is kept beside this machine
///
/// A remote is a folder or a place in a bucket that holds the objects of the
/// cache, for other machines and for the day the cache is lost. Its settings
/// stand in `.derm/config`; credentials do not: they are looked for where the
/// service's own tools have them.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct RemoteArgs {
    #[command(subcommand)]
    pub command: RemoteCommand,
}

#[derive(Debug, Subcommand)]
pub enum RemoteCommand {
    Add(AddArgs),
    List(ListArgs),
    Modify(ModifyArgs),
    Default(DefaultArgs),
    Rename(RenameArgs),
    Remove(RemoveArgs),
}

/// Name a new remote
#[derive(Debug, Args)]
#[command(after_help = "\
URLS
  s3://BUCKET/PREFIX        Amazon S3, and with `endpoint` what speaks its protocol
  gs://BUCKET/PREFIX        Google Cloud Storage
  az://CONTAINER/PREFIX     Azure Blob Storage; `account` names the storage account
  https://HOST/PATH         a server that speaks WebDAV; plain HTTP for reading
  /mnt/store, ../store      a local or mounted folder (relative to the repository)

CREDENTIALS
  S3                AWS_ACCESS_KEY_ID …, or a profile of ~/.aws (`profile`, AWS_PROFILE),
                    also one with `credential_process`; the role of a container or machine
  Google Cloud      GOOGLE_APPLICATION_CREDENTIALS, or `gcloud auth application-default login`
  Azure             AZURE_STORAGE_ACCOUNT_KEY … , or `az login`
  HTTP              ~/.netrc

EXAMPLES
  derm remote add lab s3://skin-data/ham10000 --default
  derm remote add nas /mnt/nas/derm
  derm remote modify lab endpoint https://minio.example.org")]
pub struct AddArgs {
    /// Letters, digits, `-` and `_`
    pub name: String,

    /// Where it is
    pub url: String,

    /// Use it where no remote is named; the first one is used anyway as long as it is the only one
    #[arg(short, long)]
    pub default: bool,

    /// Replace a remote of this name
    #[arg(short, long)]
    pub force: bool,

    /// Write to `.derm/config.local`, which git does not keep
    #[arg(long)]
    pub local: bool,
}

/// Show the remotes
#[derive(Debug, Args)]
pub struct ListArgs {}

/// Change a setting of a remote
#[derive(Debug, Args)]
#[command(after_help = "\
SETTINGS
  url                                   see `derm remote add --help`
  endpoint                              the address of a service that speaks S3's or Azure's protocol
  region, profile                       of S3
  account                               of Azure
  anonymous                             true: ask without credentials, for a public bucket
  jobs                                  transfers at once
  timeout                               seconds without an answer after which a request failed")]
pub struct ModifyArgs {
    /// The remote
    pub name: String,

    /// The setting
    pub key: String,

    /// Its value
    #[arg(required_unless_present = "unset", conflicts_with = "unset")]
    pub value: Option<String>,

    /// Take the setting away
    #[arg(long)]
    pub unset: bool,

    /// Write to `.derm/config.local`, which git does not keep
    #[arg(long)]
    pub local: bool,
}

/// Show or choose the remote that is used where none is named
#[derive(Debug, Args)]
pub struct DefaultArgs {
    /// The remote
    pub name: Option<String>,

    /// Choose none
    #[arg(long, conflicts_with = "name")]
    pub unset: bool,

    /// Write to `.derm/config.local`, which git does not keep
    #[arg(long)]
    pub local: bool,
}

/// Give a remote another name
#[derive(Debug, Args)]
pub struct RenameArgs {
    /// The remote
    pub name: String,

    /// Its new name
    pub new: String,

    /// Change `.derm/config.local`, which git does not keep
    #[arg(long)]
    pub local: bool,
}

/// Forget a remote; what it holds stays
#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// The remote
    pub name: String,

    /// Change `.derm/config.local`, which git does not keep
    #[arg(long)]
    pub local: bool,
}
