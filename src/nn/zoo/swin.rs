//! Swin Transformer (Liu et al. 2021, <https://arxiv.org/abs/2103.14030>) and its second version (Liu et al. 2021,
//! <https://arxiv.org/abs/2111.09883>): attention inside windows, every second time shifted by half of one, in four stages of halved
//! height and width. Names and details are timm's (<https://github.com/huggingface/pytorch-image-models>).
//!
//! Windows keep their size at any input size; where less than one window is left of the image there is one of that.

use super::{Architecture, Licence, Published};
use crate::nn::graph::{Builder, Conv2d, Graph, NodeId, WindowAttention, WindowBias, Windows};
use crate::nn::layers::WindowBlock;
use crate::nn::preprocess::{Interpolation, Preprocess};

pub const ALL: &[Architecture] = &[
    Architecture {
        name: "swin_tiny_patch4_window7_224",
        summary: "Swin-Tiny, windows of 7 by 7",
        source: "https://arxiv.org/abs/2103.14030",
        preprocess: FIRST,
        published: &[
            Published::timm("ms_in22k_ft_in1k", "timm/swin_tiny_patch4_window7_224.ms_in22k_ft_in1k", FIRST).licensed(Licence::MIT)
        ],
        classifier: "head.fc",
        first_conv: "patch_embed.proj",
        build: |classes, size| swin(7, false, classes, size),
    },
    Architecture {
        name: "swinv2_tiny_window8_256",
        summary: "Swin-Tiny of the second version, windows of 8 by 8",
        source: "https://arxiv.org/abs/2111.09883",
        preprocess: SECOND,
        published: &[Published::timm("ms_in1k", "timm/swinv2_tiny_window8_256.ms_in1k", SECOND).licensed(Licence::MIT)],
        classifier: "head.fc",
        first_conv: "patch_embed.proj",
        build: |classes, size| swin(8, true, classes, size),
    },
];

const FIRST: Preprocess = Preprocess::imagenet(224, Interpolation::Bicubic, 0.9);
const SECOND: Preprocess = Preprocess::imagenet(256, Interpolation::Bicubic, 0.9);

const EPS: f32 = 1e-5;
const PATCH: usize = 4;
/// Channels of the first stage; twice as many in each next one.
const WIDTH: usize = 96;
/// Channels of a head, in all stages.
const HEAD: usize = 32;

fn swin(side: usize, second: bool, classes: usize, size: [usize; 2]) -> Graph {
    let mut g = Builder::new(size);
    g.needs_multiples_of(PATCH);
    let x = g.conv("patch_embed.proj", g.input(), Conv2d::new(WIDTH, PATCH).stride(PATCH).biased());
    let mut x = g.layer_norm("patch_embed.norm", x, EPS);
    for (stage, depth) in [2, 2, 6, 2].into_iter().enumerate() {
        if stage > 0 {
            x = merge(&mut g, &format!("layers.{stage}.downsample"), x, second);
        }
        for number in 0..depth {
            let windows = Windows::new(g.plane(x), side, number % 2 == 1);
            let bias = if second { WindowBias::Mlp { hidden: 512 } } else { WindowBias::Table };
            let attention = WindowAttention { windows, heads: g.channels(x) / HEAD, bias };
            x = WindowBlock { attention, second, eps: EPS }.add(&mut g, &format!("layers.{stage}.blocks.{number}"), x);
        }
    }
    let x = g.layer_norm("norm", x, EPS);
    let x = g.global_avg_pool(x);
    let x = g.flatten(x);
    let x = g.features(x);
    g.linear("head.fc", x, classes);
    g.finish()
}

/// Four pixels to one of twice the channels; the second version has its norm last.
fn merge(g: &mut Builder, name: &str, x: NodeId, second: bool) -> NodeId {
    let outputs = 2 * g.channels(x);
    let x = g.two_by_two(x);
    if second {
        let x = g.linear_unbiased(format!("{name}.reduction"), x, outputs);
        return g.layer_norm(format!("{name}.norm"), x, EPS);
    }
    let x = g.layer_norm(format!("{name}.norm"), x, EPS);
    g.linear_unbiased(format!("{name}.reduction"), x, outputs)
}
