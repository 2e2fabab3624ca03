//! Tokens, those before the others, positions; images flattened and joined.

use super::support::{check_gradients, each, var};
use crate::nn::ops::custom::apply;
use crate::nn::ops::{Concat, FirstToken, Flatten, Tokens, positions, prefix_tokens};

#[test]
fn gradients_of_tokens_are_differences() {
    each(30, (1usize..4, 1usize..5, 1usize..9), |(n, tokens, c)| {
        let x = || var(&[n, tokens, c], 1);
        check_gradients(&[x(), var(&[1, n, c], 2)], 0.1, 1e-3, |t| prefix_tokens(&t[0], &t[1]).unwrap());
        check_gradients(&[x(), var(&[1, tokens, c], 2)], 0.1, 1e-3, |t| positions(&t[0], &t[1]).unwrap());
        check_gradients(&[x()], 0.1, 1e-3, |t| apply(FirstToken, &[&t[0]]).unwrap());
    });
}

#[test]
fn gradients_of_images_in_another_order_are_differences() {
    each(30, (1usize..3, 1usize..4, 1usize..4, 1usize..5), |(n, h, w, c)| {
        let x = |salt| var(&[n, h, w, c], salt);
        check_gradients(&[x(1)], 0.1, 1e-3, |t| apply(Tokens, &[&t[0]]).unwrap());
        check_gradients(&[x(1)], 0.1, 1e-3, |t| apply(Flatten, &[&t[0]]).unwrap());
        let three = [x(1), var(&[n, h, w, c + 1], 2), x(3)];
        check_gradients(&three, 0.1, 1e-3, |t| apply(Concat, &[&t[0], &t[1], &t[2]]).unwrap());
    });
}
