//! Dropout from a counter-based stream.

use candle_core::Tensor;
use rayon::prelude::*;

use super::custom::apply;
use super::elementwise::CHUNK;
use super::error::Result;
use super::operation::{Array, Gradient, Operation, View, wanted};

/// Zeroes each value with probability `p` and multiplies the others by `1 / (1 - p)`.
///
/// Which values depends on `key`, `stream` and the value's place alone, so it is the same for any number of threads.
pub fn dropout(x: &Tensor, p: f32, key: u64, stream: u64) -> candle_core::Result<Tensor> {
    if p <= 0.0 {
        return Ok(x.clone());
    }
    apply(Dropout::new(p, key, stream), &[x])
}

/// See [`dropout`]; `0 < p < 1`.
pub struct Dropout {
    p: f32,
    seed: u64,
}

/// SplitMix64's finaliser (Steele, Lea, Flood 2014): every input bit moves every output bit.
fn mixed(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Dropout {
    /// With probability `p`, from the stream that `key` and `stream` name.
    pub fn new(p: f32, key: u64, stream: u64) -> Self {
        Self { p, seed: mixed(key ^ mixed(stream)) }
    }

    fn masked(&self, x: &[f32]) -> Vec<f32> {
        let scale = 1.0 / (1.0 - self.p);
        let mut y = vec![0.0; x.len()];
        y.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).enumerate().for_each(|(chunk, (y, x))| {
            for (i, (y, &x)) in y.iter_mut().zip(x).enumerate() {
                let draw = mixed(self.seed.wrapping_add((chunk * CHUNK + i) as u64)) >> 40;
                let uniform = draw as f32 / (1u32 << 24) as f32;
                *y = if uniform < self.p { 0.0 } else { x * scale };
            }
        });
        y
    }
}

impl Operation for Dropout {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        Ok(Array::new(self.masked(inputs[0].values), inputs[0].dims))
    }

    fn backward(&self, _: &[View<'_>], _: View<'_>, dy: &[f32], want: &[bool]) -> Vec<Gradient> {
        vec![wanted(want[0], || self.masked(dy))]
    }

    fn reads_input(&self, _: usize) -> bool {
        false
    }
}
