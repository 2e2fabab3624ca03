//! Gates that weigh the channels of an image by their means.

use crate::nn::graph::{Builder, Conv2d, NodeId};
use crate::nn::ops::Activation;

/// Squeeze-and-excitation (Hu et al. 2017, <https://arxiv.org/abs/1709.01507>): the mean of each channel, two 1x1 convolutions with a
/// narrow middle, and a function of that as a gate.
#[derive(Clone, Copy, Debug)]
pub struct SqueezeExcite {
    /// Channels of the middle.
    pub narrow: usize,
    /// Names of the convolutions.
    pub names: [&'static str; 2],
    /// After the first convolution.
    pub activation: Activation,
    /// After the second: between 0 and 1.
    pub gate: Activation,
}

impl SqueezeExcite {
    /// timm's `SEModule`: `fc1`, ReLU, `fc2`, sigmoid.
    pub fn new(narrow: usize) -> Self {
        Self { narrow, names: ["fc1", "fc2"], activation: Activation::Relu, gate: Activation::Sigmoid }
    }

    /// A sixteenth of `channels`, rounded to a multiple of 8 and at least 8: timm's rule.
    pub fn sixteenth(channels: usize) -> usize {
        ((channels / 16 + 4) / 8 * 8).max(8)
    }

    /// Adds itself.
    pub fn add(self, g: &mut Builder, name: &str, x: NodeId) -> NodeId {
        let channels = g.channels(x);
        let y = g.global_avg_pool(x);
        let y = g.conv(format!("{name}.{}", self.names[0]), y, Conv2d::new(self.narrow, 1).biased());
        let y = g.activation(y, self.activation);
        let y = g.conv(format!("{name}.{}", self.names[1]), y, Conv2d::new(channels, 1).biased());
        let y = g.activation(y, self.gate);
        g.gate(x, y)
    }
}

/// ECA (Wang et al. 2019, <https://arxiv.org/abs/1910.03151>): the mean of each channel, a short convolution along the channels, and the
/// sigmoid of that as a gate.
#[derive(Clone, Copy, Debug)]
pub struct EfficientChannelAttention;

impl EfficientChannelAttention {
    /// The odd size near `(log2(channels) + 1) / 2`, at least 3 (section 3.2.3 of the paper, rounded as timm does).
    pub fn kernel(channels: usize) -> usize {
        let size = (channels.ilog2() as usize).div_ceil(2);
        (if size % 2 == 1 { size } else { size + 1 }).max(3)
    }

    /// Adds itself.
    pub fn add(self, g: &mut Builder, name: &str, x: NodeId) -> NodeId {
        let kernel = Self::kernel(g.channels(x));
        let y = g.global_avg_pool(x);
        let y = g.channel_conv(format!("{name}.conv"), y, kernel);
        let y = g.sigmoid(y);
        g.gate(x, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_timm_s() {
        assert_eq!([64, 128, 256, 512, 1024, 2048].map(EfficientChannelAttention::kernel), [3, 5, 5, 5, 5, 7]);
        assert_eq!([64, 128, 256, 512].map(SqueezeExcite::sixteenth), [8, 8, 16, 32]);
    }
}
