//! Advice for the errors of [`crate::store`].
