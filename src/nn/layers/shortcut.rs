//! The way around a residual block.

use super::ConvNorm;
use crate::nn::graph::{AvgPool, Builder, Conv2d, MaxPool, NodeId};

/// `x` itself, or where `stride` or `channels` change its shape a 1x1 convolution of it with a norm, `{name}.downsample.0` and `.1`.
pub fn shortcut(g: &mut Builder, name: &str, x: NodeId, channels: usize, stride: usize) -> NodeId {
    if stride == 1 && g.channels(x) == channels {
        return x;
    }
    let names = [0, 1].map(|part| format!("{name}.downsample.{part}"));
    ConvNorm::new(Conv2d::new(channels, 1).stride(stride), None).add(g, [&names[0], &names[1]], x)
}

/// As [`shortcut`], but what `stride` leaves out is averaged first (ResNet-D of He et al. 2018, <https://arxiv.org/abs/1812.01187>):
/// the convolution and its norm are `{name}.downsample.1` and `.2`.
pub fn mean_shortcut(g: &mut Builder, name: &str, x: NodeId, channels: usize, stride: usize) -> NodeId {
    if stride == 1 && g.channels(x) == channels {
        return x;
    }
    let window = MaxPool { kernel: stride, stride, padding: 0, ceil: true };
    let x = if stride == 1 { x } else { g.avg_pool(x, AvgPool { window, count_padding: false }) };
    let names = [1, 2].map(|part| format!("{name}.downsample.{part}"));
    ConvNorm::new(Conv2d::new(channels, 1), None).add(g, [&names[0], &names[1]], x)
}
