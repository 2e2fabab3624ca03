//! Advice for the errors of [`crate::pipeline`].
