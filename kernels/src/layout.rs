//! Values in another order: matrices turned over, channels last or first, joined, parted, picked, and moved into pixels.
#![allow(unsafe_code)] // The results' memory is new.

mod channels;
mod join;
mod pick;
mod pixels;
#[cfg(test)]
mod tests;
mod turn;

pub use channels::{concat, split};
pub use join::joined;
pub use pick::{NOWHERE, inverse, pick};
pub use pixels::{pixel_shuffle, pixel_unshuffle};
pub(super) use turn::turn;
pub use turn::{channels_first, channels_last, transpose};
