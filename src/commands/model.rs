//! `derm model`.

mod weights;
mod zoo;

use super::{Context, Exit, Failure};
use crate::cli::model::{ModelArgs, ModelCommand};

pub fn run(context: &Context, args: &ModelArgs) -> Result<Exit, Failure> {
    match &args.command {
        ModelCommand::Zoo(args) => zoo::run(context, args),
        ModelCommand::Weights(args) => weights::run(context, args),
    }
}
