//! What an operation refuses.

use std::fmt;

use super::operation::View;

/// Inputs that an operation cannot read: which operation, their shapes, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The operation's name.
    pub operation: &'static str,
    /// Shapes of all inputs.
    pub shapes: Vec<Vec<usize>>,
    /// What does not fit.
    pub reason: String,
}

/// What operations return.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(super) fn new(operation: &'static str, inputs: &[View<'_>], reason: impl Into<String>) -> Self {
        Self { operation, shapes: inputs.iter().map(|input| input.dims.to_vec()).collect(), reason: reason.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shapes: Vec<String> = self.shapes.iter().map(|shape| format!("{shape:?}")).collect();
        write!(f, "{} cannot read {}: {}", self.operation, shapes.join(" and "), self.reason)
    }
}

impl std::error::Error for Error {}

impl From<Error> for candle_core::Error {
    fn from(error: Error) -> Self {
        Self::wrap(error)
    }
}
