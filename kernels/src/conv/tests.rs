//! Every pass against sums in `f64`, on drawn shapes, for every instruction set.

mod edges;

use proptest::prelude::*;

use super::activation::{self, Activation};
use super::{Epilogue, Geometry, Isa, Mode, Packed, Precision, forward, forward_packed, forward_with, input_gradient, weight_gradient};
use crate::{arithmetic, bf16};

const SETS: [Isa; 4] = [Isa::Portable, Isa::Neon, Isa::Avx2, Isa::Avx512];

/// Numbers in -1..1 that look random and depend on `seed`.
fn noise(len: usize, seed: u64) -> Vec<f32> {
    let mix =
        |i: u64| (i ^ seed << 32).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (0..len as u64).map(|i| (mix(i) >> 40) as f32 / (1 << 23) as f32 - 1.0).collect()
}

/// Calls `visit(x, y, weight)` with the places of every product of the convolution.
fn products(g: &Geometry, mut visit: impl FnMut(usize, usize, usize)) {
    let source = |axis: usize, target: usize, tap: usize| {
        let at = target * g.stride[axis] + tap * g.dilation[axis];
        at.checked_sub(g.pad[axis]).filter(|&at| at < g.input[axis])
    };
    for n in 0..g.n {
        for (y, x) in pairs(g.output) {
            for (ky, kx) in pairs(g.kernel) {
                let (Some(sy), Some(sx)) = (source(0, y, ky), source(1, x, kx)) else { continue };
                let from = ((n * g.input[0] + sy) * g.input[1] + sx) * g.groups;
                let to = ((n * g.output[0] + y) * g.output[1] + x) * g.groups;
                for group in 0..g.groups {
                    for (o, i) in pairs([g.c_out, g.c_in]) {
                        let weight = ((group * g.c_out + o) * g.c_in + i) * g.taps() + ky * g.kernel[1] + kx;
                        visit((from + group) * g.c_in + i, (to + group) * g.c_out + o, weight);
                    }
                }
            }
        }
    }
}

fn pairs([a, b]: [usize; 2]) -> impl Iterator<Item = (usize, usize)> {
    (0..a).flat_map(move |i| (0..b).map(move |j| (i, j)))
}

/// All inputs and, in `f64`, all results of a convolution.
struct Case {
    g: Geometry,
    x: Vec<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
    dy: Vec<f32>,
    y: Vec<f64>,
    dx: Vec<f64>,
    dw: Vec<f64>,
    db: Vec<f64>,
}

impl Case {
    fn new(g: Geometry) -> Self {
        Self::of(g, noise)
    }

    /// From a source of values.
    fn of(g: Geometry, values: impl Fn(usize, u64) -> Vec<f32>) -> Self {
        let channels = g.groups * g.c_out;
        let (x, weight, bias, dy) = (values(g.x_len(), 1), values(g.weight_len(), 2), values(channels, 3), values(g.y_len(), 4));
        let mut y: Vec<f64> = (0..g.y_len()).map(|i| bias[i % channels].into()).collect();
        let (mut dx, mut dw, mut db) = (vec![0.0; x.len()], vec![0.0; weight.len()], vec![0.0; channels]);
        products(&g, |i, o, w| {
            y[o] += f64::from(x[i]) * f64::from(weight[w]);
            dx[i] += f64::from(dy[o]) * f64::from(weight[w]);
            dw[w] += f64::from(dy[o]) * f64::from(x[i]);
        });
        dy.iter().enumerate().for_each(|(i, &dy)| db[i % channels] += f64::from(dy));
        Self { g, x, weight, bias, dy, y, dx, dw, db }
    }

    fn run(&self, mode: Mode) -> [Vec<f32>; 4] {
        [
            forward(&self.x, &self.weight, Some(&self.bias), &self.g, mode),
            input_gradient(&self.dy, &self.weight, &self.g, mode),
            weight_gradient(&self.x, &self.dy, &self.g, mode),
            arithmetic::bias_gradient(&self.dy, self.g.groups * self.g.c_out),
        ]
    }

    /// Compares all passes with the sums in `f64`.
    fn check(&self, mode: Mode) {
        let results = self.run(mode);
        for (name, (result, wanted)) in ["y", "dx", "dw", "db"].iter().zip(results.iter().zip([&self.y, &self.dx, &self.dw, &self.db])) {
            let error = relative_error(result, wanted);
            assert!(error < if mode.exact { 1e-5 } else { 1e-4 }, "{name} of {:?} with {mode:?}: error {error}", self.g);
        }
    }
}

const ACTIVATIONS: [Option<Activation>; 9] = [
    None,
    Some(Activation::Relu),
    Some(Activation::Relu6),
    Some(Activation::Sigmoid),
    Some(Activation::HardSigmoid),
    Some(Activation::Silu),
    Some(Activation::HardSwish),
    Some(Activation::Gelu),
    Some(Activation::GeluTanh),
];

impl Case {
    /// Compares epilogues, also those of packed weights, with the same steps one by one.
    fn check_epilogues(&self, mode: Mode) {
        let plain = forward(&self.x, &self.weight, Some(&self.bias), &self.g, mode);
        let sums: Vec<f32> = plain.iter().zip(&self.dy).map(|(y, residual)| y + residual).collect();
        let packed = Packed::new(self.weight.clone(), &self.g, mode);
        for activation in ACTIVATIONS {
            let wanted = activation.map_or(sums.clone(), |activation| activation::forward(activation, &sums));
            let epilogue = Epilogue { bias: Some(&self.bias), residual: Some(&self.dy), activation };
            let fused = forward_with(&self.x, &self.weight, epilogue, &self.g, mode);
            let again = forward_packed(&self.x, &packed, epilogue, &self.g);
            for result in [fused, again] {
                let wanted: Vec<f64> = wanted.iter().map(|&y| y.into()).collect();
                let error = relative_error(&result, &wanted);
                assert!(error < if mode.exact { 1e-5 } else { 1e-4 }, "{activation:?} of {:?} with {mode:?}: error {error}", self.g);
            }
        }
    }
}

impl Case {
    /// The same with all inputs in so few bits that rounding them to bfloat16 changes nothing.
    fn coarse(g: Geometry) -> Self {
        Self::of(g, |len, seed| bf16::rounded(&noise(len, seed)))
    }
}

/// The largest error, in units of the root of the mean square that is wanted.
fn relative_error(result: &[f32], wanted: &[f64]) -> f64 {
    assert_eq!(result.len(), wanted.len());
    let mean = wanted.iter().map(|w| w * w).sum::<f64>() / wanted.len().max(1) as f64;
    let worst = result.iter().zip(wanted).map(|(&r, w)| (f64::from(r) - w).abs());
    // `f64::max` would drop NaN.
    worst.fold(0.0, |a, b| if b <= a || a.is_nan() { a } else { b }) / mean.sqrt().max(1e-3)
}

/// One axis: input, kernel, stride, dilation, pad before and after, such that there is output.
fn axis() -> impl Strategy<Value = [usize; 6]> {
    (1..16_usize, 1..6_usize, 1..4_usize, 1..3_usize, 0..5_usize, 0..5_usize)
        .prop_map(|(input, kernel, stride, dilation, before, after)| [input, kernel, stride, dilation, before, after])
        .prop_filter("no output", |&[input, kernel, _, dilation, before, after]| input + before + after > (kernel - 1) * dilation)
}

fn geometry_of(n: usize, [groups, c_in, c_out]: [usize; 3], axes: [[usize; 6]; 2]) -> Geometry {
    let output =
        axes.map(|[input, kernel, stride, dilation, before, after]| (input + before + after - (kernel - 1) * dilation - 1) / stride + 1);
    let of = |index: usize| axes.map(|axis| axis[index]);
    Geometry { n, groups, c_in, c_out, input: of(0), output, kernel: of(1), stride: of(2), dilation: of(3), pad: of(4) }
}

prop_compose! {
    fn geometry()(n in 1..4_usize, groups in 1..4_usize, c_in in 1..40_usize, c_out in 1..40_usize, axes in [axis(), axis()]) -> Geometry {
        geometry_of(n, [groups, c_in, c_out], axes)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_passes_match_sums_in_f64(g in geometry()) {
        let case = Case::new(g);
        for isa in SETS {
            case.check(Mode { isa, exact: true, ..Mode::default() });
            case.check(Mode { isa, exact: false, ..Mode::default() });
            case.check_epilogues(Mode { isa, exact: false, ..Mode::default() });
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn matrices_of_bfloat16_match_sums_in_f64([n, width, height] in [1..3_usize, 1..12, 1..4], c_in in 120..150_usize, c_out in 120..150_usize) {
        let case = Case::coarse(geometry_of(n, [1, c_in, c_out], [[height, 1, 1, 1, 0, 0], [width, 1, 1, 1, 0, 0]]));
        for isa in SETS {
            case.check(Mode { isa, exact: true, precision: Precision::Bf16 });
        }
    }
}

#[test]
fn only_factors_of_large_matrices_lose_precision() {
    let error = |channels, kernel, precision| {
        let case = Case::new(geometry_of(2, [1, channels, 140], [[9, kernel, 1, 1, kernel / 2, kernel / 2]; 2]));
        let [y, dx, dw, _] = case.run(Mode::at(precision));
        [relative_error(&y, &case.y), relative_error(&dx, &case.dx), relative_error(&dw, &case.dw)]
    };
    // 8 bits of precision: 2^-9 of each factor at most.
    assert!(error(130, 1, Precision::Bf16).iter().all(|error| (1e-3..0.02).contains(error)));
    for (channels, kernel, precision) in [(130, 1, Precision::F32), (130, 3, Precision::Bf16), (100, 1, Precision::Bf16)] {
        assert!(error(channels, kernel, precision).iter().all(|&error| error < 1e-4), "{channels} {kernel} {precision:?}");
    }
}

/// Sizes that reach what small drawn shapes do not: several tasks, chunks, blocks and panels.
fn large() -> Vec<Geometry> {
    let square =
        |n, channels, size, kernel, stride, dilation, pad| geometry_of(n, channels, [[size, kernel, stride, dilation, pad, pad]; 2]);
    vec![
        square(3, [1, 64, 80], 19, 3, 1, 1, 1),
        square(2, [1, 33, 70], 30, 3, 2, 1, 1),
        square(2, [1, 130, 40], 21, 1, 1, 1, 0),
        square(2, [1, 3, 40], 45, 7, 2, 1, 3),
        square(1, [1, 1, 16], 50, 3, 1, 1, 1),
        square(1, [1, 200, 150], 7, 3, 1, 1, 1),
        square(1, [24, 1, 1], 15, 5, 1, 2, 4),
        square(2, [1, 40, 66], 26, 3, 1, 1, 1),
        square(8, [1, 150, 33], 24, 3, 1, 1, 1),
        square(2, [1, 16, 17], 22, 3, 1, 1, 0),
        square(3, [1, 48, 40], 23, 3, 1, 1, 4),
        square(5, [1, 300, 11], 1, 1, 1, 1, 0),
        // Groups that share registers.
        square(2, [12, 4, 4], 29, 3, 1, 1, 1),
        square(1, [7, 5, 3], 33, 3, 2, 1, 1),
        // Few tiles and many channels, and the other way round: either way to cut Winograd's work.
        square(3, [1, 120, 130], 9, 3, 1, 1, 1),
        square(4, [1, 128, 20], 60, 3, 1, 1, 1),
    ]
}

#[test]
fn large_shapes_match_sums_in_f64() {
    for g in large() {
        let case = Case::new(g);
        for isa in SETS {
            case.check(Mode { isa, exact: true, ..Mode::default() });
            case.check(Mode { isa, exact: false, ..Mode::default() });
            case.check_epilogues(Mode { isa, exact: true, ..Mode::default() });
            case.check_epilogues(Mode { isa, exact: false, ..Mode::default() });
        }
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let with_threads = |threads: usize, case: &Case, mode: Mode| {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a thread pool").install(|| case.run(mode))
    };
    let bits = |results: [Vec<f32>; 4]| results.map(|r| r.iter().map(|v| v.to_bits()).collect::<Vec<_>>());
    for g in large() {
        let case = Case::new(g);
        for exact in [false, true] {
            let mode = Mode { exact, ..Mode::default() };
            let one = bits(with_threads(1, &case, mode));
            assert!([2, 3, 16].iter().all(|&threads| bits(with_threads(threads, &case, mode)) == one), "{g:?}");
        }
    }
}

#[test]
fn what_is_not_finite_spreads_to_all_that_depends_on_it() {
    for (g, value) in large().into_iter().flat_map(|g| [(g, f32::NAN), (g, f32::INFINITY)]) {
        let mut case = Case::new(g);
        let (pixel, place) = (case.x.len() / 2, case.dy.len() / 2);
        (case.x[pixel], case.dy[place]) = (value, value);
        let (mut y, mut dx, mut dw) = (vec![false; g.y_len()], vec![false; g.x_len()], vec![false; g.weight_len()]);
        products(&g, |i, o, w| {
            y[o] |= i == pixel;
            dx[i] |= o == place;
            dw[w] |= i == pixel || o == place;
        });
        for isa in SETS {
            let results = case.run(Mode { isa, exact: false, ..Mode::default() });
            for (result, reached) in results.iter().zip([&y, &dx, &dw]) {
                assert!(result.iter().zip(reached).all(|(r, &reached)| !reached || !r.is_finite()), "{g:?} {isa:?}");
            }
        }
    }
}

#[test]
fn transforms_round_no_more_than_documented() {
    for (n, channels, size) in [(2, [1, 256, 128], 14), (4, [1, 64, 64], 28)] {
        let case = Case::new(geometry_of(n, channels, [[size, 3, 1, 1, 1, 1]; 2]));
        for (exact, limit) in [(true, 2e-5), (false, 1e-4)] {
            let [y, dx, dw, _] = case.run(Mode { exact, ..Mode::default() });
            let errors = [relative_error(&y, &case.y), relative_error(&dx, &case.dx), relative_error(&dw, &case.dw)];
            assert!(errors.iter().all(|&error| error < limit), "{channels:?} exact {exact}: errors {errors:?}");
        }
    }
}

#[test]
fn an_empty_batch_has_empty_results_and_zero_gradients() {
    let g = geometry_of(0, [1, 20, 30], [[9, 3, 1, 1, 1, 1]; 2]);
    let first_layer = geometry_of(0, [1, 3, 30], [[9, 3, 2, 1, 1, 1]; 2]);
    for (g, exact) in [(g, false), (g, true), (first_layer, false)] {
        let [y, dx, dw, db] = Case::new(g).run(Mode { exact, ..Mode::default() });
        assert!(y.is_empty() && dx.is_empty());
        assert!(dw.iter().chain(&db).all(|&v| v == 0.0));
    }
}
