//! U-Nets (Ronneberger et al. 2015, <https://arxiv.org/abs/1505.04597>) whose way down is a network of another family, as
//! <https://github.com/qubvel-org/segmentation_models.pytorch> has them, with its names: `encoder.*` as the encoder calls its own
//! (`encoder.model.*` where it is taken from timm), `decoder.blocks.*` and `segmentation_head.0`.
//!
//! Each step of the decoder doubles the image by repeating pixels, puts the encoder's value of that size beside it and convolves
//! twice; the last has no such value. The output is one logit for each mask and pixel, masks not excluding each other.

use super::unet_classic::WHOLE;
use super::{Architecture, Graph, densenet, efficientnet, legacy_seresnet, mobilenet_v2, mobilenet_v3, mobilenet_v4, resnet, vgg};
use crate::nn::graph::{Builder, Conv2d, NodeId};
use crate::nn::layers::ConvNorm;
use crate::nn::ops::{Activation, Rule};

/// Channels after each step of the decoder.
const STEPS: [usize; 5] = [256, 128, 64, 32, 16];

/// Where timm's encoders are.
const TIMM: &str = "encoder.model.";
/// Where those are that segmentation models brings itself.
const OWN: &str = "encoder.";

pub const ALL: &[Architecture] = &[
    unet("unet_mobilenetv2", "U-Net on MobileNetV2", "encoder.features.0.0", |masks, size| graph(masks, size, OWN, mobilenet_v2::pyramid)),
    unet("unet_mobilenetv3_large_100", "U-Net on MobileNetV3-Large", "encoder.model.conv_stem", |masks, size| {
        graph(masks, size, TIMM, |g| mobilenet_v3::LARGE.pyramid(g))
    }),
    unet("unet_mobilenetv4_conv_medium", "U-Net on MobileNetV4-Conv-M", "encoder.model.conv_stem", |masks, size| {
        graph(masks, size, TIMM, |g| mobilenet_v4::MEDIUM.pyramid(g))
    }),
    unet("unet_efficientnet_b0", "U-Net on EfficientNet-B0", "encoder.model.conv_stem", |masks, size| {
        graph(masks, size, TIMM, |g| efficientnet::B0.pyramid(g))
    }),
    unet("unet_resnet18", "U-Net on ResNet-18", "encoder.conv1", |masks, size| graph(masks, size, OWN, |g| resnet::RESNET18.pyramid(g))),
    unet("unet_resnet34", "U-Net on ResNet-34", "encoder.conv1", |masks, size| graph(masks, size, OWN, |g| resnet::RESNET34.pyramid(g))),
    unet("unet_resnet50", "U-Net on ResNet-50", "encoder.conv1", |masks, size| graph(masks, size, OWN, |g| resnet::RESNET50.pyramid(g))),
    unet("unet_resnext50_32x4d", "U-Net on ResNeXt-50", "encoder.conv1", |masks, size| {
        graph(masks, size, OWN, |g| resnet::RESNEXT50.pyramid(g))
    }),
    unet("unet_resnet101", "U-Net on ResNet-101", "encoder.conv1", |masks, size| graph(masks, size, OWN, |g| resnet::RESNET101.pyramid(g))),
    unet("unet_legacy_seresnet50", "U-Net on SE-ResNet-50 as first published", "encoder.layer0.conv1", |masks, size| {
        graph(masks, size, OWN, |g| legacy_seresnet::SERESNET50.pyramid(g))
    }),
    unet("unet_densenet121", "U-Net on DenseNet-121", "encoder.features.conv0", |masks, size| graph(masks, size, OWN, densenet::pyramid)),
    unet("unet_vgg16_bn", "U-Net on VGG-16 with batch norm", "encoder.features.0", vgg16_bn),
];

const fn unet(name: &'static str, summary: &'static str, first_conv: &'static str, build: fn(usize, [usize; 2]) -> Graph) -> Architecture {
    let source = "https://github.com/qubvel-org/segmentation_models.pytorch";
    Architecture { name, summary, source, preprocess: WHOLE, published: &[], classifier: "segmentation_head.0", first_conv, build }
}

fn graph<P: AsRef<[NodeId]>>(masks: usize, size: [usize; 2], prefix: &str, encoder: fn(&mut Builder) -> P) -> Graph {
    let mut g = Builder::new(size);
    g.needs_multiples_of(32);
    let pyramid = g.within(prefix, encoder);
    decode(g, masks, pyramid.as_ref())
}

/// VGG's pyramid begins at the whole size, which the decoder leaves out, and ends with a pool, after which it has a part of its own.
fn vgg16_bn(masks: usize, size: [usize; 2]) -> Graph {
    let mut g = Builder::new(size);
    g.needs_multiples_of(32);
    let [_, pyramid @ .., bottom] = g.within(OWN, |g| vgg::pyramid(g, true));
    let channels = g.channels(bottom);
    let bottom = ["decoder.center.0", "decoder.center.1"].into_iter().fold(bottom, |x, name| conv_norm_relu(&mut g, name, x, channels));
    decode(g, masks, &[&pyramid[..], &[bottom]].concat())
}

fn decode(mut g: Builder, masks: usize, pyramid: &[NodeId]) -> Graph {
    let mut falling = pyramid.iter().rev().copied();
    let mut x = falling.next().expect("an encoder gives something");
    for (step, channels) in STEPS.into_iter().enumerate() {
        x = g.upsample(x, 2, Rule::Nearest);
        if let Some(skip) = falling.next() {
            x = g.concat(&[x, skip]);
        }
        for part in ["conv1", "conv2"] {
            x = conv_norm_relu(&mut g, &format!("decoder.blocks.{step}.{part}"), x, channels);
        }
    }
    let x = g.features(x);
    g.conv("segmentation_head.0", x, Conv2d::new(masks, 3).pad(1).biased());
    g.finish()
}

fn conv_norm_relu(g: &mut Builder, name: &str, x: NodeId, channels: usize) -> NodeId {
    let names = [0, 1].map(|part| format!("{name}.{part}"));
    ConvNorm::new(Conv2d::new(channels, 3).pad(1), Some(Activation::Relu)).add(g, [&names[0], &names[1]], x)
}
