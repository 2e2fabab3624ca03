//! The first SE-ResNets (Hu et al. 2017, <https://arxiv.org/abs/1709.01507>) as they were converted from Caffe, which timm calls
//! `legacy_seresnet` and segmentation models `se_resnet`: the max pool rounds up and does not pad, bottlenecks take their stride in
//! the first convolution, and small blocks have another ReLU before the gate.

use super::{Architecture, Graph, Licence, Published};
use crate::nn::graph::{Builder, Conv2d, MaxPool, NodeId};
use crate::nn::layers::{SqueezeExcite, shortcut};
use crate::nn::preprocess::{Interpolation, Preprocess};

const EPS: f32 = 1e-5;

/// Blocks of each stage, and whether they are bottlenecks.
#[derive(Clone, Copy)]
pub(super) struct LegacySeResNet {
    depths: [usize; 4],
    bottleneck: bool,
}

const SERESNET18: LegacySeResNet = LegacySeResNet { depths: [2, 2, 2, 2], bottleneck: false };
pub(super) const SERESNET50: LegacySeResNet = LegacySeResNet { depths: [3, 4, 6, 3], bottleneck: true };

const BICUBIC: Preprocess = Preprocess::imagenet(224, Interpolation::Bicubic, 0.875);
const BILINEAR: Preprocess = Preprocess::imagenet(224, Interpolation::Bilinear, 0.875);

pub const ALL: &[Architecture] = &[
    Architecture {
        name: "legacy_seresnet18",
        summary: "SE-ResNet-18 as first published",
        source: "https://arxiv.org/abs/1709.01507",
        preprocess: BICUBIC,
        published: &[Published { tag: "in1k", repo: None, licence: Licence::APACHE, classes: 1000, preprocess: BICUBIC }],
        classifier: "last_linear",
        first_conv: "layer0.conv1",
        build: |classes, size| SERESNET18.graph(classes, size),
    },
    Architecture {
        name: "legacy_seresnet50",
        summary: "SE-ResNet-50 as first published",
        source: "https://arxiv.org/abs/1709.01507",
        preprocess: BILINEAR,
        published: &[Published { tag: "in1k", repo: None, licence: Licence::APACHE, classes: 1000, preprocess: BILINEAR }],
        classifier: "last_linear",
        first_conv: "layer0.conv1",
        build: |classes, size| SERESNET50.graph(classes, size),
    },
];

impl LegacySeResNet {
    fn graph(self, classes: usize, size: [usize; 2]) -> Graph {
        let mut g = Builder::new(size);
        let [.., x] = self.pyramid(&mut g);
        let x = g.global_avg_pool(x);
        let x = g.flatten(x);
        let x = g.features(x);
        let x = g.dropout(x, 0.2);
        g.linear("last_linear", x, classes);
        g.finish()
    }

    /// What the stem and the four stages make of the input, at a half, a fourth and so on of its size.
    pub fn pyramid(self, g: &mut Builder) -> [NodeId; 5] {
        let x = g.conv("layer0.conv1", g.input(), Conv2d::new(64, 7).stride(2).pad(3));
        let x = g.batch_norm("layer0.bn1", x, EPS);
        let stem = g.relu(x);
        let mut x = g.max_pool(stem, MaxPool { kernel: 3, stride: 2, padding: 0, ceil: true });
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

    fn block(self, g: &mut Builder, name: &str, input: NodeId, channels: usize, stride: usize) -> NodeId {
        let convs = if self.bottleneck {
            vec![Conv2d::new(channels, 1).stride(stride), Conv2d::new(channels, 3).pad(1), Conv2d::new(4 * channels, 1)]
        } else {
            vec![Conv2d::new(channels, 3).stride(stride).pad(1), Conv2d::new(channels, 3).pad(1)]
        };
        let (last, mut x) = (convs.len(), input);
        for (number, conv) in (1..).zip(convs) {
            x = g.conv(format!("{name}.conv{number}"), x, conv);
            x = g.batch_norm(format!("{name}.bn{number}"), x, EPS);
            x = if number < last || !self.bottleneck { g.relu(x) } else { x };
        }
        let wide = g.channels(x);
        let x = SqueezeExcite::new(wide / 16).add(g, &format!("{name}.se_module"), x);
        let around = shortcut(g, name, input, wide, stride);
        let x = g.add(x, around);
        g.relu(x)
    }
}
