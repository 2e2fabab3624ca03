//! CPU kernels: the arithmetic of derm's operations on slices of f32.
//!
//! A package of its own, so that it is compiled in few large units, which vector code needs, and not again when derm changes.
//!
//! Images are `[n, h, w, c]`, that is, matrices `[n * h * w, c]`: channels lie side by side, so that a vector register holds some of
//! one pixel's. Weights stay in PyTorch's order and are packed inside. Each kernel is written once over [`pulp`]'s vectors and
//! chosen at run time ([`simd`]).
//!
//! | part | what it holds |
//! | --- | --- |
//! | [`simd`] | the one door to the CPU's instruction sets |
//! | [`conv`] | convolutions: direct, and by Winograd's algorithm where that pays |
//! | [`bf16`] | products of matrices in half the precision |
//! | [`depthwise`], [`pool`], [`window`] | every channel by itself, and where windows lie |
//! | [`inverted`] | blocks of MobileNets, band by band |
//! | [`upsample`], [`resample`], [`resize`] | images in another size |
//! | [`attention`], [`product`] | attention of tokens to tokens, and the products it is made of |
//! | [`rotary`], [`cosine`] | what is done to queries and keys before they meet |
//! | [`batch_norm`], [`layer_norm`], [`group_norm`], [`response_norm`], [`softmax`] | normalising, both passes |
//! | [`activation`], [`math`], [`arithmetic`], [`gate`], [`swiglu`], [`channel_conv`] | functions of one value, sums, factors of channels |
//! | [`residual`], [`dropout`] | branches added to what they branch off from, and what is left out at random |
//! | [`embedding`], [`layout`] | rows by number, values in another order |
//! | [`pixels`] | images as a network takes them, and augmented |
//! | [`losses`] | losses with their gradients |
//! | [`optimiser`] | steps over all parameters |
//! | [`map`], [`columns`], [`rows`], [`lanes`], [`pieces`], [`fresh`], [`prefetch`] | the loops that they share |
//!
//! Every result is the same to the bit for any number of threads: work is cut into chunks by shape alone, and sums of
//! chunks are added in their order. Between instruction sets results differ by rounding.
//!
//! Every public function is sound whatever it is given. Sizes of zero have the results that the definitions give them. Slices whose
//! lengths do not fit the sizes, and sizes that the documentation rules out, are a caller's mistake: an assertion panics before
//! anything is computed, in release builds too.

pub mod activation;
pub mod arithmetic;
pub mod attention;
pub mod batch_norm;
pub mod bf16;
pub mod channel_conv;
pub mod columns;
pub mod conv;
pub mod cosine;
pub mod depthwise;
pub mod dropout;
pub mod embedding;
pub mod fresh;
pub mod gate;
pub mod group_norm;
pub mod inverted;
pub mod lanes;
pub mod layer_norm;
pub mod layout;
pub mod losses;
pub mod map;
pub mod math;
pub mod optimiser;
pub mod pieces;
pub mod pixels;
pub mod pool;
pub mod prefetch;
pub mod product;
pub mod resample;
pub mod residual;
pub mod resize;
pub mod response_norm;
pub mod rotary;
pub mod rows;
#[cfg(test)]
mod shapes;
pub mod simd;
mod sizes;
pub mod softmax;
pub mod swiglu;
#[cfg(test)]
mod testing;
pub mod upsample;
pub mod window;
