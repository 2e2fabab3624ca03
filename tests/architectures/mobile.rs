//! Inverted residuals: MobileNetV3-Large (Howard et al. 2019, <https://arxiv.org/abs/1905.02244>) and EfficientNet-B0 (Tan and Le
//! 2019, <https://arxiv.org/abs/1905.11946>).

use derm::nn::graph::{Builder, Conv2d, Graph, NodeId};
use derm::nn::layers::{ConvNorm, SqueezeExcite};
use derm::nn::ops::Activation::{self, HardSigmoid, HardSwish, Relu, Sigmoid, Silu};

/// One inverted residual.
#[derive(Clone, Copy)]
struct Block {
    kernel: usize,
    stride: usize,
    /// Channels in the middle.
    wide: usize,
    channels: usize,
    activation: Activation,
    /// Channels inside the squeeze-and-excitation, its activation and its gate.
    attention: Option<(usize, Activation, Activation)>,
}

fn block(g: &mut Builder, name: &str, input: NodeId, b: Block) -> NodeId {
    let before = g.channels(input);
    let part = |g: &mut Builder, conv: &str, norm: &str, x, settings, activation| {
        let names = [conv, norm].map(|part| format!("{name}.{part}"));
        ConvNorm::new(settings, activation).add(g, [&names[0], &names[1]], x)
    };
    // Without widening the parts are called otherwise.
    let (mut x, last) = if b.wide == before && name.starts_with("blocks.0.") {
        (input, ["bn1", "conv_pw", "bn2"])
    } else {
        (part(g, "conv_pw", "bn1", input, Conv2d::new(b.wide, 1), Some(b.activation)), ["bn2", "conv_pwl", "bn3"])
    };
    let depthwise = Conv2d::new(b.wide, b.kernel).stride(b.stride).pad(b.kernel / 2).groups(b.wide);
    x = part(g, "conv_dw", last[0], x, depthwise, Some(b.activation));
    if let Some((narrow, activation, gate)) = b.attention {
        let names = ["conv_reduce", "conv_expand"];
        x = SqueezeExcite { narrow, names, activation, gate }.add(g, &format!("{name}.se"), x);
    }
    x = part(g, last[1], last[2], x, Conv2d::new(b.channels, 1), None);
    if b.stride == 1 && before == b.channels { g.add(x, input) } else { x }
}

/// Kernel, stride, wide, channels, squeeze-and-excitation, hard swish; a new stage begins where the flag is set.
type Row = (bool, usize, usize, usize, usize, Option<usize>, bool);

const LARGE: [Row; 15] = [
    (true, 3, 1, 16, 16, None, false),
    (true, 3, 2, 64, 24, None, false),
    (false, 3, 1, 72, 24, None, false),
    (true, 5, 2, 72, 40, Some(24), false),
    (false, 5, 1, 120, 40, Some(32), false),
    (false, 5, 1, 120, 40, Some(32), false),
    (true, 3, 2, 240, 80, None, true),
    (false, 3, 1, 200, 80, None, true),
    (false, 3, 1, 184, 80, None, true),
    (false, 3, 1, 184, 80, None, true),
    (true, 3, 1, 480, 112, Some(120), true),
    (false, 3, 1, 672, 112, Some(168), true),
    (true, 5, 2, 672, 160, Some(168), true),
    (false, 5, 1, 960, 160, Some(240), true),
    (false, 5, 1, 960, 160, Some(240), true),
];

pub fn mobilenetv3_large(classes: usize, size: [usize; 2]) -> Graph {
    let mut g = Builder::new(size);
    let x = g.input();
    let mut x = ConvNorm::new(Conv2d::new(16, 3).stride(2).pad(1), Some(HardSwish)).add(&mut g, ["conv_stem", "bn1"], x);
    let (mut stage, mut number) = (0, 0);
    for (at, (begins, kernel, stride, wide, channels, narrow, hard)) in LARGE.into_iter().enumerate() {
        (stage, number) = if begins && at > 0 { (stage + 1, 0) } else { (stage, number) };
        let activation = if hard { HardSwish } else { Relu };
        let attention = narrow.map(|narrow| (narrow, Relu, HardSigmoid));
        x = block(&mut g, &format!("blocks.{stage}.{number}"), x, Block { kernel, stride, wide, channels, activation, attention });
        number += 1;
    }
    let x = ConvNorm::new(Conv2d::new(960, 1), Some(HardSwish)).add(&mut g, ["blocks.6.0.conv", "blocks.6.0.bn1"], x);
    let x = g.global_avg_pool(x);
    let x = g.conv("conv_head", x, Conv2d::new(1280, 1).biased());
    let x = g.activation(x, HardSwish);
    let x = g.flatten(x);
    let x = g.features(x);
    g.linear("classifier", x, classes);
    g.finish()
}

pub fn efficientnet_b0(classes: usize, size: [usize; 2]) -> Graph {
    let mut g = Builder::new(size);
    let x = g.input();
    let mut x = ConvNorm::new(Conv2d::new(32, 3).stride(2).pad(1), Some(Silu)).add(&mut g, ["conv_stem", "bn1"], x);
    let stages =
        [(1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320)];
    for (stage, (repeats, kernel, stride, expand, channels)) in stages.into_iter().enumerate() {
        for number in 0..repeats {
            let before = g.channels(x);
            let attention = Some((before / 4, Silu, Sigmoid));
            let stride = if number == 0 { stride } else { 1 };
            let b = Block { kernel, stride, wide: before * expand, channels, activation: Silu, attention };
            x = block(&mut g, &format!("blocks.{stage}.{number}"), x, b);
        }
    }
    let x = ConvNorm::new(Conv2d::new(1280, 1), Some(Silu)).add(&mut g, ["conv_head", "bn2"], x);
    let x = g.global_avg_pool(x);
    let x = g.flatten(x);
    let x = g.features(x);
    g.linear("classifier", x, classes);
    g.finish()
}
