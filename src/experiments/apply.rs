//! The workspace becomes an experiment.
