//! ConvNeXt-Atto (Liu et al. 2022, <https://arxiv.org/abs/2201.03545>; timm's smallest).

use derm::nn::graph::{Builder, Conv2d, Graph, NodeId};
use derm::nn::ops::Activation;

const EPS: f32 = 1e-6;

pub fn convnext_atto(classes: usize, size: [usize; 2]) -> Graph {
    let mut g = Builder::new(size);
    let x = g.conv("stem.0", g.input(), Conv2d::new(40, 4).stride(4).biased());
    let mut x = g.layer_norm("stem.1", x, EPS);
    for (stage, (depth, channels)) in [(2, 40), (2, 80), (6, 160), (2, 320)].into_iter().enumerate() {
        if stage > 0 {
            x = g.layer_norm(format!("stages.{stage}.downsample.0"), x, EPS);
            x = g.conv(format!("stages.{stage}.downsample.1"), x, Conv2d::new(channels, 2).stride(2).biased());
        }
        for number in 0..depth {
            x = block(&mut g, &format!("stages.{stage}.blocks.{number}"), x, channels);
        }
    }
    let x = g.global_avg_pool(x);
    let x = g.layer_norm("head.norm", x, EPS);
    let x = g.flatten(x);
    let x = g.features(x);
    g.linear("head.fc", x, classes);
    g.finish()
}

fn block(g: &mut Builder, name: &str, x: NodeId, channels: usize) -> NodeId {
    let y = g.conv(format!("{name}.conv_dw"), x, Conv2d::new(channels, 7).pad(3).groups(channels).biased());
    let y = g.layer_norm(format!("{name}.norm"), y, EPS);
    let y = g.conv(format!("{name}.mlp.fc1"), y, Conv2d::new(4 * channels, 1).biased());
    let y = g.activation(y, Activation::Gelu);
    let y = g.conv(format!("{name}.mlp.fc2"), y, Conv2d::new(channels, 1).biased());
    g.branch(name, x, y, Some(1e-6), 0.0)
}
