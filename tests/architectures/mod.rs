//! Networks that are no part of the program: for golden figures and for benches. Names of parameters are timm's.

#![allow(dead_code, reason = "each user takes some of them")]

mod convnext;
mod resnet;
mod vit;

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

pub static VIT_TINY: Architecture = architecture("vit_tiny_patch16_224", 224, "patch_embed.proj", vit::vit_tiny);
pub static CONVNEXT_ATTO: Architecture = architecture("convnext_atto", 224, "stem.0", convnext::convnext_atto);
pub static RESNET18_SMALL: Architecture = architecture("resnet18_small", 28, "conv1", resnet::resnet18_small);
