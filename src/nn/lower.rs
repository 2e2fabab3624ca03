//! From a graph's nodes to operations.

use super::graph::Op;
use super::groups::Group;
use super::network::Pass;
use super::ops::{self, Activation, Operation};
use super::precision::Precision;

/// What a group computes, for all kinds but batch norms, whose statistics are the caller's matter; none where its value is its
/// input's. Without `training` nothing is left out at random.
pub(super) fn operation(op: &Op, group: &Group, training: Option<Pass>) -> Option<Box<dyn Operation>> {
    let stream = group.node.0 as u64;
    let precision = training.map_or(Precision::F32, |pass| pass.precision);
    let random = training.filter(|pass| pass.dropout);
    Some(match op {
        Op::Input | Op::Metadata { .. } | Op::BatchNorm(_) => return None,
        Op::Conv2d(settings) => Box::new(ops::Conv::new(settings).at(precision)),
        Op::ConvTranspose2d(settings) => Box::new(ops::ConvTranspose(settings.settings)),
        Op::LayerNorm(settings) => Box::new(ops::LayerNorm { eps: settings.eps }),
        Op::Activation(activation) => Box::new(ops::Apply(*activation)),
        Op::MaxPool(settings) => Box::new(ops::Max::new(*settings)),
        Op::AvgPool(settings) => Box::new(ops::Average(*settings)),
        Op::GlobalAvgPool => Box::new(ops::GlobalAverage),
        Op::Upsample { factor, rule } => Box::new(ops::Upsample { size: ops::Size::Times(*factor), rule: *rule }),
        Op::Add => Box::new(ops::Sum { relu: group.activation == Some(Activation::Relu) }),
        Op::Branch(settings) => match random {
            Some(pass) if settings.drop > 0.0 => Box::new(ops::Branch::dropping(settings.drop, pass.key, stream)),
            _ => Box::new(ops::Branch::whole()),
        },
        Op::Gate => Box::new(ops::Gate),
        Op::Concat => Box::new(ops::Concat),
        Op::Flatten => Box::new(ops::Flatten),
        Op::Linear(_) => Box::new(ops::Linear { precision }),
        Op::Dropout { p } => match random {
            Some(pass) if *p > 0.0 => Box::new(ops::Dropout::new(*p, pass.key, stream)),
            _ => return None,
        },
        Op::ChannelConv { .. } => Box::new(ops::ChannelConv),
        Op::Tokens => Box::new(ops::Tokens),
        Op::PrefixTokens { .. } => Box::new(ops::PrefixTokens),
        Op::Positions { .. } => Box::new(ops::Positions),
        Op::FirstToken => Box::new(ops::FirstToken),
        Op::MeanTokens { prefix } => Box::new(ops::MeanTokens { prefix: *prefix }),
        Op::Attention { heads } => Box::new(ops::Attention::new(*heads)),
        Op::Rotary(settings) => Box::new(ops::Rotary::new(*settings)),
        Op::Cosine { .. } => Box::new(ops::Cosine),
        Op::WindowAttention(settings) => Box::new(ops::WindowAttention::new(*settings)),
        Op::ToWindows(windows) => Box::new(ops::Places::ToWindows(*windows)),
        Op::FromWindows(windows) => Box::new(ops::Places::FromWindows(*windows)),
        Op::TwoByTwo => Box::new(ops::Places::TwoByTwo),
        Op::ResponseNorm { eps, .. } => Box::new(ops::ResponseNorm::new(*eps)),
        Op::SwiGlu => Box::new(ops::SwiGlu),
        Op::CrossCovariance { .. } => Box::new(ops::CrossCovariance::default()),
        Op::FourierPositions { .. } => Box::new(ops::FourierPositions),
        Op::SomeChannels { start, count } => Box::new(ops::SomeChannels { start: *start, count: *count }),
    })
}

/// How many of a group's inputs come before its parameters, the running statistics of norms not counted: an operation reads
/// values, then parameters, then what is added.
pub(super) fn values_first(op: &Op) -> usize {
    if matches!(op, Op::Branch(_)) { 2 } else { 1 }
}

/// What follows a norm in its pass.
pub(super) fn after(activation: Option<Activation>) -> ops::After {
    match activation {
        None => ops::After::Nothing,
        Some(Activation::Relu) => ops::After::Relu,
        Some(Activation::Relu6) => ops::After::Relu6,
        Some(Activation::Silu) => ops::After::Silu,
        Some(Activation::HardSwish) => ops::After::HardSwish,
        Some(other) => unreachable!("a norm's pass never ends in {other:?}"),
    }
}
