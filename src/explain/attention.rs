//! Attention of tokens to tokens, followed from the last layer to the patches.

use candle_core::Tensor;
use rayon::prelude::*;

use super::{Error, Map};
use crate::nn::Network;
use crate::nn::graph::{Graph, NodeId, Op};

/// The nodes where all tokens attend to all tokens.
pub fn nodes(graph: &Graph) -> Vec<NodeId> {
    let attends = |id: &usize| matches!(graph.nodes()[*id].op, Op::Attention { .. });
    (0..graph.nodes().len()).filter(attends).map(NodeId).collect()
}

/// Whether there are any.
pub fn has_attention(graph: &Graph) -> bool {
    !nodes(graph).is_empty()
}

/// Rows and columns of the patches that become tokens.
pub fn grid(graph: &Graph) -> Option<[usize; 2]> {
    let tokens = graph.nodes().iter().find(|node| node.op == Op::Tokens)?;
    match graph.node(*tokens.inputs.first()?).shape[..] {
        [_, height, width] => Some([height, width]),
        _ => None,
    }
}

/// Attention rollout of an image `[1, 3, height, width]`: each layer's attention, the mean over its heads, is mixed half and half with
/// the identity, for the branch that goes past it, and the layers' matrices are multiplied. The row of what the head reads (the first
/// token, or the mean of the patches), at the patches.
pub fn rollout(network: &Network, image: &Tensor) -> Result<Map, Error> {
    let graph = network.graph();
    let none = || Error::NoAttention { network: network.architecture().name };
    let layers = nodes(graph);
    let [height, width] = grid(graph).ok_or_else(none)?;
    let inputs: Vec<NodeId> = layers.iter().map(|layer| graph.node(*layer).inputs[0]).collect();
    if inputs.is_empty() {
        return Err(none());
    }
    let values = network.values(image, &inputs)?;
    let tokens = graph.node(inputs[0]).shape[0];
    let prefix = tokens - height * width;
    let mut row = match graph.nodes().iter().any(|node| node.op == Op::FirstToken) {
        true => (0..tokens).map(|token| if token == 0 { 1.0 } else { 0.0 }).collect(),
        false => (0..tokens).map(|token| if token < prefix { 0.0 } else { 1.0 / (height * width) as f32 }).collect::<Vec<f32>>(),
    };
    for (layer, value) in layers.iter().zip(values).rev() {
        let Op::Attention { heads } = graph.node(*layer).op else { continue };
        let attention = attention(&value.flatten_all()?.to_vec1::<f32>()?, tokens, heads);
        row = (0..tokens)
            .map(|to| {
                let passed: f32 = row.iter().enumerate().map(|(from, share)| share * attention[from * tokens + to]).sum();
                0.5 * (row[to] + passed)
            })
            .collect();
    }
    Ok(Map::new(width, height, row.split_off(prefix)))
}

/// The mean over heads of `softmax(q k^T / sqrt(d))`, `[tokens, tokens]`, from queries, keys and values `[tokens, 3 * channels]`.
fn attention(qkv: &[f32], tokens: usize, heads: usize) -> Vec<f32> {
    let line = qkv.len() / tokens;
    let (channels, each) = (line / 3, line / 3 / heads);
    let scale = 1.0 / (each as f32).sqrt();
    let part = |token: usize, start: usize| &qkv[token * line + start..][..each];
    let row = |from: usize| {
        let mut mean = vec![0.0; tokens];
        for head in 0..heads {
            let query = part(from, head * each);
            let score = |to: usize| {
                let key = part(to, channels + head * each);
                query.iter().zip(key).map(|(q, k)| q * k).sum::<f32>() * scale
            };
            let scores: Vec<f32> = (0..tokens).map(score).collect();
            let top = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let powers: Vec<f32> = scores.into_iter().map(|score| (score - top).exp()).collect();
            let sum: f32 = powers.iter().sum();
            mean.iter_mut().zip(powers).for_each(|(mean, power)| *mean += power / sum / heads as f32);
        }
        mean
    };
    (0..tokens).into_par_iter().flat_map_iter(row).collect()
}

#[cfg(test)]
mod tests {
    use super::attention;

    #[test]
    fn attention_is_softmax_of_products_by_hand() {
        // Two tokens, one head of one channel: queries 1 and 2, keys 0 and ln 3, so that weights are 1 : 3 and 1 : 9.
        let ln3 = 3f32.ln();
        let found = attention(&[1.0, 0.0, 7.0, 2.0, ln3, 8.0], 2, 1);
        let wanted = [0.25, 0.75, 0.1, 0.9];
        assert!(found.iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() < 1e-6), "{found:?}");
    }
}
