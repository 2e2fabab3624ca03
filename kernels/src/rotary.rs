//! Rotary positions (Su et al. 2021, <https://arxiv.org/abs/2104.09864>): pairs of the channels of queries and keys are turned by
//! angles of their token's place, so that their products depend on distances.
#![allow(unsafe_code)] // The result's memory is new.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::fresh::{Uninit, filled};
use super::map::CHUNK;
use super::simd;
use super::sizes::volume;

/// Sizes and angles; both passes panic where slices do not have the lengths that these give them.
#[derive(Clone, Copy, Debug)]
pub struct Rotary<'a> {
    /// Tokens of an image.
    pub tokens: usize,
    /// Tokens that are left as they are, before the others.
    pub prefix: usize,
    /// Heads.
    pub heads: usize,
    /// Channels of a head, an even number.
    pub d: usize,
    /// A pair is a channel of the first half and one of the second; otherwise two neighbours.
    pub halves: bool,
    /// Cosines `[tokens - prefix, d / 2]`.
    pub cos: &'a [f32],
    /// Sines, as many.
    pub sin: &'a [f32],
}

impl Rotary<'_> {
    /// `qkv [n, tokens, 3, heads, d]` with queries and keys turned: `(a, b)` to `(a cos - b sin, b cos + a sin)`.
    pub fn forward(&self, qkv: &[f32]) -> Vec<f32> {
        self.turned(qkv, 1.0)
    }

    /// The gradient of `qkv` from the result's: turned back.
    pub fn backward(&self, dy: &[f32]) -> Vec<f32> {
        self.turned(dy, -1.0)
    }

    fn turned(&self, x: &[f32], direction: f32) -> Vec<f32> {
        let row = volume([3, self.heads, self.d]);
        assert!(self.d.is_multiple_of(2) && self.prefix <= self.tokens, "{} channels, {} tokens first", self.d, self.prefix);
        let angles = volume([self.tokens - self.prefix, self.d / 2]);
        assert!(self.cos.len() == angles && self.sin.len() == angles, "angles of {angles} pairs");
        let image = volume([self.tokens, row]);
        assert!(x.len().checked_rem(image).unwrap_or(x.len()) == 0, "{} values in images of {image}", x.len());
        let rows = (CHUNK / row.max(1)).max(1);
        let write = |[y]: [&mut [Uninit]; 1]| {
            let chunks = y.par_chunks_mut((rows * row).max(1)).zip(x.par_chunks((rows * row).max(1)));
            chunks.enumerate().for_each(|(chunk, (y, x))| {
                simd::run(Rows { rotary: self, direction, row, first: chunk * rows, y: y.write_copy_of_slice(x) });
            });
        };
        // SAFETY: the chunks cover the result, and each is copied before it is turned.
        let [y] = unsafe { filled(x.len(), write) };
        y
    }
}

/// Some tokens.
struct Rows<'a> {
    rotary: &'a Rotary<'a>,
    direction: f32,
    /// Values of a token.
    row: usize,
    /// Number of the first.
    first: usize,
    y: &'a mut [f32],
}

impl WithSimd for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Rotary { tokens, prefix, heads, d, halves, cos, sin } = *self.rotary;
        for (i, row) in self.y.chunks_exact_mut(self.row).enumerate() {
            let Some(place) = ((self.first + i) % tokens).checked_sub(prefix) else { continue };
            let angle = place * (d / 2)..(place + 1) * (d / 2);
            let (cos, sin) = (&cos[angle.clone()], &sin[angle]);
            for head in row[..2 * heads * d].chunks_exact_mut(d) {
                if halves {
                    let (first, second) = head.split_at_mut(d / 2);
                    for (((a, b), cos), sin) in first.iter_mut().zip(second).zip(cos).zip(sin) {
                        turn(a, b, *cos, *sin * self.direction);
                    }
                } else {
                    for ((pair, cos), sin) in head.chunks_exact_mut(2).zip(cos).zip(sin) {
                        let [a, b] = pair else { continue };
                        turn(a, b, *cos, *sin * self.direction);
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn turn(a: &mut f32, b: &mut f32, cos: f32, sin: f32) {
    (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
}

#[cfg(test)]
mod tests {
    use super::super::testing::{close, each, same_for_any_threads, slopes, values, wide};
    use super::*;

    #[test]
    fn both_passes_are_the_definition() {
        each(40, (0usize..3, 0usize..6, 0usize..3, 0usize..4, 0usize..9, 0usize..2), |isa, (n, places, prefix, heads, pairs, halves)| {
            let (tokens, d) = (prefix + places, 2 * pairs);
            let (cos, sin) = (values(places * pairs, 1), values(places * pairs, 2));
            let (x, dy) = (values(n * tokens * 3 * heads * d, 3), values(n * tokens * 3 * heads * d, 4));
            let exact = |x: &[f64]| -> Vec<f64> {
                let mut y = x.to_vec();
                for i in 0..y.len() {
                    let (c, part, token) = (i % d, i / d / heads % 3, i / d / heads / 3 % tokens);
                    if part == 2 || token < prefix {
                        continue;
                    }
                    let (pair, second) = if halves == 1 { (c % pairs, c >= pairs) } else { (c / 2, c % 2 == 1) };
                    let other = if halves == 1 { (i - c) + (c + pairs) % d } else { i ^ 1 };
                    let angle = (token - prefix) * pairs + pair;
                    let sign = if second { 1.0 } else { -1.0 };
                    y[i] = x[i] * f64::from(cos[angle]) + sign * x[other] * f64::from(sin[angle]);
                }
                y
            };
            let rotary = Rotary { tokens, prefix, heads, d, halves: halves == 1, cos: &cos, sin: &sin };
            close(&format!("{isa:?} y"), &rotary.forward(&x), &exact(&wide(&x)), 1e-6);
            close(&format!("{isa:?} dx"), &rotary.backward(&dy), &slopes(&wide(&x), &dy, exact), 3e-6);
        });
    }

    #[test]
    fn threads_do_not_change_bits() {
        let (angles, x) = (values(196 * 16, 1), values(3 * 197 * 3 * 64, 2));
        each(1, 0usize..1, |_, _| {
            same_for_any_threads(|| {
                let rotary = Rotary { tokens: 197, prefix: 1, heads: 2, d: 32, halves: true, cos: &angles, sin: &angles };
                vec![rotary.forward(&x), rotary.backward(&x)]
            });
        });
    }
}
