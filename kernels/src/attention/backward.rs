//! Gradients, an image at a time: a block of queries adds to those of all keys.
#![allow(unsafe_code)] // The results' memory is new.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::super::fresh::{Uninit, filled};
use super::super::lanes::{Columns, F32s, Lanes, Width};
use super::super::math::exp;
use super::super::product::{Left, Right, Size, product};
use super::super::simd;
use super::forward::scaled;
use super::{Attention, Gradients, Tokens};

/// Chunks of images at most, each with a sum for the bias.
const CHUNKS: usize = 16;

pub(super) fn packed(sizes: &Attention, qkv: [Tokens; 3], log_sums: &[f32], dy: &[f32], bias: bool) -> ([Vec<f32>; 1], Option<Vec<f32>>) {
    let pass = Pass { sizes, qkv, log_sums, dy, bias: bias && sizes.bias.is_some() };
    let image = sizes.queries * 3 * sizes.channels();
    let mut dbias = None;
    let write = |[d]: [&mut [Uninit]; 1]| {
        let images = d.chunks_mut(image.max(1)).map(|d| Outputs { parts: [d, &mut [], &mut []], packed: true });
        dbias = pass.run(images.collect());
    };
    // SAFETY: `run` writes all three parts of every token of every image.
    (unsafe { filled(sizes.n * image, write) }, dbias)
}

pub(super) fn separate(sizes: &Attention, qkv: [Tokens; 3], log_sums: &[f32], dy: &[f32], bias: bool) -> Gradients {
    let pass = Pass { sizes, qkv, log_sums, dy, bias: bias && sizes.bias.is_some() };
    let [queries, keys] = [sizes.queries, sizes.keys].map(|tokens| tokens * sizes.channels());
    // Images without a value need no place.
    let n = if queries == 0 && keys == 0 { 0 } else { sizes.n };
    let (mut dbias, mut others) = (None, [Vec::new(), Vec::new()]);
    let write = |[dq]: [&mut [Uninit]; 1]| {
        let write = |[dk, dv]: [&mut [Uninit]; 2]| {
            let mut parts = [(dq, queries), (dk, keys), (dv, keys)].map(|(part, len)| cut(part, len, n));
            let mut images: Vec<_> =
                (0..n).map(|_| Outputs { parts: parts.each_mut().map(|part| part.pop().unwrap_or_default()), packed: false }).collect();
            images.reverse();
            dbias = pass.run(images);
        };
        // SAFETY: `run` writes every token of every image.
        others = unsafe { filled(sizes.n * keys, write) };
    };
    // SAFETY: as above.
    let [dq] = unsafe { filled(sizes.n * queries, write) };
    let [dk, dv] = others;
    Gradients { dq, dk, dv, dbias }
}

/// `count` parts of `len` values, of which there may be none.
fn cut<T>(mut x: &mut [T], len: usize, count: usize) -> Vec<&mut [T]> {
    let mut parts = Vec::with_capacity(count);
    for _ in 0..count {
        let (part, rest) = x.split_at_mut(len);
        parts.push(part);
        x = rest;
    }
    parts
}

/// Where an image's gradients go.
struct Outputs<'a> {
    /// Of queries, keys and values, or all three in the first.
    parts: [&'a mut [Uninit]; 3],
    packed: bool,
}

impl Outputs<'_> {
    /// Writes a head's rows of a part from `token` on.
    fn put(&mut self, part: usize, sizes: &Attention, head: usize, token: usize, rows: &[f32]) {
        let (channels, d) = (sizes.channels(), sizes.d);
        let (row, start, y) = if self.packed { (3 * channels, part * channels, 0) } else { (channels, 0, part) };
        for (i, x) in rows.chunks(d).enumerate() {
            self.parts[y][(token + i) * row + start + head * d..][..d].write_copy_of_slice(x);
        }
    }
}

struct Pass<'a> {
    sizes: &'a Attention<'a>,
    qkv: [Tokens<'a>; 3],
    log_sums: &'a [f32],
    dy: &'a [f32],
    /// Whether the bias's gradient is wanted.
    bias: bool,
}

impl Pass<'_> {
    /// Writes the gradients of all images, and gives the bias's.
    fn run(&self, mut images: Vec<Outputs>) -> Option<Vec<f32>> {
        let sizes = self.sizes;
        let wanted = self.bias.then(|| sizes.bias.map_or(0, <[f32]>::len));
        if sizes.channels() == 0 || sizes.n == 0 {
            return wanted.map(|len| vec![0.0; len]);
        }
        let chunk = if self.bias { sizes.n.div_ceil(CHUNKS) } else { 1 };
        let parts: Vec<Vec<f32>> = images
            .par_chunks_mut(chunk)
            .enumerate()
            .map(|(number, images)| {
                let mut scratch = Scratch::new(sizes, wanted);
                for (i, outputs) in images.iter_mut().enumerate() {
                    (0..sizes.heads).for_each(|head| self.head(number * chunk + i, head, &mut scratch, outputs));
                }
                scratch.dbias
            })
            .collect();
        wanted.map(|len| (0..len).map(|i| parts.iter().map(|part| f64::from(part[i])).sum::<f64>() as f32).collect())
    }

    fn head(&self, image: usize, head: usize, scratch: &mut Scratch, outputs: &mut Outputs) {
        let (sizes, padded) = (self.sizes, self.sizes.padded_keys());
        self.qkv[1].turn(image, head, padded, &mut scratch.keys);
        self.qkv[2].turn(image, head, padded, &mut scratch.values);
        scratch.dk.fill(0.0);
        scratch.dv.fill(0.0);
        for query in (0..sizes.queries).step_by(sizes.block()) {
            let rows = sizes.block().min(sizes.queries - query);
            self.block(image, head, query, rows, scratch);
            outputs.put(0, sizes, head, query, &scratch.dq[..rows * sizes.d]);
        }
        outputs.put(1, sizes, head, 0, &scratch.dk);
        outputs.put(2, sizes, head, 0, &scratch.dv);
    }

    fn block(&self, image: usize, head: usize, query: usize, rows: usize, scratch: &mut Scratch) {
        let (sizes, padded) = (self.sizes, self.sizes.padded_keys());
        let Attention { keys, heads, d, queries, .. } = *sizes;
        let (q, row) = (self.qkv[0].of(image, head, query), self.qkv[0].row);
        let dy = &self.dy[((image * queries + query) * heads + head) * d..];
        let Scratch { keys: turned_keys, values: turned_values, scores, slopes, dq, dk, dv, dbias } = scratch;
        let across = Size { rows, depth: d, columns: padded };
        product(across, Left { x: q, row, step: 1 }, Right { x: turned_keys, row: padded }, scores, padded, false);
        product(across, Left { x: dy, row: heads * d, step: 1 }, Right { x: turned_values, row: padded }, slopes, padded, false);

        let log_sums = &self.log_sums[(image * queries + query) * heads + head..];
        let bias = sizes.bias_of(image, head, query);
        let place = sizes.bias_start(dbias.len(), image, head) + query * keys;
        let dbias = self.bias.then(|| dbias.get_mut(place..)).flatten();
        let scale = sizes.scale;
        simd::run(Slopes { scale, bias, dbias, keys, padded, rows, log_sums, heads, scores, slopes });

        let down = Size { rows: keys, depth: rows, columns: d };
        product(down, Left { x: scores, row: 1, step: padded }, Right { x: dy, row: heads * d }, dv, d, true);
        product(down, Left { x: slopes, row: 1, step: padded }, Right { x: q, row }, dk, d, true);
        let keys_of = Right { x: self.qkv[1].of(image, head, 0), row: self.qkv[1].row };
        product(Size { rows, depth: keys, columns: d }, Left { x: slopes, row: padded, step: 1 }, keys_of, dq, d, false);
    }
}

struct Scratch {
    /// `[d, padded]` each.
    keys: Vec<f32>,
    values: Vec<f32>,
    /// `[block, padded]`: scores and then their shares.
    scores: Vec<f32>,
    /// `[block, padded]`: gradients of the shares and then of the products.
    slopes: Vec<f32>,
    /// `[block, d]`.
    dq: Vec<f32>,
    /// `[keys, d]` each.
    dk: Vec<f32>,
    dv: Vec<f32>,
    /// Of the images so far, as long as the bias if it is wanted.
    dbias: Vec<f32>,
}

impl Scratch {
    fn new(sizes: &Attention, bias: Option<usize>) -> Self {
        let (padded, block, d) = (sizes.padded_keys(), sizes.block(), sizes.d);
        let [keys, values] = [(); 2].map(|()| vec![0.0; d * padded]);
        let [scores, slopes] = [(); 2].map(|()| vec![0.0; block * padded]);
        let [dk, dv] = [(); 2].map(|()| vec![0.0; sizes.keys * d]);
        Self { keys, values, scores, slopes, dq: vec![0.0; block * d], dk, dv, dbias: vec![0.0; bias.unwrap_or(0)] }
    }
}

/// Rows of scores to rows of shares, and gradients of shares to those of products.
struct Slopes<'a> {
    scale: f32,
    bias: Option<&'a [f32]>,
    dbias: Option<&'a mut [f32]>,
    keys: usize,
    padded: usize,
    rows: usize,
    /// One for each head of each query.
    log_sums: &'a [f32],
    heads: usize,
    scores: &'a mut [f32],
    slopes: &'a mut [f32],
}

impl WithSimd for Slopes<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let (width, zero) = (Width::new(simd, self.keys), F32s::splat(simd, 0.0));
        for row in 0..self.rows {
            let (scores, slopes) = (&mut self.scores[row * self.padded..], &mut self.slopes[row * self.padded..]);
            let bias = self.bias.map(|bias| &bias[row * self.keys..]);
            let log_sum = zero.like(self.log_sums[row * self.heads]);
            let mut shares = Shares { scale: zero.like(self.scale), bias, log_sum, scores, slopes, mean: zero };
            width.each(&mut shares);
            let mean = zero.like(shares.mean.sum());
            let dbias = self.dbias.as_deref_mut().map(|dbias| &mut dbias[row * self.keys..]);
            width.each(&mut Spread { scale: zero.like(self.scale), mean, scores, slopes, dbias });
        }
    }
}

/// Shares, and the sum of them times their gradients.
struct Shares<'a, S: Simd> {
    scale: F32s<S>,
    bias: Option<&'a [f32]>,
    log_sum: F32s<S>,
    scores: &'a mut [f32],
    slopes: &'a [f32],
    mean: F32s<S>,
}

impl<S: Simd> Columns<S> for Shares<'_, S> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        let share = exp(scaled(lanes, self.scores, self.bias, self.scale, at) - self.log_sum);
        lanes.store(self.scores, at, share);
        self.mean = lanes.or(share, 0.0).mul_add(lanes.load(self.slopes, at), self.mean);
    }
}

struct Spread<'a, S: Simd> {
    scale: F32s<S>,
    mean: F32s<S>,
    scores: &'a [f32],
    slopes: &'a mut [f32],
    dbias: Option<&'a mut [f32]>,
}

impl<S: Simd> Columns<S> for Spread<'_, S> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        let slope = (lanes.load(self.slopes, at) - self.mean) * lanes.load(self.scores, at);
        if let Some(dbias) = &mut self.dbias {
            let sum = lanes.load(dbias, at) + slope;
            lanes.store(dbias, at, sum);
        }
        lanes.store(self.slopes, at, slope * self.scale);
    }
}
