//! The names of networks' own authors and of segmentation-models-pytorch, where a prefix is not all that differs from timm's.
//!
//! Sources: <https://github.com/qubvel-org/segmentation_models.pytorch>, <https://github.com/facebookresearch/dinov2>,
//! <https://github.com/facebookresearch/ConvNeXt>, <https://github.com/microsoft/Swin-Transformer>.

use super::{Naming, Rule, Special, blocks};

pub(super) const ALL: &[Naming] = &[
    Naming {
        name: "segmentation-models-pytorch EfficientNet",
        inside: "",
        marks: &["_conv_stem.weight", "_blocks.*._depthwise_conv.weight", "_blocks.*._bn0.weight"],
        rules: EFFICIENTNET,
        special: Special::Blocks { read: blocks::smp_efficientnet, tail: false },
    },
    Naming {
        name: "DINOv2's own",
        inside: "",
        marks: &["register_tokens", "blocks.*.ls1.gamma"],
        rules: &[("register_tokens", "reg_token")],
        special: Special::ClassPlace,
    },
    Naming {
        name: "ConvNeXt's own",
        inside: "",
        marks: &["downsample_layers.0.0.weight", "stages.*.*.dwconv.weight"],
        rules: CONVNEXT,
        special: Special::Nothing,
    },
    Naming {
        name: "Swin's own",
        inside: "",
        marks: &["layers.0.downsample.reduction.weight", "layers.*.blocks.*.attn.qkv.weight"],
        rules: &[("layers.*.downsample.**", "layers.{1+1}.downsample.{2}"), ("head.*", "head.fc.{1}")],
        special: Special::Nothing,
    },
];

const EFFICIENTNET: &[Rule] = &[
    ("_conv_stem.*", "conv_stem.{1}"),
    ("_bn0.*", "bn1.{1}"),
    ("_conv_head.*", "conv_head.{1}"),
    ("_bn1.*", "bn2.{1}"),
    ("_fc.*", "classifier.{1}"),
];

const CONVNEXT: &[Rule] = &[
    ("downsample_layers.0.*.*", "stem.{1}.{2}"),
    ("downsample_layers.*.**", "stages.{1}.downsample.{2}"),
    ("stages.*.*.gamma", "stages.{1}.blocks.{2}.gamma"),
    ("stages.*.*.dwconv.*", "stages.{1}.blocks.{2}.conv_dw.{3}"),
    ("stages.*.*.norm.*", "stages.{1}.blocks.{2}.norm.{3}"),
    ("stages.*.*.pwconv*.*", "stages.{1}.blocks.{2}.mlp.fc{3}.{4}"),
    ("stages.*.*.grn.*", "stages.{1}.blocks.{2}.mlp.grn.{3}"),
    ("norm.*", "head.norm.{1}"),
    ("head.*", "head.fc.{1}"),
];
