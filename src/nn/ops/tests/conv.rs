//! Convolutions: the definition, which is PyTorch's, in f64.

use candle_core::Tensor;
use proptest::prelude::*;

use super::planes::conv2d;
use super::support::{both_ways, check_gradients, close, each, gradients, noise, values, var};
use crate::nn::graph::{Conv2d, Padding};
use crate::nn::ops::{Transposed, conv_transpose2d};

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
    both_ways(|| check_conv_one_way(shape, settings.clone()));
}

fn check_conv_one_way(shape: [usize; 4], settings: Conv2d) {
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
fn convolutions_of_any_settings_are_their_definition() {
    let pair = |most: usize| (1..=most, 1..=most).prop_map(|(a, b)| [a, b]);
    let sizes =
        (1usize..3, 1usize..4, 1usize..4, pair(9), pair(4), pair(3), pair(2), [0usize..3, 0..3, 0..3, 0..3], 1usize..4, any::<bool>());
    each(60, sizes, |(n, c_in, c_out, [h, w], kernel, stride, dilation, [top, left, bottom, right], groups, bias)| {
        let padding = Padding::Explicit { top, left, bottom, right };
        let settings = Conv2d { kernel, stride, padding, dilation, groups, bias, ..Conv2d::new(groups * c_out, 1) };
        if !settings.output([h, w]).contains(&0) {
            check_conv([n, groups * c_in, h, w], settings);
        }
    });
}

#[test]
fn convolution_gradients_are_differences() {
    let settings = Conv2d { in_channels: 2, ..Conv2d::new(3, 3).stride(2).pad(1).biased() };
    let inputs = [var(&[2, 2, 5, 4], 1), var(&[3, 2, 3, 3], 2), var(&[3], 3)];
    check_gradients(&inputs, 0.25, 1e-4, |t| conv2d(&t[0], &t[1], Some(&t[2]), &settings).unwrap());
}

#[test]
fn transposed_convolution_gradients_are_differences() {
    let pair = |least: usize, most: usize| (least..=most, least..=most).prop_map(|(a, b)| [a, b]);
    let sizes = (1usize..3, 1usize..3, 1usize..4, pair(1, 4), pair(1, 3), pair(1, 3), pair(1, 2), pair(0, 1), 1usize..3);
    each(40, sizes, |(n, c_in, c_out, [h, w], [kh, kw], stride, dilation, padding, groups)| {
        let output_padding = [0, 1].map(|axis| stride[axis].max(dilation[axis]) - 1);
        let settings = Transposed { stride, padding, output_padding, dilation, groups };
        let inputs = [var(&[n, h, w, groups * c_in], 1), var(&[groups * c_in, c_out, kh, kw], 2), var(&[groups * c_out], 3)];
        let run = |t: &[Tensor]| conv_transpose2d(&t[0], &t[1], Some(&t[2]), settings);
        // The padding may leave nothing.
        if run(&inputs.each_ref().map(|v| v.as_tensor().clone())).is_ok() {
            check_gradients(&inputs, 0.25, 1e-4, |t| run(t).unwrap());
        }
    });
}

#[test]
fn the_input_image_gets_no_gradient_it_does_not_ask_for() {
    let settings = Conv2d { in_channels: 1, ..Conv2d::new(1, 3) };
    let (x, w) = (var(&[1, 1, 4, 4], 1).as_detached_tensor(), var(&[1, 1, 3, 3], 2));
    let grads = conv2d(&x, &w, None, &settings).unwrap().sum_all().unwrap().backward().unwrap();
    assert!(grads.get(&x).is_none());
    assert!(grads.get(&w).is_some());
}
