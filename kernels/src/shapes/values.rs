//! Functions of values, rows and parameters.

use super::super::activation::{self, Activation};
use super::super::attention::Attention;
use super::super::batch_norm::{self, After, Norm};
use super::super::bf16::{self, Matrix};
use super::super::group_norm::GroupNorm;
use super::super::losses::{self, Binary, CrossEntropy, Targets};
use super::super::optimiser::{self, AdamW, AdamWParameter, Averaged, Sgd, SgdParameter};
use super::super::product::{Left, Right, Size, product};
use super::super::residual::Branch;
use super::super::response_norm::ResponseNorm;
use super::super::rotary::Rotary;
use super::super::{arithmetic, channel_conv, cosine::Cosine, dropout, embedding, gate, layer_norm, pool, simd, softmax, swiglu};
use super::check;

#[test]
fn single_values() {
    check(60, |draw| {
        let len = draw.size() * draw.size();
        let (x, y) = (draw.values(len), draw.values(len));
        let activation = draw.pick(&[Activation::Relu, Activation::HardSwish, Activation::GeluTanh]);
        vec![
            (activation::forward(activation, &x), len),
            (dropout::dropout(&x, 0.5, 1), len),
            (activation::backward(activation, &x, &y), len),
            (arithmetic::add(&x, &y), len),
            (arithmetic::add_relu(&x, &y), len),
        ]
    });
}

#[test]
fn factors_and_terms_of_channels() {
    check(300, |draw| {
        let (n, places, c) = (draw.size(), draw.size(), draw.size());
        let (x, dy) = (draw.values(n * places * c), draw.values(n * places * c));
        let (gates, one) = (draw.values(n * c), draw.values(c));
        // Gradients of nothing are as many zeros as there are channels.
        let channels = if x.is_empty() || dy.is_empty() { draw.about(c) } else { draw.about_or_vast(c) };
        let len = n * places * c;
        match draw.below(6) {
            0 => vec![(gate::forward(&x, &gates, channels), len)],
            1 => {
                let (dx, dgate) = gate::backward(&x, &gates, &dy, channels);
                vec![(dx, len), (dgate, n * c)]
            }
            2 => vec![(arithmetic::add_bias(&x, &one), len), (arithmetic::bias_gradient(&dy, channels), c)],
            3 => {
                let taps = draw.pick(&[1, 3, 5]);
                let w = draw.values(taps);
                let (dx, dw) = channel_conv::backward(&x, &w, &dy, channels);
                vec![(channel_conv::forward(&x, &w, channels), len), (dx, len), (dw, taps)]
            }
            4 => {
                let (gamma, samples) = (draw.values(c), draw.values(n));
                let gamma = (draw.below(2) == 0).then_some(&gamma[..]);
                let branch = Branch { channels, gamma, samples: (draw.below(2) == 0).then_some(&samples) };
                let (dx, dgamma) = branch.backward(&x, &dy);
                vec![(branch.forward(&dy, &x), len), (dx, len), (dgamma.unwrap_or_default(), if gamma.is_some() { c } else { 0 })]
            }
            _ => {
                let places = draw.about_or_vast(places.max(1));
                let x = draw.values(n * places.min(40) * c);
                vec![
                    (pool::global_average(&x, places, channels), if x.is_empty() { 0 } else { n * c }),
                    (pool::global_average_backward(&gates, places.min(40), channels), n * places.min(40) * c),
                ]
            }
        }
    });
}

#[test]
fn norms() {
    check(300, |draw| {
        let (n, places, groups, own) = (draw.size(), draw.size(), draw.some(), draw.pick(&[0, 1, 2, 3]));
        let c = groups * own;
        let (x, dy, y) = (draw.values(n * places * c), draw.values(n * places * c), draw.values(n * places * c));
        let [gamma, beta, mean, inverse] = [(); 4].map(|()| draw.values(c));
        let len = n * places * c;
        match draw.below(5) {
            0 => {
                let added = draw.below(2) == 0;
                let after = if added { After::Relu } else { draw.pick(&[After::Nothing, After::Silu, After::HardSwish]) };
                let norm = Norm { mean: &mean, inverse: &inverse, gamma: &gamma, beta: &beta, own: draw.below(2) == 0, after };
                let got = batch_norm::backward(&x, added.then_some(&y), &dy, &norm);
                let result = batch_norm::forward(&x, added.then_some(&y), &norm);
                let dresidual = got.dresidual.unwrap_or_default();
                // The mean of nothing is not asked for: there is no value that it would go to.
                vec![(result, len), (got.dx, len), (dresidual, if added { len } else { 0 }), (got.dgamma, c), (got.dbeta, c)]
            }
            1 => {
                let [places, groups] = [places, groups].map(|size| draw.about_or_vast(size));
                let norm = GroupNorm { places, groups, gamma: &gamma, beta: &beta, eps: 1e-3 };
                let (y, moments) = norm.forward(&x);
                let got = norm.backward(&x, &moments, &dy);
                vec![(y, len), (got.dx, len), (got.dgamma, c), (got.dbeta, c)]
            }
            2 => {
                let (dx, dgamma, dbeta) = layer_norm::backward(&x, &gamma, &dy, 1e-3);
                vec![(layer_norm::forward(&x, &gamma, &beta, 1e-3), len), (dx, len), (dgamma, c), (dbeta, c)]
            }
            3 => {
                let norm = ResponseNorm { places: draw.about_or_vast(places), gamma: &gamma, beta: &beta, eps: 1e-3 };
                let (y, norms) = norm.forward(&x);
                let got = norm.backward(&x, &norms, &dy);
                vec![(y, len), (got.dx, len), (got.dgamma, c), (got.dbeta, c)]
            }
            _ => {
                let columns = draw.about_or_vast(c);
                let y = softmax::forward(&x, columns);
                let statistics = batch_norm::statistics(&x, columns.min(100));
                let mean = if x.is_empty() { Vec::new() } else { statistics.mean };
                vec![(softmax::backward(&y, &dy, columns), len), (y, len), (mean, if len == 0 { 0 } else { c })]
            }
        }
    });
}

#[test]
fn attentions() {
    check(200, |draw| {
        let (n, queries, heads, d) = (draw.pick(&[0, 1, 2]), draw.size(), draw.pick(&[0, 1, 2, 3]), draw.size());
        let keys = if draw.below(2) == 0 { queries } else { draw.some() };
        let bias = draw.values(heads * queries * keys);
        let [n_, queries_, keys_, heads_, d_] = [n, queries, keys, heads, d].map(|size| draw.about_or_vast(size));
        let bias = (draw.below(2) == 0 && heads > 0).then_some(&bias[..]);
        let several = [0, draw.about(0) as u32];
        let turns = if draw.below(2) == 0 { &several[..] } else { &[] };
        let sizes = Attention { n: n_, queries: queries_, keys: keys_, heads: heads_, d: d_, scale: 0.3, bias, turns };
        let (dy, log_sums) = (draw.values(n * queries * heads * d), draw.values(n * queries * heads));
        // Where heads have no channels any number of logarithms would do.
        if d_ == 0 && [n_, queries_, heads_].into_iter().any(|size| size > 100) {
            return Vec::new();
        }
        let dbias_len = bias.map_or(0, <[f32]>::len);
        if keys == queries && draw.below(2) == 0 {
            let qkv = draw.values(n * queries * 3 * heads * d);
            let got = sizes.forward_packed(&qkv);
            let back = sizes.backward_packed(&qkv, if draw.fits { &got.log_sums } else { &log_sums }, &dy, true);
            return vec![(got.y, dy.len()), (back.dqkv, qkv.len()), (back.dbias.unwrap_or_default(), dbias_len)];
        }
        let (q, k, v) = (draw.values(n * queries * heads * d), draw.values(n * keys * heads * d), draw.values(n * keys * heads * d));
        let got = sizes.forward([&q, &k, &v]);
        let back = sizes.backward([&q, &k, &v], if draw.fits { &got.log_sums } else { &log_sums }, &dy, true);
        vec![(got.y, dy.len()), (back.dq, q.len()), (back.dk, k.len()), (back.dv, v.len()), (back.dbias.unwrap_or_default(), dbias_len)]
    });
}

#[test]
fn queries_and_keys() {
    check(200, |draw| {
        let (n, prefix, places) = (draw.pick(&[0, 1, 2]), draw.pick(&[0, 1, 5]), draw.size());
        let (heads, pairs) = (draw.pick(&[0, 1, 3]), draw.size());
        let len = n * (prefix + places) * 3 * heads * 2 * pairs;
        let (x, dy) = (draw.values(len), draw.values(len));
        let [tokens, prefix_, heads_, d] = [prefix + places, prefix, heads, 2 * pairs].map(|size| draw.about_or_vast(size));
        match draw.below(3) {
            0 => {
                let (cos, sin) = (draw.values(places * pairs), draw.values(places * pairs));
                let rotary = Rotary { tokens, prefix: prefix_, heads: heads_, d, halves: draw.below(2) == 0, cos: &cos, sin: &sin };
                vec![(rotary.forward(&x), len), (rotary.backward(&dy), len)]
            }
            1 => {
                let scales = draw.values(heads);
                let cosine = Cosine { d, scales: &scales };
                let (dx, dscales) = cosine.backward(&x, &dy);
                vec![(cosine.forward(&x), len), (dx, len), (dscales, heads)]
            }
            _ => {
                let half = draw.values(len / 2);
                vec![(swiglu::forward(&x, d / 2), len / 2), (swiglu::backward(&x, &half, d / 2), len)]
            }
        }
    });
}

#[test]
fn products() {
    check(300, |draw| {
        let (rows, depth, columns) = (draw.size(), draw.size(), draw.size());
        let (x, w, mut y) = (draw.values(rows * depth), draw.values(depth * columns), draw.values(rows * columns));
        let (rows, inner) = (draw.about(rows), draw.about(depth));
        let [outer, left_row, right_row, step, row] = [columns, depth, columns, 1, columns].map(|size| draw.about_or_vast(size));
        let (left, right) = (Left { x: &x, row: left_row, step }, Right { x: &w, row: right_row });
        product(Size { rows, depth: inner, columns: outer }, left, right, &mut y, row, draw.below(2) == 0);
        let len = y.len();
        vec![(y.into(), len)]
    });
}

#[test]
fn products_of_bfloat16() {
    check(300, |draw| {
        if !bf16::is_fast(simd::forced::isa().unwrap()) {
            return Vec::new();
        }
        let [rows, depth, columns] = [(); 3].map(|()| draw.some());
        let (x, w, bias) = (draw.values(rows * depth), draw.values(depth * columns), draw.values(columns));
        let [y_rows, inner, met, y_columns] = [rows, depth, depth, columns].map(|size| draw.about_or_vast(size));
        let left = Matrix { values: &x, rows: y_rows, columns: inner, turned: draw.below(2) == 0 };
        let right = Matrix { values: &w, rows: met, columns: y_columns, turned: draw.below(2) == 0 };
        vec![(bf16::product(left, right, (draw.below(2) == 0).then_some(&bias)), rows * columns)]
    });
}

#[test]
fn tables() {
    check(200, |draw| {
        let (entries, c, count) = (draw.some(), draw.size(), draw.size());
        let numbers: Box<[u32]> = (0..draw.about(count)).map(|_| draw.below(entries) as u32).collect();
        let (table, dy) = (draw.values(entries * c), draw.values(count * c));
        let [columns, rows] = [c, entries].map(|size| draw.about_or_vast(size));
        // Where rows have no values there may be any number of them.
        let (rows, columns) = (rows.min(100), if numbers.is_empty() { columns.min(100) } else { columns });
        match draw.below(3) {
            0 => vec![
                (embedding::gather(&table, columns, &numbers), count * c),
                (embedding::scatter(&dy, columns, &numbers, rows), entries * c),
            ],
            1 => vec![
                (embedding::relative_bias(&table, columns, &numbers), count * c),
                (embedding::relative_bias_gradient(&dy, columns, &numbers, rows), entries * c),
            ],
            _ => {
                let n = draw.size();
                let x = draw.values(n * entries * c);
                let len = draw.about(table.len());
                vec![(embedding::add_positions(&x, &table), n * entries * c), (embedding::position_gradient(&x, len), entries * c)]
            }
        }
    });
}

#[test]
fn losses_of_values() {
    check(200, |draw| {
        let (n, classes) = (draw.size(), draw.size());
        let (x, t, weights) = (draw.values(n * classes), draw.values(n * classes), draw.values(classes));
        let len = n * classes;
        let (weights, each) = ((draw.below(2) == 0).then_some(&weights[..]), draw.values(len));
        let columns = draw.about_or_vast(classes);
        match draw.below(4) {
            0 => {
                let settings = Binary { weights: (draw.below(2) == 0).then_some(&each), positives: weights };
                vec![(losses::binary_cross_entropy(&x, &t, &settings).gradient, len)]
            }
            1 => {
                let rows = if classes == 0 { 0 } else { n };
                let (rows, end) = (draw.about(rows), draw.about(classes).max(1));
                let targets: Box<[u32]> = (0..rows).map(|_| draw.below(end) as u32).collect();
                let settings = CrossEntropy { weights: None, smoothing: 0.1 };
                vec![(losses::cross_entropy(&x, columns, Targets::Classes(&targets), &settings).gradient, len)]
            }
            2 => {
                let settings = CrossEntropy { weights, smoothing: 0.0 };
                vec![(losses::cross_entropy(&x, columns, Targets::Shares(&t), &settings).gradient, len)]
            }
            _ => {
                let groups = draw.about_or_vast(n);
                vec![(losses::dice(&x, &t, groups, columns, 1.0).gradient, len)]
            }
        }
    });
}

#[test]
fn steps() {
    check(100, |draw| {
        let len = draw.size() * draw.size() * draw.size();
        let [mut values, gradient, mut mean, mut square] = [(); 4].map(|()| draw.values(len));
        square.iter_mut().for_each(|x| *x *= *x);
        match draw.below(3) {
            0 => {
                let rule = AdamW { rate: 0.1, beta1: 0.9, beta2: 0.99, eps: 1e-3, weight_decay: 0.1, scale: 1.0 };
                let step = draw.about(1) as u64;
                let (mean, square) = (&mut mean, &mut square);
                optimiser::adamw(&mut [AdamWParameter { rule, step, values: &mut values, gradient: &gradient, mean, square }]);
            }
            1 => {
                let rule = Sgd { rate: 0.1, momentum: 0.9, nesterov: true, weight_decay: 0.1, scale: 1.0 };
                optimiser::sgd(&mut [SgdParameter { rule, values: &mut values, gradient: &gradient, velocity: &mut mean }]);
            }
            _ => optimiser::average(0.1, &mut [Averaged { average: &mut values, values: &gradient }]),
        }
        assert!(optimiser::sum_of_squares(&[&values, &gradient]).is_finite());
        vec![(values.into(), len)]
    });
}
