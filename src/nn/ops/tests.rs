//! Every operation's value against plain loops, and its gradients against central differences.
//!
//! The definitions below are PyTorch's, for `[n, c, h, w]`; the operations are called through [`planes`].

use candle_core::{Device, Tensor, Var};

use super::{After, Statistics, add, add_relu, cross_entropy, dropout, linear, move_towards, relu, relu6, sigmoid, with};
use crate::nn::graph::{Conv2d, MaxPool, Padding};
use planes::{batch_norm_eval, batch_norm_train, channel_conv, concat, conv2d, gate, global_avg_pool, max_pool};

/// The operations on `[n, c, h, w]`.
mod planes {
    use candle_core::{Result, Tensor};

    use super::super as ops;
    use super::{After, Conv2d, MaxPool, Statistics};

    fn last(x: &Tensor) -> Result<Tensor> {
        x.permute((0, 2, 3, 1))
    }

    fn first(y: &Tensor) -> Result<Tensor> {
        y.permute((0, 3, 1, 2))
    }

    pub fn conv2d(x: &Tensor, w: &Tensor, b: Option<&Tensor>, settings: &Conv2d) -> Result<Tensor> {
        first(&ops::conv2d(&last(x)?, w, b, settings)?)
    }

    pub fn max_pool(x: &Tensor, settings: MaxPool) -> Result<Tensor> {
        first(&ops::max_pool(&last(x)?, settings)?)
    }

    pub fn global_avg_pool(x: &Tensor) -> Result<Tensor> {
        first(&ops::global_avg_pool(&last(x)?)?)
    }

    pub fn gate(x: &Tensor, gate: &Tensor) -> Result<Tensor> {
        first(&ops::gate(&last(x)?, &last(gate)?)?)
    }

    pub fn concat(x: &Tensor, y: &Tensor) -> Result<Tensor> {
        first(&ops::concat(&last(x)?, &last(y)?)?)
    }

    pub fn channel_conv(x: &Tensor, w: &Tensor) -> Result<Tensor> {
        first(&ops::channel_conv(&last(x)?, w)?)
    }

    pub fn batch_norm_train(x: &Tensor, scale: &Tensor, shift: &Tensor, eps: f32, after: After) -> Result<(Tensor, Statistics)> {
        let (y, statistics) = ops::batch_norm_train(&last(x)?, scale, shift, eps, after)?;
        Ok((first(&y)?, statistics))
    }

    pub fn batch_norm_eval(x: &Tensor, scale: &Tensor, shift: &Tensor, given: [&Tensor; 2], eps: f32, after: After) -> Result<Tensor> {
        first(&ops::batch_norm_eval(&last(x)?, scale, shift, given, eps, after)?)
    }
}

/// Values in -1..1 that have no pattern a kernel could share.
fn noise(count: usize, salt: u64) -> Vec<f32> {
    let mixed = |i: u64| (i.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (i << 7)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40;
    (0..count as u64).map(|i| mixed(i + 1 + salt * 1_000_003) as f32 / (1u64 << 23) as f32 - 1.0).collect()
}

fn var(shape: &[usize], salt: u64) -> Var {
    Var::from_vec(noise(shape.iter().product(), salt), shape, &Device::Cpu).unwrap()
}

fn values(tensor: &Tensor) -> Vec<f32> {
    with(tensor, <[f32]>::to_vec).unwrap()
}

/// Weighted sum of a result, in f64; the weights have no pattern either.
fn score(y: &Tensor) -> f64 {
    let y = values(y);
    y.iter().zip(noise(y.len(), 99)).map(|(&y, r)| f64::from(y) * f64::from(r)).sum()
}

/// Gradients of the weighted sum, by the operation's backward pass.
fn gradients(inputs: &[Var], f: &dyn Fn(&[Tensor]) -> Tensor) -> Vec<Vec<f32>> {
    let tensors: Vec<Tensor> = inputs.iter().map(|v| v.as_tensor().clone()).collect();
    let y = f(&tensors);
    let r = Tensor::from_vec(noise(y.elem_count(), 99), y.dims(), &Device::Cpu).unwrap();
    let grads = (y * r).unwrap().sum_all().unwrap().backward().unwrap();
    inputs.iter().map(|v| values(grads.get(v).unwrap())).collect()
}

/// Compares them with `(f(x + h) - f(x - h)) / 2h` for every element of every input.
#[track_caller]
fn check_gradients(inputs: &[Var], h: f32, tolerance: f64, f: impl Fn(&[Tensor]) -> Tensor) {
    let got = gradients(inputs, &f);
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
                        if j == which { Tensor::from_vec(moved.clone(), v.dims(), &Device::Cpu).unwrap() } else { v.as_detached_tensor() }
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
fn close(got: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len());
    for (i, (&got, &expected)) in got.iter().zip(expected).enumerate() {
        assert!((f64::from(got) - expected).abs() <= tolerance * (1.0 + expected.abs()), "element {i}: {got} is not {expected}");
    }
}

/// Calls `f(y index, x index, w index)` for every product of a convolution: its definition.
fn products(x: &[usize], y: &[usize], c: &Conv2d, mut f: impl FnMut(usize, usize, usize)) {
    let [top, left, _, _] = c.pads([x[2], x[3]]);
    let (c_in, c_out) = (x[1] / c.groups, c.out_channels / c.groups);
    for n in 0..y[0] {
        for o in 0..y[1] {
            for (oy, ox) in (0..y[2]).flat_map(|oy| (0..y[3]).map(move |ox| (oy, ox))) {
                for i in 0..c_in {
                    for (ky, kx) in (0..c.kernel[0]).flat_map(|ky| (0..c.kernel[1]).map(move |kx| (ky, kx))) {
                        let iy = (oy * c.stride[0] + ky * c.dilation[0]).checked_sub(top).filter(|&v| v < x[2]);
                        let ix = (ox * c.stride[1] + kx * c.dilation[1]).checked_sub(left).filter(|&v| v < x[3]);
                        if let (Some(iy), Some(ix)) = (iy, ix) {
                            let channel = o / c_out * c_in + i;
                            let at_x = ((n * x[1] + channel) * x[2] + iy) * x[3] + ix;
                            let at_w = ((o * c_in + i) * c.kernel[0] + ky) * c.kernel[1] + kx;
                            f(((n * y[1] + o) * y[2] + oy) * y[3] + ox, at_x, at_w);
                        }
                    }
                }
            }
        }
    }
}

/// Value and all gradients against the definition, in f64.
#[track_caller]
fn check_conv(shape: [usize; 4], settings: Conv2d) {
    let settings = Conv2d { in_channels: shape[1], ..settings };
    let x = var(&shape, 1);
    let w = var(&[settings.out_channels, shape[1] / settings.groups, settings.kernel[0], settings.kernel[1]], 2);
    let b = var(&[settings.out_channels], 3);
    let f = |t: &[Tensor]| conv2d(&t[0], &t[1], settings.bias.then(|| &t[2]), &settings).unwrap();
    let y = f(&[x.as_tensor().clone(), w.as_tensor().clone(), b.as_tensor().clone()]);
    let [h, w_out] = settings.output([shape[2], shape[3]]);
    assert_eq!(y.dims(), [shape[0], settings.out_channels, h, w_out]);
    let (xs, ws, dy) = (values(&x), values(&w), noise(y.elem_count(), 99));
    let plane = h * w_out;
    let bias = |i: usize| if settings.bias { f64::from(values(&b)[i / plane % settings.out_channels]) } else { 0.0 };
    let mut expected: Vec<f64> = (0..y.elem_count()).map(bias).collect();
    let (mut dx, mut dw) = (vec![0f64; xs.len()], vec![0f64; ws.len()]);
    products(&shape, y.dims(), &settings, |at_y, at_x, at_w| {
        expected[at_y] += f64::from(xs[at_x]) * f64::from(ws[at_w]);
        dx[at_x] += f64::from(dy[at_y]) * f64::from(ws[at_w]);
        dw[at_w] += f64::from(dy[at_y]) * f64::from(xs[at_x]);
    });
    close(&values(&y), &expected, 2e-5);
    let inputs = if settings.bias { vec![x, w, b] } else { vec![x, w] };
    let got = gradients(&inputs, &f);
    close(&got[0], &dx, 2e-5);
    close(&got[1], &dw, 2e-4);
    if settings.bias {
        let mut db = vec![0f64; settings.out_channels];
        dy.iter().enumerate().for_each(|(i, &dy)| db[i / plane % settings.out_channels] += f64::from(dy));
        close(&got[2], &db, 1e-4);
    }
}

#[test]
fn convolutions_are_their_definition() {
    check_conv([2, 3, 7, 5], Conv2d::new(4, 3).pad(1));
    check_conv([2, 3, 9, 8], Conv2d::new(5, 3).stride(2).pad(1).biased());
    check_conv([1, 3, 11, 11], Conv2d::new(2, 7).stride(2).pad(3));
    check_conv([2, 4, 6, 6], Conv2d::new(6, 3).groups(2).pad(1).biased());
    check_conv([2, 2, 9, 9], Conv2d { dilation: [2, 3], ..Conv2d::new(3, 3).pad(2) });
    check_conv(
        [3, 2, 5, 6],
        Conv2d { kernel: [1, 4], stride: [2, 1], padding: Padding::Explicit { top: 0, left: 2, bottom: 1, right: 3 }, ..Conv2d::new(3, 1) },
    );
    check_conv([2, 5, 6, 4], Conv2d::new(3, 1).biased());
    check_conv([2, 5, 7, 7], Conv2d::new(3, 1).stride(2));
    check_conv([2, 3, 8, 7], Conv2d::new(4, 3).stride(2).same().biased());
    check_conv([1, 1, 1, 1], Conv2d::new(1, 1));
}

#[test]
fn convolutions_cut_into_many_tiles_are_too() {
    // Several tiles an image; several images a tile; so many tasks that the inside of a tile is not shared.
    check_conv([2, 3, 70, 66], Conv2d::new(4, 3).pad(1).biased());
    check_conv([5, 40, 9, 9], Conv2d::new(35, 3).pad(1));
    check_conv([20, 4, 50, 48], Conv2d::new(3, 1).biased());
    check_conv([37, 6, 4, 4], Conv2d::new(70, 3).stride(2).pad(1));
}

#[test]
fn depthwise_convolutions_are_their_definition() {
    check_conv([2, 3, 7, 6], Conv2d::new(3, 3).groups(3).pad(1));
    check_conv([2, 4, 9, 8], Conv2d::new(4, 5).groups(4).stride(2).same().biased());
    check_conv([1, 5, 30, 41], Conv2d::new(5, 5).groups(5).pad(2));
    check_conv([2, 2, 9, 9], Conv2d { dilation: [2, 1], ..Conv2d::new(2, 3).groups(2).pad(1) });
}

#[test]
fn convolution_gradients_are_differences() {
    let settings = Conv2d { in_channels: 2, ..Conv2d::new(3, 3).stride(2).pad(1).biased() };
    let inputs = [var(&[2, 2, 5, 4], 1), var(&[3, 2, 3, 3], 2), var(&[3], 3)];
    check_gradients(&inputs, 0.25, 1e-4, |t| conv2d(&t[0], &t[1], Some(&t[2]), &settings).unwrap());
}

#[test]
fn the_input_image_gets_no_gradient_it_does_not_ask_for() {
    let settings = Conv2d { in_channels: 1, ..Conv2d::new(1, 3) };
    let (x, w) = (var(&[1, 1, 4, 4], 1).as_detached_tensor(), var(&[1, 1, 3, 3], 2));
    let grads = conv2d(&x, &w, None, &settings).unwrap().sum_all().unwrap().backward().unwrap();
    assert!(grads.get(&x).is_none());
    assert!(grads.get(&w).is_some());
}

#[test]
fn shapes_that_do_not_fit_are_refused() {
    let settings = Conv2d { in_channels: 2, ..Conv2d::new(3, 3) };
    let (x, w) = (var(&[1, 2, 4, 4], 1), var(&[3, 1, 3, 3], 2));
    assert!(conv2d(&x, &w, None, &settings).is_err());
    assert!(conv2d(&var(&[1, 2, 2, 2], 1), &var(&[3, 2, 3, 3], 2), None, &settings).is_err());
    assert!(linear(&var(&[2, 3], 1), &var(&[4, 2], 2), &var(&[4], 3)).is_err());
    assert!(gate(&var(&[1, 3, 2, 2], 1), &var(&[1, 2, 1, 1], 2)).is_err());
    assert!(cross_entropy(&var(&[2, 3], 1), &[0, 3], None, 0.0).is_err());
}

#[test]
fn activations_are_torch_s_at_their_corners() {
    let x = Var::new(&[-2f32, 0.0, 3.0, 6.0, 7.0, f32::NAN], &Device::Cpu).unwrap();
    let slope = |f: fn(&Tensor) -> candle_core::Result<Tensor>| {
        let y = f(&x).unwrap();
        let grads = y.sum_all().unwrap().backward().unwrap();
        (values(&y), values(grads.get(&x).unwrap()))
    };
    let (y, dx) = slope(relu);
    assert_eq!((&y[..5], &dx[..5]), (&[0.0, 0.0, 3.0, 6.0, 7.0][..], &[0.0, 0.0, 1.0, 1.0, 1.0][..]));
    assert!(y[5].is_nan(), "a NaN stays visible");
    let (y, dx) = slope(relu6);
    assert_eq!((&y[..5], &dx[..5]), (&[0.0, 0.0, 3.0, 6.0, 6.0][..], &[0.0, 0.0, 1.0, 0.0, 0.0][..]));
    check_gradients(&[var(&[3, 7], 1)], 1e-2, 1e-3, |t| sigmoid(&t[0]).unwrap());
    let ends = Tensor::new(&[-200f32, 200.0], &Device::Cpu).unwrap();
    assert_eq!(values(&sigmoid(&ends).unwrap()), [0.0, 1.0]);
}

#[test]
fn max_pools_follow_torch() {
    let x = Var::from_vec((1..=25).map(|v| v as f32).collect(), (1, 1, 5, 5), &Device::Cpu).unwrap();
    let pool = |kernel, stride, padding, ceil| {
        let y = max_pool(&x, MaxPool { kernel, stride, padding, ceil }).unwrap();
        let grads = y.sum_all().unwrap().backward().unwrap();
        (y.dims().to_vec(), values(&y), values(grads.get(&x).unwrap()))
    };
    let (shape, y, dx) = pool(3, 2, 1, false);
    assert_eq!((shape, y), (vec![1, 1, 3, 3], vec![7.0, 9.0, 10.0, 17.0, 19.0, 20.0, 22.0, 24.0, 25.0]));
    assert_eq!(dx.iter().sum::<f32>(), 9.0);
    assert_eq!(dx[6], 1.0);
    // Odd size, floor: the last row and column take no part. Ceil: they do.
    assert_eq!(pool(2, 2, 0, false).1, [7.0, 9.0, 17.0, 19.0]);
    assert_eq!(pool(2, 2, 0, true).1, [7.0, 9.0, 10.0, 17.0, 19.0, 20.0, 22.0, 24.0, 25.0]);
    // A window that would start in the padding is left out even when rounding up (torch's rule).
    assert_eq!(pool(2, 3, 1, true).0, [1, 1, 2, 2]);
    // Overlapping windows with one winner: its gradient is the number of windows it won.
    assert_eq!(pool(3, 1, 0, false).2[24], 1.0);
    assert_eq!(pool(5, 1, 2, false).2[24], 9.0);
    check_gradients(&[var(&[2, 3, 6, 5], 4)], 1e-3, 2e-3, |t| {
        max_pool(&t[0], MaxPool { kernel: 3, stride: 2, padding: 1, ceil: true }).unwrap()
    });
}

#[test]
fn of_equal_values_the_first_wins_and_padding_never_does() {
    let x = Var::from_vec(vec![-3f32; 4], (1, 1, 2, 2), &Device::Cpu).unwrap();
    let y = max_pool(&x, MaxPool { kernel: 2, stride: 2, padding: 0, ceil: false }).unwrap();
    let grads = y.sum_all().unwrap().backward().unwrap();
    assert_eq!(values(grads.get(&x).unwrap()), [1.0, 0.0, 0.0, 0.0]);
    let padded = max_pool(&x, MaxPool { kernel: 3, stride: 2, padding: 1, ceil: false }).unwrap();
    assert_eq!(values(&padded), [-3.0]);
}

#[test]
fn batch_norm_trains_by_the_book() {
    let inputs = [var(&[3, 2, 3, 2], 1), var(&[2], 2), var(&[2], 3)];
    check_gradients(&inputs, 1e-2, 2e-3, |t| batch_norm_train(&t[0], &t[1], &t[2], 1e-3, After::Nothing).unwrap().0);
    let x = Tensor::from_vec(vec![1f32, 2.0, 3.0, 6.0], (2, 1, 1, 2), &Device::Cpu).unwrap();
    let one = |v: f32| Tensor::new(&[v], &Device::Cpu).unwrap();
    let (y, batch) = batch_norm_train(&x, &one(2.0), &one(1.0), 0.0, After::Nothing).unwrap();
    // Mean 3, biased variance 3.5, unbiased 14/3.
    close(&values(&y), &[-2.0, -1.0, 0.0, 3.0].map(|d| d / 3.5f64.sqrt() * 2.0 + 1.0), 1e-6);
    assert_eq!((batch.mean[0], batch.unbiased_var[0]), (3.0, (14.0f64 / 3.0) as f32));
    let running = Var::new(&[1f32], &Device::Cpu).unwrap();
    move_towards(&running, &batch.mean, 0.1).unwrap();
    assert!((values(&running)[0] - 1.2).abs() < 1e-6);
    assert!(batch_norm_train(&x.narrow(0, 0, 1).unwrap().narrow(3, 0, 1).unwrap(), &one(1.0), &one(0.0), 0.0, After::Nothing).is_err());
}

#[test]
fn batch_norm_survives_a_large_mean() {
    let x: Vec<f32> = noise(4096, 5).iter().map(|v| 1000.0 + v).collect();
    let mean = x.iter().map(|&v| f64::from(v)).sum::<f64>() / 4096.0;
    let var = x.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / 4095.0;
    let x = Tensor::from_vec(x, (16, 1, 16, 16), &Device::Cpu).unwrap();
    let one = Tensor::new(&[1f32], &Device::Cpu).unwrap();
    let (_, batch) = batch_norm_train(&x, &one, &one, 1e-5, After::Nothing).unwrap();
    close(&batch.unbiased_var, &[var], 1e-5);
}

#[test]
fn batch_norm_with_given_statistics() {
    let inputs = [var(&[2, 2, 3, 2], 1), var(&[2], 2), var(&[2], 3)];
    let (mean, spread) = (Tensor::new(&[0.5f32, -0.25], &Device::Cpu).unwrap(), Tensor::new(&[2f32, 0.5], &Device::Cpu).unwrap());
    check_gradients(&inputs, 0.1, 1e-3, |t| batch_norm_eval(&t[0], &t[1], &t[2], [&mean, &spread], 1e-5, After::Nothing).unwrap());
}

#[test]
fn small_operations_have_right_gradients() {
    check_gradients(&[var(&[2, 3, 4, 5], 1), var(&[2, 3, 1, 1], 2)], 0.1, 1e-3, |t| gate(&t[0], &t[1]).unwrap());
    check_gradients(&[var(&[2, 3, 4, 5], 1), var(&[2, 2, 4, 5], 2)], 0.1, 1e-3, |t| concat(&t[0], &t[1]).unwrap());
    check_gradients(&[var(&[2, 3, 4, 5], 1)], 0.1, 1e-3, |t| global_avg_pool(&t[0]).unwrap());
    check_gradients(&[var(&[2, 7, 1, 1], 1), var(&[1, 1, 3], 2)], 0.1, 1e-3, |t| channel_conv(&t[0], &t[1]).unwrap());
    check_gradients(&[var(&[2, 3, 1, 1], 1), var(&[1, 1, 5], 2)], 0.1, 1e-3, |t| channel_conv(&t[0], &t[1]).unwrap());
    check_gradients(&[var(&[40, 6], 1), var(&[5, 6], 2), var(&[5], 3)], 0.1, 1e-3, |t| linear(&t[0], &t[1], &t[2]).unwrap());
    check_gradients(&[var(&[2, 6], 1), var(&[70, 6, 1, 1], 2), var(&[70], 3)], 0.1, 1e-3, |t| linear(&t[0], &t[1], &t[2]).unwrap());
    check_gradients(&[var(&[4, 50], 1)], 0.1, 1e-3, |t| dropout(&t[0], 0.3, 11, 2).unwrap());
}

#[test]
fn channel_convolution_by_hand() {
    let x = Tensor::from_vec(vec![1f32, 2.0, 3.0, 4.0], (1, 4, 1, 1), &Device::Cpu).unwrap();
    let w = Tensor::from_vec(vec![10f32, 100.0, 1000.0], (1, 1, 3), &Device::Cpu).unwrap();
    assert_eq!(values(&channel_conv(&x, &w).unwrap()), [2100.0, 3210.0, 4320.0, 430.0]);
}

#[test]
fn cross_entropy_is_torch_s() {
    let inputs = [var(&[5, 4], 1)];
    let weights = [0.5f32, 2.0, 1.0, 3.0];
    check_gradients(&inputs, 1e-2, 1e-3, |t| cross_entropy(&t[0], &[0, 3, 1, 1, 2], Some(&weights), 0.1).unwrap());
    // By hand: softmax of (0, ln 3) is (1/4, 3/4); of (0, 0) it is (1/2, 1/2).
    let logits = Tensor::new(&[[0f32, 3f32.ln()], [0.0, 0.0]], &Device::Cpu).unwrap();
    let loss = |weights, smoothing| f64::from(cross_entropy(&logits, &[1, 0], weights, smoothing).unwrap().to_scalar::<f32>().unwrap());
    let (a, b, c) = ((4f64 / 3.0).ln(), 4f64.ln(), 2f64.ln());
    assert!((loss(None, 0.0) - (a + c) / 2.0).abs() < 1e-6);
    assert!((loss(Some(&[3.0, 1.0]), 0.0) - (a + 3.0 * c) / 4.0).abs() < 1e-6);
    let smooth = 0.8 * (a + 3.0 * c) / 4.0 + 0.1 * (a + 3.0 * b + 4.0 * c) / 4.0;
    assert!((loss(Some(&[3.0, 1.0]), 0.2) - smooth).abs() < 1e-6);
    let huge = Tensor::new(&[[1e4f32, -1e4]], &Device::Cpu).unwrap();
    assert_eq!(cross_entropy(&huge, &[1], None, 0.0).unwrap().to_scalar::<f32>().unwrap(), 2e4);
}

#[test]
fn dropout_is_a_fixed_stream_of_the_right_rate() {
    let x = Tensor::ones((100, 1000), candle_core::DType::F32, &Device::Cpu).unwrap();
    let y = values(&dropout(&x, 0.25, 1, 0).unwrap());
    let kept = y.iter().filter(|&&v| v > 0.0).count();
    assert!(y.iter().all(|&v| v == 0.0 || (v - 4.0 / 3.0).abs() < 1e-6));
    assert!((74_000..76_000).contains(&kept), "{kept}");
    assert_eq!(y, values(&dropout(&x, 0.25, 1, 0).unwrap()));
    assert_ne!(y, values(&dropout(&x, 0.25, 2, 0).unwrap()));
    assert_ne!(y, values(&dropout(&x, 0.25, 1, 1).unwrap()));
}

/// What is done in one pass is what its parts do one after the other, to the bit.
#[test]
fn fused_operations_are_their_parts() {
    let inputs = [var(&[3, 2, 3, 4], 1), var(&[2], 2), var(&[2], 3)];
    let apart = |t: &[Tensor]| relu(&batch_norm_train(&t[0], &t[1], &t[2], 1e-3, After::Nothing).unwrap().0).unwrap();
    let fused = |t: &[Tensor]| batch_norm_train(&t[0], &t[1], &t[2], 1e-3, After::Relu).unwrap().0;
    assert_eq!(gradients(&inputs, &apart), gradients(&inputs, &fused));
    let statistics = [&Tensor::new(&[0.5f32, -0.25], &Device::Cpu).unwrap(), &Tensor::new(&[0.1f32, 0.02], &Device::Cpu).unwrap()];
    let apart = |t: &[Tensor]| relu6(&batch_norm_eval(&t[0], &t[1], &t[2], statistics, 1e-3, After::Nothing).unwrap()).unwrap();
    let fused = |t: &[Tensor]| batch_norm_eval(&t[0], &t[1], &t[2], statistics, 1e-3, After::Relu6).unwrap();
    assert_eq!(gradients(&inputs, &apart), gradients(&inputs, &fused));
    let inputs = [var(&[3, 2, 3, 4], 1), var(&[3, 2, 3, 4], 2)];
    let apart = |t: &[Tensor]| relu(&add(&t[0], &t[1]).unwrap()).unwrap();
    let fused = |t: &[Tensor]| add_relu(&t[0], &t[1]).unwrap();
    assert_eq!(gradients(&inputs, &apart), gradients(&inputs, &fused));
    assert!(add_relu(&inputs[0], &var(&[3, 2, 4, 3], 1)).is_err());
}
