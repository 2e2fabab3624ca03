//! derm's formats without its networks: the modules are the repository's own, through symbolic links, so that a fuzzer is built
//! without candle. That this compiles holds the list of layers to be true once more.
#![allow(dead_code)]

pub mod clock;
pub mod digest;
pub mod fuzzing;
pub mod observer;
pub mod pipeline;
pub mod relpath;
pub mod report;
pub mod store;
pub mod text;
pub mod workspace;
