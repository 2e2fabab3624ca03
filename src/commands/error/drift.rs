//! Advice for the errors of [`crate::drift`].
