//! The transforms of F(4x4, 3x3), on vectors of channels, one axis at a time.
//!
//! With the points 0, 1, -1, 2, -2 and infinity: `y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A` for a kernel `g`, six by six pixels `d` and four
//! by four pixels `y`.

use pulp::Simd;

use super::super::vector::multiply_add;

/// A linear map of `N` numbers to `M`.
///
/// A trait and not a function argument: closures would not be compiled for the instruction set of their caller.
pub trait Transform<const N: usize, const M: usize> {
    /// Maps one axis.
    fn one_axis<S: Simd>(simd: S, v: [S::f32s; N]) -> [S::f32s; M];

    /// Maps the columns and then the rows of a square, `[y][x]`.
    #[inline(always)]
    fn both_axes<S: Simd>(simd: S, square: [[S::f32s; N]; N]) -> [[S::f32s; M]; M] {
        let zero = simd.splat_f32s(0.0);
        let mut half = [[zero; N]; M];
        for x in 0..N {
            let mut column = [zero; N];
            for y in 0..N {
                column[y] = square[y][x];
            }
            let column = Self::one_axis(simd, column);
            for y in 0..M {
                half[y][x] = column[y];
            }
        }
        let mut mapped = [[zero; M]; M];
        for y in 0..M {
            mapped[y] = Self::one_axis(simd, half[y]);
        }
        mapped
    }
}

/// `Bᵀ d`: pixels.
pub struct Input;

impl Transform<6, 6> for Input {
    #[inline(always)]
    fn one_axis<S: Simd>(simd: S, d: [S::f32s; 6]) -> [S::f32s; 6] {
        let [minus_four, four, two, minus_five] = [-4.0, 4.0, 2.0, -5.0].map(|x| simd.splat_f32s(x));
        let even = multiply_add(simd, minus_four, d[2], d[4]);
        let odd = multiply_add(simd, minus_four, d[1], d[3]);
        let even_far = simd.sub_f32s(d[4], d[2]);
        let odd_far = simd.mul_f32s(two, simd.sub_f32s(d[3], d[1]));
        [
            multiply_add(simd, four, d[0], multiply_add(simd, minus_five, d[2], d[4])),
            simd.add_f32s(even, odd),
            simd.sub_f32s(even, odd),
            simd.add_f32s(even_far, odd_far),
            simd.sub_f32s(even_far, odd_far),
            multiply_add(simd, four, d[1], multiply_add(simd, minus_five, d[3], d[5])),
        ]
    }
}

/// `Aᵀ m`: products to pixels.
pub struct Output;

impl Transform<6, 4> for Output {
    #[inline(always)]
    fn one_axis<S: Simd>(simd: S, m: [S::f32s; 6]) -> [S::f32s; 4] {
        let [two, four, eight] = [2.0, 4.0, 8.0].map(|x| simd.splat_f32s(x));
        let (sum, difference) = (simd.add_f32s(m[1], m[2]), simd.sub_f32s(m[1], m[2]));
        let (far_sum, far_difference) = (simd.add_f32s(m[3], m[4]), simd.sub_f32s(m[3], m[4]));
        [
            simd.add_f32s(m[0], simd.add_f32s(sum, far_sum)),
            multiply_add(simd, two, far_difference, difference),
            multiply_add(simd, four, far_sum, sum),
            simd.add_f32s(m[5], multiply_add(simd, eight, far_difference, difference)),
        ]
    }
}

/// `A g`: the transpose of [`Output`], for its gradient.
pub struct OutputGradient;

impl Transform<4, 6> for OutputGradient {
    #[inline(always)]
    fn one_axis<S: Simd>(simd: S, g: [S::f32s; 4]) -> [S::f32s; 6] {
        let [two, four] = [2.0, 4.0].map(|x| simd.splat_f32s(x));
        let (even, odd) = (simd.add_f32s(g[0], g[2]), simd.add_f32s(g[1], g[3]));
        let even_far = multiply_add(simd, four, g[2], g[0]);
        let odd_far = simd.mul_f32s(two, multiply_add(simd, four, g[3], g[1]));
        [g[0], simd.add_f32s(even, odd), simd.sub_f32s(even, odd), simd.add_f32s(even_far, odd_far), simd.sub_f32s(even_far, odd_far), g[3]]
    }
}

/// `G g`: weights.
pub struct Weight;

impl Transform<3, 6> for Weight {
    #[inline(always)]
    fn one_axis<S: Simd>(simd: S, g: [S::f32s; 3]) -> [S::f32s; 6] {
        let [quarter, sixth, near, far] = [0.25, -1.0 / 6.0, 1.0 / 24.0, 1.0 / 12.0].map(|x| simd.splat_f32s(x));
        let even = simd.mul_f32s(sixth, simd.add_f32s(g[0], g[2]));
        let odd = simd.mul_f32s(sixth, g[1]);
        let even_far = multiply_add(simd, near, g[0], simd.neg_f32s(simd.mul_f32s(sixth, g[2])));
        let odd_far = simd.mul_f32s(far, g[1]);
        [
            simd.mul_f32s(quarter, g[0]),
            simd.add_f32s(even, odd),
            simd.sub_f32s(even, odd),
            simd.add_f32s(even_far, odd_far),
            simd.sub_f32s(even_far, odd_far),
            g[2],
        ]
    }
}

/// `Gᵀ u`: the transpose of [`Weight`], for its gradient.
pub struct WeightGradient;

impl Transform<6, 3> for WeightGradient {
    #[inline(always)]
    fn one_axis<S: Simd>(simd: S, u: [S::f32s; 6]) -> [S::f32s; 3] {
        let [quarter, sixth, near, far] = [0.25, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 12.0].map(|x| simd.splat_f32s(x));
        let sum = simd.mul_f32s(sixth, simd.add_f32s(u[1], u[2]));
        let difference = simd.mul_f32s(sixth, simd.sub_f32s(u[2], u[1]));
        let far_sum = simd.add_f32s(u[3], u[4]);
        let far_difference = simd.sub_f32s(u[3], u[4]);
        [
            multiply_add(simd, quarter, u[0], simd.sub_f32s(multiply_add(simd, near, far_sum, simd.splat_f32s(0.0)), sum)),
            multiply_add(simd, far, far_difference, difference),
            simd.add_f32s(u[5], simd.sub_f32s(simd.mul_f32s(sixth, far_sum), sum)),
        ]
    }
}
