//! VGG-16 (Simonyan and Zisserman 2014, <https://arxiv.org/abs/1409.1556>), with or without batch norm; names are timm's, whose two
//! wide layers are convolutions so that larger images do.

use super::{Architecture, Graph, Licence, Published};
use crate::nn::graph::{Builder, Conv2d, MaxPool, NodeId};
use crate::nn::preprocess::{Interpolation, Preprocess};

const TV: Preprocess = Preprocess::imagenet(224, Interpolation::Bilinear, 0.875);

pub const ALL: &[Architecture] = &[
    Architecture {
        name: "vgg16",
        summary: "VGG-16",
        source: "https://arxiv.org/abs/1409.1556",
        preprocess: TV,
        published: &[Published::timm("tv_in1k", "timm/vgg16.tv_in1k", TV).licensed(Licence::BSD_3)],
        classifier: "head.fc",
        first_conv: "features.0",
        build: |classes, size| vgg16(classes, size, false),
    },
    Architecture {
        name: "vgg16_bn",
        summary: "VGG-16 with batch norm",
        source: "https://arxiv.org/abs/1409.1556",
        preprocess: TV,
        published: &[Published::timm("tv_in1k", "timm/vgg16_bn.tv_in1k", TV).licensed(Licence::BSD_3)],
        classifier: "head.fc",
        first_conv: "features.0",
        build: |classes, size| vgg16(classes, size, true),
    },
];

fn vgg16(classes: usize, size: [usize; 2], norms: bool) -> Graph {
    let mut g = Builder::new(size);
    let [.., mut x] = pyramid(&mut g, norms);
    for (name, kernel) in [("pre_logits.fc1", 7), ("pre_logits.fc2", 1)] {
        x = g.conv(name, x, Conv2d::new(4096, kernel).biased());
        x = g.relu(x);
    }
    let x = g.global_avg_pool(x);
    let x = g.flatten(x);
    let x = g.features(x);
    g.linear("head.fc", x, classes);
    g.finish()
}

/// What the convolutions make of the input at its whole size, a half, a fourth and so on; the last is only pooled.
pub(super) fn pyramid(g: &mut Builder, norms: bool) -> [NodeId; 6] {
    let (mut x, mut number, mut pyramid) = (g.input(), 0, [g.input(); 6]);
    for (stage, (repeats, channels)) in [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)].into_iter().enumerate() {
        for _ in 0..repeats {
            x = g.conv(format!("features.{number}"), x, Conv2d::new(channels, 3).pad(1).biased());
            if norms {
                number += 1;
                x = g.batch_norm(format!("features.{number}"), x, 1e-5);
            }
            x = g.relu(x);
            number += 2;
        }
        pyramid[stage] = x;
        x = g.max_pool(x, MaxPool { kernel: 2, stride: 2, padding: 0, ceil: false });
        number += 1;
    }
    pyramid[5] = x;
    pyramid
}
