//! Advice for the errors of [`crate::export`].
