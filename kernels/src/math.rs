//! Exponential and its relatives in vector registers.
//!
//! Largest relative errors measured against f64: [`exp`] 9e-8, [`sigmoid`] 1.4e-7, [`normal`]'s distribution function and [`gelu`]
//! 6e-7 above -1 and 2.2e-6 down to -9 (where the share is 1e-19), the density 1.1e-6 between -6 and 6.

use pulp::Simd;

use super::lanes::F32s;
use super::simd::is_fused;

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

/// Beyond this distance from 0 the normal distribution has next to nothing: what is worked out at it are still normal numbers of f32,
/// which processors are fastest with.
const FAR: f32 = 12.5;

/// `e^(-a^2 / 2)` and the normal distribution's share above `a`, for `a` of 0 or more; both stay as they are beyond [`FAR`].
#[inline(always)]
fn bell_and_tail<S: Simd>(a: F32s<S>) -> (F32s<S>, F32s<S>) {
    const TWICE_LN_2: f32 = 2.0 * std::f32::consts::LN_2;
    let square = (a * a).at_most(FAR * FAR);
    // a^2 is n times 2 ln 2 and a rest in [-ln 2, ln 2]; the whole number n lies in the lowest bits of n + 1.5 * 2^23.
    let large = a.like(12_582_912.0);
    let shifted = square.mul_add(a.like(0.5 * std::f32::consts::LOG2_E), large);
    let n = shifted - large;
    let rest = if is_fused::<S>() {
        n.mul_add(a.like(-TWICE_LN_2), square)
    } else {
        // In two parts, as in `exp`, for a product that is rounded.
        n * a.like(2.0 * 2.121_944_4e-4) + (n * a.like(2.0 * -0.693_359_4) + square)
    };
    // e^(-rest / 2) and, below, a share over its bell and t = 1 / (1 + 0.3 a): the polynomials of least relative error, 9e-8 and 1.2e-7.
    let fraction = horner(rest, [-0.000_259_072_3, 0.002_618_620_9, -0.020_834_545, 0.124_997_87, -0.499_999_85, 1.0]);
    let bell = fraction.halved(shifted);
    let t = a.like(1.0) / a.mul_add(a.like(0.3), a.like(1.0));
    let shares = [0.036_089_055, -0.158_934_57, 0.209_347_72, -0.056_451_223, 0.130_033_17, 0.099_464_91, 0.120_826_34, 0.119_624_54];
    (bell, bell * t * horner(t, shares))
}

/// The normal distribution's distribution function and density at `x`.
#[inline(always)]
pub fn normal<S: Simd>(x: F32s<S>) -> (F32s<S>, F32s<S>) {
    let distance = x.abs();
    let (bell, tail) = bell_and_tail(distance);
    // Nothing, so that its product with an infinite `x` is no number, as it is in PyTorch.
    let bell = distance.lt(x.like(FAR)).select(bell, x.like(0.0));
    let below = x.lt(x.like(0.0)).select(tail, x.like(1.0) - tail);
    (below, bell * x.like(0.398_942_3))
}

/// `x` times the normal distribution's share below it.
#[inline(always)]
pub fn gelu<S: Simd>(x: F32s<S>) -> F32s<S> {
    // max(x, 0), less what is beyond x on its side of the distribution; that stays a number at infinity and is none at the other end.
    let distance = x.at_most(FAR).abs();
    distance.mul_add(-bell_and_tail(distance).1, x.at_least(0.0))
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
    function!(Gelu, gelu);
    function!(Below, |x| normal(x).0);
    function!(LogOnePlusExp, log_one_plus_exp);
    function!(Density, |x| normal(x).1);

    /// Largest relative error over values from `low` to `high`.
    fn worst(f: impl Map<0, 1, 1>, low: f32, high: f32, exact: impl Fn(f64) -> f64) -> f64 {
        let x: Vec<f32> = (0..200_001).map(|i| low + (high - low) * i as f32 / 200_000.0).collect();
        let [y] = map(f, [&x]);
        let errors = x.iter().zip(&y).map(|(&x, &y)| (f64::from(y) / exact(f64::from(x)) - 1.0).abs());
        errors.fold(0.0, f64::max)
    }

    #[test]
    fn errors_are_as_promised() {
        let density = |x: f64| (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
        forced::each(|isa| {
            let limits = [
                (worst(Exp, -87.0, 88.7, f64::exp), 1.3e-7),
                (worst(Sigmoid, -80.0, 80.0, |x| 1.0 / (1.0 + (-x).exp())), 2.4e-7),
                (worst(LogOnePlusExp, -40.0, 40.0, |x| (-x.abs()).exp().ln_1p()), 5e-7),
                (worst(Below, -1.0, 8.0, testing::normal_below), 6e-7),
                (worst(Below, -9.0, -1.0, testing::normal_below), 4e-6),
                (worst(Gelu, 1e-30, 9.0, |x| x * testing::normal_below(x)), 6e-7),
                (worst(Gelu, -1.0, -1e-30, |x| x * testing::normal_below(x)), 8e-7),
                (worst(Gelu, -9.0, -1.0, |x| x * testing::normal_below(x)), 4e-6),
                (worst(Density, -6.0, 6.0, density), 2e-6),
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
