//! Arguments of `derm params`.

pub mod set;

use clap::{Args, Subcommand};

/// Show and change parameters
#[derive(Debug, Args)]
pub struct ParamsArgs {
    #[command(subcommand)]
    pub command: ParamsCommand,
}

/// What to do with parameters.
#[derive(Debug, Subcommand)]
pub enum ParamsCommand {
    Show(ParamsShowArgs),
    Set(set::ParamsSetArgs),
}

/// Show every parameter with its value
///
/// Lists params.yaml and every other parameter file that a pipeline names
/// (YAML, JSON, TOML). A file that cannot be read is reported, the others are
/// shown.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct ParamsShowArgs {
    /// Files to show instead
    #[arg(value_name = "FILE")]
    pub files: Vec<String>,

    /// Also show the line of each value, and the stages that read it
    #[arg(long)]
    pub origin: bool,
}
