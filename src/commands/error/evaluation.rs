//! Advice for the errors of [`crate::evaluation`].
