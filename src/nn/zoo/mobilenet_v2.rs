//! MobileNetV2 (Sandler et al. 2018, <https://arxiv.org/abs/1801.04381>) as an encoder, with torchvision's names.

use crate::nn::graph::{Builder, Conv2d, NodeId};
use crate::nn::layers::ConvNorm;
use crate::nn::ops::Activation::Relu6;

/// Factor of widening, channels, blocks and stride of each stage.
const STAGES: [(usize, usize, usize, usize); 7] =
    [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)];

/// The last values at a half of the input's size, a fourth, and so on.
pub(super) fn pyramid(g: &mut Builder) -> Vec<NodeId> {
    let x = g.input();
    let mut x = conv_norm(g, ["features.0.0", "features.0.1"], x, Conv2d::new(32, 3).stride(2), true);
    let (mut number, mut pyramid) = (1, vec![x]);
    for (expand, channels, repeats, stride) in STAGES {
        for repeat in 0..repeats {
            let stride = if repeat == 0 { stride } else { 1 };
            x = block(g, &format!("features.{number}.conv"), x, expand, channels, stride);
            number += 1;
            if stride == 1 {
                pyramid.pop();
            }
            pyramid.push(x);
        }
    }
    pyramid.pop();
    pyramid.push(conv_norm(g, ["features.18.0", "features.18.1"], x, Conv2d::new(1280, 1), true));
    pyramid
}

fn block(g: &mut Builder, name: &str, input: NodeId, expand: usize, channels: usize, stride: usize) -> NodeId {
    let before = g.channels(input);
    let (mut x, wide, mut part) = (input, expand * before, 0);
    let mut nested = |g: &mut Builder, x, conv| {
        let names = [format!("{name}.{part}.0"), format!("{name}.{part}.1")];
        part += 1;
        conv_norm(g, [&names[0], &names[1]], x, conv, true)
    };
    if expand > 1 {
        x = nested(g, x, Conv2d::new(wide, 1));
    }
    x = nested(g, x, Conv2d::new(wide, 3).stride(stride).groups(wide));
    let names = [part, part + 1].map(|part| format!("{name}.{part}"));
    x = conv_norm(g, [&names[0], &names[1]], x, Conv2d::new(channels, 1), false);
    if stride == 1 && before == channels { g.add(x, input) } else { x }
}

fn conv_norm(g: &mut Builder, names: [&str; 2], x: NodeId, conv: Conv2d, activated: bool) -> NodeId {
    let half = conv.kernel[0] / 2;
    ConvNorm::new(conv.pad(half), activated.then_some(Relu6)).add(g, names, x)
}
