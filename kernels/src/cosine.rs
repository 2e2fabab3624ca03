//! Queries and keys of length 1, so that their products are cosines (Liu et al. 2021, <https://arxiv.org/abs/2111.09883>), and a
//! factor for each head on the queries.
//!
//! Sums over a head's channels are in f32 in sixteen strands; those over tokens for the factors' gradients in f64, chunks in turn.
#![allow(unsafe_code)] // The results' memory is new.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::fresh::{Uninit, filled};
use super::map::CHUNK;
use super::simd;
use super::sizes::volume;

/// Lengths are at least this before something is divided by them: PyTorch's `normalize`.
const LEAST: f32 = 1e-12;

/// Sizes and factors; both passes panic where values are not whole tokens.
#[derive(Clone, Copy, Debug)]
pub struct Cosine<'a> {
    /// Channels of a head.
    pub d: usize,
    /// Factor of each head's queries.
    pub scales: &'a [f32],
}

impl Cosine<'_> {
    /// `qkv [tokens, 3, heads, d]` with queries and keys divided by their lengths, and queries times their head's factor.
    pub fn forward(&self, qkv: &[f32]) -> Vec<f32> {
        let rows = self.rows(qkv);
        let write = |[y]: [&mut [Uninit]; 1]| {
            y.par_chunks_mut(rows).zip(qkv.par_chunks(rows)).for_each(|(y, x)| {
                simd::run(Forward { cosine: self, y: y.write_copy_of_slice(x) });
            });
        };
        // SAFETY: the chunks cover the result, and each is copied before it is changed.
        let [y] = unsafe { filled(qkv.len(), write) };
        y
    }

    /// Gradients of `qkv` and of the factors from the result's.
    pub fn backward(&self, qkv: &[f32], dy: &[f32]) -> (Vec<f32>, Vec<f32>) {
        assert_eq!(qkv.len(), dy.len());
        let rows = self.rows(qkv);
        let mut dscales = vec![0f64; self.scales.len()];
        let write = |[dx]: [&mut [Uninit]; 1]| {
            let parts: Vec<Vec<f64>> = dx
                .par_chunks_mut(rows)
                .zip(qkv.par_chunks(rows).zip(dy.par_chunks(rows)))
                .map(|(dx, (x, dy))| simd::run(Backward { cosine: self, x, dx: dx.write_copy_of_slice(dy) }))
                .collect();
            parts.iter().for_each(|part| dscales.iter_mut().zip(part).for_each(|(sum, part)| *sum += part));
        };
        // SAFETY: the chunks cover the result, and each is copied before it is changed.
        let [dx] = unsafe { filled(qkv.len(), write) };
        (dx, dscales.into_iter().map(|sum| sum as f32).collect())
    }

    /// Values of the tokens that a task handles.
    fn rows(&self, x: &[f32]) -> usize {
        let row = volume([3, self.scales.len(), self.d]);
        assert!(x.len().checked_rem(row).unwrap_or(x.len()) == 0, "{} values in tokens of {row}", x.len());
        ((CHUNK / row.max(1)).max(1) * row).max(1)
    }

    /// Each token's heads of queries and of keys, with the head and whether they are queries.
    #[inline(always)]
    fn parts(&self) -> impl Iterator<Item = (usize, bool, std::ops::Range<usize>)> {
        let (heads, d) = (self.scales.len(), self.d);
        (0..2 * heads).map(move |part| (part % heads, part < heads, part * d..(part + 1) * d))
    }
}

/// The product of two vectors, in strands that registers hold.
#[inline(always)]
fn dot(x: &[f32], y: &[f32]) -> f32 {
    let mut strands = [0f32; 16];
    let (whole_x, whole_y) = (x.chunks_exact(16), y.chunks_exact(16));
    let rest: f32 = whole_x.remainder().iter().zip(whole_y.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in whole_x.zip(whole_y) {
        for i in 0..16 {
            strands[i] += x[i] * y[i];
        }
    }
    strands.iter().sum::<f32>() + rest
}

struct Forward<'a> {
    cosine: &'a Cosine<'a>,
    y: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let row = 3 * self.cosine.scales.len() * self.cosine.d;
        for token in self.y.chunks_exact_mut(row) {
            for (head, queries, range) in self.cosine.parts() {
                let part = &mut token[range];
                let length = dot(part, part).sqrt().max(LEAST);
                let factor = if queries { self.cosine.scales[head] / length } else { 1.0 / length };
                part.iter_mut().for_each(|x| *x *= factor);
            }
        }
    }
}

struct Backward<'a> {
    cosine: &'a Cosine<'a>,
    x: &'a [f32],
    /// The result's gradient at first.
    dx: &'a mut [f32],
}

impl WithSimd for Backward<'_> {
    /// Gradients of the factors.
    type Output = Vec<f64>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Vec<f64> {
        let scales = self.cosine.scales;
        let row = 3 * scales.len() * self.cosine.d;
        let mut dscales = vec![0f64; scales.len()];
        for (x, dx) in self.x.chunks_exact(row).zip(self.dx.chunks_exact_mut(row)) {
            for (head, queries, range) in self.cosine.parts() {
                let (x, dx) = (&x[range.clone()], &mut dx[range]);
                let length = dot(x, x).sqrt();
                let (inverse, along) = (1.0 / length.max(LEAST), dot(x, dx));
                let scale = if queries { scales[head] } else { 1.0 };
                if queries {
                    dscales[head] += f64::from(along * inverse);
                }
                // What lies along the vector does not change its direction; a length below the least is a constant.
                let back = if length > LEAST { along * inverse * inverse } else { 0.0 };
                dx.iter_mut().zip(x).for_each(|(dx, x)| *dx = (*dx - x * back) * (inverse * scale));
            }
        }
        dscales
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{close, each, same_for_any_threads, slopes, values, wide};
    use super::*;

    #[test]
    fn both_passes_are_the_definition() {
        each(40, (0usize..9, 1usize..4, 1usize..40), |isa, (tokens, heads, d)| {
            let (x, dy, scales) = (values(tokens * 3 * heads * d, 1), values(tokens * 3 * heads * d, 2), values(heads, 3));
            // No vector so short that its direction is noise.
            let x: Vec<f32> = x.iter().map(|x| x + x.signum() * 0.2).collect();
            let exact = |x: &[f64], scales: &[f64]| -> Vec<f64> {
                let part = |(i, x): (usize, &[f64])| {
                    let length = x.iter().map(|x| x * x).sum::<f64>().sqrt();
                    let factor = [scales[i % heads] / length, 1.0 / length, 1.0][i / heads % 3];
                    x.iter().map(|x| x * factor).collect::<Vec<_>>()
                };
                x.chunks(d).enumerate().flat_map(part).collect()
            };
            let cosine = Cosine { d, scales: &scales };
            let (x64, scales64) = (wide(&x), wide(&scales));
            close(&format!("{isa:?} y"), &cosine.forward(&x), &exact(&x64, &scales64), 1e-6);
            let (dx, dscales) = cosine.backward(&x, &dy);
            close(&format!("{isa:?} dx"), &dx, &slopes(&x64, &dy, |x| exact(x, &scales64)), 1e-5);
            close(&format!("{isa:?} dscales"), &dscales, &slopes(&scales64, &dy, |scales| exact(&x64, scales)), 1e-5);
        });
    }

    #[test]
    fn nothing_has_no_direction() {
        each(1, 0usize..1, |_, _| {
            let cosine = Cosine { d: 2, scales: &[3.0] };
            assert_eq!(cosine.forward(&[0.0, 0.0, 3.0, 4.0, 5.0, 6.0]), [0.0, 0.0, 0.6, 0.8, 5.0, 6.0]);
            let (dx, dscales) = cosine.backward(&[0.0; 6], &[1.0; 6]);
            assert!(dx.iter().all(|dx| dx.is_finite()) && dx[4..] == [1.0; 2] && dscales == [0.0]);
        });
    }

    #[test]
    fn threads_do_not_change_bits() {
        let (x, dy) = (values(900 * 3 * 64, 1), values(900 * 3 * 64, 2));
        each(1, 0usize..1, |_, _| {
            same_for_any_threads(|| {
                let cosine = Cosine { d: 32, scales: &[2.0, 0.5] };
                let (dx, dscales) = cosine.backward(&x, &dy);
                vec![cosine.forward(&x), dx, dscales]
            });
        });
    }
}
