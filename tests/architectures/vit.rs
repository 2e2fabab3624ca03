//! Vision transformer (Dosovitskiy et al. 2020, <https://arxiv.org/abs/2010.11929>).

use derm::nn::graph::{Builder, Conv2d, Graph, NodeId};
use derm::nn::ops::Activation;

const EPS: f32 = 1e-6;

pub fn vit_tiny(classes: usize, size: [usize; 2]) -> Graph {
    let (width, depth, heads) = (192, 12, 3);
    let mut g = Builder::new(size);
    let x = g.conv("patch_embed.proj", g.input(), Conv2d::new(width, 16).stride(16).biased());
    let x = g.tokens(x);
    let x = g.class_token("cls_token", x);
    let mut x = g.positions("pos_embed", x);
    for number in 0..depth {
        x = block(&mut g, &format!("blocks.{number}"), x, width, heads);
    }
    let x = g.layer_norm("norm", x, EPS);
    let x = g.first_token(x);
    let x = g.features(x);
    g.linear("head", x, classes);
    g.finish()
}

fn block(g: &mut Builder, name: &str, x: NodeId, width: usize, heads: usize) -> NodeId {
    let y = g.layer_norm(format!("{name}.norm1"), x, EPS);
    let y = g.linear(format!("{name}.attn.qkv"), y, 3 * width);
    let y = g.attention(y, heads);
    let y = g.linear(format!("{name}.attn.proj"), y, width);
    let x = g.branch(format!("{name}.add1"), x, y, None, 0.0);
    let y = g.layer_norm(format!("{name}.norm2"), x, EPS);
    let y = g.linear(format!("{name}.mlp.fc1"), y, 4 * width);
    let y = g.activation(y, Activation::Gelu);
    let y = g.linear(format!("{name}.mlp.fc2"), y, width);
    g.branch(format!("{name}.add2"), x, y, None, 0.0)
}
