//! DenseNet-121 (Huang et al. 2016, <https://arxiv.org/abs/1608.06993>): every layer reads what all before it in its block made.
//! Names are timm's and torchvision's.

use super::{Architecture, Graph, Published};
use crate::nn::graph::{AvgPool, Builder, Conv2d, MaxPool, NodeId};
use crate::nn::preprocess::{Interpolation, Preprocess};

const EPS: f32 = 1e-5;
/// Channels that a layer adds.
const GROWTH: usize = 32;
/// Layers of each block.
const DEPTHS: [usize; 4] = [6, 12, 24, 16];

const TV: Preprocess = Preprocess::imagenet(224, Interpolation::Bicubic, 0.875);

pub const ALL: &[Architecture] = &[Architecture {
    name: "densenet121",
    summary: "DenseNet-121: layers read all layers before them",
    source: "https://arxiv.org/abs/1608.06993",
    preprocess: TV,
    published: &[Published::timm("tv_in1k", "timm/densenet121.tv_in1k", TV)],
    classifier: "classifier",
    first_conv: "features.conv0",
    build: densenet121,
}];

fn densenet121(classes: usize, size: [usize; 2]) -> Graph {
    let mut g = Builder::new(size);
    let [.., x] = pyramid(&mut g);
    let x = g.relu(x);
    let x = g.global_avg_pool(x);
    let x = g.flatten(x);
    let x = g.features(x);
    g.linear("classifier", x, classes);
    g.finish()
}

/// What the stem and the four blocks make of the input, normed, at a half, a fourth and so on of its size; all but the last after a ReLU.
pub(super) fn pyramid(g: &mut Builder) -> [NodeId; 5] {
    let x = g.conv("features.conv0", g.input(), Conv2d::new(64, 7).stride(2).pad(3));
    let stem = norm_relu(g, "features.norm0", x);
    let mut x = g.max_pool(stem, MaxPool { kernel: 3, stride: 2, padding: 1, ceil: false });
    let mut pyramid = [stem; 5];
    for (block, depth) in (1..).zip(DEPTHS) {
        for number in 1..=depth {
            x = layer(g, &format!("features.denseblock{block}.denselayer{number}"), x);
        }
        if block < DEPTHS.len() {
            let name = format!("features.transition{block}");
            pyramid[block] = norm_relu(g, &format!("{name}.norm"), x);
            x = transition(g, &name, pyramid[block]);
        }
    }
    pyramid[DEPTHS.len()] = g.batch_norm("features.norm5", x, EPS);
    pyramid
}

/// Through a narrow middle to a few new channels beside the old ones.
fn layer(g: &mut Builder, name: &str, x: NodeId) -> NodeId {
    let y = norm_relu(g, &format!("{name}.norm1"), x);
    let y = g.conv(format!("{name}.conv1"), y, Conv2d::new(4 * GROWTH, 1));
    let y = norm_relu(g, &format!("{name}.norm2"), y);
    let y = g.conv(format!("{name}.conv2"), y, Conv2d::new(GROWTH, 3).pad(1));
    g.concat(&[x, y])
}

/// Half the channels at half the size, after the norm.
fn transition(g: &mut Builder, name: &str, x: NodeId) -> NodeId {
    let half = g.channels(x) / 2;
    let x = g.conv(format!("{name}.conv"), x, Conv2d::new(half, 1));
    let window = MaxPool { kernel: 2, stride: 2, padding: 0, ceil: false };
    g.avg_pool(x, AvgPool { window, count_padding: true })
}

fn norm_relu(g: &mut Builder, name: &str, x: NodeId) -> NodeId {
    let x = g.batch_norm(name, x, EPS);
    g.relu(x)
}
