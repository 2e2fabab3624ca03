//! A ResNet (He et al. 2015, <https://arxiv.org/abs/1512.03385>) that the program does not have.

use derm::nn::graph::{Builder, Conv2d, Graph};
use derm::nn::layers::shortcut;

const EPS: f32 = 1e-5;

/// ResNet-18 for images of 28 pixels: a 3x3 stem of stride 1 and no pool, as MedMNIST's benchmark has it.
pub fn resnet18_small(classes: usize, size: [usize; 2]) -> Graph {
    let mut g = Builder::new(size);
    let x = g.conv("conv1", g.input(), Conv2d::new(64, 3).pad(1));
    let x = g.batch_norm("bn1", x, EPS);
    let mut x = g.relu(x);
    for (layer, channels) in [(1, 64), (2, 128), (3, 256), (4, 512)] {
        for number in 0..2 {
            let stride = if layer > 1 && number == 0 { 2 } else { 1 };
            let name = format!("layer{layer}.{number}");
            let y = g.conv(format!("{name}.conv1"), x, Conv2d::new(channels, 3).stride(stride).pad(1));
            let y = g.batch_norm(format!("{name}.bn1"), y, EPS);
            let y = g.relu(y);
            let y = g.conv(format!("{name}.conv2"), y, Conv2d::new(channels, 3).pad(1));
            let y = g.batch_norm(format!("{name}.bn2"), y, EPS);
            let around = shortcut(&mut g, &name, x, channels, stride);
            let y = g.add(y, around);
            x = g.relu(y);
        }
    }
    let x = g.global_avg_pool(x);
    let x = g.flatten(x);
    let x = g.features(x);
    g.linear("fc", x, classes);
    g.finish()
}
