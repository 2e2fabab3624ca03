//! Real weights.
