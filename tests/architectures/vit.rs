//! Vision transformer (Dosovitskiy et al. 2020, <https://arxiv.org/abs/2010.11929>).

use derm::nn::graph::{Builder, Conv2d, Graph};
use derm::nn::layers::TransformerBlock;

const EPS: f32 = 1e-6;

pub fn vit_tiny(classes: usize, size: [usize; 2]) -> Graph {
    let (width, depth, heads) = (192, 12, 3);
    let mut g = Builder::new(size);
    let x = g.conv("patch_embed.proj", g.input(), Conv2d::new(width, 16).stride(16).biased());
    let x = g.tokens(x);
    let x = g.class_token("cls_token", x);
    let mut x = g.positions("pos_embed", x);
    for number in 0..depth {
        x = TransformerBlock::new(heads).add(&mut g, &format!("blocks.{number}"), x);
    }
    let x = g.layer_norm("norm", x, EPS);
    let x = g.first_token(x);
    let x = g.features(x);
    g.linear("head", x, classes);
    g.finish()
}
