//! Class activation maps: the channels of a value inside, weighted by what they do to a class's logit.

use candle_core::Tensor;

use super::{Error, Map, attention, one_class};
use crate::nn::Network;
use crate::nn::graph::{Graph, NodeId};

/// What channels are weighted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// The mean slope of each channel.
    Slopes,
    /// Positive slopes, each weighted as Grad-CAM++ does.
    HigherSlopes,
}

/// Where the value is, and how its pixels lie.
struct Place {
    node: NodeId,
    /// Tokens before those of the image.
    prefix: usize,
    height: usize,
    width: usize,
}

/// The map of `class` for an image `[1, 3, height, width]`.
pub fn cam(network: &Network, image: &Tensor, metadata: Option<&Tensor>, class: usize, weights: Weights) -> Result<Map, Error> {
    let place = place(network.graph()).ok_or(Error::NoImage { network: network.architecture().name })?;
    let value = network.values(image, &[place.node])?.swap_remove(0);
    let (_, slope) = network.slope(place.node, &value, metadata, one_class(class))?;
    let channels = value.dims()[value.dims().len() - 1];
    let of_image =
        |tensor: &Tensor| -> Result<Vec<f32>, Error> { Ok(tensor.flatten_all()?.to_vec1::<f32>()?.split_off(place.prefix * channels)) };
    let (value, slope) = (of_image(&value)?, of_image(&slope)?);
    let weights = match weights {
        Weights::Slopes => sums(&slope, channels, |_, slope| slope),
        Weights::HigherSlopes => {
            let totals = sums(&value, channels, |_, value| value);
            let weight = |channel: usize, slope: f32| {
                let (square, cube) = (slope * slope, slope * slope * slope);
                let divisor = 2.0 * square + totals[channel] * cube;
                if divisor == 0.0 { 0.0 } else { square / divisor * slope.max(0.0) }
            };
            sums(&slope, channels, weight)
        }
    };
    let pixel = |values: &[f32]| values.iter().zip(&weights).map(|(value, weight)| value * weight).sum::<f32>().max(0.0);
    Ok(Map::new(place.width, place.height, value.chunks_exact(channels).map(pixel).collect()))
}

/// The sum over pixels of a function of channel and value.
fn sums(values: &[f32], channels: usize, f: impl Fn(usize, f32) -> f32) -> Vec<f32> {
    let mut sums = vec![0.0; channels];
    for pixel in values.chunks_exact(channels) {
        for (channel, (sum, &value)) in sums.iter_mut().zip(pixel).enumerate() {
            *sum += f(channel, value);
        }
    }
    sums
}

/// The last value that everything passes and that is an image; in a transformer the tokens that the last attention reads, because after
/// it the logits may depend on one of them alone.
fn place(graph: &Graph) -> Option<Place> {
    let cuts = graph.cuts();
    if let (Some(&last), Some([height, width])) = (attention::nodes(graph).last(), attention::grid(graph)) {
        let tokens = |node: &NodeId| matches!(graph.node(*node).shape[..], [tokens, _] if tokens >= height * width);
        let node = cuts.into_iter().rev().find(|node| node.0 < last.0 && tokens(node))?;
        return Some(Place { node, prefix: graph.node(node).shape[0] - height * width, height, width });
    }
    cuts.into_iter().skip(1).rev().find_map(|node| match graph.node(node).shape[..] {
        [_, height, width] if height * width > 1 => Some(Place { node, prefix: 0, height, width }),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::zoo;

    #[test]
    fn the_value_is_the_last_image_or_what_the_last_attention_reads() {
        for (name, shape, prefix, size) in [
            ("resnet18", &[512, 7, 7][..], 0, 7),
            ("densenet121", &[1024, 7, 7], 0, 7),
            ("convnext_atto", &[320, 7, 7], 0, 7),
            ("vit_tiny_patch16_224", &[197, 192], 1, 14),
            ("swin_tiny_patch4_window7_224", &[768, 7, 7], 0, 7),
        ] {
            let graph = zoo::find(name).unwrap().graph(4);
            let place = place(&graph).unwrap();
            assert_eq!((place.prefix, place.height, place.width), (prefix, size, size), "{name}");
            assert_eq!(graph.node(place.node).shape, shape, "{name}");
            let after = attention::nodes(&graph).into_iter().filter(|node| *node > place.node).count();
            assert_eq!(after, usize::from(prefix == 1), "{name}");
        }
    }
}
