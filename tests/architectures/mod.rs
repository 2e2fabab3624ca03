//! Networks that are no part of the program: for golden figures and for benches. Names of parameters are timm's.

#![allow(dead_code, reason = "each user takes some of them")]

mod resnet;

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

pub static RESNET18_SMALL: Architecture = architecture("resnet18_small", 28, "conv1", resnet::resnet18_small);
