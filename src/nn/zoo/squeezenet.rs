//! SqueezeNet 1.1 (Iandola et al. 2016, <https://arxiv.org/abs/1602.07360>; the 1.1 revision of
//! <https://github.com/forresti/SqueezeNet>) under the Caffe names of the weights that DeepScale published.
//!
//! Every convolution pads like TensorFlow's "same"; the three max pools do not pad. The published network
//! averages the last 1x1 convolution over the image. Averaging and a 1x1 convolution commute, so here
//! the 512 channels are averaged first: the same logits, and the average can serve as features. Dropout (0.5)
//! acts on those features.

use super::{Architecture, Licence, Published, byte};
use crate::nn::graph::{Builder, Conv2d, Graph, MaxPool, NodeId};
use crate::nn::preprocess::{Channels, ColourConstancy, Fit, Interpolation, Preprocess};

pub const ALL: &[Architecture] = &[Architecture {
    name: "squeezenet1_1",
    summary: "SqueezeNet 1.1: small, no batch norm",
    source: "https://arxiv.org/abs/1602.07360",
    preprocess: CAFFE,
    published: &[Published { tag: "deepscale_in1k", repo: None, licence: Licence::BSD_2, classes: 1000, preprocess: CAFFE }],
    classifier: "conv10",
    first_conv: "conv1",
    build: squeezenet1_1,
}];

/// As Caffe's networks are fed: blue, green, red, each less ImageNet's mean of it.
const CAFFE: Preprocess = Preprocess {
    width: 224,
    height: 224,
    fit: Fit::ShortestCrop { crop_pct: 0.875 },
    interpolation: Interpolation::Bilinear,
    mean: [byte(103.939), byte(116.779), byte(123.68)],
    std: [byte(1.0); 3],
    channels: Channels::Bgr,
    colour_constancy: ColourConstancy::None,
};

const POOL: MaxPool = MaxPool { kernel: 3, stride: 2, padding: 0, ceil: false };

fn squeezenet1_1(classes: usize, size: [usize; 2]) -> Graph {
    let mut g = Builder::new(size);
    let x = g.input();
    let x = g.conv("conv1", x, Conv2d::new(64, 3).stride(2).same().biased());
    let x = g.relu(x);
    let x = g.max_pool(x, POOL);
    let x = fire(&mut g, 2, x, 16, 64);
    let x = fire(&mut g, 3, x, 16, 64);
    let x = g.max_pool(x, POOL);
    let x = fire(&mut g, 4, x, 32, 128);
    let x = fire(&mut g, 5, x, 32, 128);
    let x = g.max_pool(x, POOL);
    let x = fire(&mut g, 6, x, 48, 192);
    let x = fire(&mut g, 7, x, 48, 192);
    let x = fire(&mut g, 8, x, 64, 256);
    let x = fire(&mut g, 9, x, 64, 256);
    let x = g.global_avg_pool(x);
    let x = g.flatten(x);
    let x = g.features(x);
    let x = g.dropout(x, 0.5);
    g.linear_as_conv("conv10", x, classes);
    g.finish()
}

/// Squeeze to few channels, then expand by a 1x1 and a 3x3 convolution side by side.
fn fire(g: &mut Builder, number: usize, x: NodeId, squeeze: usize, expand: usize) -> NodeId {
    let name = |part: &str| format!("fire{number}.{part}");
    let x = g.conv(name("squeeze1x1"), x, Conv2d::new(squeeze, 1).same().biased());
    let x = g.relu(x);
    let narrow = g.conv(name("expand1x1"), x, Conv2d::new(expand, 1).same().biased());
    let narrow = g.relu(narrow);
    let wide = g.conv(name("expand3x3"), x, Conv2d::new(expand, 3).same().biased());
    let wide = g.relu(wide);
    g.concat(&[narrow, wide])
}
