//! How any ResNet is built.

use crate::nn::graph::{Builder, Conv2d, Graph, MaxPool, NodeId};
use crate::nn::layers::{EfficientChannelAttention, SqueezeExcite, mean_shortcut, shortcut};

const EPS: f32 = 1e-5;

/// What a ResNet is made of.
#[derive(Clone, Copy)]
pub struct ResNet {
    /// Blocks of each stage; stages have 64, 128, 256 and 512 channels (four times as many with bottlenecks).
    pub depths: [usize; 4],
    /// Blocks of a 1x1, a 3x3 and a 1x1 convolution in place of two 3x3.
    pub bottleneck: bool,
    /// What halves the image first.
    pub stem: Stem,
    /// Ways around blocks average what their stride leaves out.
    pub mean_first: bool,
    /// What weighs the channels at the end of a block.
    pub gate: Gate,
    /// Groups of a bottleneck's 3x3 convolution; with 32 it is twice as wide, as ResNeXt's are.
    pub groups: usize,
}

/// What halves the image first.
#[derive(Clone, Copy)]
pub enum Stem {
    /// One convolution of 7x7.
    Wide,
    /// Three of 3x3: these channels, then 64.
    Deep([usize; 2]),
    /// One of 3x3 that halves nothing, and no pool after it: for images of a few dozen pixels.
    Small,
}

/// What weighs the channels at the end of a block.
#[derive(Clone, Copy)]
pub enum Gate {
    None,
    SqueezeExcite,
    Efficient,
}

impl ResNet {
    /// The whole network.
    pub fn graph(&self, classes: usize, size: [usize; 2]) -> Graph {
        let mut g = Builder::new(size);
        let [.., x] = self.pyramid(&mut g);
        let x = g.global_avg_pool(x);
        let x = g.flatten(x);
        let x = g.features(x);
        g.linear("fc", x, classes);
        g.finish()
    }

    /// What the stem and the four stages make of the input, at a half, a fourth and so on of its size.
    pub fn pyramid(&self, g: &mut Builder) -> [NodeId; 5] {
        let stem = self.stem.add(g);
        let mut x = match self.stem {
            Stem::Small => stem,
            _ => g.max_pool(stem, MaxPool { kernel: 3, stride: 2, padding: 1, ceil: false }),
        };
        let mut pyramid = [stem; 5];
        for (stage, depth) in self.depths.into_iter().enumerate() {
            for number in 0..depth {
                let stride = if stage > 0 && number == 0 { 2 } else { 1 };
                x = self.block(g, &format!("layer{}.{number}", stage + 1), x, 64 << stage, stride);
            }
            pyramid[stage + 1] = x;
        }
        pyramid
    }

    fn block(&self, g: &mut Builder, name: &str, input: NodeId, channels: usize, stride: usize) -> NodeId {
        let convs = if self.bottleneck {
            let wide = if self.groups > 1 { 2 * channels } else { channels };
            let middle = Conv2d::new(wide, 3).stride(stride).pad(1).groups(self.groups);
            vec![Conv2d::new(wide, 1), middle, Conv2d::new(4 * channels, 1)]
        } else {
            vec![Conv2d::new(channels, 3).stride(stride).pad(1), Conv2d::new(channels, 3).pad(1)]
        };
        let (last, mut x) = (convs.len(), input);
        for (number, conv) in (1..).zip(convs) {
            x = g.conv(format!("{name}.conv{number}"), x, conv);
            if number < last {
                x = g.batch_norm(format!("{name}.bn{number}"), x, EPS);
                x = g.relu(x);
            } else {
                x = g.batch_norm_zero(format!("{name}.bn{number}"), x, EPS);
            }
        }
        let wide = g.channels(x);
        let x = match self.gate {
            Gate::None => x,
            Gate::SqueezeExcite => SqueezeExcite::new(SqueezeExcite::sixteenth(wide)).add(g, &format!("{name}.se"), x),
            Gate::Efficient => EfficientChannelAttention.add(g, &format!("{name}.se"), x),
        };
        let around = if self.mean_first { mean_shortcut } else { shortcut }(g, name, input, wide, stride);
        let x = g.add(x, around);
        g.relu(x)
    }
}

impl Stem {
    fn add(self, g: &mut Builder) -> NodeId {
        let parts = match self {
            Self::Wide => vec![("conv1", "bn1", Conv2d::new(64, 7).stride(2).pad(3))],
            Self::Small => vec![("conv1", "bn1", Conv2d::new(64, 3).pad(1))],
            Self::Deep([first, second]) => vec![
                ("conv1.0", "conv1.1", Conv2d::new(first, 3).stride(2).pad(1)),
                ("conv1.3", "conv1.4", Conv2d::new(second, 3).pad(1)),
                ("conv1.6", "bn1", Conv2d::new(64, 3).pad(1)),
            ],
        };
        parts.into_iter().fold(g.input(), |x, (conv, norm, settings)| {
            let x = g.conv(conv, x, settings);
            let x = g.batch_norm(norm, x, EPS);
            g.relu(x)
        })
    }
}
