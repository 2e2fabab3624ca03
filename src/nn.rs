//! Networks as data, what runs them, and what training needs around it.
//!
//! A network's structure is a [`graph::Graph`]: a list of nodes whose parameters carry the names
//! of the published state dict. Training ([`Network::train`]) runs it with the operations of [`ops`] and records a [`Tape`];
//! [`Inference`] folds and fuses it first; an exporter walks the same list, so structure is written once.
//!
//! * [`graph`]: nodes, shapes, parameter names; a builder that reads like PyTorch. [`layers`]: what is made of several nodes.
//! * [`ops`]: derm's own differentiable operations. Nothing above them calls a candle operation
//!   whose gradient is missing or wrong in 0.11.1 (layer norm, softmax over the last axis,
//!   `max_pool2d`, ReLU at zero, batch norm with mixed types) or slow (convolution).
//! * [`Network`]: a graph with parameters: `forward`, or `features` and `head` apart; what happens inside, for explanations.
//! * [`zoo`]: the architectures, with their preprocessing, published weights and licences.
//! * [`weights`], [`bundle`]: safetensors files, the hub, model folders.
//! * [`metadata`]: what is known beside an image, as a second input.
//! * [`loss`], [`optim`], [`normalise`], [`selfcheck`].
//!
//! On the CPU results are the same bits for any number of rayon threads: work is cut by shape alone, and
//! partial sums are added in a fixed order.
//!
//! Everything is f32, but for the factors of matrix products where a training asks for fewer bits ([`Precision`]). On the CPU operations are derm's kernels; on another device (features `cuda` and `metal`) they are composed of
//! candle's, values are copied to main memory for files, and results are not promised to be the same bits.

mod average;
pub mod bundle;
mod checkpoint;
mod depth;
pub mod error;
mod exec;
pub mod fold;
mod footprint;
pub mod graph;
mod groups;
mod inference;
mod init;
mod input;
pub mod layers;
pub mod loss;
mod lower;
pub mod metadata;
mod network;
pub mod normalise;
pub mod ops;
pub mod optim;
mod precision;
mod preprocess;
mod probe;
mod selfcheck;
mod tape;
pub mod weights;
mod workers;
pub mod zoo;

#[cfg(test)]
mod tests;

pub use average::Average;
pub use bundle::Bundle;
pub use error::{Error, Misfit};
pub use inference::Inference;
pub use input::Input;
pub use network::{HeadRule, Network, Norms, Param, Part, Pass, Role};
pub use precision::Precision;
pub use preprocess::{Channels, ColourConstancy, Fit, Interpolation, Preprocess};
pub use selfcheck::selfcheck;
pub use tape::{Gradients, Tape};
