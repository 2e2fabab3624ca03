//! ConvNeXt (Liu et al. 2022, <https://arxiv.org/abs/2201.03545>) and its second version (Woo et al. 2023,
//! <https://arxiv.org/abs/2301.00808>), whose blocks have a norm of global responses in place of a layer scale. Details are timm's
//! (<https://github.com/huggingface/pytorch-image-models>): the smallest store the layers of their blocks as 1x1 convolutions.

use super::{Architecture, Licence, Published};
use crate::nn::graph::{Builder, Conv2d, Graph, NodeId};
use crate::nn::ops::Activation;
use crate::nn::preprocess::{Interpolation, Preprocess};

pub const ALL: &[Architecture] = &[
    convnext_of(
        "convnext_atto",
        "ConvNeXt-Atto",
        FIRST_PAPER,
        USUAL,
        &[Published::timm("d2_in1k", "timm/convnext_atto.d2_in1k", USUAL)],
        |classes, size| convnext(ATTO, classes, size),
    ),
    convnext_of(
        "convnext_tiny",
        "ConvNeXt-Tiny",
        FIRST_PAPER,
        USUAL,
        &[
            Published::timm("in12k_ft_in1k", "timm/convnext_tiny.in12k_ft_in1k", crop(0.95)),
            Published::timm("fb_in22k_ft_in1k", "timm/convnext_tiny.fb_in22k_ft_in1k", USUAL),
            Published::timm("dinov3_lvd1689m", "timm/convnext_tiny.dinov3_lvd1689m", crop(1.0)).licensed(Licence::DINOV3).headless(),
        ],
        |classes, size| convnext(TINY, classes, size),
    ),
    convnext_of(
        "convnextv2_atto",
        "ConvNeXt-Atto of the second version",
        SECOND_PAPER,
        USUAL,
        &[Published::timm("fcmae_ft_in1k", "timm/convnextv2_atto.fcmae_ft_in1k", USUAL).licensed(Licence::CC_BY_NC)],
        |classes, size| convnext(ConvNext { second: true, ..ATTO }, classes, size),
    ),
    convnext_of(
        "convnextv2_nano",
        "ConvNeXt-Nano of the second version",
        SECOND_PAPER,
        USUAL,
        &[Published::timm("fcmae_ft_in22k_in1k", "timm/convnextv2_nano.fcmae_ft_in22k_in1k", USUAL).licensed(Licence::CC_BY_NC)],
        |classes, size| convnext(NANO_V2, classes, size),
    ),
    convnext_of(
        "convnextv2_tiny",
        "ConvNeXt-Tiny of the second version",
        SECOND_PAPER,
        USUAL,
        &[Published::timm("fcmae_ft_in22k_in1k", "timm/convnextv2_tiny.fcmae_ft_in22k_in1k", USUAL).licensed(Licence::CC_BY_NC)],
        |classes, size| convnext(ConvNext { second: true, ..TINY }, classes, size),
    ),
];

const FIRST_PAPER: &str = "https://arxiv.org/abs/2201.03545";
const SECOND_PAPER: &str = "https://arxiv.org/abs/2301.00808";
const USUAL: Preprocess = crop(0.875);

const fn crop(crop_pct: f32) -> Preprocess {
    Preprocess::imagenet(224, Interpolation::Bicubic, crop_pct)
}

const fn convnext_of(
    name: &'static str,
    summary: &'static str,
    source: &'static str,
    preprocess: Preprocess,
    published: &'static [Published],
    build: fn(usize, [usize; 2]) -> Graph,
) -> Architecture {
    Architecture { name, summary, source, preprocess, published, classifier: "head.fc", first_conv: "stem.0", build }
}

const EPS: f32 = 1e-6;

/// What differs from one to the next.
#[derive(Clone, Copy)]
struct ConvNext {
    depths: [usize; 4],
    channels: [usize; 4],
    /// Linear layers are 1x1 convolutions, as their weights are stored.
    as_conv: bool,
    /// Of the second version.
    second: bool,
}

const ATTO: ConvNext = ConvNext { depths: [2, 2, 6, 2], channels: [40, 80, 160, 320], as_conv: true, second: false };
const TINY: ConvNext = ConvNext { depths: [3, 3, 9, 3], channels: [96, 192, 384, 768], as_conv: false, second: false };
const NANO_V2: ConvNext = ConvNext { depths: [2, 2, 8, 2], channels: [80, 160, 320, 640], as_conv: true, second: true };

fn convnext(settings: ConvNext, classes: usize, size: [usize; 2]) -> Graph {
    let mut g = Builder::new(size);
    let x = g.conv("stem.0", g.input(), Conv2d::new(settings.channels[0], 4).stride(4).biased());
    let mut x = g.layer_norm("stem.1", x, EPS);
    for (stage, (depth, channels)) in settings.depths.into_iter().zip(settings.channels).enumerate() {
        if stage > 0 {
            x = g.layer_norm(format!("stages.{stage}.downsample.0"), x, EPS);
            x = g.conv(format!("stages.{stage}.downsample.1"), x, Conv2d::new(channels, 2).stride(2).biased());
        }
        for number in 0..depth {
            x = block(&mut g, &format!("stages.{stage}.blocks.{number}"), x, &settings);
        }
    }
    let x = g.global_avg_pool(x);
    let x = g.layer_norm("head.norm", x, EPS);
    let x = g.flatten(x);
    let x = g.features(x);
    g.linear("head.fc", x, classes);
    g.finish()
}

fn block(g: &mut Builder, name: &str, x: NodeId, settings: &ConvNext) -> NodeId {
    let channels = g.channels(x);
    let y = g.conv(format!("{name}.conv_dw"), x, Conv2d::new(channels, 7).pad(3).groups(channels).biased());
    let y = g.layer_norm(format!("{name}.norm"), y, EPS);
    let y = layer(g, format!("{name}.mlp.fc1"), y, 4 * channels, settings);
    let mut y = g.activation(y, Activation::Gelu);
    if settings.second {
        y = g.response_norm(format!("{name}.mlp.grn"), y, EPS);
    }
    let y = layer(g, format!("{name}.mlp.fc2"), y, channels, settings);
    g.branch(format!("{name}.gamma"), x, y, (!settings.second).then_some(1e-6), 0.0)
}

/// A linear layer of each pixel.
fn layer(g: &mut Builder, name: String, x: NodeId, outputs: usize, settings: &ConvNext) -> NodeId {
    if settings.as_conv { g.conv(name, x, Conv2d::new(outputs, 1).biased()) } else { g.linear(name, x, outputs) }
}
