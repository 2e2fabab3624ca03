//! VGG-16 (Simonyan and Zisserman 2014, <https://arxiv.org/abs/1409.1556>), with or without batch norm.

use derm::nn::graph::{Builder, Conv2d, Graph, MaxPool};

pub fn vgg16(classes: usize, size: [usize; 2], norms: bool) -> Graph {
    let mut g = Builder::new(size);
    let (mut x, mut number) = (g.input(), 0);
    for (repeats, channels) in [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)] {
        for _ in 0..repeats {
            x = g.conv(format!("features.{number}"), x, Conv2d::new(channels, 3).pad(1).biased());
            if norms {
                number += 1;
                x = g.batch_norm(format!("features.{number}"), x, 1e-5);
            }
            x = g.relu(x);
            number += 2;
        }
        x = g.max_pool(x, MaxPool { kernel: 2, stride: 2, padding: 0, ceil: false });
        number += 1;
    }
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
