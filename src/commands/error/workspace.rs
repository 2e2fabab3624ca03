//! Advice for the errors of [`crate::workspace`].
