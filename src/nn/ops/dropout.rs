//! Dropout from a counter-based stream.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::elementwise::CHUNK;
use super::slices::{slice, with};

/// Zeroes each value with probability `p` and multiplies the others by `1 / (1 - p)`.
///
/// Which values depends on `key`, `stream` and the value's place alone, so it is the same for any number of threads.
pub fn dropout(x: &Tensor, p: f32, key: u64, stream: u64) -> Result<Tensor> {
    if p <= 0.0 {
        return Ok(x.clone());
    }
    x.contiguous()?.apply_op1(Dropout { p, seed: mixed(key ^ mixed(stream)) })
}

struct Dropout {
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

impl CustomOp1 for Dropout {
    fn name(&self) -> &'static str {
        "derm-dropout"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok((CpuStorage::F32(self.masked(slice(x, layout)?)), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let dx = with(dy, |dy| self.masked(dy))?;
        Tensor::from_vec(dx, x.dims(), x.device()).map(Some)
    }
}
