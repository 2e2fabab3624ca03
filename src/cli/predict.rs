//! Arguments of `derm predict`.

use clap::Args;

/// Predict classes of images with a trained model
#[derive(Debug, Args)]
pub struct PredictArgs {}
