//! torchvision's names where they are not timm's; its ResNets have the same.
//!
//! Source: <https://github.com/pytorch/vision/tree/main/torchvision/models>

use super::{Naming, Rule, Special, blocks};

pub(super) const ALL: &[Naming] = &[
    Naming { inside: "", name: "torchvision ConvNeXt", marks: &["features.*.*.layer_scale"], rules: CONVNEXT, special: Special::Nothing },
    Naming {
        inside: "",
        name: "torchvision Swin",
        marks: &["features.*.*.attn.relative_position_bias_table"],
        rules: SWIN,
        special: Special::Nothing,
    },
    Naming {
        inside: "",
        name: "torchvision ViT",
        marks: &["encoder.layers.encoder_layer_*.ln_1.weight"],
        rules: VIT,
        special: Special::Nothing,
    },
    Naming {
        inside: "",
        name: "torchvision EfficientNet",
        marks: &["features.*.*.block.*.*.weight"],
        rules: EFFICIENTNET,
        special: Special::Blocks { read: blocks::torchvision_efficientnet, tail: false },
    },
    Naming {
        inside: "",
        name: "torchvision MobileNetV3",
        marks: &["features.*.block.*.*.weight"],
        rules: MOBILENET_V3,
        special: Special::Blocks { read: blocks::torchvision_mobilenet_v3, tail: true },
    },
    Naming {
        inside: "",
        name: "torchvision MobileNetV2",
        marks: &["features.*.conv.*.*.weight"],
        rules: MOBILENET_V2,
        special: Special::Blocks { read: blocks::torchvision_mobilenet_v2, tail: false },
    },
    Naming {
        inside: "",
        name: "torchvision DenseNet of 2017",
        marks: &["features.*.*.norm.1.weight"],
        rules: DENSENET,
        special: Special::Nothing,
    },
    Naming {
        inside: "",
        name: "torchvision VGG",
        marks: &["features.0.weight", "classifier.6.weight"],
        rules: VGG,
        special: Special::Nothing,
    },
];

const CONVNEXT: &[Rule] = &[
    ("features.0.*.**", "stem.{1}.{2}"),
    ("features.*.*.layer_scale", "stages.{1/2}.blocks.{2}.gamma"),
    ("features.*.*.block.0.**", "stages.{1/2}.blocks.{2}.conv_dw.{3}"),
    ("features.*.*.block.2.**", "stages.{1/2}.blocks.{2}.norm.{3}"),
    ("features.*.*.block.3.**", "stages.{1/2}.blocks.{2}.mlp.fc1.{3}"),
    ("features.*.*.block.5.**", "stages.{1/2}.blocks.{2}.mlp.fc2.{3}"),
    ("features.*.*.*", "stages.{1/2}.downsample.{2}.{3}"),
    ("classifier.0.*", "head.norm.{1}"),
    ("classifier.2.*", "head.fc.{1}"),
];

const SWIN: &[Rule] = &[
    ("features.0.0.*", "patch_embed.proj.{1}"),
    ("features.0.2.*", "patch_embed.norm.{1}"),
    ("features.*.*.mlp.0.*", "layers.{1/2}.blocks.{2}.mlp.fc1.{3}"),
    ("features.*.*.mlp.3.*", "layers.{1/2}.blocks.{2}.mlp.fc2.{3}"),
    ("features.*.reduction.*", "layers.{1/2}.downsample.reduction.{2}"),
    ("features.*.norm.*", "layers.{1/2}.downsample.norm.{2}"),
    ("features.*.*.**", "layers.{1/2}.blocks.{2}.{3}"),
    ("head.*", "head.fc.{1}"),
];

const VIT: &[Rule] = &[
    ("class_token", "cls_token"),
    ("conv_proj.*", "patch_embed.proj.{1}"),
    ("encoder.pos_embedding", "pos_embed"),
    ("encoder.layers.encoder_layer_*.ln_1.*", "blocks.{1}.norm1.{2}"),
    ("encoder.layers.encoder_layer_*.ln_2.*", "blocks.{1}.norm2.{2}"),
    ("encoder.layers.encoder_layer_*.self_attention.in_proj_*", "blocks.{1}.attn.qkv.{2}"),
    ("encoder.layers.encoder_layer_*.self_attention.out_proj.*", "blocks.{1}.attn.proj.{2}"),
    ("encoder.layers.encoder_layer_*.mlp.0.*", "blocks.{1}.mlp.fc1.{2}"),
    ("encoder.layers.encoder_layer_*.mlp.3.*", "blocks.{1}.mlp.fc2.{2}"),
    // The published files are older than the code.
    ("encoder.layers.encoder_layer_*.mlp.linear_*.*", "blocks.{1}.mlp.fc{2}.{3}"),
    ("encoder.ln.*", "norm.{1}"),
    ("heads.head.*", "head.{1}"),
];

/// What is not in blocks: the last entry of `features` is named by its place, which [`blocks`] knows.
const EFFICIENTNET: &[Rule] = &[
    ("features.0.0.*", "conv_stem.{1}"),
    ("features.0.1.*", "bn1.{1}"),
    ("features.*.0.*", "conv_head.{2}"),
    ("features.*.1.*", "bn2.{2}"),
    ("classifier.1.*", "classifier.{1}"),
];

const MOBILENET_V3: &[Rule] = &[
    ("features.0.0.*", "conv_stem.{1}"),
    ("features.0.1.*", "bn1.{1}"),
    ("classifier.0.*", "conv_head.{1}"),
    ("classifier.3.*", "classifier.{1}"),
];

const MOBILENET_V2: &[Rule] = EFFICIENTNET;

const DENSENET: &[Rule] =
    &[("features.*.*.norm.*.*", "features.{1}.{2}.norm{3}.{4}"), ("features.*.*.conv.*.*", "features.{1}.{2}.conv{3}.{4}")];

const VGG: &[Rule] =
    &[("classifier.0.*", "pre_logits.fc1.{1}"), ("classifier.3.*", "pre_logits.fc2.{1}"), ("classifier.6.*", "head.fc.{1}")];
