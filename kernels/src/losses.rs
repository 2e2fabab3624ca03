//! Losses with their gradients, by PyTorch's rules. Sums are in f64: over the places of a chunk in turn, over chunks in turn.

mod binary;
mod cross_entropy;
mod dice;
mod focal;
#[cfg(test)]
mod tests;

pub use binary::{Binary, binary_cross_entropy};
pub use cross_entropy::{CrossEntropy, Targets, cross_entropy};
pub use dice::dice;
pub use focal::focal;

/// A loss and the gradient of what it was worked out from.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    /// The loss.
    pub value: f64,
    /// Its gradient.
    pub gradient: Vec<f32>,
}
