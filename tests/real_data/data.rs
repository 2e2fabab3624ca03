//! Real datasets.
