//! How far parameters are from the logits, counted in blocks: for learning rates that fall from block to block.
//!
//! A block is what carries a number of its own in timm's names, such as `blocks.3`, `layer2.0`, `stages.1.blocks.2` or
//! `features.denseblock1.denselayer2`; what lies between numbered ones (a stem, a norm) is a block too, and the head is the last.
//! It is timm's rule for its layer-wise decay in all but the smallest pieces.

use super::graph::ParamSpec;
use super::network::Part;

/// For each parameter in state-dict order, the blocks after its own; 0 for the head's.
pub fn depths(specs: &[ParamSpec]) -> Vec<usize> {
    let mut blocks: Vec<&str> = Vec::new();
    let places: Vec<Option<usize>> = specs
        .iter()
        .map(|spec| {
            let name = (spec.part == Part::Backbone).then(|| block(&spec.name))?;
            // A name that comes back later, such as that of a decoder's skip, is still its first block.
            Some(blocks.iter().position(|known| *known == name).unwrap_or_else(|| {
                blocks.push(name);
                blocks.len() - 1
            }))
        })
        .collect();
    places.into_iter().map(|place| place.map_or(0, |place| blocks.len() - place)).collect()
}

/// The part of a name that is its block's: up to its last leading number, or its first word.
fn block(name: &str) -> &str {
    let (mut end, mut at, mut numbered) = (0, 0, false);
    for part in name.split('.') {
        let number = part.bytes().all(|byte| byte.is_ascii_digit()) || part.starts_with("dense");
        let goes_on = number || part == "blocks";
        if numbered && !goes_on {
            break;
        }
        at += part.len() + 1;
        numbered |= number;
        // Before the first number everything belongs to it, if there is one at all.
        if number || end == 0 {
            end = at - 1;
        }
    }
    if numbered { &name[..end] } else { name.split('.').next().unwrap_or(name) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::zoo;

    #[test]
    fn blocks_are_what_is_numbered() {
        let table = [
            ("blocks.3.attn.qkv.weight", "blocks.3"),
            ("blocks.2.1.conv_pw.weight", "blocks.2.1"),
            ("layer1.0.downsample.0.weight", "layer1.0"),
            ("stages.1.blocks.2.mlp.fc1.bias", "stages.1.blocks.2"),
            ("stages.1.downsample.0.weight", "stages.1"),
            ("features.denseblock1.denselayer2.conv1.weight", "features.denseblock1.denselayer2"),
            ("patch_embed.proj.weight", "patch_embed"),
            ("pos_embed", "pos_embed"),
            ("norm.weight", "norm"),
        ];
        for (name, expected) in table {
            assert_eq!(block(name), expected, "{name}");
        }
    }

    #[test]
    fn a_residual_network_counts_down_to_its_head() {
        let specs = zoo::find("resnet18").unwrap().graph(2).params();
        let depths = depths(&specs);
        let of = |name: &str| depths[specs.iter().position(|spec| spec.name == name).unwrap()];
        // conv1, bn1 and eight blocks.
        assert_eq!(
            ["fc.weight", "layer4.1.bn2.weight", "layer4.0.conv1.weight", "layer1.0.conv1.weight", "bn1.bias", "conv1.weight"].map(of),
            [0, 1, 2, 8, 9, 10]
        );
    }
}
