//! Results, a block of queries at a time.
#![allow(unsafe_code)] // The result's memory is new.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::super::fresh::{Uninit, filled};
use super::super::lanes::{Columns, F32s, Lanes, Width};
use super::super::math::exp;
use super::super::product::{Left, Right, Size, product};
use super::super::simd;
use super::super::sizes::volume;
use super::{Attended, Attention, Tokens};

pub(super) fn forward(sizes: &Attention, [q, k, v]: [Tokens; 3]) -> Attended {
    let (queries, channels) = (sizes.queries, sizes.channels());
    let mut log_sums = vec![0.0; volume([sizes.n, queries, sizes.heads])];
    if log_sums.is_empty() || channels == 0 {
        return Attended { y: Vec::new(), log_sums };
    }
    let keys = turned(sizes, k);
    let (block, keys) = (sizes.block(), &keys[..]);
    let write = |[y]: [&mut [Uninit]; 1]| {
        let images = y.par_chunks_mut(queries * channels).zip(log_sums.par_chunks_mut(queries * sizes.heads));
        images.enumerate().for_each(|(image, (y, log_sums))| {
            let blocks = y.par_chunks_mut(block * channels).zip(log_sums.par_chunks_mut(block * sizes.heads));
            blocks.enumerate().for_each_init(
                || Scratch::new(sizes),
                |scratch, (number, (y, log_sums))| {
                    Block { sizes, q, keys, v, image, query: number * block, scratch, y, log_sums }.all_heads();
                },
            );
        });
    };
    // SAFETY: the blocks cover the result, and `Block` writes every head of every query.
    let [y] = unsafe { filled(sizes.n * queries * channels, write) };
    Attended { y, log_sums }
}

/// All heads' keys: `[n, heads, d, padded]`.
fn turned(sizes: &Attention, k: Tokens) -> Vec<f32> {
    let padded = sizes.padded_keys();
    let mut keys = vec![0.0; sizes.n * sizes.channels() * padded];
    keys.par_chunks_mut((sizes.d * padded).max(1)).enumerate().for_each(|(i, keys)| {
        k.turn(i / sizes.heads, i % sizes.heads, padded, keys);
    });
    keys
}

struct Scratch {
    /// Scores and then their exponentials, `[block, padded]`.
    scores: Vec<f32>,
    /// Sums of values, `[block, d]`.
    sums: Vec<f32>,
    /// One over each row's sum.
    factors: Vec<f32>,
}

impl Scratch {
    fn new(sizes: &Attention) -> Self {
        let block = sizes.block();
        let [scores, sums, factors] = [sizes.padded_keys(), sizes.d, 1].map(|columns| vec![0.0; block * columns]);
        Self { scores, sums, factors }
    }
}

/// Some queries of an image.
struct Block<'a> {
    sizes: &'a Attention<'a>,
    q: Tokens<'a>,
    keys: &'a [f32],
    v: Tokens<'a>,
    image: usize,
    /// The first.
    query: usize,
    scratch: &'a mut Scratch,
    y: &'a mut [Uninit],
    log_sums: &'a mut [f32],
}

impl Block<'_> {
    fn all_heads(mut self) {
        for head in 0..self.sizes.heads {
            self.one(head);
        }
    }

    fn one(&mut self, head: usize) {
        let Attention { keys, heads, d, .. } = *self.sizes;
        let (rows, padded) = (self.log_sums.len() / heads, self.sizes.padded_keys());
        let Scratch { scores, sums, factors } = &mut *self.scratch;
        let (factors, scores) = (&mut factors[..rows], &mut scores[..rows * padded]);
        let queries = Left { x: self.q.of(self.image, head, self.query), row: self.q.row, step: 1 };
        let turned = Right { x: &self.keys[(self.image * heads + head) * d * padded..], row: padded };
        product(Size { rows, depth: d, columns: padded }, queries, turned, scores, padded, false);
        let log_sums = self.log_sums[head..].iter_mut().step_by(heads);
        let bias = self.sizes.bias_of(self.image, head, self.query);
        simd::run(Exponentials { scale: self.sizes.scale, bias, keys, padded, scores, log_sums, factors });
        let values = Right { x: self.v.of(self.image, head, 0), row: self.v.row };
        product(Size { rows, depth: keys, columns: d }, Left { x: scores, row: padded, step: 1 }, values, sums, d, false);
        for ((y, sums), &factor) in self.y.chunks_mut(heads * d).zip(sums.chunks(d)).zip(&*factors) {
            for (y, sum) in y[head * d..][..d].iter_mut().zip(sums) {
                y.write(sum * factor);
            }
        }
    }
}

/// Rows of scores to rows of exponentials, not divided by their sums yet.
struct Exponentials<'a, I> {
    scale: f32,
    bias: Option<&'a [f32]>,
    keys: usize,
    padded: usize,
    scores: &'a mut [f32],
    log_sums: I,
    factors: &'a mut [f32],
}

impl<'l, I: Iterator<Item = &'l mut f32>> WithSimd for Exponentials<'_, I> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (width, zero) = (Width::new(simd, self.keys), F32s::splat(simd, 0.0));
        let rows = self.scores.chunks_mut(self.padded.max(1)).zip(self.log_sums).zip(self.factors).enumerate();
        for (row, ((scores, log_sum), factor)) in rows {
            let bias = self.bias.map(|bias| &bias[row * self.keys..]);
            let mut largest = Largest { scores, bias, scale: zero.like(self.scale), largest: zero.like(f32::NEG_INFINITY) };
            width.each(&mut largest);
            let largest = largest.largest.largest();
            let from = if largest == f32::NEG_INFINITY { 0.0 } else { largest };
            let mut sum = Sum { scores, from: zero.like(from), sum: zero };
            width.each(&mut sum);
            let sum = sum.sum.sum();
            // Nothing but -inf: exponentials of scores less +inf are 0 again in the backward pass.
            (*log_sum, *factor) = if sum == 0.0 { (f32::INFINITY, 1.0) } else { (from + sum.ln(), 1.0 / sum) };
        }
    }
}

struct Largest<'a, S: Simd> {
    scores: &'a mut [f32],
    bias: Option<&'a [f32]>,
    scale: F32s<S>,
    largest: F32s<S>,
}

impl<S: Simd> Columns<S> for Largest<'_, S> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        let score = scaled(lanes, self.scores, self.bias, self.scale, at);
        lanes.store(self.scores, at, score);
        let score = lanes.or(score, f32::NEG_INFINITY);
        self.largest = self.largest.lt(score).select(score, self.largest);
    }
}

/// Scores with what is done to the products.
#[inline(always)]
pub(super) fn scaled<S: Simd, L: Lanes<S>>(lanes: L, scores: &[f32], bias: Option<&[f32]>, scale: F32s<S>, at: usize) -> F32s<S> {
    let product = lanes.load(scores, at);
    match bias {
        None => product * scale,
        Some(bias) => product.mul_add(scale, lanes.load(bias, at)),
    }
}

struct Sum<'a, S: Simd> {
    scores: &'a mut [f32],
    from: F32s<S>,
    sum: F32s<S>,
}

impl<S: Simd> Columns<S> for Sum<'_, S> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        let e = exp(lanes.load(self.scores, at) - self.from);
        lanes.store(self.scores, at, e);
        self.sum = self.sum + lanes.or(e, 0.0);
    }
}
