//! Images in another size.

use super::support::{both_ways, check_gradients, each, values, var};
use crate::nn::ops::{Rule, upsample};

#[test]
fn gradients_are_differences() {
    let rules = [
        Rule::Nearest,
        Rule::Bilinear { align_corners: false },
        Rule::Bilinear { align_corners: true },
        Rule::Bicubic { align_corners: false },
        Rule::Bicubic { align_corners: true },
    ];
    each(60, (0..rules.len(), 1usize..3, 1usize..6, 1usize..6, 1usize..4, [1usize..9, 1..9]), |(rule, n, h, w, c, size)| {
        check_gradients(&[var(&[n, h, w, c], 1)], 0.1, 1e-3, |t| upsample(&t[0], size, rules[rule]).unwrap());
    });
}

#[test]
fn gradients_of_what_is_used_twice_are_added() {
    both_ways(|| {
        let x = var(&[1, 1, 2, 1], 1);
        let y = upsample(&x, [2, 4], Rule::Nearest).unwrap();
        let sum = (y.sum_all().unwrap() + x.sum_all().unwrap()).unwrap();
        assert_eq!(values(sum.backward().unwrap().get(&x).unwrap()), [5.0, 5.0]);
    });
}
