//! Depthwise convolution: each plane has its own small kernel, so direct loops over rows beat matrix products.

use rayon::prelude::*;

use super::elementwise::{planes_per_task, sum2};
use super::geometry::Geometry;
use super::im2col::inside;

/// Calls `f(tap, input row, output row, start, end, first input column)` for every tap and row that meet.
#[inline(always)]
fn rows(g: &Geometry, mut f: impl FnMut(usize, usize, usize, usize, usize, usize)) {
    for out_row in 0..g.output[0] {
        for ky in 0..g.kernel[0] {
            let y = out_row * g.stride[0] + ky * g.dilation[0];
            let Some(y) = y.checked_sub(g.pad[0]).filter(|&y| y < g.input[0]) else { continue };
            for kx in 0..g.kernel[1] {
                let offset = kx * g.dilation[1];
                let (start, end) = inside(g, 1, offset);
                if start < end {
                    f(ky * g.kernel[1] + kx, y, out_row, start, end, start * g.stride[1] + offset - g.pad[1]);
                }
            }
        }
    }
}

/// `y = w * x` plane by plane.
pub(super) fn forward(x: &[f32], weight: &[f32], bias: Option<&[f32]>, g: &Geometry) -> Vec<f32> {
    let mut y = vec![0.0; g.n * g.groups * g.out_plane()];
    let planes = y.par_chunks_mut(g.out_plane()).zip(x.par_chunks(g.in_plane())).enumerate();
    planes.with_min_len(planes_per_task(g.out_plane() * g.taps())).for_each(|(plane, (y, x))| {
        let channel = plane % g.groups;
        let weight = &weight[channel * g.taps()..][..g.taps()];
        if let Some(bias) = bias {
            y.fill(bias[channel]);
        }
        rows(g, |tap, from, to, start, end, first| {
            let x = &x[from * g.input[1] + first..(from + 1) * g.input[1]];
            let y = &mut y[to * g.output[1]..][start..end];
            let w = weight[tap];
            match g.stride[1] {
                1 => y.iter_mut().zip(x).for_each(|(y, &x)| *y += w * x),
                stride => y.iter_mut().zip(x.iter().step_by(stride)).for_each(|(y, &x)| *y += w * x),
            }
        });
    });
    y
}

/// `dX`, the same walk with input and output changed over.
pub(super) fn input_gradient(dy: &[f32], weight: &[f32], g: &Geometry) -> Vec<f32> {
    let mut dx = vec![0.0; g.n * g.groups * g.in_plane()];
    let planes = dx.par_chunks_mut(g.in_plane()).zip(dy.par_chunks(g.out_plane())).enumerate();
    planes.with_min_len(planes_per_task(g.out_plane() * g.taps())).for_each(|(plane, (dx, dy))| {
        let weight = &weight[plane % g.groups * g.taps()..][..g.taps()];
        rows(g, |tap, to, from, start, end, first| {
            let dx = &mut dx[to * g.input[1] + first..(to + 1) * g.input[1]];
            let dy = &dy[from * g.output[1]..][start..end];
            let w = weight[tap];
            match g.stride[1] {
                1 => dx.iter_mut().zip(dy).for_each(|(dx, &dy)| *dx += w * dy),
                stride => dx.iter_mut().step_by(stride).zip(dy).for_each(|(dx, &dy)| *dx += w * dy),
            }
        });
    });
    dx
}

/// `dW`: for each channel and tap the sum of products over all images, in the order of images.
pub(super) fn weight_gradient(x: &[f32], dy: &[f32], g: &Geometry) -> Vec<f32> {
    let mut dw = vec![0.0; g.groups * g.taps()];
    dw.par_chunks_mut(g.taps()).enumerate().for_each(|(channel, dw)| {
        let mut sums = vec![0f64; g.taps()];
        for image in 0..g.n {
            let plane = image * g.groups + channel;
            let (x, dy) = (&x[plane * g.in_plane()..][..g.in_plane()], &dy[plane * g.out_plane()..][..g.out_plane()]);
            rows(g, |tap, from, to, start, end, first| {
                let x = &x[from * g.input[1] + first..(from + 1) * g.input[1]];
                let dy = &dy[to * g.output[1]..][start..end];
                sums[tap] += match g.stride[1] {
                    1 => sum2(&x[..dy.len()], dy, |x, dy| x * dy),
                    stride => x.iter().step_by(stride).zip(dy).map(|(&x, &dy)| f64::from(x * dy)).sum(),
                };
            });
        }
        dw.iter_mut().zip(sums).for_each(|(dw, sum)| *dw = sum as f32);
    });
    dw
}
