//! What an operation refuses.

use std::{fmt, io};

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
    /// The refusal inside an error of candle's, also inside what candle wraps errors in.
    pub fn of(error: &candle_core::Error) -> Option<&Self> {
        use candle_core::Error as Candle;
        match error {
            Candle::Io(error) => error.get_ref()?.downcast_ref(),
            Candle::Context { inner, .. } | Candle::WithPath { inner, .. } | Candle::WithBacktrace { inner, .. } => Self::of(inner),
            _ => None,
        }
    }

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
        // Of candle's ways to carry another error only this one shows its text alone and gives it back as what it is.
        Self::Io(io::Error::new(io::ErrorKind::InvalidInput, error))
    }
}
