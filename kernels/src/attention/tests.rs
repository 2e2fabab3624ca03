//! Against the definition in f64, its gradients by differences.

use super::super::testing::{close, each, same_for_any_threads, slopes, values, wide};
use super::*;

/// The definition; `x` is queries, keys, values and bias.
fn exact(a: &Attention, [q, k, v, bias]: [&[f64]; 4]) -> Vec<f64> {
    let place = |tokens: usize, image: usize, token: usize, head: usize| ((image * tokens + token) * a.heads + head) * a.d;
    let mut y = vec![0.0; q.len()];
    for (image, head, i) in (0..a.n * a.heads * a.queries).map(|p| (p / a.queries / a.heads, p / a.queries % a.heads, p % a.queries)) {
        let query = place(a.queries, image, i, head);
        let score = |j: usize| {
            let key = place(a.keys, image, j, head);
            let product: f64 = (0..a.d).map(|c| q[query + c] * k[key + c]).sum();
            let bias_head = if bias.len() == a.queries * a.keys { 0 } else { head };
            product * f64::from(a.scale) + if bias.is_empty() { 0.0 } else { bias[(bias_head * a.queries + i) * a.keys + j] }
        };
        let e: Vec<f64> = (0..a.keys).map(|j| score(j).exp()).collect();
        let sum: f64 = e.iter().sum();
        for (j, e) in e.iter().enumerate() {
            let value = place(a.keys, image, j, head);
            (0..a.d).for_each(|c| y[query + c] += e / sum * v[value + c]);
        }
    }
    y
}

/// `[n, tokens, channels]` of each, side by side.
fn packed(parts: [&[f32]; 3], channels: usize) -> Vec<f32> {
    let rows = parts[0].len() / channels;
    (0..rows).flat_map(|row| parts.into_iter().flat_map(move |part| part[row * channels..][..channels].iter().copied())).collect()
}

#[test]
fn both_passes_are_the_definition() {
    let sizes = (1usize..3, 1usize..9, 1usize..9, 1usize..3, 1usize..20, 0usize..3);
    each(30, sizes, |isa, (n, queries, keys, heads, d, case)| {
        let (q, k, v) = (values(n * queries * heads * d, 1), values(n * keys * heads * d, 2), values(n * keys * heads * d, 3));
        let bias = values([0, queries * keys, heads * queries * keys][case], 4);
        let a = Attention { n, queries, keys, heads, d, scale: 0.4, bias: (case > 0).then_some(&bias[..]), turns: &[] };
        let Attended { y, log_sums } = a.forward([&q, &k, &v]);
        let [q64, k64, v64, b64] = [&q, &k, &v, &bias].map(|x| wide(x));
        close(&format!("{isa:?} y"), &y, &exact(&a, [&q64, &k64, &v64, &b64]), 3e-6);
        let dy = values(y.len(), 5);
        let got = a.backward([&q, &k, &v], &log_sums, &dy, true);
        close(&format!("{isa:?} dq"), &got.dq, &slopes(&q64, &dy, |q| exact(&a, [q, &k64, &v64, &b64])), 1e-5);
        close(&format!("{isa:?} dk"), &got.dk, &slopes(&k64, &dy, |k| exact(&a, [&q64, k, &v64, &b64])), 1e-5);
        close(&format!("{isa:?} dv"), &got.dv, &slopes(&v64, &dy, |v| exact(&a, [&q64, &k64, v, &b64])), 1e-5);
        close(&format!("{isa:?} dbias"), &got.dbias.unwrap_or_default(), &slopes(&b64, &dy, |b| exact(&a, [&q64, &k64, &v64, b])), 1e-5);
    });
}

#[test]
fn packed_is_separate() {
    each(30, (1usize..20, 1usize..260, 1usize..4, 1usize..70), |isa, (n, tokens, heads, d)| {
        let n = n.min(3000 / tokens / heads + 1);
        let [q, k, v, dy] = [1, 2, 3, 4].map(|salt| values(n * tokens * heads * d, salt));
        let bias = values(tokens * tokens, 5);
        let a = Attention { n, queries: tokens, keys: tokens, heads, d, scale: 0.2, bias: Some(&bias), turns: &[] };
        let (apart, qkv) = (a.forward([&q, &k, &v]), packed([&q, &k, &v], heads * d));
        assert!(a.forward_packed(&qkv) == apart, "{isa:?}");
        let y = exact(&a, [&q, &k, &v, &bias].map(|x| wide(x)).each_ref().map(|x| &x[..]));
        close(&format!("{isa:?} y"), &apart.y, &y, 5e-6);
        let got = a.backward([&q, &k, &v], &apart.log_sums, &dy, true);
        let together = a.backward_packed(&qkv, &apart.log_sums, &dy, true);
        assert!(together.dqkv == packed([&got.dq, &got.dk, &got.dv], heads * d) && together.dbias == got.dbias, "{isa:?}");
    });
}

#[test]
fn images_take_biases_in_turn() {
    each(20, (1usize..7, 1usize..9, 1usize..3, 1usize..20), |isa, (n, tokens, heads, d)| {
        let [qkv, dy] = [(3, 1), (1, 2)].map(|(parts, salt)| values(n * tokens * parts * heads * d, salt));
        let one = heads * tokens * tokens;
        let (bias, turns) = (values(2 * one, 3), [0, 1, 1]);
        let a = Attention { n, queries: tokens, keys: tokens, heads, d, scale: 0.3, bias: Some(&bias), turns: &turns };
        let (got, mut dbias) = (a.forward_packed(&qkv), vec![0.0; 2 * one]);
        let back = a.backward_packed(&qkv, &got.log_sums, &dy, true);
        for image in 0..n {
            let part = |x: &[f32]| x[image * x.len() / n..(image + 1) * x.len() / n].to_vec();
            let turn = turns[image % 3] as usize;
            let alone = Attention { n: 1, bias: Some(&bias[turn * one..][..one]), turns: &[], ..a };
            let y = alone.forward_packed(&part(&qkv));
            assert!(y.y == part(&got.y) && y.log_sums == part(&got.log_sums), "{isa:?}");
            let expected = alone.backward_packed(&part(&qkv), &y.log_sums, &part(&dy), true);
            assert!(expected.dqkv == part(&back.dqkv), "{isa:?}");
            dbias[turn * one..].iter_mut().zip(expected.dbias.unwrap()).for_each(|(sum, d)| *sum += f64::from(d));
        }
        close(&format!("{isa:?}"), &back.dbias.unwrap(), &dbias, 1e-5);
    });
}

#[test]
fn ends_are_those_of_pytorch() {
    let (inf, nan) = (f32::INFINITY, f32::NAN);
    each(1, 0usize..1, |isa, _| {
        let (q, k, v) = (values(3 * 4, 1), values(5 * 4, 2), values(5 * 4, 3));
        let mut bias = [0.0; 15];
        bias[5..10].fill(-inf);
        bias[10] = inf;
        let a = Attention { n: 1, queries: 3, keys: 5, heads: 1, d: 4, scale: 0.5, bias: Some(&bias), turns: &[] };
        let Attended { y, log_sums } = a.forward([&q, &k, &v]);
        assert!(y[..4].iter().all(|y| y.is_finite()), "{isa:?}");
        assert!(y[4..8] == [0.0; 4] && y[8..].iter().all(|y| y.is_nan()), "{isa:?} {y:?}");
        let masked = Attention { queries: 2, bias: Some(&bias[..10]), ..a };
        let got = masked.backward([&q[..8], &k, &v], &log_sums[..2], &values(8, 4), true);
        assert_eq!(got.dq[4..], [0.0; 4], "{isa:?}");
        assert!([&got.dk, &got.dv].iter().all(|d| d.iter().all(|d| d.is_finite())) && got.dbias.unwrap()[5..] == [0.0; 5], "{isa:?}");
        let mut q = q;
        q[5] = nan;
        let y = Attention { bias: None, ..a }.forward([&q, &k, &v]).y;
        assert!((0..3).all(|i| y[i * 4].is_nan() == (i == 1)), "{isa:?}");
    });
}

#[test]
fn nothing_gives_nothing() {
    let a = Attention { n: 0, queries: 3, keys: 3, heads: 2, d: 4, scale: 1.0, bias: Some(&[0.0; 9]), turns: &[] };
    assert!(a.forward_packed(&[]).y.is_empty());
    let got = a.backward_packed(&[], &[], &[], true);
    assert!(got.dqkv.is_empty() && got.dbias == Some(vec![0.0; 9]));
    let a = Attention { n: 2, queries: 0, keys: 3, d: 1, bias: None, ..a };
    let (k, v) = ([1.0; 12], [1.0; 12]);
    let got = a.backward([&[], &k, &v], &[], &[], false);
    assert!(a.forward([&[], &k, &v]).y.is_empty() && got.dq.is_empty() && got.dk == [0.0; 12]);
}

#[test]
fn threads_do_not_change_bits() {
    let (qkv, dy, bias) = (values(5 * 197 * 3 * 128, 1), values(5 * 197 * 128, 2), values(2 * 197 * 197, 3));
    each(1, 0usize..1, |_, _| {
        same_for_any_threads(|| {
            let a = Attention { n: 5, queries: 197, keys: 197, heads: 2, d: 64, scale: 0.125, bias: Some(&bias), turns: &[] };
            let Attended { y, log_sums } = a.forward_packed(&qkv);
            let got = a.backward_packed(&qkv, &log_sums, &dy, true);
            vec![y, log_sums, got.dqkv, got.dbias.unwrap()]
        });
    });
}
