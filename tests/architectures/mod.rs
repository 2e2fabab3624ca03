//! Networks that are no part of the program: for golden figures and for benches. Names of parameters are timm's.

#![allow(dead_code, reason = "each user takes some of them")]

mod mobile;
mod resnet;
mod unet;
mod vgg;

use derm::nn::graph::Graph;
use derm::nn::zoo::Architecture;
use derm::nn::{Interpolation, Preprocess};

const fn architecture(name: &'static str, size: u32, first_conv: &'static str, build: fn(usize, [usize; 2]) -> Graph) -> Architecture {
    Architecture {
        name,
        summary: "",
        source: "",
        preprocess: Preprocess::imagenet(size, Interpolation::Bicubic, 0.875),
        published: &[],
        classifier: "",
        first_conv,
        build,
    }
}

pub static VGG16: Architecture = architecture("vgg16", 224, "features.0", |classes, size| vgg::vgg16(classes, size, false));
pub static VGG16_BN: Architecture = architecture("vgg16_bn", 224, "features.0", |classes, size| vgg::vgg16(classes, size, true));
pub static MOBILENETV3_LARGE: Architecture = architecture("mobilenetv3_large_100", 224, "conv_stem", mobile::mobilenetv3_large);
pub static EFFICIENTNET_B0: Architecture = architecture("efficientnet_b0", 224, "conv_stem", mobile::efficientnet_b0);
pub static RESNET50: Architecture =
    architecture("resnet50", 224, "conv1", |classes, size| resnet::resnet50(classes, size, resnet::Kind::Plain));
pub static SERESNET50: Architecture =
    architecture("seresnet50", 224, "conv1", |classes, size| resnet::resnet50(classes, size, resnet::Kind::SqueezeExcite));
pub static ECARESNET26T: Architecture = architecture("ecaresnet26t", 224, "conv1.0", resnet::ecaresnet26t);
pub static RESNEXT50: Architecture =
    architecture("resnext50_32x4d", 224, "conv1", |classes, size| resnet::resnet50(classes, size, resnet::Kind::Grouped));
pub static RESNET18_SMALL: Architecture = architecture("resnet18_small", 28, "conv1", resnet::resnet18_small);
pub static UNET_32: Architecture = architecture("unet_classic_f32", 128, "down.0.0", |masks, size| unet::unet(masks, size, 32));
pub static UNET_16: Architecture = architecture("unet_classic_f16", 64, "down.0.0", |masks, size| unet::unet(masks, size, 16));
