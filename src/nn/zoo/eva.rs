//! Vision transformers with rotary positions, as timm's `eva.py` has them
//! (<https://github.com/huggingface/pytorch-image-models>): EVA-02 (Fang et al. 2023, <https://arxiv.org/abs/2303.11331>), whose MLPs are
//! gated and whose keys have no bias, and DINOv3 (Siméoni et al. 2025, <https://arxiv.org/abs/2508.10104>), which has registers and no
//! table of positions. Both average their patches' tokens, EVA-02 before its last norm and DINOv3 after it.

use super::vit::{patches, vit_of};
use super::{Architecture, Licence, Published};
use crate::nn::graph::{Angles, Bias, Builder, Graph, Rotary};
use crate::nn::layers::{Inner, Mlp, TransformerBlock};
use crate::nn::preprocess::{Interpolation, Preprocess};

pub const ALL: &[Architecture] = &[
    vit_of(
        "eva02_tiny_patch14_336",
        "EVA-02-Tiny of patches of 14 pixels",
        EVA02_PAPER,
        CLIP,
        &[Published::timm("mim_in22k_ft_in1k", "timm/eva02_tiny_patch14_336.mim_in22k_ft_in1k", CLIP).licensed(Licence::MIT)],
        |classes, size| eva02(192, 3, classes, size),
    ),
    vit_of(
        "eva02_small_patch14_336",
        "EVA-02-Small of patches of 14 pixels",
        EVA02_PAPER,
        CLIP,
        &[Published::timm("mim_in22k_ft_in1k", "timm/eva02_small_patch14_336.mim_in22k_ft_in1k", CLIP).licensed(Licence::MIT)],
        |classes, size| eva02(384, 6, classes, size),
    ),
    vit_of(
        "vit_small_patch16_dinov3",
        "DINOv3's ViT-Small of patches of 16 pixels, with 4 registers",
        DINOV3_PAPER,
        DINOV3,
        &[Published::timm("lvd1689m", "timm/vit_small_patch16_dinov3.lvd1689m", DINOV3).licensed(Licence::DINOV3).headless()],
        |classes, size| dinov3(384, 6, classes, size),
    ),
    vit_of(
        "vit_base_patch16_dinov3",
        "DINOv3's ViT-Base of patches of 16 pixels, with 4 registers",
        DINOV3_PAPER,
        DINOV3,
        &[Published::timm("lvd1689m", "timm/vit_base_patch16_dinov3.lvd1689m", DINOV3).licensed(Licence::DINOV3).headless()],
        |classes, size| dinov3(768, 12, classes, size),
    ),
];

const EVA02_PAPER: &str = "https://arxiv.org/abs/2303.11331";
const DINOV3_PAPER: &str = "https://arxiv.org/abs/2508.10104";

/// With the statistics of CLIP's images.
const CLIP: Preprocess = Preprocess::imagenet(336, Interpolation::Bicubic, 1.0)
    .normalised([0.481_454_66, 0.457_827_5, 0.408_210_73], [0.268_629_54, 0.261_302_6, 0.275_777_1]);
const DINOV3: Preprocess = Preprocess::imagenet(256, Interpolation::Bicubic, 1.0);

const DEPTH: usize = 12;

fn eva02(width: usize, heads: usize, classes: usize, size: [usize; 2]) -> Graph {
    let mut g = Builder::new(size);
    let (x, grid) = patches(&mut g, 14, width);
    let x = g.prefix_tokens("cls_token", x, 1);
    let mut x = g.positions("pos_embed", x, grid);
    // Angles are of the 16 rows and columns of 224 pixels, whatever the size.
    let angles = Angles::Index { reference: [16, 16], temperature: 10_000.0 };
    let block = TransformerBlock {
        bias: Bias::NotOfKeys,
        rotary: Some(Rotary { heads, prefix: 1, grid, halves: false, angles }),
        mlp: Mlp { hidden: 8 * width / 3, inner: Inner::SwiGlu },
        ..TransformerBlock::new(width, heads)
    };
    for number in 0..DEPTH {
        x = block.add(&mut g, &format!("blocks.{number}"), x);
    }
    let x = g.mean_tokens(x, 1);
    let x = g.layer_norm("fc_norm", x, 1e-6);
    let x = g.features(x);
    g.linear("head", x, classes);
    g.finish()
}

fn dinov3(width: usize, heads: usize, classes: usize, size: [usize; 2]) -> Graph {
    const REGISTERS: usize = 4;
    let mut g = Builder::new(size);
    let (x, grid) = patches(&mut g, 16, width);
    let x = g.prefix_tokens("reg_token", x, REGISTERS);
    let mut x = g.prefix_tokens("cls_token", x, 1);
    let angles = Angles::Centred { temperature: 100.0 };
    let block = TransformerBlock {
        bias: Bias::None,
        rotary: Some(Rotary { heads, prefix: 1 + REGISTERS, grid, halves: true, angles }),
        eps: 1e-5,
        layer_scale: Some(1e-5),
        scale_names: ["gamma_1", "gamma_2"],
        ..TransformerBlock::new(width, heads)
    };
    for number in 0..DEPTH {
        x = block.add(&mut g, &format!("blocks.{number}"), x);
    }
    let x = g.layer_norm("norm", x, 1e-5);
    let x = g.mean_tokens(x, 1 + REGISTERS);
    let x = g.features(x);
    g.linear("head", x, classes);
    g.finish()
}
