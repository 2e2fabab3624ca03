//! Advice for the errors of [`crate::tracking`].
