//! The operations on `[n, c, h, w]`, the order of PyTorch's definitions.

use candle_core::{Result, Tensor};

use crate::nn::graph::{Conv2d, MaxPool};
use crate::nn::ops::{self, After, Statistics};

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
