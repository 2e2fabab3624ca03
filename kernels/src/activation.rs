//! Functions of one value, with PyTorch's gradients, also at the corners: both of a corner's sides as PyTorch takes them, and
//! NaN stays NaN.

mod light;

use pulp::{Simd, WithSimd};

pub(crate) use light::{Light, with_light};

use super::lanes::{Columns, F32s, Lanes, Width};
use super::map::{Map, map};
use super::math::{exp, gelu, normal, sigmoid};

/// Which function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `max(x, 0)`; the gradient at 0 is 0.
    Relu,
    /// `min(max(x, 0), 6)`; the gradient at 0, at 6 and at NaN is 0.
    Relu6,
    /// `1 / (1 + e^-x)`.
    Sigmoid,
    /// `min(max(x + 3, 0), 6) / 6`; the gradient at -3, at 3 and at NaN is 0.
    HardSigmoid,
    /// `x * sigmoid(x)`.
    Silu,
    /// `x * hard_sigmoid(x)`; the gradient at -3 is 0 and at 3 it is 1.
    HardSwish,
    /// `x` times the normal distribution function.
    Gelu,
    /// PyTorch's `approximate="tanh"`: `x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))`.
    GeluTanh,
}

impl Activation {
    /// Whether [`backward`] wants the function's results instead of its arguments.
    pub fn saves_results(self) -> bool {
        matches!(self, Self::Relu | Self::Relu6 | Self::Sigmoid)
    }
}

/// A function of one value and how to get its gradient.
pub trait Function: Copy + Sync {
    /// `f(x)`.
    fn of<S: Simd>(self, x: F32s<S>) -> F32s<S>;
    /// `dy * f'`, from `x`, or from `f(x)` where [`Activation::saves_results`].
    fn gradient<S: Simd>(self, saved: F32s<S>, dy: F32s<S>) -> F32s<S>;
}

/// Runs `$body` with `$function` being the [`Function`] of an [`Activation`].
macro_rules! with_function {
    ($activation:expr, $function:ident => $body:expr) => {
        match $activation {
            Activation::Relu => {
                let $function = Relu;
                $body
            }
            Activation::Relu6 => {
                let $function = Relu6;
                $body
            }
            Activation::Sigmoid => {
                let $function = Sigmoid;
                $body
            }
            Activation::HardSigmoid => {
                let $function = HardSigmoid;
                $body
            }
            Activation::Silu => {
                let $function = Silu;
                $body
            }
            Activation::HardSwish => {
                let $function = HardSwish;
                $body
            }
            Activation::Gelu => {
                let $function = Gelu;
                $body
            }
            Activation::GeluTanh => {
                let $function = GeluTanh;
                $body
            }
        }
    };
}

/// `activation` of every value.
pub fn forward(activation: Activation, x: &[f32]) -> Vec<f32> {
    let [y] = with_function!(activation, f => map(Forward(f), [x]));
    y
}

/// `activation` of every value, in place, to the bit what [`forward`] computes.
#[inline(always)]
pub(crate) fn apply<S: Simd>(simd: S, activation: Activation, y: &mut [f32]) {
    // A function of its own for each activation, and not a choice for each register in all that calls this.
    with_function!(activation, function => simd.vectorize(InPlace { function, y }));
}

struct InPlace<'a, F> {
    function: F,
    y: &'a mut [f32],
}

impl<F: Function> WithSimd for InPlace<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        Width::new(simd, self.y.len()).each(&mut self);
    }
}

impl<S: Simd, F: Function> Columns<S> for InPlace<'_, F> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        lanes.store(self.y, at, self.function.of(lanes.load(self.y, at)));
    }
}

/// Gradients of the arguments from those of the results, and what was saved: see [`Activation::saves_results`].
pub fn backward(activation: Activation, saved: &[f32], dy: &[f32]) -> Vec<f32> {
    let [dx] = with_function!(activation, f => map(Backward(f), [saved, dy]));
    dx
}

#[derive(Clone, Copy)]
struct Forward<F>(F);

impl<F: Function> Map<0, 1, 1> for Forward<F> {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, []: [F32s<S>; 0], [x]: [F32s<S>; 1]) -> [F32s<S>; 1] {
        [self.0.of(x)]
    }
}

#[derive(Clone, Copy)]
struct Backward<F>(F);

impl<F: Function> Map<0, 2, 1> for Backward<F> {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, []: [F32s<S>; 0], [saved, dy]: [F32s<S>; 2]) -> [F32s<S>; 1] {
        [self.0.gradient(saved, dy)]
    }
}

/// `x` itself.
#[derive(Clone, Copy, Debug)]
pub struct Identity;

impl Function for Identity {
    #[inline(always)]
    fn of<S: Simd>(self, x: F32s<S>) -> F32s<S> {
        x
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, _: F32s<S>, dy: F32s<S>) -> F32s<S> {
        dy
    }
}

/// [`Activation::Relu`].
#[derive(Clone, Copy, Debug)]
pub struct Relu;

impl Function for Relu {
    #[inline(always)]
    fn of<S: Simd>(self, x: F32s<S>) -> F32s<S> {
        x.at_least(0.0)
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, saved: F32s<S>, dy: F32s<S>) -> F32s<S> {
        let zero = dy.like(0.0);
        saved.le(zero).select(zero, dy)
    }
}

/// [`Activation::Relu6`].
#[derive(Clone, Copy, Debug)]
pub struct Relu6;

impl Function for Relu6 {
    #[inline(always)]
    fn of<S: Simd>(self, x: F32s<S>) -> F32s<S> {
        x.at_least(0.0).at_most(6.0)
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, saved: F32s<S>, dy: F32s<S>) -> F32s<S> {
        let zero = dy.like(0.0);
        // Both comparisons are false where `saved` is NaN.
        zero.lt(saved).select(saved.lt(dy.like(6.0)).select(dy, zero), zero)
    }
}

#[derive(Clone, Copy)]
struct Sigmoid;

impl Function for Sigmoid {
    #[inline(always)]
    fn of<S: Simd>(self, x: F32s<S>) -> F32s<S> {
        sigmoid(x)
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, saved: F32s<S>, dy: F32s<S>) -> F32s<S> {
        dy * (saved.like(1.0) - saved) * saved
    }
}

#[derive(Clone, Copy)]
struct HardSigmoid;

impl Function for HardSigmoid {
    #[inline(always)]
    fn of<S: Simd>(self, x: F32s<S>) -> F32s<S> {
        (x + x.like(3.0)).at_least(0.0).at_most(6.0) * x.like(1.0 / 6.0)
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, saved: F32s<S>, dy: F32s<S>) -> F32s<S> {
        let zero = dy.like(0.0);
        let rising = saved.lt(saved.like(3.0)).select(dy * dy.like(1.0 / 6.0), zero);
        saved.like(-3.0).lt(saved).select(rising, zero)
    }
}

/// [`Activation::Silu`].
#[derive(Clone, Copy, Debug)]
pub struct Silu;

impl Function for Silu {
    #[inline(always)]
    fn of<S: Simd>(self, x: F32s<S>) -> F32s<S> {
        x / (x.like(1.0) + exp(-x))
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, saved: F32s<S>, dy: F32s<S>) -> F32s<S> {
        let (one, s) = (saved.like(1.0), sigmoid(saved));
        dy * s * (saved * (one - s) + one)
    }
}

/// [`Activation::HardSwish`].
#[derive(Clone, Copy, Debug)]
pub struct HardSwish;

impl Function for HardSwish {
    #[inline(always)]
    fn of<S: Simd>(self, x: F32s<S>) -> F32s<S> {
        x * (x + x.like(3.0)).at_least(0.0).at_most(6.0) * x.like(1.0 / 6.0)
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, saved: F32s<S>, dy: F32s<S>) -> F32s<S> {
        let slope = saved.mul_add(saved.like(1.0 / 3.0), saved.like(0.5));
        let rising = saved.like(3.0).le(saved).select(dy, dy * slope);
        saved.le(saved.like(-3.0)).select(dy.like(0.0), rising)
    }
}

#[derive(Clone, Copy)]
struct Gelu;

impl Function for Gelu {
    #[inline(always)]
    fn of<S: Simd>(self, x: F32s<S>) -> F32s<S> {
        gelu(x)
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, saved: F32s<S>, dy: F32s<S>) -> F32s<S> {
        let (below, density) = normal(saved);
        dy * saved.mul_add(density, below)
    }
}

#[derive(Clone, Copy)]
struct GeluTanh;

impl GeluTanh {
    /// Twice `sqrt(2 / pi)`, for `(1 + tanh(u)) / 2` is the logistic function of `2 u`.
    const TWICE: f32 = 1.595_769_2;
    const CUBIC: f32 = 0.044715;
}

impl Function for GeluTanh {
    #[inline(always)]
    fn of<S: Simd>(self, x: F32s<S>) -> F32s<S> {
        let inner = (x * x).mul_add(x.like(Self::TWICE * Self::CUBIC), x.like(Self::TWICE));
        x * sigmoid(x * inner)
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, saved: F32s<S>, dy: F32s<S>) -> F32s<S> {
        let (one, square) = (saved.like(1.0), saved * saved);
        let inner = square.mul_add(saved.like(Self::TWICE * Self::CUBIC), saved.like(Self::TWICE));
        let slope = square.mul_add(saved.like(3.0 * Self::TWICE * Self::CUBIC), saved.like(Self::TWICE));
        let s = sigmoid(saved * inner);
        dy * s * (saved * (one - s) * slope + one)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{close, each, normal_below, same_for_any_threads, values, wide};
    use super::*;

    const ALL: [Activation; 8] = [
        Activation::Relu,
        Activation::Relu6,
        Activation::Sigmoid,
        Activation::HardSigmoid,
        Activation::Silu,
        Activation::HardSwish,
        Activation::Gelu,
        Activation::GeluTanh,
    ];

    fn exact(activation: Activation, x: f64) -> f64 {
        match activation {
            Activation::Relu => x.max(0.0),
            Activation::Relu6 => x.clamp(0.0, 6.0),
            Activation::Sigmoid => 1.0 / (1.0 + (-x).exp()),
            Activation::HardSigmoid => (x + 3.0).clamp(0.0, 6.0) / 6.0,
            Activation::Silu => x / (1.0 + (-x).exp()),
            Activation::HardSwish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
            Activation::Gelu => x * normal_below(x),
            Activation::GeluTanh => {
                let u = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x * x * x);
                0.5 * x * (1.0 + u.tanh())
            }
        }
    }

    fn saved(activation: Activation, x: &[f32]) -> Vec<f32> {
        if activation.saves_results() { forward(activation, x) } else { x.to_vec() }
    }

    #[test]
    fn values_and_slopes_are_the_formulas() {
        each(20, 0usize..100, |isa, len| {
            let x: Vec<f32> = values(len, 1).iter().map(|x| 5.0 * x).collect();
            let dy = values(len, 2);
            for activation in ALL {
                let what = format!("{isa:?} {activation:?}");
                let y: Vec<f64> = wide(&x).into_iter().map(|x| exact(activation, x)).collect();
                close(&what, &forward(activation, &x), &y, 1e-6);
                let slope = |x: f64| (exact(activation, x + 1e-6) - exact(activation, x - 1e-6)) / 2e-6;
                let dx: Vec<f64> = x.iter().zip(&dy).map(|(&x, &dy)| slope(f64::from(x)) * f64::from(dy)).collect();
                close(&what, &backward(activation, &saved(activation, &x), &dy), &dx, 2e-6);
            }
        });
    }

    #[test]
    fn corners_are_those_of_pytorch() {
        each(1, 0usize..1, |isa, _| {
            let slopes = |activation, x: &[f32]| backward(activation, &saved(activation, x), &vec![1.0; x.len()]);
            assert_eq!(slopes(Activation::Relu, &[-1.0, 0.0, 1e-30]), [0.0, 0.0, 1.0], "{isa:?}");
            assert_eq!(slopes(Activation::Relu6, &[0.0, 3.0, 6.0, 7.0]), [0.0, 1.0, 0.0, 0.0], "{isa:?}");
            assert_eq!(slopes(Activation::HardSigmoid, &[-3.0, 0.0, 3.0]), [0.0, 1.0 / 6.0, 0.0], "{isa:?}");
            assert_eq!(slopes(Activation::HardSwish, &[-3.0, 0.0, 3.0]), [0.0, 0.5, 1.0], "{isa:?}");
        });
    }

    /// Arguments at which PyTorch 2.15's CPU code is pinned below.
    const ENDS: [f32; 11] = [f32::NEG_INFINITY, -1e38, -100.0, -3.0, -0.0, 0.0, 3.0, 6.0, 100.0, 1e38, f32::INFINITY];

    /// Values and gradients at [`ENDS`], as `torch` gives them.
    ///
    /// PyTorch is at odds with itself in three places, where its vector code and its code for the last few values differ: GELU of
    /// +inf (NaN in vectors, +inf alone; here +inf), the slope of ReLU6 at NaN (0 in vectors; here 0) and of hard swish at NaN
    /// (1 or NaN; here NaN).
    fn of_pytorch(activation: Activation) -> ([f32; 11], [f32; 11]) {
        let (inf, nan) = (f32::INFINITY, f32::NAN);
        let third = 1.0 / 6.0;
        match activation {
            Activation::Relu => {
                ([0.0, 0.0, 0.0, 0.0, -0.0, 0.0, 3.0, 6.0, 100.0, 1e38, inf], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0])
            }
            Activation::Relu6 => {
                ([0.0, 0.0, 0.0, 0.0, -0.0, 0.0, 3.0, 6.0, 6.0, 6.0, 6.0], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0])
            }
            Activation::Sigmoid => (
                [0.0, 0.0, 0.0, 0.047_425_874, 0.5, 0.5, 0.952_574_13, 0.997_527_4, 1.0, 1.0, 1.0],
                [0.0, 0.0, 0.0, 0.045_176_66, 0.25, 0.25, 0.045_176_655, 0.002_466_465_8, 0.0, 0.0, 0.0],
            ),
            Activation::HardSigmoid => {
                ([0.0, 0.0, 0.0, 0.0, 0.5, 0.5, 1.0, 1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0, third, third, 0.0, 0.0, 0.0, 0.0, 0.0])
            }
            Activation::Silu => (
                [nan, -0.0, -0.0, -0.142_277_61, -0.0, 0.0, 2.857_722_5, 5.985_164_6, 100.0, 1e38, inf],
                [nan, -0.0, -0.0, -0.088_104_11, 0.5, 0.5, 1.088_104_1, 1.012_326_2, 1.0, 1.0, nan],
            ),
            Activation::HardSwish => {
                ([nan, -0.0, -0.0, -0.0, -0.0, 0.0, 3.0, 6.0, 100.0, inf, inf], [0.0, 0.0, 0.0, 0.0, 0.5, 0.5, 1.0, 1.0, 1.0, 1.0, 1.0])
            }
            Activation::Gelu => (
                [nan, -0.0, -0.0, -0.004_050_225, -0.0, 0.0, 2.995_949_7, 6.0, 100.0, 1e38, inf],
                [nan, 0.0, 0.0, -0.011_945_605, 0.5, 0.5, 1.011_945_6, 1.0, 1.0, 1.0, nan],
            ),
            Activation::GeluTanh => (
                [nan, -0.0, -0.0, -0.003_637_433, -0.0, 0.0, 2.996_362_7, 6.0, 100.0, 1e38, inf],
                [nan, nan, 0.0, -0.011_584_297, 0.5, 0.5, 1.011_584_3, 1.0, 1.0, nan, nan],
            ),
        }
    }

    #[test]
    fn ends_are_those_of_pytorch() {
        each(1, 0usize..1, |isa, _| {
            for activation in ALL {
                let (y, slopes) = of_pytorch(activation);
                let (got_y, got_slopes) = (forward(activation, &ENDS), backward(activation, &saved(activation, &ENDS), &[1.0; 11]));
                for (what, got, expected) in [("y", got_y, y), ("slope", got_slopes, slopes)] {
                    for ((got, expected), x) in got.into_iter().zip(expected).zip(ENDS) {
                        let near = got == expected || (got.is_nan() && expected.is_nan()) || (got - expected).abs() <= 1e-6;
                        // Of zeros, only those of ReLUs at zeros keep their sign in every formula.
                        let sign = x != 0.0 || what != "y" || got.is_sign_negative() == expected.is_sign_negative();
                        assert!(near && sign, "{isa:?} {activation:?} {what}({x}): {got} is not {expected}");
                    }
                }
            }
        });
    }

    #[test]
    fn nan_is_treated_as_in_pytorch() {
        each(1, 0usize..1, |isa, _| {
            for activation in ALL {
                assert!(forward(activation, &[f32::NAN])[0].is_nan(), "{isa:?} {activation:?}");
                let slope = backward(activation, &[f32::NAN], &[2.0])[0];
                match activation {
                    Activation::Relu => assert_eq!(slope, 2.0, "{isa:?}"),
                    Activation::Relu6 | Activation::HardSigmoid => assert_eq!(slope, 0.0, "{isa:?} {activation:?}"),
                    _ => assert!(slope.is_nan(), "{isa:?} {activation:?}"),
                }
            }
        });
    }

    #[test]
    fn threads_do_not_change_bits() {
        let x = values(100_000, 1);
        each(1, 0usize..1, |_, _| same_for_any_threads(|| ALL.map(|activation| forward(activation, &x)).to_vec()));
    }
}
