//! MobileNetV3 (Howard et al. 2019, <https://arxiv.org/abs/1905.02244>), with timm's names.

use super::mobile::{Gate, Mobile, Row, inverted, plain, separable};
use super::{Architecture, Graph, Published};
use crate::nn::graph::{Builder, Conv2d};
use crate::nn::ops::Activation::HardSwish;
use crate::nn::preprocess::{Interpolation, Preprocess};

const IMAGENET: Preprocess = Preprocess::imagenet(224, Interpolation::Bicubic, 0.875);

pub const ALL: &[Architecture] = &[
    Architecture {
        name: "mobilenetv3_small_100",
        summary: "MobileNetV3-Small",
        source: "https://arxiv.org/abs/1905.02244",
        preprocess: IMAGENET,
        published: &[Published::timm("lamb_in1k", "timm/mobilenetv3_small_100.lamb_in1k", IMAGENET)],
        classifier: "classifier",
        first_conv: "conv_stem",
        build: |classes, size| graph(&SMALL, 1024, classes, size),
    },
    Architecture {
        name: "mobilenetv3_large_100",
        summary: "MobileNetV3-Large",
        source: "https://arxiv.org/abs/1905.02244",
        preprocess: IMAGENET,
        published: &[Published::timm("ra_in1k", "timm/mobilenetv3_large_100.ra_in1k", IMAGENET)],
        classifier: "classifier",
        first_conv: "conv_stem",
        build: |classes, size| graph(&LARGE, 1280, classes, size),
    },
];

/// With squeeze-and-excitation.
const fn gated(row: Row) -> Row {
    row.gate(Gate::OfWidened)
}

const SMALL: Mobile = Mobile {
    stem: 16,
    stages: &[
        &[gated(separable(1, 3, 2, 16)).with_relu()],
        &[inverted(1, 3, 2, 4.5, 24).with_relu(), inverted(1, 3, 1, 3.67, 24).with_relu()],
        &[gated(inverted(1, 5, 2, 4.0, 40)), gated(inverted(2, 5, 1, 6.0, 40))],
        &[gated(inverted(2, 5, 1, 3.0, 48))],
        &[gated(inverted(3, 5, 2, 6.0, 96))],
        &[plain(1, 1, 1, 576)],
    ],
    activation: HardSwish,
    eps: 1e-5,
    same: false,
};

pub(super) const LARGE: Mobile = Mobile {
    stages: &[
        &[separable(1, 3, 1, 16).with_relu()],
        &[inverted(1, 3, 2, 4.0, 24).with_relu(), inverted(1, 3, 1, 3.0, 24).with_relu()],
        &[gated(inverted(3, 5, 2, 3.0, 40)).with_relu()],
        &[inverted(1, 3, 2, 6.0, 80), inverted(1, 3, 1, 2.5, 80), inverted(2, 3, 1, 2.3, 80)],
        &[gated(inverted(2, 3, 1, 6.0, 112))],
        &[gated(inverted(3, 5, 2, 6.0, 160))],
        &[plain(1, 1, 1, 960)],
    ],
    ..SMALL
};

fn graph(net: &Mobile, wide: usize, classes: usize, size: [usize; 2]) -> Graph {
    let mut g = Builder::new(size);
    let x = net.pyramid(&mut g).pop().unwrap_or_else(|| g.input());
    let x = g.global_avg_pool(x);
    let x = g.conv("conv_head", x, Conv2d::new(wide, 1).biased());
    let x = g.activation(x, net.activation);
    let x = g.flatten(x);
    let x = g.features(x);
    g.linear("classifier", x, classes);
    g.finish()
}
