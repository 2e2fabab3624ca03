//! Advice for the errors of [`crate::training`].
