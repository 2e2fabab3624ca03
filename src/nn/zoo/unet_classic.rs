//! The classic U-Net (Ronneberger et al. 2015, <https://arxiv.org/abs/1505.04597>) with batch norm and padding: four levels, transposed
//! convolutions on the way up, dropout at the bottom. Its output is one logit for each mask and pixel, masks not excluding each other.

use super::{Architecture, Graph};
use crate::nn::graph::{Builder, Conv2d, MaxPool, NodeId};
use crate::nn::layers::ConvNorm;
use crate::nn::ops::Activation;
use crate::nn::preprocess::{Fit, Interpolation, Preprocess};

/// Masks cover whole images: nothing is cut off.
pub(super) const WHOLE: Preprocess = Preprocess { fit: Fit::Squash, ..Preprocess::imagenet(256, Interpolation::Bilinear, 1.0) };

pub const ALL: &[Architecture] = &[
    classic("unet_classic_f16", "U-Net as first published, 16 channels on the first level", |masks, size| unet(masks, size, 16)),
    classic("unet_classic_f32", "U-Net as first published, 32 channels on the first level", |masks, size| unet(masks, size, 32)),
];

const fn classic(name: &'static str, summary: &'static str, build: fn(usize, [usize; 2]) -> Graph) -> Architecture {
    let source = "https://arxiv.org/abs/1505.04597";
    Architecture { name, summary, source, preprocess: WHOLE, published: &[], classifier: "head", first_conv: "down.0.0", build }
}

fn unet(masks: usize, size: [usize; 2], base: usize) -> Graph {
    let mut g = Builder::new(size);
    g.needs_multiples_of(16);
    let mut x = g.input();
    let mut skips = Vec::new();
    for level in 0..5 {
        if level > 0 {
            skips.push(x);
            x = g.max_pool(x, MaxPool { kernel: 2, stride: 2, padding: 0, ceil: false });
        }
        x = double(&mut g, &format!("down.{level}"), x, base << level);
    }
    x = g.dropout(x, 0.5);
    for level in (0..4).rev() {
        x = g.up_conv(format!("up.{level}"), x, base << level, 2);
        x = g.concat(&[skips[level], x]);
        x = double(&mut g, &format!("dec.{level}"), x, base << level);
    }
    let x = g.features(x);
    g.conv("head", x, Conv2d::new(masks, 1).biased());
    g.finish()
}

fn double(g: &mut Builder, name: &str, x: NodeId, channels: usize) -> NodeId {
    [(0, 1), (3, 4)].into_iter().fold(x, |x, (conv, norm)| {
        let names = [conv, norm].map(|part| format!("{name}.{part}"));
        ConvNorm::new(Conv2d::new(channels, 3).pad(1), Some(Activation::Relu)).add(g, [&names[0], &names[1]], x)
    })
}
