//! How far parameters are from the logits, counted in blocks: for learning rates that fall from block to block.
//!
//! A block is what carries a number of its own in timm's names, such as `blocks.3`, `layer2.0`, `stages.1.blocks.2` or
//! `features.denseblock1.denselayer2`. What comes before the first of them is the stem, one block whatever it is made of. What has no
//! number later on, such as a last norm, goes with the block before it; what halves the image between two stages with the block
//! after it. These are the groups of timm's layer-wise decay.

use super::graph::ParamSpec;
use super::network::Part;

/// For each parameter in state-dict order, the blocks after its own; 0 for the head's.
pub fn depths(specs: &[ParamSpec]) -> Vec<usize> {
    // The stem has no name.
    let mut blocks = vec![""];
    let places: Vec<Option<usize>> =
        specs.iter().map(|spec| (spec.part == Part::Backbone).then(|| place(&mut blocks, &spec.name))).collect();
    places.into_iter().map(|place| place.map_or(0, |place| blocks.len() - place)).collect()
}

/// The place of a name's block among those so far, which it may be the first of.
fn place<'a>(blocks: &mut Vec<&'a str>, name: &'a str) -> usize {
    let last = blocks.len() - 1;
    let Some(own) = block(name) else { return last };
    if let Some(known) = blocks.iter().position(|block| *block == own) {
        return known;
    }
    if last > 0 && own.strip_prefix(blocks[last]).is_some_and(|rest| rest.starts_with('.')) {
        blocks[last] = own;
        return last;
    }
    blocks.push(own);
    last + 1
}

/// The part of a name that is its block's: up to its leading number, and that of a block inside of it. A stem's layers have none.
fn block(name: &str) -> Option<&str> {
    if name.starts_with("stem.") || name.starts_with("conv1.") {
        return None;
    }
    let (mut end, mut at) = (None, 0);
    for part in name.split('.') {
        let number = part.bytes().all(|byte| byte.is_ascii_digit()) || part.starts_with("denselayer");
        if end.is_some() && !number && part != "blocks" {
            break;
        }
        at += part.len() + 1;
        end = if number { Some(at - 1) } else { end };
    }
    end.map(|end| &name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::zoo;

    #[test]
    fn blocks_are_what_is_numbered() {
        let table = [
            ("blocks.3.attn.qkv.weight", Some("blocks.3")),
            ("blocks.2.1.conv_pw.weight", Some("blocks.2.1")),
            ("layer1.0.downsample.0.weight", Some("layer1.0")),
            ("stages.1.blocks.2.mlp.fc1.bias", Some("stages.1.blocks.2")),
            ("stages.1.downsample.0.weight", Some("stages.1")),
            ("features.denseblock1.denselayer2.conv1.weight", Some("features.denseblock1.denselayer2")),
            ("patch_embed.proj.weight", None),
            ("stem.0.weight", None),
            ("norm.weight", None),
        ];
        for (name, expected) in table {
            assert_eq!(block(name), expected, "{name}");
        }
    }

    #[test]
    fn depths_are_those_of_timms_layer_decay() {
        // log2 of one over the scales of timm's `param_groups_layer_decay(model, layer_decay=0.5)`.
        type Depths = &'static [(&'static str, usize)];
        let table: [(&str, Depths); 4] = [
            (
                "vit_tiny_patch16_224",
                &[
                    ("cls_token", 13),
                    ("pos_embed", 13),
                    ("patch_embed.proj.weight", 13),
                    ("blocks.0.norm1.weight", 12),
                    ("blocks.11.mlp.fc2.bias", 1),
                    ("norm.weight", 1),
                    ("head.weight", 0),
                ],
            ),
            (
                "resnet18",
                &[("conv1.weight", 9), ("bn1.weight", 9), ("layer1.0.conv1.weight", 8), ("layer4.1.bn2.weight", 1), ("fc.weight", 0)],
            ),
            (
                "convnext_atto",
                &[
                    ("stem.0.weight", 13),
                    ("stages.0.blocks.0.norm.weight", 12),
                    ("stages.3.blocks.1.norm.weight", 1),
                    ("head.fc.weight", 0),
                ],
            ),
            (
                "swin_tiny_patch4_window7_224",
                &[
                    ("patch_embed.proj.weight", 13),
                    ("layers.0.blocks.0.norm1.weight", 12),
                    ("layers.1.downsample.norm.weight", 10),
                    ("norm.weight", 1),
                ],
            ),
        ];
        for (network, expected) in table {
            let specs = zoo::find(network).unwrap().graph(2).params();
            let depths = depths(&specs);
            for (name, depth) in expected {
                assert_eq!(depths[specs.iter().position(|spec| spec.name == *name).unwrap()], *depth, "{network} {name}");
            }
        }
    }
}
