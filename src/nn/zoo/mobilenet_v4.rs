//! MobileNetV4 of convolutions alone (Qin et al. 2024, <https://arxiv.org/abs/2404.10518>), with timm's names.

use super::mobile::{Mobile, fused, plain, universal};
use super::{Architecture, Graph, Published};
use crate::nn::graph::{Builder, Conv2d};
use crate::nn::ops::Activation::Relu;
use crate::nn::preprocess::{Interpolation, Preprocess};

const SMALL_IN1K: Preprocess = Preprocess::imagenet(224, Interpolation::Bicubic, 0.875);
const MEDIUM_IN1K: Preprocess = Preprocess::imagenet(256, Interpolation::Bicubic, 0.95);

pub const ALL: &[Architecture] = &[
    Architecture {
        name: "mobilenetv4_conv_small",
        summary: "MobileNetV4-Conv-S",
        source: "https://arxiv.org/abs/2404.10518",
        preprocess: SMALL_IN1K,
        published: &[Published::timm("e2400_r224_in1k", "timm/mobilenetv4_conv_small.e2400_r224_in1k", SMALL_IN1K)],
        classifier: "classifier",
        first_conv: "conv_stem",
        build: |classes, size| graph(&SMALL, classes, size),
    },
    Architecture {
        name: "mobilenetv4_conv_medium",
        summary: "MobileNetV4-Conv-M",
        source: "https://arxiv.org/abs/2404.10518",
        preprocess: MEDIUM_IN1K,
        published: &[Published::timm("e500_r256_in1k", "timm/mobilenetv4_conv_medium.e500_r256_in1k", MEDIUM_IN1K)],
        classifier: "classifier",
        first_conv: "conv_stem",
        build: |classes, size| graph(&MEDIUM, classes, size),
    },
];

const SMALL: Mobile = Mobile {
    stem: 32,
    stages: &[
        &[plain(1, 3, 2, 32), plain(1, 1, 1, 32)],
        &[plain(1, 3, 2, 96), plain(1, 1, 1, 64)],
        &[universal(1, [5, 5], 2, 3.0, 96), universal(4, [0, 3], 1, 2.0, 96), universal(1, [3, 0], 1, 4.0, 96)],
        &[
            universal(1, [3, 3], 2, 6.0, 128),
            universal(1, [5, 5], 1, 4.0, 128),
            universal(1, [0, 5], 1, 4.0, 128),
            universal(1, [0, 5], 1, 3.0, 128),
            universal(2, [0, 3], 1, 4.0, 128),
        ],
        &[plain(1, 1, 1, 960)],
    ],
    activation: Relu,
    eps: 1e-5,
    same: false,
};

pub(super) const MEDIUM: Mobile = Mobile {
    stages: &[
        &[fused(1, 3, 2, 4.0, 48)],
        &[universal(1, [3, 5], 2, 4.0, 80), universal(1, [3, 3], 1, 2.0, 80)],
        &[
            universal(1, [3, 5], 2, 6.0, 160),
            universal(2, [3, 3], 1, 4.0, 160),
            universal(1, [3, 5], 1, 4.0, 160),
            universal(1, [3, 3], 1, 4.0, 160),
            universal(1, [3, 0], 1, 4.0, 160),
            universal(1, [0, 0], 1, 2.0, 160),
            universal(1, [3, 0], 1, 4.0, 160),
        ],
        &[
            universal(1, [5, 5], 2, 6.0, 256),
            universal(1, [5, 5], 1, 4.0, 256),
            universal(2, [3, 5], 1, 4.0, 256),
            universal(1, [0, 0], 1, 4.0, 256),
            universal(1, [3, 0], 1, 4.0, 256),
            universal(1, [3, 5], 1, 2.0, 256),
            universal(1, [5, 5], 1, 4.0, 256),
            universal(2, [0, 0], 1, 4.0, 256),
            universal(1, [5, 0], 1, 2.0, 256),
        ],
        &[plain(1, 1, 1, 960)],
    ],
    ..SMALL
};

fn graph(net: &Mobile, classes: usize, size: [usize; 2]) -> Graph {
    let mut g = Builder::new(size);
    let x = net.pyramid(&mut g).pop().unwrap_or_else(|| g.input());
    let x = g.global_avg_pool(x);
    let x = net.conv_norm(&mut g, ["conv_head", "norm_head"], x, Conv2d::new(1280, 1), Some(net.activation));
    let x = g.flatten(x);
    let x = g.features(x);
    g.linear("classifier", x, classes);
    g.finish()
}
