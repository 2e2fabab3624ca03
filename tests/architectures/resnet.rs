//! ResNets (He et al. 2015, <https://arxiv.org/abs/1512.03385>) that the program does not have.

use derm::nn::graph::{AvgPool, Builder, Conv2d, Graph, MaxPool, NodeId};
use derm::nn::layers::{EfficientChannelAttention, SqueezeExcite, shortcut};

const EPS: f32 = 1e-5;

/// What a bottleneck has beside its three convolutions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Plain,
    SqueezeExcite,
    /// 32 groups of 4 channels (ResNeXt, Xie et al. 2016, <https://arxiv.org/abs/1611.05431>).
    Grouped,
}

pub fn resnet50(classes: usize, size: [usize; 2], kind: Kind) -> Graph {
    let mut g = Builder::new(size);
    let x = g.conv("conv1", g.input(), Conv2d::new(64, 7).stride(2).pad(3));
    let x = g.batch_norm("bn1", x, EPS);
    let x = g.relu(x);
    let mut x = g.max_pool(x, MaxPool { kernel: 3, stride: 2, padding: 1, ceil: false });
    for (layer, repeats, channels) in [(1, 3, 64), (2, 4, 128), (3, 6, 256), (4, 3, 512)] {
        for number in 0..repeats {
            let stride = if layer > 1 && number == 0 { 2 } else { 1 };
            x = bottleneck(&mut g, &format!("layer{layer}.{number}"), x, channels, stride, kind);
        }
    }
    head(g, x, classes)
}

/// ECA-ResNet-26t (Wang et al. 2019, <https://arxiv.org/abs/1910.03151>): a stem of three convolutions, means before the
/// convolutions around a block, and attention by a short convolution along the channels.
pub fn ecaresnet26t(classes: usize, size: [usize; 2]) -> Graph {
    let mut g = Builder::new(size);
    let mut x = g.input();
    for (conv, norm, channels, stride) in [("conv1.0", "conv1.1", 24, 2), ("conv1.3", "conv1.4", 32, 1), ("conv1.6", "bn1", 64, 1)] {
        x = g.conv(conv, x, Conv2d::new(channels, 3).stride(stride).pad(1));
        x = g.batch_norm(norm, x, EPS);
        x = g.relu(x);
    }
    x = g.max_pool(x, MaxPool { kernel: 3, stride: 2, padding: 1, ceil: false });
    for (layer, channels) in [(1, 64), (2, 128), (3, 256), (4, 512)] {
        for number in 0..2 {
            let stride = if layer > 1 && number == 0 { 2 } else { 1 };
            x = eca_bottleneck(&mut g, &format!("layer{layer}.{number}"), x, channels, stride);
        }
    }
    head(g, x, classes)
}

fn eca_bottleneck(g: &mut Builder, name: &str, input: NodeId, channels: usize, stride: usize) -> NodeId {
    let mut x = input;
    let convs = [Conv2d::new(channels, 1), Conv2d::new(channels, 3).stride(stride).pad(1), Conv2d::new(4 * channels, 1)];
    for (number, conv) in convs.into_iter().enumerate() {
        x = g.conv(format!("{name}.conv{}", number + 1), x, conv);
        x = g.batch_norm(format!("{name}.bn{}", number + 1), x, EPS);
        x = if number < 2 { g.relu(x) } else { x };
    }
    let x = EfficientChannelAttention.add(g, &format!("{name}.se"), x);
    let mut around = input;
    if stride == 2 {
        let window = MaxPool { kernel: 2, stride: 2, padding: 0, ceil: true };
        around = g.avg_pool(around, AvgPool { window, count_padding: false });
    }
    if stride == 2 || g.channels(input) != 4 * channels {
        around = g.conv(format!("{name}.downsample.1"), around, Conv2d::new(4 * channels, 1));
        around = g.batch_norm(format!("{name}.downsample.2"), around, EPS);
    }
    let x = g.add(x, around);
    g.relu(x)
}

fn head(mut g: Builder, x: NodeId, classes: usize) -> Graph {
    let x = g.global_avg_pool(x);
    let x = g.flatten(x);
    let x = g.features(x);
    g.linear("fc", x, classes);
    g.finish()
}

fn bottleneck(g: &mut Builder, name: &str, input: NodeId, channels: usize, stride: usize, kind: Kind) -> NodeId {
    let (wide, groups) = if kind == Kind::Grouped { (2 * channels, 32) } else { (channels, 1) };
    let x = g.conv(format!("{name}.conv1"), input, Conv2d::new(wide, 1));
    let x = g.batch_norm(format!("{name}.bn1"), x, EPS);
    let x = g.relu(x);
    let x = g.conv(format!("{name}.conv2"), x, Conv2d::new(wide, 3).stride(stride).pad(1).groups(groups));
    let x = g.batch_norm(format!("{name}.bn2"), x, EPS);
    let x = g.relu(x);
    let x = g.conv(format!("{name}.conv3"), x, Conv2d::new(4 * channels, 1));
    let mut x = g.batch_norm_zero(format!("{name}.bn3"), x, EPS);
    if kind == Kind::SqueezeExcite {
        x = SqueezeExcite::new(channels / 4).add(g, &format!("{name}.se"), x);
    }
    let around = shortcut(g, name, input, 4 * channels, stride);
    let x = g.add(x, around);
    g.relu(x)
}

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
    head(g, x, classes)
}
