//! transformers' names: those of its published files (version 4) and those that version 5 may save.
//!
//! Source: <https://github.com/huggingface/transformers/tree/main/src/transformers/models>

use super::{Naming, Rule, Special};

pub(super) const ALL: &[Naming] = &[
    Naming {
        inside: "vit.",
        marks: &["embeddings.cls_token", "encoder.layer.*.layernorm_before.weight"],
        rules: VIT,
        ..of("transformers ViT")
    },
    Naming { inside: "vit.", marks: &["embeddings.cls_token", "layers.*.layernorm_before.weight"], rules: VIT, ..of("transformers ViT") },
    Naming {
        inside: "dinov2_with_registers.",
        marks: &["embeddings.register_tokens", "embeddings.position_embeddings"],
        rules: DINO_V2,
        special: Special::ClassPlace,
        ..of("transformers DINOv2 with registers")
    },
    Naming {
        inside: "dinov2.",
        marks: &["embeddings.cls_token", "encoder.layer.*.layer_scale1.lambda1"],
        rules: DINO_V2,
        ..of("transformers DINOv2")
    },
    Naming { marks: &["embeddings.register_tokens", "layer.*.mlp.up_proj.weight"], rules: DINO_V3, ..of("transformers DINOv3") },
    Naming { marks: &["embeddings.register_tokens", "model.layer.*.mlp.up_proj.weight"], rules: DINO_V3, ..of("transformers DINOv3") },
    Naming {
        inside: "swin.",
        marks: &["embeddings.patch_embeddings.projection.weight", "encoder.layers.*.blocks.*.layernorm_before.weight"],
        rules: SWIN,
        ..of("transformers Swin")
    },
    Naming {
        inside: "convnext.",
        marks: &["encoder.stages.*.layers.*.layer_scale_parameter"],
        rules: CONVNEXT,
        ..of("transformers ConvNeXt")
    },
    Naming { inside: "convnextv2.", marks: &["encoder.stages.*.layers.*.grn.weight"], rules: CONVNEXT, ..of("transformers ConvNeXt V2") },
    Naming { inside: "resnet.", marks: &["embedder.embedder.convolution.weight"], rules: RESNET, ..of("transformers ResNet") },
];

const fn of(name: &'static str) -> Naming {
    Naming { name, inside: "", marks: &[], rules: &[], special: Special::Nothing }
}

const VIT: &[Rule] = &[
    ("embeddings.cls_token", "cls_token"),
    ("embeddings.position_embeddings", "pos_embed"),
    ("embeddings.patch_embeddings.projection.*", "patch_embed.proj.{1}"),
    ("encoder.layer.*.attention.attention.query.*", "blocks.{1}.attn.qkv.{2}#0"),
    ("encoder.layer.*.attention.attention.key.*", "blocks.{1}.attn.qkv.{2}#1"),
    ("encoder.layer.*.attention.attention.value.*", "blocks.{1}.attn.qkv.{2}#2"),
    ("encoder.layer.*.attention.output.dense.*", "blocks.{1}.attn.proj.{2}"),
    ("encoder.layer.*.intermediate.dense.*", "blocks.{1}.mlp.fc1.{2}"),
    ("encoder.layer.*.output.dense.*", "blocks.{1}.mlp.fc2.{2}"),
    ("encoder.layer.*.layernorm_before.*", "blocks.{1}.norm1.{2}"),
    ("encoder.layer.*.layernorm_after.*", "blocks.{1}.norm2.{2}"),
    ("layers.*.attention.q_proj.*", "blocks.{1}.attn.qkv.{2}#0"),
    ("layers.*.attention.k_proj.*", "blocks.{1}.attn.qkv.{2}#1"),
    ("layers.*.attention.v_proj.*", "blocks.{1}.attn.qkv.{2}#2"),
    ("layers.*.attention.o_proj.*", "blocks.{1}.attn.proj.{2}"),
    ("layers.*.layernorm_before.*", "blocks.{1}.norm1.{2}"),
    ("layers.*.layernorm_after.*", "blocks.{1}.norm2.{2}"),
    ("layers.*.mlp.**", "blocks.{1}.mlp.{2}"),
    ("layernorm.*", "norm.{1}"),
    ("classifier.*", "head.{1}"),
];

const DINO_V2: &[Rule] = &[
    ("embeddings.cls_token", "cls_token"),
    ("embeddings.register_tokens", "reg_token"),
    ("embeddings.position_embeddings", "pos_embed"),
    ("embeddings.patch_embeddings.projection.*", "patch_embed.proj.{1}"),
    ("encoder.layer.*.attention.attention.query.*", "blocks.{1}.attn.qkv.{2}#0"),
    ("encoder.layer.*.attention.attention.key.*", "blocks.{1}.attn.qkv.{2}#1"),
    ("encoder.layer.*.attention.attention.value.*", "blocks.{1}.attn.qkv.{2}#2"),
    ("encoder.layer.*.attention.output.dense.*", "blocks.{1}.attn.proj.{2}"),
    ("encoder.layer.*.attention.q_proj.*", "blocks.{1}.attn.qkv.{2}#0"),
    ("encoder.layer.*.attention.k_proj.*", "blocks.{1}.attn.qkv.{2}#1"),
    ("encoder.layer.*.attention.v_proj.*", "blocks.{1}.attn.qkv.{2}#2"),
    ("encoder.layer.*.attention.o_proj.*", "blocks.{1}.attn.proj.{2}"),
    ("encoder.layer.*.layer_scale*.lambda1", "blocks.{1}.ls{2}.gamma"),
    ("encoder.layer.*.**", "blocks.{1}.{2}"),
    ("layernorm.*", "norm.{1}"),
];

const DINO_V3: &[Rule] = &[
    ("embeddings.cls_token", "cls_token"),
    ("embeddings.register_tokens", "reg_token"),
    ("embeddings.patch_embeddings.*", "patch_embed.proj.{1}"),
    // Version 5 has the blocks inside `model`.
    ("model.layer.*.attention.q_proj.*", "blocks.{1}.attn.qkv.{2}#0"),
    ("model.layer.*.attention.k_proj.*", "blocks.{1}.attn.qkv.{2}#1"),
    ("model.layer.*.attention.v_proj.*", "blocks.{1}.attn.qkv.{2}#2"),
    ("model.layer.*.attention.o_proj.*", "blocks.{1}.attn.proj.{2}"),
    ("model.layer.*.layer_scale*.lambda1", "blocks.{1}.gamma_{2}"),
    ("model.layer.*.mlp.up_proj.*", "blocks.{1}.mlp.fc1.{2}"),
    ("model.layer.*.mlp.down_proj.*", "blocks.{1}.mlp.fc2.{2}"),
    ("model.layer.*.norm*.*", "blocks.{1}.norm{2}.{3}"),
    ("layer.*.attention.q_proj.*", "blocks.{1}.attn.qkv.{2}#0"),
    ("layer.*.attention.k_proj.*", "blocks.{1}.attn.qkv.{2}#1"),
    ("layer.*.attention.v_proj.*", "blocks.{1}.attn.qkv.{2}#2"),
    ("layer.*.attention.o_proj.*", "blocks.{1}.attn.proj.{2}"),
    ("layer.*.layer_scale*.lambda1", "blocks.{1}.gamma_{2}"),
    ("layer.*.mlp.up_proj.*", "blocks.{1}.mlp.fc1.{2}"),
    ("layer.*.mlp.down_proj.*", "blocks.{1}.mlp.fc2.{2}"),
    ("layer.*.norm*.*", "blocks.{1}.norm{2}.{3}"),
];

const SWIN: &[Rule] = &[
    ("embeddings.patch_embeddings.projection.*", "patch_embed.proj.{1}"),
    ("embeddings.norm.*", "patch_embed.norm.{1}"),
    ("encoder.layers.*.blocks.*.attention.self.query.*", "layers.{1}.blocks.{2}.attn.qkv.{3}#0"),
    ("encoder.layers.*.blocks.*.attention.self.key.*", "layers.{1}.blocks.{2}.attn.qkv.{3}#1"),
    ("encoder.layers.*.blocks.*.attention.self.value.*", "layers.{1}.blocks.{2}.attn.qkv.{3}#2"),
    ("encoder.layers.*.blocks.*.attention.self.relative_position_bias_table", "layers.{1}.blocks.{2}.attn.relative_position_bias_table"),
    ("encoder.layers.*.blocks.*.attention.output.dense.*", "layers.{1}.blocks.{2}.attn.proj.{3}"),
    ("encoder.layers.*.blocks.*.attention.q_proj.*", "layers.{1}.blocks.{2}.attn.qkv.{3}#0"),
    ("encoder.layers.*.blocks.*.attention.k_proj.*", "layers.{1}.blocks.{2}.attn.qkv.{3}#1"),
    ("encoder.layers.*.blocks.*.attention.v_proj.*", "layers.{1}.blocks.{2}.attn.qkv.{3}#2"),
    ("encoder.layers.*.blocks.*.attention.o_proj.*", "layers.{1}.blocks.{2}.attn.proj.{3}"),
    (
        "encoder.layers.*.blocks.*.attention.relative_position_bias.relative_position_bias_table",
        "layers.{1}.blocks.{2}.attn.relative_position_bias_table",
    ),
    ("encoder.layers.*.blocks.*.layernorm_before.*", "layers.{1}.blocks.{2}.norm1.{3}"),
    ("encoder.layers.*.blocks.*.layernorm_after.*", "layers.{1}.blocks.{2}.norm2.{3}"),
    ("encoder.layers.*.blocks.*.intermediate.dense.*", "layers.{1}.blocks.{2}.mlp.fc1.{3}"),
    ("encoder.layers.*.blocks.*.output.dense.*", "layers.{1}.blocks.{2}.mlp.fc2.{3}"),
    ("encoder.layers.*.blocks.*.mlp.**", "layers.{1}.blocks.{2}.mlp.{3}"),
    // timm merges patches at the start of a stage, transformers at the end of the one before.
    ("encoder.layers.*.downsample.**", "layers.{1+1}.downsample.{2}"),
    ("layernorm.*", "norm.{1}"),
    ("classifier.*", "head.fc.{1}"),
];

const CONVNEXT: &[Rule] = &[
    ("embeddings.patch_embeddings.*", "stem.0.{1}"),
    ("embeddings.layernorm.*", "stem.1.{1}"),
    ("encoder.stages.*.layers.*.layer_scale_parameter", "stages.{1}.blocks.{2}.gamma"),
    ("encoder.stages.*.layers.*.dwconv.*", "stages.{1}.blocks.{2}.conv_dw.{3}"),
    ("encoder.stages.*.layers.*.layernorm.*", "stages.{1}.blocks.{2}.norm.{3}"),
    ("encoder.stages.*.layers.*.pwconv*.*", "stages.{1}.blocks.{2}.mlp.fc{3}.{4}"),
    ("encoder.stages.*.layers.*.grn.*", "stages.{1}.blocks.{2}.mlp.grn.{3}"),
    ("encoder.stages.*.downsampling_layer.**", "stages.{1}.downsample.{2}"),
    ("layernorm.*", "head.norm.{1}"),
    ("classifier.*", "head.fc.{1}"),
];

const RESNET: &[Rule] = &[
    ("embedder.embedder.convolution.*", "conv1.{1}"),
    ("embedder.embedder.normalization.*", "bn1.{1}"),
    ("encoder.stages.*.layers.*.layer.*.convolution.*", "layer{1+1}.{2}.conv{3+1}.{4}"),
    ("encoder.stages.*.layers.*.layer.*.normalization.*", "layer{1+1}.{2}.bn{3+1}.{4}"),
    ("encoder.stages.*.layers.*.shortcut.convolution.*", "layer{1+1}.{2}.downsample.0.{3}"),
    ("encoder.stages.*.layers.*.shortcut.normalization.*", "layer{1+1}.{2}.downsample.1.{3}"),
    ("classifier.1.*", "fc.{1}"),
];
