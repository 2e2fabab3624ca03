//! Attention of tokens to tokens (Vaswani et al. 2017, <https://arxiv.org/abs/1706.03762>): for each head of each image
//! `y = softmax(q k^T * scale + bias) v`, where `q` is `[n, queries, heads, d]`, `k` and `v` `[n, keys, heads, d]`.
//!
//! The matrix of all queries and keys is never kept: a block of queries meets all keys at once, and the backward pass works its
//! part of the matrix out again from the logarithm of each query's sum. As in PyTorch a query whose scores are all -inf gets zeros,
//! and gives no gradient; one with a NaN or +inf gets NaN.
//!
//! Order of summation: scores and results as in [`product`](super::product), over all keys in turn; gradients of keys and values
//! over a block of queries in turn, blocks in turn; the bias's over the images of a chunk in turn in f32, chunks in turn in f64.

mod backward;
mod forward;
#[cfg(test)]
mod tests;

use super::layout::turn;
use super::product::ROWS;
use super::sizes::volume;

/// Sizes and settings; every pass panics where slices do not have the lengths that these give them.
#[derive(Clone, Copy, Debug)]
pub struct Attention<'a> {
    /// Images.
    pub n: usize,
    /// Tokens that ask.
    pub queries: usize,
    /// Tokens that are asked; as many as ask where all three come packed.
    pub keys: usize,
    /// Heads.
    pub heads: usize,
    /// Channels of a head.
    pub d: usize,
    /// Factor of the products, PyTorch's is `1 / sqrt(d)`.
    pub scale: f32,
    /// Added to the products: `[heads, queries, keys]`, or `[queries, keys]` for all heads.
    pub bias: Option<&'a [f32]>,
    /// Which of several biases `[biases, heads, queries, keys]` the images have, in turn: that of the image `i` is `turns[i % turns]`.
    /// Nothing where all have the same.
    pub turns: &'a [u32],
}

/// What the forward pass finds.
#[derive(Clone, Debug, PartialEq)]
pub struct Attended {
    /// `[n, queries, heads, d]`.
    pub y: Vec<f32>,
    /// `[n, queries, heads]`: the logarithm of each sum of exponentials, for the backward pass.
    pub log_sums: Vec<f32>,
}

/// Gradients where the three come packed.
#[derive(Clone, Debug, PartialEq)]
pub struct PackedGradients {
    /// `[n, tokens, 3, heads, d]`.
    pub dqkv: Vec<f32>,
    /// Of the bias, if there is one and its gradient was asked for.
    pub dbias: Option<Vec<f32>>,
}

/// Gradients where the three come apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradients {
    /// Of the queries.
    pub dq: Vec<f32>,
    /// Of the keys.
    pub dk: Vec<f32>,
    /// Of the values.
    pub dv: Vec<f32>,
    /// Of the bias, if there is one and its gradient was asked for.
    pub dbias: Option<Vec<f32>>,
}

impl Attention<'_> {
    /// From `qkv [n, tokens, 3, heads, d]`.
    pub fn forward_packed(&self, qkv: &[f32]) -> Attended {
        forward::forward(self, self.packed(qkv))
    }

    /// Gradients from the result's; the bias's only if `bias_wanted`.
    pub fn backward_packed(&self, qkv: &[f32], log_sums: &[f32], dy: &[f32], bias_wanted: bool) -> PackedGradients {
        self.check_gradient(log_sums, dy);
        let ([dqkv], dbias) = backward::packed(self, self.packed(qkv), log_sums, dy, bias_wanted);
        PackedGradients { dqkv, dbias }
    }

    /// From queries, keys and values.
    pub fn forward(&self, qkv: [&[f32]; 3]) -> Attended {
        forward::forward(self, self.separate(qkv))
    }

    /// Gradients from the result's; the bias's only if `bias_wanted`.
    pub fn backward(&self, qkv: [&[f32]; 3], log_sums: &[f32], dy: &[f32], bias_wanted: bool) -> Gradients {
        self.check_gradient(log_sums, dy);
        backward::separate(self, self.separate(qkv), log_sums, dy, bias_wanted)
    }

    /// Values of a token.
    fn channels(&self) -> usize {
        self.heads * self.d
    }

    fn check_bias(&self) {
        let one = volume([self.queries, self.keys]);
        let heads = volume([self.heads, one]);
        let enough = |len: usize| self.turns.iter().all(|&turn| volume([turn as usize + 1, heads]) <= len);
        let fits = |len: usize| if self.turns.is_empty() { len == one || len == heads } else { enough(len) };
        assert!(self.bias.is_none_or(|bias| fits(bias.len())), "a bias for each score");
    }

    /// What a backward pass is given.
    fn check_gradient(&self, log_sums: &[f32], dy: &[f32]) {
        assert_eq!(log_sums.len(), volume([self.n, self.queries, self.heads]));
        assert_eq!(dy.len(), volume([log_sums.len(), self.d]));
    }

    fn packed<'x>(&self, qkv: &'x [f32]) -> [Tokens<'x>; 3] {
        let c = self.channels();
        assert!(self.queries == self.keys, "{} queries and {} keys come packed", self.queries, self.keys);
        assert_eq!(qkv.len(), volume([self.n, self.queries, 3, self.heads, self.d]));
        self.check_bias();
        [0, 1, 2].map(|part| Tokens { x: qkv, tokens: self.keys, row: 3 * c, start: part * c, d: self.d })
    }

    fn separate<'x>(&self, [q, k, v]: [&'x [f32]; 3]) -> [Tokens<'x>; 3] {
        let tokens = |x: &'x [f32], tokens: usize| {
            assert_eq!(x.len(), volume([self.n, tokens, self.heads, self.d]));
            Tokens { x, tokens, row: self.channels(), start: 0, d: self.d }
        };
        self.check_bias();
        [tokens(q, self.queries), tokens(k, self.keys), tokens(v, self.keys)]
    }

    /// Queries that are handled together: few enough for their scores to stay in the second cache.
    fn block(&self) -> usize {
        ((1 << 14) / self.keys.max(1) / ROWS).clamp(1, 16) * ROWS
    }

    /// Keys, and some of nothing for whole registers on every CPU.
    fn padded_keys(&self) -> usize {
        self.keys.next_multiple_of(super::lanes::MAX_LANES)
    }

    /// The bias of a head of an image from `query` on.
    fn bias_of(&self, image: usize, head: usize, query: usize) -> Option<&[f32]> {
        let bias = self.bias?;
        Some(&bias[self.bias_start(bias.len(), image, head) + query * self.keys..])
    }

    /// Where the bias of a head of an image starts among `len` values.
    fn bias_start(&self, len: usize, image: usize, head: usize) -> usize {
        let one = self.queries * self.keys;
        match image.checked_rem(self.turns.len()) {
            Some(turn) => (self.turns[turn] as usize * self.heads + head) * one,
            None if len == one => 0,
            None => head * one,
        }
    }
}

/// One of the three, wherever it lies.
#[derive(Clone, Copy)]
struct Tokens<'a> {
    x: &'a [f32],
    /// Of an image.
    tokens: usize,
    /// Values from one token to the next.
    row: usize,
    /// Values before the first head's.
    start: usize,
    /// Channels of a head.
    d: usize,
}

impl<'a> Tokens<'a> {
    /// A head's values from `token` on; they are `row` apart.
    fn of(&self, image: usize, head: usize, token: usize) -> &'a [f32] {
        self.x.get((image * self.tokens + token) * self.row + self.start + head * self.d..).unwrap_or_default()
    }

    /// A head `[tokens, d]` turned to `[d, padded]`; what follows the tokens stays as it is.
    fn turn(&self, image: usize, head: usize, padded: usize, y: &mut [f32]) {
        turn(self.of(image, head, 0), self.row, [self.tokens, self.d], y, padded);
    }
}
