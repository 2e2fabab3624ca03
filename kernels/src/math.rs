//! Exponential and its relatives in vector registers.
//!
//! Largest relative errors measured against f64: [`exp`] 9e-8, [`sigmoid`] 1.4e-7. Absolute ones: [`normal`] 2e-7 and
//! [`normal_slope`] 4e-7, as PyTorch's by way of the error function.

use pulp::Simd;

use super::lanes::F32s;

/// `polynomial[0] * x^n + polynomial[1] * x^(n - 1) + ...`.
#[inline(always)]
fn horner<S: Simd, const N: usize>(x: F32s<S>, polynomial: [f32; N]) -> F32s<S> {
    let mut value = x.like(polynomial[0]);
    for &coefficient in &polynomial[1..] {
        value = value.mul_add(x, x.like(coefficient));
    }
    value
}

/// The nearest whole number of a value below 2^22.
#[inline(always)]
fn round<S: Simd>(x: F32s<S>) -> F32s<S> {
    // 1.5 * 2^23: at this size f32 has no places behind the point.
    let large = x.like(12_582_912.0);
    (x + large) - large
}

/// `e^x`: 0 far below and infinity far above, NaN for NaN.
#[inline(always)]
pub fn exp<S: Simd>(x: F32s<S>) -> F32s<S> {
    // Beyond these the result is 0 or infinity anyway, and the exponents below stay in range.
    let x = x.at_most(89.0).at_least(-104.0);
    let n = round(x * x.like(std::f32::consts::LOG2_E));
    // ln 2 in two parts, the first with few enough bits for n times it to be exact.
    let r = n.mul_add(x.like(-0.693_359_4), x);
    let r = n.mul_add(x.like(2.121_944_4e-4), r);
    // (e^r - 1 - r) / r^2 on [-ln 2 / 2, ln 2 / 2], by Chebyshev interpolation; its error is 7e-8.
    let p = horner(r, [0.001_392_620_3, 0.008_363_195, 0.041_666_555, 0.166_665_77, 0.5]);
    let p = p.mul_add(r * r, r) + x.like(1.0);
    // Two factors, since 2^n itself may lie outside f32 where the result does not.
    let half = round(n * x.like(0.5));
    p * half.power_of_two() * (n - half).power_of_two()
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub fn sigmoid<S: Simd>(x: F32s<S>) -> F32s<S> {
    x.like(1.0) / (x.like(1.0) + exp(-x))
}

/// `ln(1 + e^-|x|)`, by the series of the inverse hyperbolic tangent; its relative error is 3e-7.
#[inline(always)]
pub fn log_one_plus_exp<S: Simd>(x: F32s<S>) -> F32s<S> {
    let e = exp(-x.abs());
    let s = e / (e + x.like(2.0));
    let series = horner(s * s, [2.0 / 15.0, 2.0 / 13.0, 2.0 / 11.0, 2.0 / 9.0, 2.0 / 7.0, 2.0 / 5.0, 2.0 / 3.0, 2.0]);
    s * series
}

/// `1/2 + x p(x^2) / q(x^2)` between `-end` and `end`, 0 below and 1 above: a function that rises from 0 to 1, of which `x -> -x`
/// makes what is left of 1. Coefficients are those of the highest power first.
#[inline(always)]
fn step<S: Simd, const N: usize>(x: F32s<S>, p: [f32; N], q: [f32; N], end: f32) -> F32s<S> {
    let square = x * x;
    let inside = (x * horner(square, p)) / horner(square, q) + x.like(0.5);
    let above = x.like(end).lt(x).select(x.like(1.0), inside);
    x.lt(x.like(-end)).select(x.like(0.0), above)
}

/// The normal distribution function; its error is 2e-7, which is also what rounding 1/2 plus something costs.
#[inline(always)]
pub fn normal<S: Simd>(x: F32s<S>) -> F32s<S> {
    // By weighted least squares, reweighted towards the smallest largest error, which is 7e-9.
    let p = [2.274_942_5e-8, 6.352_12e-6, 1.688_256e-4, 4.677_260_3e-3, 3.385_263_7e-2, 0.398_942_23];
    let q = [1.197_505_9e-6, 7.364_75e-5, 1.884_444_4e-3, 2.864_586_6e-2, 0.251_521_9, 1.0];
    step(x, p, q, 5.5)
}

/// The slope of `x` times the normal distribution function, which is `normal(x) + x density(x)`; its error is 4e-7.
#[inline(always)]
pub fn normal_slope<S: Simd>(x: F32s<S>) -> F32s<S> {
    // As above; the largest error is 1.4e-7.
    let p = [1.909_325e-7, 3.584_947_6e-5, 2.392_816_5e-5, 0.014_210_121, -0.030_757_396, 0.797_884_64];
    let q = [8.888_739e-6, 1.934_140_2e-4, 0.003_528_472_7, 0.041_059_498, 0.294_788_75, 1.0];
    step(x, p, q, 6.0)
}

#[cfg(test)]
mod tests {
    use super::super::map::{Map, map};
    use super::super::simd::forced;
    use super::super::testing;
    use super::*;

    macro_rules! function {
        ($name:ident, $function:expr) => {
            #[derive(Clone, Copy)]
            struct $name;
            impl Map<0, 1, 1> for $name {
                #[inline(always)]
                fn of<S: Simd>(self, _: S, []: [F32s<S>; 0], [x]: [F32s<S>; 1]) -> [F32s<S>; 1] {
                    [$function(x)]
                }
            }
        };
    }
    function!(Exp, exp);
    function!(Sigmoid, sigmoid);
    function!(Below, normal);
    function!(Slope, normal_slope);
    function!(LogOnePlusExp, log_one_plus_exp);

    /// Largest relative error over values from `low` to `high`.
    fn worst(f: impl Map<0, 1, 1>, low: f32, high: f32, exact: impl Fn(f64) -> f64) -> f64 {
        largest(f, low, high, |x, y| y / exact(x) - 1.0)
    }

    fn worst_absolute(f: impl Map<0, 1, 1>, low: f32, high: f32, exact: impl Fn(f64) -> f64) -> f64 {
        largest(f, low, high, |x, y| y - exact(x))
    }

    fn largest(f: impl Map<0, 1, 1>, low: f32, high: f32, error: impl Fn(f64, f64) -> f64) -> f64 {
        let x: Vec<f32> = (0..200_001).map(|i| low + (high - low) * i as f32 / 200_000.0).collect();
        let [y] = map(f, [&x]);
        x.iter().zip(&y).map(|(&x, &y)| error(x.into(), y.into()).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn errors_are_as_promised() {
        let density = |x: f64| (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
        forced::each(|isa| {
            let limits = [
                (worst(Exp, -87.0, 88.7, f64::exp), 1.3e-7),
                (worst(Sigmoid, -80.0, 80.0, |x| 1.0 / (1.0 + (-x).exp())), 2.4e-7),
                (worst(LogOnePlusExp, -40.0, 40.0, |x| (-x.abs()).exp().ln_1p()), 5e-7),
                (worst_absolute(Below, -8.0, 8.0, testing::normal_below), 2.5e-7),
                (worst_absolute(Slope, -8.0, 8.0, |x| testing::normal_below(x) + x * density(x)), 5e-7),
            ];
            assert!(limits.iter().all(|(error, limit)| error < limit), "{isa:?} {limits:?}");
        });
    }

    #[test]
    fn ends_are_exact() {
        forced::each(|isa| {
            let [y] = map(Exp, [&[f32::NEG_INFINITY, -200.0, -103.0, 0.0, 88.72, 88.73, 1e9, f32::INFINITY, f32::NAN]]);
            assert_eq!(y[..2], [0.0, 0.0], "{isa:?}");
            assert!(y[2] > 0.0 && y[3] == 1.0 && y[4].is_finite(), "{isa:?} {y:?}");
            assert_eq!(y[5..8], [f32::INFINITY; 3], "{isa:?}");
            assert!(y[8].is_nan(), "{isa:?}");
            let [y] = map(Sigmoid, [&[f32::NEG_INFINITY, 0.0, f32::INFINITY, f32::NAN]]);
            assert_eq!(y[..3], [0.0, 0.5, 1.0], "{isa:?}");
            assert!(y[3].is_nan(), "{isa:?}");
        });
    }
}
