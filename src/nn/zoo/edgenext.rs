//! EdgeNeXt (Maaz et al. 2022, <https://arxiv.org/abs/2206.10589>): ConvNeXt's blocks, and at the end of the last three stages one
//! whose channels are convolved in turn and then attend to each other. Names and details are timm's
//! (<https://github.com/huggingface/pytorch-image-models>).

use super::{Architecture, Licence, Published};
use crate::nn::graph::{Builder, Conv2d, Graph, NodeId};
use crate::nn::layers::Mlp;
use crate::nn::preprocess::{Interpolation, Preprocess};

pub const ALL: &[Architecture] = &[Architecture {
    name: "edgenext_base",
    summary: "EdgeNeXt-Base",
    source: "https://arxiv.org/abs/2206.10589",
    preprocess: USUAL,
    published: &[Published::timm("in21k_ft_in1k", "timm/edgenext_base.in21k_ft_in1k", USUAL).licensed(Licence::MIT)],
    classifier: "head.fc",
    first_conv: "stem.0",
    build: edgenext_base,
}];

const USUAL: Preprocess = Preprocess::imagenet(256, Interpolation::Bicubic, 0.95);

const EPS: f32 = 1e-6;
const HEADS: usize = 8;
const LAYER_SCALE: f32 = 1e-6;

/// A run of blocks.
struct Stage {
    depth: usize,
    channels: usize,
    /// Of the depthwise convolutions.
    kernel: usize,
    /// Parts that the last block cuts the channels into; 1 where it is like the others.
    parts: usize,
    /// Whether the last block adds positions.
    positions: bool,
}

const BASE: [Stage; 4] = [
    Stage { depth: 3, channels: 80, kernel: 3, parts: 1, positions: false },
    Stage { depth: 3, channels: 160, kernel: 5, parts: 2, positions: true },
    Stage { depth: 9, channels: 288, kernel: 7, parts: 3, positions: false },
    Stage { depth: 3, channels: 584, kernel: 9, parts: 4, positions: false },
];

fn edgenext_base(classes: usize, size: [usize; 2]) -> Graph {
    let mut g = Builder::new(size);
    let x = g.conv("stem.0", g.input(), Conv2d::new(BASE[0].channels, 4).stride(4).biased());
    let mut x = g.layer_norm("stem.1", x, EPS);
    for (number, stage) in BASE.iter().enumerate() {
        if number > 0 {
            x = g.layer_norm(format!("stages.{number}.downsample.0"), x, EPS);
            x = g.conv(format!("stages.{number}.downsample.1"), x, Conv2d::new(stage.channels, 2).stride(2).biased());
        }
        for block in 0..stage.depth {
            let name = format!("stages.{number}.blocks.{block}");
            let last = block + 1 == stage.depth && stage.parts > 1;
            x = if last { split_block(&mut g, &name, x, stage) } else { conv_block(&mut g, &name, x, stage.kernel) };
        }
    }
    let x = g.global_avg_pool(x);
    let x = g.layer_norm("head.norm", x, EPS);
    let x = g.flatten(x);
    let x = g.features(x);
    g.linear("head.fc", x, classes);
    g.finish()
}

/// A depthwise convolution.
fn depthwise(g: &mut Builder, name: String, x: NodeId, kernel: usize) -> NodeId {
    let channels = g.channels(x);
    g.conv(name, x, Conv2d::new(channels, kernel).pad(kernel / 2).groups(channels).biased())
}

/// A norm and an MLP of `x`, added to `trunk`.
fn bottleneck(g: &mut Builder, name: &str, trunk: NodeId, x: NodeId) -> NodeId {
    let y = g.layer_norm(format!("{name}.norm"), x, EPS);
    let y = Mlp::new(4 * g.channels(y)).add(g, &format!("{name}.mlp"), y);
    g.branch(format!("{name}.gamma"), trunk, y, Some(LAYER_SCALE), 0.0)
}

/// ConvNeXt's block.
fn conv_block(g: &mut Builder, name: &str, x: NodeId, kernel: usize) -> NodeId {
    let y = depthwise(g, format!("{name}.conv_dw"), x, kernel);
    bottleneck(g, name, x, y)
}

/// Parts of the channels, each convolved after what came of the one before was added, and the last as it is; then attention of channels.
fn split_block(g: &mut Builder, name: &str, trunk: NodeId, stage: &Stage) -> NodeId {
    let width = stage.channels.div_ceil(stage.parts);
    let part = |g: &mut Builder, number: usize| {
        let start = number * width;
        g.some_channels(trunk, start, width.min(stage.channels - start))
    };
    let mut all = Vec::new();
    for number in 0..stage.parts - 1 {
        let mut x = part(g, number);
        if let Some(&before) = all.last() {
            x = g.add(before, x);
        }
        all.push(depthwise(g, format!("{name}.convs.{number}"), x, 3));
    }
    all.push(part(g, stage.parts - 1));
    let mut x = g.concat(&all);
    if stage.positions {
        x = g.fourier_positions(format!("{name}.pos_embd.token_projection"), x);
    }
    let y = g.layer_norm(format!("{name}.norm_xca"), x, EPS);
    let y = g.linear(format!("{name}.xca.qkv"), y, 3 * stage.channels);
    let y = g.cross_covariance(format!("{name}.xca"), y, HEADS);
    let y = g.linear(format!("{name}.xca.proj"), y, stage.channels);
    let x = g.branch(format!("{name}.gamma_xca"), x, y, Some(LAYER_SCALE), 0.0);
    bottleneck(g, name, trunk, x)
}
