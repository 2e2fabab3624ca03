//! Attention, also with what is added to its scores.

use proptest::prelude::*;

use super::support::{check_gradients, each, var};
use crate::nn::ops::custom::apply;
use crate::nn::ops::{Attention, attention};

#[test]
fn gradients_are_differences() {
    each(30, (1usize..3, 1usize..6, 1usize..3, 1usize..4), |(n, tokens, heads, d)| {
        check_gradients(&[var(&[n, tokens, 3 * heads * d], 1)], 2e-2, 4e-3, |t| attention(&t[0], heads).unwrap());
    });
}

#[test]
fn gradients_of_a_bias_are_differences() {
    each(30, (1usize..3, 1usize..5, 1usize..3, 1usize..4, any::<bool>()), |(n, tokens, heads, d, shared)| {
        let bias = if shared { vec![tokens, tokens] } else { vec![heads, tokens, tokens] };
        let inputs = [var(&[n, tokens, 3 * heads * d], 1), var(&bias, 2)];
        check_gradients(&inputs, 2e-2, 4e-3, |t| apply(Attention::new(heads), &[&t[0], &t[1]]).unwrap());
    });
}
