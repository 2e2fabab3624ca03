//! What the kernels' tests share: values, comparisons, slow references.

#[cfg(unix)]
mod guarded;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::simd::{Isa, forced};

/// Runs `test` on `cases` draws of `sizes` for every instruction set.
pub fn each<T: Strategy>(cases: u32, sizes: T, test: impl Fn(Isa, T::Value)) {
    forced::each(|isa| {
        let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
        let run = TestRunner::new(config).run(&sizes, |sizes| {
            test(isa, sizes);
            Ok(())
        });
        run.unwrap_or_else(|failure| panic!("{isa:?}: {failure}"));
    });
}

/// Values between about -2 and 2, different for each `salt`.
pub fn values(len: usize, salt: u64) -> Vec<f32> {
    let mut state = salt.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    (0..len).map(|_| 2.0 * (next() + next())).collect()
}

/// The same values in f64.
pub fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&x| f64::from(x)).collect()
}

/// Asserts that values agree: to `tolerance`, of the largest expected one where that is above 1.
#[track_caller]
pub fn close(what: &str, got: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1f64, |scale, &x| if x.is_finite() { scale.max(x.abs()) } else { scale });
    for (i, (&got, &expected)) in got.iter().zip(expected).enumerate() {
        let same = f64::from(got) == expected || (got.is_nan() && expected.is_nan());
        assert!(same || (f64::from(got) - expected).abs() <= tolerance * scale, "{what}[{i}]: {got} is not {expected}");
    }
}

/// Asserts that `f` gives the same bits on one, two and three threads.
#[track_caller]
pub fn same_for_any_threads(f: impl Fn() -> Vec<Vec<f32>> + Sync) {
    let bits = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| f().concat().into_iter().map(f32::to_bits).collect::<Vec<_>>())
    };
    let one = bits(1);
    assert!(one == bits(2) && one == bits(3));
}

/// `sum over i of f(x)[i] * dy[i]` differentiated by each of `x`, by central differences.
pub fn slopes(x: &[f64], dy: &[f32], f: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    let loss = |x: &[f64]| f(x).iter().zip(dy).map(|(y, &dy)| y * f64::from(dy)).sum::<f64>();
    let step = 1e-5;
    (0..x.len())
        .map(|i| {
            let moved = |by: f64| {
                let mut x = x.to_vec();
                x[i] += by;
                loss(&x)
            };
            (moved(step) - moved(-step)) / (2.0 * step)
        })
        .collect()
}

/// The normal distribution function, by its series near zero and its continued fraction in the tail.
pub fn normal_below(x: f64) -> f64 {
    let density = (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
    if x.abs() < 3.0 {
        let mut term = x;
        let mut sum = x;
        for n in 1..200 {
            term *= x * x / f64::from(2 * n + 1);
            sum += term;
        }
        return 0.5 + density * sum;
    }
    let fraction = (1..200).rev().fold(x.abs(), |fraction, n| x.abs() + f64::from(n) / fraction);
    let tail = density / fraction;
    if x < 0.0 { tail } else { 1.0 - tail }
}
