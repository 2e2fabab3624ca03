//! EfficientNet (Tan and Le 2019, <https://arxiv.org/abs/1905.11946>) and its second version (2021,
//! <https://arxiv.org/abs/2104.00298>), with timm's names. Those called `tf_` pad and normalise as Google's weights want it.

use super::mobile::{Gate, Mobile, Row, fused, inverted, plain_residual, separable};
use super::{Architecture, Graph, Published};
use crate::nn::graph::{Builder, Conv2d};
use crate::nn::ops::Activation::Silu;
use crate::nn::preprocess::{Interpolation, Preprocess};

const FIRST: &str = "https://arxiv.org/abs/1905.11946";
const SECOND: &str = "https://arxiv.org/abs/2104.00298";

const IMAGENET: Preprocess = Preprocess::imagenet(224, Interpolation::Bicubic, 0.875);
const B3_IN1K: Preprocess = Preprocess::imagenet(300, Interpolation::Bicubic, 0.904);
const V2_S_IN21K: Preprocess = Preprocess::imagenet(300, Interpolation::Bicubic, 1.0).normalised([0.5; 3], [0.5; 3]);

pub const ALL: &[Architecture] = &[
    efficientnet(
        "efficientnet_b0",
        "EfficientNet-B0",
        FIRST,
        &[Published::timm("ra_in1k", "timm/efficientnet_b0.ra_in1k", IMAGENET)],
        |classes, size| graph(&B0, 1280, classes, size),
    ),
    efficientnet(
        "tf_efficientnet_b0",
        "EfficientNet-B0 with TensorFlow's padding",
        FIRST,
        &[Published::timm("ns_jft_in1k", "timm/tf_efficientnet_b0.ns_jft_in1k", IMAGENET)],
        |classes, size| graph(&as_google(B0), 1280, classes, size),
    ),
    efficientnet(
        "tf_efficientnetv2_b0",
        "EfficientNetV2-B0 with TensorFlow's padding",
        SECOND,
        &[Published::timm("in1k", "timm/tf_efficientnetv2_b0.in1k", IMAGENET.at_size(192, 192))],
        |classes, size| graph(&as_google(V2_B0), 1280, classes, size),
    ),
    efficientnet(
        "tf_efficientnet_b3",
        "EfficientNet-B3 with TensorFlow's padding",
        FIRST,
        &[Published::timm("ns_jft_in1k", "timm/tf_efficientnet_b3.ns_jft_in1k", B3_IN1K)],
        |classes, size| graph(&as_google(B3), 1536, classes, size),
    ),
    efficientnet(
        "tf_efficientnetv2_s",
        "EfficientNetV2-S with TensorFlow's padding",
        SECOND,
        &[Published::timm("in21k_ft_in1k", "timm/tf_efficientnetv2_s.in21k_ft_in1k", V2_S_IN21K)],
        |classes, size| graph(&as_google(V2_S), 1280, classes, size),
    ),
];

const fn efficientnet(
    name: &'static str,
    summary: &'static str,
    source: &'static str,
    published: &'static [Published],
    build: fn(usize, [usize; 2]) -> Graph,
) -> Architecture {
    let preprocess = published[0].preprocess;
    Architecture { name, summary, source, preprocess, published, classifier: "classifier", first_conv: "conv_stem", build }
}

const fn sep(repeats: usize, kernel: usize, channels: usize) -> Row {
    separable(repeats, kernel, 1, channels).gate(Gate::OfInput)
}

const fn inv(repeats: usize, kernel: usize, stride: usize, expand: f32, channels: usize) -> Row {
    inverted(repeats, kernel, stride, expand, channels).gate(Gate::OfInput)
}

pub(super) const B0: Mobile = Mobile {
    stem: 32,
    stages: &[
        &[sep(1, 3, 16)],
        &[inv(2, 3, 2, 6.0, 24)],
        &[inv(2, 5, 2, 6.0, 40)],
        &[inv(3, 3, 2, 6.0, 80)],
        &[inv(3, 5, 1, 6.0, 112)],
        &[inv(4, 5, 2, 6.0, 192)],
        &[inv(1, 3, 1, 6.0, 320)],
    ],
    activation: Silu,
    eps: 1e-5,
    same: false,
};

/// 1.2 times as wide and 1.4 times as deep.
const B3: Mobile = Mobile {
    stem: 40,
    stages: &[
        &[sep(2, 3, 24)],
        &[inv(3, 3, 2, 6.0, 32)],
        &[inv(3, 5, 2, 6.0, 48)],
        &[inv(5, 3, 2, 6.0, 96)],
        &[inv(5, 5, 1, 6.0, 136)],
        &[inv(6, 5, 2, 6.0, 232)],
        &[inv(2, 3, 1, 6.0, 384)],
    ],
    ..B0
};

const V2_B0: Mobile = Mobile {
    stem: 32,
    stages: &[
        &[plain_residual(1, 3, 1, 16)],
        &[fused(2, 3, 2, 4.0, 32)],
        &[fused(2, 3, 2, 4.0, 48)],
        &[inv(3, 3, 2, 4.0, 96)],
        &[inv(5, 3, 1, 6.0, 112)],
        &[inv(8, 3, 2, 6.0, 192)],
    ],
    ..B0
};

const V2_S: Mobile = Mobile {
    stem: 24,
    stages: &[
        &[plain_residual(2, 3, 1, 24)],
        &[fused(4, 3, 2, 4.0, 48)],
        &[fused(4, 3, 2, 4.0, 64)],
        &[inv(6, 3, 2, 4.0, 128)],
        &[inv(9, 3, 1, 6.0, 160)],
        &[inv(15, 3, 2, 6.0, 256)],
    ],
    ..B0
};

const fn as_google(net: Mobile) -> Mobile {
    Mobile { eps: 1e-3, same: true, ..net }
}

fn graph(net: &Mobile, wide: usize, classes: usize, size: [usize; 2]) -> Graph {
    let mut g = Builder::new(size);
    let x = net.pyramid(&mut g).pop().unwrap_or_else(|| g.input());
    let x = net.conv_norm(&mut g, ["conv_head", "bn2"], x, Conv2d::new(wide, 1), Some(net.activation));
    let x = g.global_avg_pool(x);
    let x = g.flatten(x);
    let x = g.features(x);
    g.linear("classifier", x, classes);
    g.finish()
}
