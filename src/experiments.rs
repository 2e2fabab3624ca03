//! Experiments and sweeps over pipelines.

pub mod overrides;
