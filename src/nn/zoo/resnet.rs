//! ResNet-18 (He et al. 2015, <https://arxiv.org/abs/1512.03385>) and the same with channel attention at the
//! end of each block: squeeze-and-excitation (Hu et al. 2017, <https://arxiv.org/abs/1709.01507>) or ECA
//! (Wang et al. 2019, <https://arxiv.org/abs/1910.03151>). Names and details are timm's `resnet18`, `seresnet18`
//! and `ecaresnet18`: attention after the second norm and before the addition, last norm starting at 0.

use super::{Architecture, Licence, Published};
use crate::nn::graph::{Builder, Conv2d, Graph, MaxPool, NodeId};
use crate::nn::layers::{EfficientChannelAttention, SqueezeExcite, shortcut};
use crate::nn::preprocess::{Interpolation, Preprocess};

pub const ALL: &[Architecture] = &[
    Architecture {
        name: "resnet18",
        summary: "ResNet-18",
        source: "https://arxiv.org/abs/1512.03385",
        preprocess: A1,
        published: &[Published {
            tag: "a1_in1k",
            repo: Some("timm/resnet18.a1_in1k"),
            licence: Licence::APACHE,
            classes: 1000,
            preprocess: A1,
        }],
        classifier: "fc",
        first_conv: "conv1",
        build: resnet18,
    },
    Architecture {
        name: "seresnet18",
        summary: "ResNet-18 with squeeze-and-excitation",
        source: "https://arxiv.org/abs/1709.01507",
        preprocess: A1,
        published: &[],
        classifier: "fc",
        first_conv: "conv1",
        build: seresnet18,
    },
    Architecture {
        name: "ecaresnet18",
        summary: "ResNet-18 with efficient channel attention",
        source: "https://arxiv.org/abs/1910.03151",
        preprocess: A1,
        published: &[],
        classifier: "fc",
        first_conv: "conv1",
        build: ecaresnet18,
    },
];

/// Of the weights of "ResNet strikes back", <https://arxiv.org/abs/2110.00476>.
const A1: Preprocess = Preprocess::imagenet(224, Interpolation::Bicubic, 0.95);

const EPS: f32 = 1e-5;

/// What weighs the channels at the end of a block.
#[derive(Clone, Copy)]
enum Attention {
    None,
    SqueezeExcite,
    Efficient,
}

fn resnet18(classes: usize, size: [usize; 2]) -> Graph {
    resnet(classes, size, Attention::None)
}

fn seresnet18(classes: usize, size: [usize; 2]) -> Graph {
    resnet(classes, size, Attention::SqueezeExcite)
}

fn ecaresnet18(classes: usize, size: [usize; 2]) -> Graph {
    resnet(classes, size, Attention::Efficient)
}

fn resnet(classes: usize, size: [usize; 2], attention: Attention) -> Graph {
    let mut g = Builder::new(size);
    let x = g.input();
    let x = g.conv("conv1", x, Conv2d::new(64, 7).stride(2).pad(3));
    let x = g.batch_norm("bn1", x, EPS);
    let x = g.relu(x);
    let mut x = g.max_pool(x, MaxPool { kernel: 3, stride: 2, padding: 1, ceil: false });
    for (layer, channels) in [(1, 64), (2, 128), (3, 256), (4, 512)] {
        for number in 0..2 {
            let stride = if layer > 1 && number == 0 { 2 } else { 1 };
            x = block(&mut g, &format!("layer{layer}.{number}"), x, channels, stride, attention);
        }
    }
    let x = g.global_avg_pool(x);
    let x = g.flatten(x);
    let x = g.features(x);
    g.linear("fc", x, classes);
    g.finish()
}

/// Two 3x3 convolutions and a way around them.
fn block(g: &mut Builder, name: &str, input: NodeId, channels: usize, stride: usize, attention: Attention) -> NodeId {
    let x = g.conv(format!("{name}.conv1"), input, Conv2d::new(channels, 3).stride(stride).pad(1));
    let x = g.batch_norm(format!("{name}.bn1"), x, EPS);
    let x = g.relu(x);
    let x = g.conv(format!("{name}.conv2"), x, Conv2d::new(channels, 3).pad(1));
    let x = g.batch_norm_zero(format!("{name}.bn2"), x, EPS);
    let x = match attention {
        Attention::None => x,
        Attention::SqueezeExcite => SqueezeExcite::new(SqueezeExcite::sixteenth(channels)).add(g, &format!("{name}.se"), x),
        Attention::Efficient => EfficientChannelAttention.add(g, &format!("{name}.se"), x),
    };
    let around = shortcut(g, name, input, channels, stride);
    let x = g.add(x, around);
    g.relu(x)
}
