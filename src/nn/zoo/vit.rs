//! Vision transformers (Dosovitskiy et al. 2020, <https://arxiv.org/abs/2010.11929>) as timm's `vision_transformer.py` has them
//! (<https://github.com/huggingface/pytorch-image-models>): with the weights of Steiner et al. 2021 ("AugReg",
//! <https://arxiv.org/abs/2106.10270>), and DINOv2's (Oquab et al. 2023, <https://arxiv.org/abs/2304.07193>), which scale their branches
//! and may have registers (Darcet et al. 2023, <https://arxiv.org/abs/2309.16588>).
//!
//! The table of positions is of the patches of one input size, so a network reads images of the size that it was made for.

use super::{Architecture, Published};
use crate::nn::graph::{Builder, Conv2d, Graph, NodeId};
use crate::nn::layers::TransformerBlock;
use crate::nn::preprocess::{Interpolation, Preprocess};

pub const ALL: &[Architecture] = &[
    vit_of(
        "vit_tiny_patch16_224",
        "ViT-Tiny of patches of 16 pixels",
        PAPER,
        HALVES,
        &[Published::timm("augreg_in21k_ft_in1k", "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k", HALVES)],
        |classes, size| vit(TINY, classes, size),
    ),
    vit_of(
        "vit_small_patch16_224",
        "ViT-Small of patches of 16 pixels",
        PAPER,
        HALVES,
        &[Published::timm("augreg_in21k_ft_in1k", "timm/vit_small_patch16_224.augreg_in21k_ft_in1k", HALVES)],
        |classes, size| vit(SMALL, classes, size),
    ),
    vit_of(
        "vit_base_patch16_224",
        "ViT-Base of patches of 16 pixels",
        PAPER,
        HALVES,
        &[Published::timm("augreg2_in21k_ft_in1k", "timm/vit_base_patch16_224.augreg2_in21k_ft_in1k", HALVES)],
        |classes, size| vit(BASE, classes, size),
    ),
    vit_of(
        "vit_small_patch14_dinov2",
        "DINOv2's ViT-Small of patches of 14 pixels",
        DINOV2_PAPER,
        DINOV2,
        &[Published::timm("lvd142m", "timm/vit_small_patch14_dinov2.lvd142m", DINOV2).headless()],
        |classes, size| vit(SMALL_DINOV2, classes, size),
    ),
    vit_of(
        "vit_small_patch14_reg4_dinov2",
        "DINOv2's ViT-Small of patches of 14 pixels, with 4 registers",
        "https://arxiv.org/abs/2309.16588",
        DINOV2,
        &[Published::timm("lvd142m", "timm/vit_small_patch14_reg4_dinov2.lvd142m", DINOV2).headless()],
        |classes, size| vit(Vit { registers: 4, ..SMALL_DINOV2 }, classes, size),
    ),
    vit_of(
        "vit_base_patch14_dinov2",
        "DINOv2's ViT-Base of patches of 14 pixels",
        DINOV2_PAPER,
        DINOV2,
        &[Published::timm("lvd142m", "timm/vit_base_patch14_dinov2.lvd142m", DINOV2).headless()],
        |classes, size| vit(BASE_DINOV2, classes, size),
    ),
];

const PAPER: &str = "https://arxiv.org/abs/2010.11929";
const DINOV2_PAPER: &str = "https://arxiv.org/abs/2304.07193";

/// Values in -1 to 1.
const HALVES: Preprocess = Preprocess::imagenet(224, Interpolation::Bicubic, 0.9).normalised([0.5; 3], [0.5; 3]);
const DINOV2: Preprocess = Preprocess::imagenet(518, Interpolation::Bicubic, 1.0);

/// Any whose patches and head have timm's usual names.
pub(super) const fn vit_of(
    name: &'static str,
    summary: &'static str,
    source: &'static str,
    preprocess: Preprocess,
    published: &'static [Published],
    build: fn(usize, [usize; 2]) -> Graph,
) -> Architecture {
    Architecture { name, summary, source, preprocess, published, classifier: "head", first_conv: "patch_embed.proj", build }
}

const DEPTH: usize = 12;

/// What differs from one to the next.
#[derive(Clone, Copy)]
struct Vit {
    /// Pixels along a side of a patch.
    patch: usize,
    width: usize,
    heads: usize,
    /// Tokens that stand for nothing, beside the class token; with any, the table is of patches alone.
    registers: usize,
    /// What layer scales start from.
    layer_scale: Option<f32>,
}

const TINY: Vit = Vit { patch: 16, width: 192, heads: 3, registers: 0, layer_scale: None };
const SMALL: Vit = Vit { width: 384, heads: 6, ..TINY };
const BASE: Vit = Vit { width: 768, heads: 12, ..TINY };
const SMALL_DINOV2: Vit = Vit { patch: 14, layer_scale: Some(1e-5), ..SMALL };
const BASE_DINOV2: Vit = Vit { patch: 14, layer_scale: Some(1e-5), ..BASE };

fn vit(settings: Vit, classes: usize, size: [usize; 2]) -> Graph {
    let Vit { patch, width, heads, registers, layer_scale } = settings;
    let mut g = Builder::new(size);
    let (x, grid) = patches(&mut g, patch, width);
    let mut x = if registers == 0 {
        let x = g.prefix_tokens("cls_token", x, 1);
        g.positions("pos_embed", x, grid)
    } else {
        let x = g.positions("pos_embed", x, grid);
        let x = g.prefix_tokens("reg_token", x, registers);
        g.prefix_tokens("cls_token", x, 1)
    };
    for number in 0..DEPTH {
        x = TransformerBlock { layer_scale, ..TransformerBlock::new(width, heads) }.add(&mut g, &format!("blocks.{number}"), x);
    }
    let x = g.layer_norm("norm", x, 1e-6);
    let x = g.first_token(x);
    let x = g.features(x);
    g.linear("head", x, classes);
    g.finish()
}

/// The image as tokens, one for each patch, and their rows and columns.
pub(super) fn patches(g: &mut Builder, patch: usize, width: usize) -> (NodeId, [usize; 2]) {
    g.needs_multiples_of(patch);
    let x = g.conv("patch_embed.proj", g.input(), Conv2d::new(width, patch).stride(patch).biased());
    (g.tokens(x), g.plane(x))
}
