//! (specification to be written)

pub mod settings;
