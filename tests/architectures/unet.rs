//! The classic U-Net (Ronneberger et al. 2015, <https://arxiv.org/abs/1505.04597>) with batch norm and padding.

use derm::nn::graph::{Builder, Conv2d, Graph, MaxPool, NodeId};
use derm::nn::layers::ConvNorm;
use derm::nn::ops::Activation;

/// Four levels, `base` channels on the first.
pub fn unet(masks: usize, size: [usize; 2], base: usize) -> Graph {
    let mut g = Builder::new(size);
    let mut x = g.input();
    let mut skips = Vec::new();
    for level in 0..5 {
        if level > 0 {
            skips.push(x);
            x = g.max_pool(x, MaxPool { kernel: 2, stride: 2, padding: 0, ceil: false });
        }
        x = double(&mut g, &format!("down.{level}"), x, base << level);
    }
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
    let mut x = x;
    for (conv, norm) in [(0, 1), (3, 4)] {
        let names = [conv, norm].map(|part| format!("{name}.{part}"));
        x = ConvNorm::new(Conv2d::new(channels, 3).pad(1), Some(Activation::Relu)).add(g, [&names[0], &names[1]], x);
    }
    x
}
