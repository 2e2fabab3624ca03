//! What the tests share: values, comparisons, central differences, and that everything holds for kernels and for compositions.

use std::cell::Cell;
use std::sync::OnceLock;

use candle_core::{Device, Tensor, Var};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};

use crate::nn::ops::{composing, with};

thread_local! {
    static COMPOSED: Cell<bool> = const { Cell::new(false) };
}

/// Where tensors are made now.
pub fn device() -> Device {
    static COMPOSING: OnceLock<Device> = OnceLock::new();
    let named = || match std::env::var("DERM_TEST_DEVICE").as_deref() {
        Err(_) | Ok("cpu") => Device::Cpu,
        Ok("cuda") => Device::new_cuda(0).unwrap(),
        Ok("metal") => Device::new_metal(0).unwrap(),
        Ok(other) => panic!("DERM_TEST_DEVICE names `{other}`: it is cpu, cuda or metal"),
    };
    if COMPOSED.get() { COMPOSING.get_or_init(named).clone() } else { Device::Cpu }
}

/// Runs `test` by the kernels, then composed: on the CPU, or on the device that DERM_TEST_DEVICE names.
pub fn both_ways(test: impl Fn()) {
    struct Over;
    impl Drop for Over {
        fn drop(&mut self) {
            COMPOSED.set(false);
        }
    }
    test();
    if !COMPOSED.replace(true) {
        let _over = Over;
        composing(test);
    }
}

/// Runs `test` on this many draws of `sizes`.
pub fn each<T: Strategy>(cases: u32, sizes: T, test: impl Fn(T::Value)) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let run = TestRunner::new(config).run(&sizes, |sizes| {
        test(sizes);
        Ok::<(), TestCaseError>(())
    });
    run.unwrap_or_else(|failure| panic!("{failure}"));
}

/// Values in -1..1 that have no pattern a kernel could share.
pub fn noise(count: usize, salt: u64) -> Vec<f32> {
    let mixed = |i: u64| (i.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (i << 7)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40;
    (0..count as u64).map(|i| mixed(i + 1 + salt * 1_000_003) as f32 / (1u64 << 23) as f32 - 1.0).collect()
}

pub fn var(shape: &[usize], salt: u64) -> Var {
    Var::from_vec(noise(shape.iter().product(), salt), shape, &device()).unwrap()
}

/// Values a tenth apart, in no order, none nearer than 0.05 to a multiple of a tenth: no kink lies beside one.
pub fn apart(shape: &[usize], salt: u64) -> Var {
    let noise = noise(shape.iter().product(), salt);
    let mut order: Vec<usize> = (0..noise.len()).collect();
    order.sort_by(|&a, &b| noise[a].total_cmp(&noise[b]));
    let middle = noise.len() as f32 / 2.0;
    let values = order.into_iter().map(|rank| (rank as f32 - middle.floor()) * 0.1 + 0.05).collect();
    Var::from_vec(values, shape, &device()).unwrap()
}

pub fn values(tensor: &Tensor) -> Vec<f32> {
    with(tensor, <[f32]>::to_vec).unwrap()
}

/// Weighted sum of a result, in f64; the weights have no pattern either.
pub fn score(y: &Tensor) -> f64 {
    let y = values(y);
    y.iter().zip(noise(y.len(), 99)).map(|(&y, r)| f64::from(y) * f64::from(r)).sum()
}

/// Gradients of the weighted sum, by the operation's backward pass.
pub fn gradients(inputs: &[Var], f: &dyn Fn(&[Tensor]) -> Tensor) -> Vec<Vec<f32>> {
    let tensors: Vec<Tensor> = inputs.iter().map(|v| v.as_tensor().clone()).collect();
    let y = f(&tensors);
    let r = Tensor::from_vec(noise(y.elem_count(), 99), y.dims(), y.device()).unwrap();
    let grads = (y * r).unwrap().sum_all().unwrap().backward().unwrap();
    inputs.iter().map(|v| values(grads.get(v).unwrap())).collect()
}

/// Compares them with `(f(x + h) - f(x - h)) / 2h` for every element of every input, both ways.
#[track_caller]
pub fn check_gradients(inputs: &[Var], h: f32, tolerance: f64, f: impl Fn(&[Tensor]) -> Tensor) {
    both_ways(|| {
        let here: Vec<Var> = inputs.iter().map(|v| Var::from_tensor(&v.to_device(&device()).unwrap()).unwrap()).collect();
        check_differences(&here, h, tolerance, &f);
    });
}

fn check_differences(inputs: &[Var], h: f32, tolerance: f64, f: &dyn Fn(&[Tensor]) -> Tensor) {
    let got = gradients(inputs, f);
    for (which, input) in inputs.iter().enumerate() {
        let start = values(input);
        let at = |i: usize, step: f32| {
            let mut moved = start.clone();
            moved[i] += step;
            let tensors: Vec<Tensor> = inputs
                .iter()
                .enumerate()
                .map(
                    |(j, v)| {
                        if j == which { Tensor::from_vec(moved.clone(), v.dims(), v.device()).unwrap() } else { v.as_detached_tensor() }
                    },
                )
                .collect();
            score(&f(&tensors))
        };
        for i in 0..start.len() {
            let expected = (at(i, h) - at(i, -h)) / (2.0 * f64::from(h));
            let got = f64::from(got[which][i]);
            assert!((got - expected).abs() <= tolerance * (1.0 + expected.abs()), "input {which}, element {i}: {got} is not {expected}");
        }
    }
}

#[track_caller]
pub fn close(got: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len());
    for (i, (&got, &expected)) in got.iter().zip(expected).enumerate() {
        assert!((f64::from(got) - expected).abs() <= tolerance * (1.0 + expected.abs()), "element {i}: {got} is not {expected}");
    }
}
