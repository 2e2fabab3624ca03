//! Advice for the errors of [`crate::dataset`].
