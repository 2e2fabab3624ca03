//! (specification to be written)
