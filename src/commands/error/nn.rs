//! Advice for the errors of [`crate::nn`].
