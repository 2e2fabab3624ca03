//! A network in the form that others run.
//!
//! [`to_onnx`] makes the bytes of an ONNX file and checks them by reading them back; [`bundle`] copies a bundle
//! after verifying it. Both give the same bytes for the same model. Nothing here runs a network.

pub mod bundle;
mod check;
mod metadata;
mod onnx;
mod proto;

pub use check::Summary;
pub use metadata::Card;
pub use onnx::{Input, METADATA, Output};

use std::path::PathBuf;

use prost::Message;

use crate::nn::metadata::Encoding;
use crate::nn::{Network, Preprocess};

/// The version of the file format: 8 belongs to opset 17 and is what older phones and engines still read.
const IR_VERSION: i64 = 8;
/// The version of the operators.
const OPSET: i64 = 17;

/// Why an export failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The network's graph names a parameter that it does not have.
    #[error("the network has no parameter `{0}`")]
    NoParameter(String),
    /// A parameter holds NaN or an infinity.
    #[error("parameter `{0}` holds values that are not finite")]
    NotFinite(String),
    /// The exporter does not know how to write this kind of node. No network of the zoo has one.
    #[error("`{node}`, a node of kind `{kind}`, cannot be written as ONNX yet")]
    NoOperator {
        /// Its name.
        node: String,
        /// Its kind.
        kind: &'static str,
    },
    /// The number of class names is not the number of outputs.
    #[error("the model gives {outputs} values and names {names} classes")]
    Classes {
        /// Outputs.
        outputs: usize,
        /// Names.
        names: usize,
    },
    /// The finished file breaks its own promises.
    #[error("the finished file is wrong: {0}")]
    Check(String),
    /// The encoding of the metadata is not that of the network's second input.
    #[error("the network reads {inputs} values beside an image, and {encoded} are described")]
    Metadata {
        /// Those that the network reads.
        inputs: usize,
        /// Those that the encoding makes.
        encoded: usize,
    },
    /// A file could not be read or written.
    #[error("cannot {operation} `{}`", path.display())]
    Io {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The place for a bundle is taken by something else.
    #[error("`{}` exists and is no bundle", .0.display())]
    Occupied(PathBuf),
    /// The copy differs from the original.
    #[error("the copied bundle differs from the original in `{0}`")]
    CopyDiffers(String),
    /// The model itself.
    #[error(transparent)]
    Nn(Box<crate::nn::Error>),
    /// Writing.
    #[error(transparent)]
    Workspace(#[from] crate::workspace::Error),
}

impl From<crate::nn::Error> for Error {
    fn from(error: crate::nn::Error) -> Self {
        Error::Nn(Box::new(error))
    }
}

/// The bytes of an ONNX file, and what is in it.
///
/// # Errors
/// When class names and outputs do not match, a parameter is not finite, or the file does not pass its own check.
pub fn to_onnx(network: &Network, preprocess: &Preprocess, card: &Card, input: Input, output: Output) -> Result<(Vec<u8>, Summary), Error> {
    if card.classes.len() != network.classes() {
        return Err(Error::Classes { outputs: network.classes(), names: card.classes.len() });
    }
    let (inputs, encoded) = (network.graph().fusion().map_or(0, |fusion| fusion.inputs), card.metadata.as_ref().map_or(0, Encoding::width));
    if inputs != encoded {
        return Err(Error::Metadata { inputs, encoded });
    }
    let model = proto::Model {
        ir_version: IR_VERSION,
        producer_name: "derm".into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        doc_string: metadata::doc(network, preprocess, card, input, output),
        graph: Some(onnx::graph(network, preprocess, card.multi_label, input, output)?),
        opset_import: vec![proto::OperatorSet { domain: String::new(), version: OPSET }],
        metadata_props: metadata::properties(network, preprocess, card, input, output),
    };
    let bytes = model.encode_to_vec();
    let summary = check::check(&bytes).map_err(Error::Check)?;
    Ok((bytes, summary))
}

#[cfg(test)]
mod tests;
