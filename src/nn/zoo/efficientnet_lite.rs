//! EfficientNet-Lite0 (Tan and Le 2019, <https://arxiv.org/abs/1905.11946>; the Lite variants of
//! <https://github.com/tensorflow/tpu>): no squeeze-and-excitation, ReLU6, TensorFlow's "same" padding,
//! batch norm with epsilon 0.001. Names follow efficientnet-pytorch, in which the weights are published.
//! Drop connect is left out; dropout (0.2) acts on the features.

use super::{Architecture, Licence, Published, byte};
use crate::nn::graph::{Builder, Conv2d, Graph, NodeId};
use crate::nn::layers::ConvNorm;
use crate::nn::ops::Activation;
use crate::nn::preprocess::{Interpolation, Preprocess};

pub const ALL: &[Architecture] = &[Architecture {
    name: "efficientnet_lite0",
    summary: "EfficientNet-Lite0: depthwise convolutions, ReLU6, no channel attention",
    source: "https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite",
    preprocess: TPU,
    published: &[Published { tag: "tpu_in1k", repo: None, licence: Licence::APACHE, classes: 1000, preprocess: TPU }],
    classifier: "_fc",
    first_conv: "_conv_stem",
    build: efficientnet_lite0,
}];

/// Values from about -1 to 1.
const TPU: Preprocess = Preprocess::imagenet(224, Interpolation::Bicubic, 0.875).normalised([byte(127.0); 3], [byte(128.0); 3]);

const EPS: f32 = 1e-3;

/// A run of equal blocks.
struct Stage {
    repeats: usize,
    kernel: usize,
    stride: usize,
    expand: usize,
    channels: usize,
}

const fn stage(repeats: usize, kernel: usize, stride: usize, expand: usize, channels: usize) -> Stage {
    Stage { repeats, kernel, stride, expand, channels }
}

const STAGES: [Stage; 7] = [
    stage(1, 3, 1, 1, 16),
    stage(2, 3, 2, 6, 24),
    stage(2, 5, 2, 6, 40),
    stage(3, 3, 2, 6, 80),
    stage(3, 5, 1, 6, 112),
    stage(4, 5, 2, 6, 192),
    stage(1, 3, 1, 6, 320),
];

fn efficientnet_lite0(classes: usize, size: [usize; 2]) -> Graph {
    let mut g = Builder::new(size);
    let x = g.input();
    let mut x = conv_norm(&mut g, ["_conv_stem", "_bn0"], x, Conv2d::new(32, 3).stride(2), true);
    let mut number = 0;
    for stage in &STAGES {
        for repeat in 0..stage.repeats {
            let stride = if repeat == 0 { stage.stride } else { 1 };
            x = block(&mut g, &format!("_blocks.{number}"), x, &Stage { stride, ..*stage });
            number += 1;
        }
    }
    let x = conv_norm(&mut g, ["_conv_head", "_bn1"], x, Conv2d::new(1280, 1), true);
    let x = g.global_avg_pool(x);
    let x = g.flatten(x);
    let x = g.features(x);
    let x = g.dropout(x, 0.2);
    g.linear("_fc", x, classes);
    g.finish()
}

/// Inverted residual: widen, depthwise, narrow; added to its input where the shape stays.
fn block(g: &mut Builder, name: &str, input: NodeId, stage: &Stage) -> NodeId {
    let channels = g.channels(input);
    let wide = channels * stage.expand;
    let mut part = |conv: &str, norm: &str, x, settings, activated| {
        let names = [format!("{name}.{conv}"), format!("{name}.{norm}")];
        conv_norm(g, [&names[0], &names[1]], x, settings, activated)
    };
    let mut x = input;
    if stage.expand > 1 {
        x = part("_expand_conv", "_bn0", x, Conv2d::new(wide, 1), true);
    }
    x = part("_depthwise_conv", "_bn1", x, Conv2d::new(wide, stage.kernel).stride(stage.stride).groups(wide), true);
    x = part("_project_conv", "_bn2", x, Conv2d::new(stage.channels, 1), false);
    if stage.stride == 1 && channels == stage.channels { g.add(x, input) } else { x }
}

/// A convolution with "same" padding and a norm, activated or not.
fn conv_norm(g: &mut Builder, names: [&str; 2], x: NodeId, conv: Conv2d, activated: bool) -> NodeId {
    ConvNorm::new(conv.same(), activated.then_some(Activation::Relu6)).eps(EPS).add(g, names, x)
}
