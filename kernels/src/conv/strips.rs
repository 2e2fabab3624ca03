//! The left factor of the weight gradients, cut into strips of one tile each.
//!
//! Pixels of an image lie so far apart, and often by a power of two, that those of one tile would push each other out of the
//! first-level cache; in a strip they lie side by side.

use pulp::Simd;

use super::buffer::Lent;
use super::lanes::MAX_LANES;
use super::outer::{Run, Strip, add_tile};
use super::prefetch::prefetch;
use super::tile;
use super::vector::{load, store_floats};

/// Pixels that are asked for before they are copied: what a task reads of them may lie too far apart for the hardware to foresee.
pub const AHEAD: usize = 12;

/// Strips `[tile][pixel][row]`.
pub struct Strips {
    floats: Lent,
    /// Rows of a full tile, which is how far apart pixels lie.
    height: usize,
    /// Floats from one strip to the next.
    pitch: usize,
    channels: usize,
    /// Where the runs lie in every strip.
    runs: Vec<Run>,
}

impl Strips {
    /// Room for `channels` of `pixels`.
    pub fn new<S: Simd>(channels: usize, pixels: usize) -> Self {
        let height = tile::height::<S>();
        // Whole registers are written, which may reach past the last pixel.
        let pitch = pixels * height + MAX_LANES;
        Self { floats: Lent::new(channels.div_ceil(height) * pitch), height, pitch, channels, runs: Vec::new() }
    }

    /// Copies the pixels of all `runs`; `source` starts at the first channel.
    #[inline(always)]
    pub fn cut<S: Simd>(&mut self, simd: S, source: Strip<'_>, runs: &[Run]) {
        self.runs.clear();
        let mut pixel = 0;
        for run in runs {
            self.runs.push(Run { left: pixel * self.height, ..*run });
            for start in (0..run.len).map(|i| run.left + i * source.step) {
                self.put(simd, source, start, pixel);
                pixel += 1;
            }
        }
    }

    #[inline(always)]
    fn put<S: Simd>(&mut self, simd: S, source: Strip<'_>, start: usize, pixel: usize) {
        let next = source.floats.get(start + AHEAD * source.step..).unwrap_or_default();
        prefetch(&next[..next.len().min(self.channels)]);
        let (mut from, mut at) = (&source.floats[start..], pixel * self.height);
        for _ in 0..self.channels.div_ceil(self.height) {
            let to = &mut self.floats[at..];
            for lane in (0..self.height).step_by(S::F32_LANES) {
                store_floats::<S>(&mut to[lane..], load(simd, &from[lane.min(from.len())..]));
            }
            from = &from[self.height.min(from.len())..];
            at += self.pitch;
        }
    }

    /// Adds to `sums`, `[channel][width]`, the outer products of the runs' pixels and those of `panel`, `[pixel][width]`.
    #[inline(always)]
    pub fn add_products<S: Simd>(&self, simd: S, panel: &[f32], width: usize, sums: &mut [f32]) {
        for (strip, sums) in self.floats.chunks_exact(self.pitch).zip(sums.chunks_mut(self.height * width)) {
            let strip = Strip { floats: strip, step: self.height };
            add_tile(simd, tile::next_height::<S>(sums.len() / width), strip, panel, &self.runs, width, sums);
        }
    }
}
