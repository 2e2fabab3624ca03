//! The way around a residual block.

use super::ConvNorm;
use crate::nn::graph::{Builder, Conv2d, NodeId};

/// `x` itself, or where `stride` or `channels` change its shape a 1x1 convolution of it with a norm, `{name}.downsample.0` and `.1`.
pub fn shortcut(g: &mut Builder, name: &str, x: NodeId, channels: usize, stride: usize) -> NodeId {
    if stride == 1 && g.channels(x) == channels {
        return x;
    }
    let names = [0, 1].map(|part| format!("{name}.downsample.{part}"));
    ConvNorm::new(Conv2d::new(channels, 1).stride(stride), None).add(g, [&names[0], &names[1]], x)
}
