//! What does not fit is an error that says which operation it was and what it was given, never a panic.

use candle_core::{DType, Device, Result, Tensor, Var};

use super::catalogue::{Call, Entry, all};
use super::support::{values, var};
use crate::nn::graph::{AvgPool, Conv2d, MaxPool, Padding};
use crate::nn::ops::{self, After, Error, Rule, Transposed};

/// Runs `test` by the kernels, then composed.
fn either_way(test: impl Fn()) {
    test();
    ops::composing(test);
}

fn zeros(shape: &[usize]) -> Tensor {
    Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap()
}

/// The refusal, which names the operation and, where candle's graph was reached, all shapes.
#[track_caller]
fn refusal<T>(operation: &str, result: Result<T>) -> Error {
    let Err(error) = result else { panic!("{operation} took it") };
    let refusal = Error::of(&error).unwrap_or_else(|| panic!("{operation}: {error} is no refusal")).clone();
    assert_eq!(refusal.operation, operation);
    assert!(error.to_string().contains(operation), "{error}");
    refusal
}

#[track_caller]
fn refused<T>(operation: &str, result: Result<T>) {
    refusal(operation, result);
}

/// An error that names the operation, or a result whose gradients exist and have the inputs' shapes.
#[track_caller]
fn refused_or_done(name: &str, call: &Call, shapes: &[Vec<usize>]) {
    let vars: Vec<Var> = shapes.iter().map(|shape| var(shape, 1)).collect();
    let inputs: Vec<Tensor> = vars.iter().map(|var| var.as_tensor().clone()).collect();
    match call(&inputs) {
        Err(error) => refused::<()>(name, Err(error)),
        Ok(y) => {
            let gradients = y.sum_all().unwrap().backward().unwrap();
            for (var, shape) in vars.iter().zip(shapes) {
                assert_eq!(gradients.get(var).unwrap().dims(), shape, "{name}");
            }
        }
    }
}

#[test]
fn other_types_are_refused_by_name() {
    either_way(|| {
        for Entry { name, shapes, call } in all(2) {
            for dtype in [DType::F64, DType::F16, DType::BF16, DType::U32] {
                for which in 0..shapes.len() {
                    let mut inputs: Vec<Tensor> = shapes.iter().map(|shape| zeros(shape)).collect();
                    inputs[which] = inputs[which].to_dtype(dtype).unwrap();
                    let refusal = refusal(name, call(&inputs));
                    assert!(refusal.reason.contains(dtype.as_str()) && refusal.shapes.starts_with(&shapes), "{refusal}");
                }
            }
        }
    });
}

#[test]
fn a_batch_of_nothing_is_nothing_or_refused() {
    either_way(|| {
        for Entry { name, shapes, call } in all(0) {
            refused_or_done(name, &call, &shapes);
        }
    });
}

/// Ways to change an axis.
const CHANGES: [fn(&mut Vec<usize>, usize); 4] = [
    |shape, axis| shape[axis] = 0,
    |shape, axis| shape[axis] += 1,
    |shape, axis| _ = shape.remove(axis),
    |shape, axis| shape.insert(axis, 1),
];

/// Every axis of every input in turn with nothing along it, and one longer, and away, and one more.
#[test]
fn shapes_that_do_not_fit_are_refused() {
    either_way(|| {
        for Entry { name, shapes, call } in all(2) {
            for which in 0..shapes.len() {
                for axis in 0..shapes[which].len() {
                    for change in CHANGES {
                        let mut shapes = shapes.clone();
                        change(&mut shapes[which], axis);
                        refused_or_done(name, &call, &shapes);
                    }
                }
                let mut shapes = shapes.clone();
                shapes[which] = Vec::new();
                refused_or_done(name, &call, &shapes);
            }
        }
    });
}

/// An axis of nothing in all inputs that have it.
#[test]
fn nothing_along_an_axis_is_nothing_or_refused() {
    either_way(|| {
        for Entry { name, shapes, call } in all(2) {
            for length in [2, 3, 4, 5, 12] {
                let shapes: Vec<Vec<usize>> =
                    shapes.iter().map(|shape| shape.iter().map(|&l| if l == length { 0 } else { l }).collect()).collect();
                refused_or_done(name, &call, &shapes);
            }
        }
    });
}

#[test]
fn convolutions_refuse_settings_that_do_not_fit() {
    either_way(|| {
        let x = zeros(&[2, 5, 6, 4]);
        let conv = |settings: Conv2d, weight: &[usize]| ops::conv2d(&x, &zeros(weight), None, &settings);
        refused("conv2d", conv(Conv2d::new(6, 3).groups(3), &[6, 1, 3, 3]));
        refused("conv2d", conv(Conv2d::new(5, 3).groups(2), &[5, 2, 3, 3]));
        refused("conv2d", conv(Conv2d::new(2, 3).groups(0), &[2, 4, 3, 3]));
        refused("conv2d", conv(Conv2d::new(2, 3).stride(0), &[2, 4, 3, 3]));
        refused("conv2d", conv(Conv2d { dilation: [0, 1], ..Conv2d::new(2, 3) }, &[2, 4, 3, 3]));
        refused("conv2d", conv(Conv2d::new(2, 0), &[2, 4, 0, 0]));
        refused("conv2d", conv(Conv2d::new(0, 3), &[0, 4, 3, 3]));
        refused("conv2d", conv(Conv2d::new(2, 3), &[2, 4, 3, 2]));
        // Larger than the padded image.
        refused("conv2d", conv(Conv2d::new(2, 8).pad(1), &[2, 4, 8, 8]));
        refused("conv2d", conv(Conv2d { dilation: [3, 1], ..Conv2d::new(2, 3) }, &[2, 4, 3, 3]));
        for length in [usize::MAX, usize::MAX / 2 + 1] {
            refused("conv2d", conv(Conv2d::new(2, 3).pad(length), &[2, 4, 3, 3]));
            refused("conv2d", conv(Conv2d::new(2, 3).stride(length).pad(1), &[2, 4, 3, 3]));
            refused("conv2d", conv(Conv2d { dilation: [length; 2], ..Conv2d::new(2, 3) }, &[2, 4, 3, 3]));
            refused("conv2d", conv(Conv2d { padding: Padding::Same, stride: [length; 2], ..Conv2d::new(2, 3) }, &[2, 4, 3, 3]));
        }
    });
}

#[test]
fn transposed_convolutions_refuse_settings_that_do_not_fit() {
    either_way(|| {
        let x = zeros(&[2, 5, 6, 4]);
        let conv = |settings: Transposed| ops::conv_transpose2d(&x, &zeros(&[4, 1, 3, 3]), None, settings);
        let plain = Transposed::default();
        refused("conv_transpose2d", conv(Transposed { groups: 3, ..plain }));
        refused("conv_transpose2d", conv(Transposed { groups: 0, ..plain }));
        refused("conv_transpose2d", conv(Transposed { stride: [0, 1], ..plain }));
        refused("conv_transpose2d", conv(Transposed { dilation: [1, 0], ..plain }));
        refused("conv_transpose2d", conv(Transposed { output_padding: [1, 0], ..plain }));
        refused("conv_transpose2d", conv(Transposed { padding: [4, 0], ..plain }));
        for length in [usize::MAX, usize::MAX / 2 + 1] {
            refused("conv_transpose2d", conv(Transposed { padding: [length; 2], ..plain }));
            refused("conv_transpose2d", conv(Transposed { stride: [length; 2], ..plain }));
            refused("conv_transpose2d", conv(Transposed { dilation: [length; 2], ..plain }));
            refused("conv_transpose2d", conv(Transposed { stride: [length; 2], output_padding: [length - 1; 2], ..plain }));
        }
    });
}

#[test]
fn pools_refuse_windows_that_do_not_fit() {
    either_way(|| {
        let x = zeros(&[2, 5, 6, 4]);
        let fits = MaxPool { kernel: 3, stride: 2, padding: 1, ceil: false };
        let windows = [
            MaxPool { kernel: 0, ..fits },
            MaxPool { stride: 0, ..fits },
            MaxPool { padding: 2, ..fits },
            MaxPool { kernel: 8, ..fits },
            MaxPool { kernel: 300, ..fits },
            MaxPool { kernel: usize::MAX, ..fits },
            MaxPool { kernel: usize::MAX / 2 + 1, ..fits },
            MaxPool { padding: usize::MAX, ..fits },
            MaxPool { padding: usize::MAX / 2 + 1, ..fits },
            MaxPool { stride: usize::MAX, ..fits },
        ];
        for window in windows.into_iter().flat_map(|window| [window, MaxPool { ceil: true, ..window }]) {
            refused("max_pool", ops::max_pool(&x, window));
            refused("avg_pool", ops::avg_pool(&x, AvgPool { window, count_padding: true }));
        }
        refused("upsample", ops::upsample(&x, [0, 3], Rule::Nearest));
        assert_eq!(ops::adaptive_avg_pool(&x, [0, 3]).unwrap().dims(), [2, 0, 3, 4]);
    });
}

#[test]
fn norms_and_attention_refuse_settings_that_do_not_fit() {
    either_way(|| {
        let (x, four, three) = (zeros(&[2, 5, 6, 4]), zeros(&[4]), zeros(&[3]));
        refused("group_norm", ops::group_norm(&x, &four, &four, 3, 1e-5));
        refused("group_norm", ops::group_norm(&x, &four, &four, 0, 1e-5));
        refused("batch_norm", ops::batch_norm_eval(&x, &four, &four, [&four, &three], 1e-5, After::Nothing));
        refused("batch_norm", ops::batch_norm_eval(&x, &four, &four, [&three, &four], 1e-5, After::Nothing));
        let half = four.to_dtype(DType::F16).unwrap();
        assert!(refusal("batch_norm", ops::batch_norm_eval(&x, &four, &four, [&four, &half], 1e-5, After::Nothing)).reason.contains("f16"));
        refused("attention", ops::attention(&zeros(&[2, 3, 12]), 3));
        refused("attention", ops::attention(&zeros(&[2, 3, 12]), 0));
        let running = Var::from_tensor(&four).unwrap();
        refused("move_towards", ops::move_towards(&running, &[1.0; 3], 0.1));
        refused("move_towards", ops::move_towards(&Var::from_tensor(&half).unwrap(), &[1.0; 4], 0.1));
    });
}

#[test]
fn losses_and_chances_refuse_what_is_none() {
    either_way(|| {
        let logits = zeros(&[2, 3]);
        refused("cross_entropy", ops::cross_entropy(&logits, &[0, 3], None, 0.0));
        refused("cross_entropy", ops::cross_entropy(&logits, &[0], None, 0.0));
        refused("cross_entropy", ops::cross_entropy(&logits, &[0, 1], Some(&[1.0]), 0.0));
        for p in [-0.5, 1.5, f32::NAN, f32::INFINITY] {
            refused("dropout", ops::dropout(&logits, p, 1, 2));
            refused("branch", ops::drop_path_branch(&logits, &logits, p, 1, 2));
        }
        // Everything goes, as in PyTorch.
        assert_eq!(values(&ops::dropout(&var(&[2, 3], 1), 1.0, 1, 2).unwrap()), [0.0; 6]);
    });
}

/// Also inside what candle wraps around an error on its way.
#[test]
fn refusals_are_found_inside_candle_s_errors() {
    either_way(|| {
        let error = ops::gate(&zeros(&[1, 2, 2, 3]), &zeros(&[1, 1, 1, 2])).unwrap_err();
        let expected =
            Error { operation: "gate", shapes: vec![vec![1, 2, 2, 3], vec![1, 1, 1, 2]], reason: "the gate must be [1, 1, 1, 3]".into() };
        assert_eq!(Error::of(&error), Some(&expected));
        assert_eq!(error.to_string(), "gate cannot read [1, 2, 2, 3] and [1, 1, 1, 2]: the gate must be [1, 1, 1, 3]", "and no backtrace");
        let wrapped = error.context("in layer 3").with_path("model.safetensors");
        assert_eq!(Error::of(&wrapped), Some(&expected));
        assert_eq!(Error::of(&candle_core::Error::Msg("another".into())), None);
    });
}
