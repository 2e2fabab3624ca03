//! Fresh parameters from a counter-based generator.
//!
//! Every parameter has its own ChaCha8 stream, keyed by the seed and the parameter's name, so neither the order
//! of parameters nor the presence of others changes a value.
//!
//! | parameter | value |
//! | --- | --- |
//! | convolution followed by a norm (no bias) | normal, variance `2 / (out * kh * kw / groups)` (He, fan out: timm's ResNet and EfficientNet) |
//! | convolution with a bias | uniform within `sqrt(6 / fan_in)` (He, fan in: torchvision's SqueezeNet) |
//! | linear, channel convolution | uniform within `1 / sqrt(fan_in)` (torch's default) |
//! | tokens before the others, table of positions | normal, deviation 0.02 (timm's ViT) |
//! | table of distances | the same |
//! | layer scale | what the architecture says |
//! | global response norm | 0 |
//! | factors of cosines | 10, as a logarithm; 1 between channels |
//! | biases | 0 |
//! | norms | scale 1 (0 for the last norm of a residual branch), shift 0, running mean 0, running variance 1 |

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::graph::{Node, Op, ParamSpec};
use crate::digest::KeyHasher;

/// The values of one parameter, row-major.
pub(super) fn fresh(spec: &ParamSpec, node: &Node, seed: u64) -> Vec<f32> {
    let count = spec.shape.iter().product();
    let suffix = spec.name.rsplit('.').next().unwrap_or_default();
    let mut stream = stream(&spec.name, seed);
    match (&node.op, suffix) {
        (Op::Conv2d(c), "weight") if c.bias => uniform(&mut stream, count, (6.0 / fan_in(&spec.shape)).sqrt()),
        (Op::Conv2d(c), "weight") => {
            let fan_out = (c.out_channels * c.kernel[0] * c.kernel[1] / c.groups) as f64;
            let deviation = (2.0 / fan_out).sqrt();
            (0..count).map(|_| (stream.sample::<f64, _>(StandardNormal) * deviation) as f32).collect()
        }
        (Op::BatchNorm(b), "weight") => vec![b.scale; count],
        (Op::LayerNorm(_), "weight") | (Op::BatchNorm(_), "running_var") => vec![1.0; count],
        (Op::Branch(b), _) => vec![b.scale.unwrap_or(1.0); count],
        // The logarithm of ten (Liu et al. 2021, <https://arxiv.org/abs/2111.09883>).
        (Op::Cosine { .. }, _) => vec![std::f32::consts::LN_10; count],
        (Op::CrossCovariance { .. }, _) => vec![1.0; count],
        (Op::ResponseNorm { .. }, _) => vec![0.0; count],
        (Op::PrefixTokens { .. } | Op::Positions { .. }, _) | (_, "relative_position_bias_table") => {
            (0..count).map(|_| (stream.sample::<f64, _>(StandardNormal) * 0.02) as f32).collect()
        }
        (_, "weight") => uniform(&mut stream, count, fan_in(&spec.shape).sqrt().recip()),
        _ => vec![0.0; count],
    }
}

fn fan_in(shape: &[usize]) -> f64 {
    shape[1..].iter().product::<usize>() as f64
}

fn uniform(stream: &mut ChaCha8Rng, count: usize, bound: f64) -> Vec<f32> {
    (0..count).map(|_| stream.random_range(-bound..bound) as f32).collect()
}

fn stream(name: &str, seed: u64) -> ChaCha8Rng {
    let mut key = KeyHasher::new("derm parameter 1");
    key.text(name).field(&seed.to_le_bytes());
    ChaCha8Rng::from_seed(*key.finish().as_bytes())
}
