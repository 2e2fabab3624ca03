//! What MobileNets and EfficientNets are made of: stages of blocks around depthwise convolutions, with timm's names.
//!
//! | block | timm's class | paper |
//! | --- | --- | --- |
//! | [`Kind::Plain`] | `ConvBnAct` | |
//! | [`Kind::Separable`] | `DepthwiseSeparableConv` | <https://arxiv.org/abs/1704.04861> |
//! | [`Kind::Inverted`] | `InvertedResidual` | <https://arxiv.org/abs/1801.04381> |
//! | [`Kind::Fused`] | `EdgeResidual` | <https://arxiv.org/abs/2104.00298> |
//! | [`Kind::Universal`] | `UniversalInvertedResidual` | <https://arxiv.org/abs/2404.10518> |

use crate::nn::graph::{Builder, Conv2d, NodeId};
use crate::nn::layers::{ConvNorm, SqueezeExcite};
use crate::nn::ops::Activation::{self, HardSigmoid, Relu, Sigmoid};

/// A network up to its head.
#[derive(Clone, Copy)]
pub struct Mobile {
    /// Channels of the first convolution.
    pub stem: usize,
    /// The stages, each of rows of equal blocks.
    pub stages: &'static [&'static [Row]],
    /// What follows norms, where a row does not say otherwise.
    pub activation: Activation,
    /// What norms add to variances.
    pub eps: f32,
    /// Pads as TensorFlow does.
    pub same: bool,
}

/// Some equal blocks after each other; the first of them has the stride.
#[derive(Clone, Copy)]
pub struct Row {
    kind: Kind,
    repeats: usize,
    kernel: usize,
    stride: usize,
    channels: usize,
    gate: Gate,
    activation: Option<Activation>,
}

/// What a block does; factors of widening are of the block's input.
#[derive(Clone, Copy)]
enum Kind {
    /// A convolution, added to its input where `skip` says so and the shape stays.
    Plain { skip: bool },
    /// A convolution of each channel and one of 1x1.
    Separable,
    /// Widen, convolve each channel, narrow.
    Inverted { expand: f32 },
    /// Widen by a whole convolution, narrow.
    Fused { expand: f32 },
    /// As `Inverted` with another convolution of each channel before, of kernel `start`; kernels of 0 are left out.
    Universal { expand: f32, start: usize },
}

/// Squeeze-and-excitation in a block.
#[derive(Clone, Copy)]
pub enum Gate {
    None,
    /// Its middle is a fourth of the block's input (EfficientNet).
    OfInput,
    /// Its middle is a fourth of the widened channels in multiples of 8, with ReLU and the hard sigmoid (MobileNetV3).
    OfWidened,
}

const fn row(kind: Kind, repeats: usize, kernel: usize, stride: usize, channels: usize) -> Row {
    Row { kind, repeats, kernel, stride, channels, gate: Gate::None, activation: None }
}

/// timm's `cn`.
pub const fn plain(repeats: usize, kernel: usize, stride: usize, channels: usize) -> Row {
    row(Kind::Plain { skip: false }, repeats, kernel, stride, channels)
}

/// timm's `cn` with `skip`.
pub const fn plain_residual(repeats: usize, kernel: usize, stride: usize, channels: usize) -> Row {
    row(Kind::Plain { skip: true }, repeats, kernel, stride, channels)
}

/// timm's `ds`.
pub const fn separable(repeats: usize, kernel: usize, stride: usize, channels: usize) -> Row {
    row(Kind::Separable, repeats, kernel, stride, channels)
}

/// timm's `ir`.
pub const fn inverted(repeats: usize, kernel: usize, stride: usize, expand: f32, channels: usize) -> Row {
    row(Kind::Inverted { expand }, repeats, kernel, stride, channels)
}

/// timm's `er`.
pub const fn fused(repeats: usize, kernel: usize, stride: usize, expand: f32, channels: usize) -> Row {
    row(Kind::Fused { expand }, repeats, kernel, stride, channels)
}

/// timm's `uir`, with its kernels `a` and `k`.
pub const fn universal(repeats: usize, kernels: [usize; 2], stride: usize, expand: f32, channels: usize) -> Row {
    row(Kind::Universal { expand, start: kernels[0] }, repeats, kernels[1], stride, channels)
}

impl Row {
    /// With squeeze-and-excitation.
    pub const fn gate(self, gate: Gate) -> Self {
        Self { gate, ..self }
    }

    /// With ReLU, whatever the network has.
    pub const fn with_relu(self) -> Self {
        Self { activation: Some(Relu), ..self }
    }
}

/// The multiple of 8 next to `channels`, at least 8 and no less than nine tenths of them: how widths are rounded in all these networks.
pub fn round_to_eight(channels: f32) -> usize {
    let rounded = ((channels + 4.0) as usize / 8 * 8).max(8);
    if (rounded as f32) < 0.9 * channels { rounded + 8 } else { rounded }
}

impl Mobile {
    /// What the stages make of the input: the last value at a half of its size, a fourth, and so on down to the last stage's.
    pub fn pyramid(&self, g: &mut Builder) -> Vec<NodeId> {
        let x = g.input();
        let mut x = self.conv_norm(g, ["conv_stem", "bn1"], x, Conv2d::new(self.stem, 3).stride(2), Some(self.activation));
        let mut pyramid = vec![x];
        for (stage, rows) in self.stages.iter().enumerate() {
            let mut number = 0;
            for row in *rows {
                for repeat in 0..row.repeats {
                    let stride = if repeat == 0 { row.stride } else { 1 };
                    x = Block { net: self, row, name: format!("blocks.{stage}.{number}"), stride }.add(g, x);
                    number += 1;
                    if stride == 1 {
                        pyramid.pop();
                    }
                    pyramid.push(x);
                }
            }
        }
        pyramid
    }

    /// A convolution padded so that only its stride makes the image smaller, a norm and perhaps an activation.
    pub fn conv_norm(&self, g: &mut Builder, names: [&str; 2], x: NodeId, conv: Conv2d, activation: Option<Activation>) -> NodeId {
        let half = conv.kernel[0] / 2;
        let conv = if self.same { conv.same() } else { conv.pad(half) };
        ConvNorm::new(conv, activation).eps(self.eps).add(g, names, x)
    }
}

/// One block.
struct Block<'a> {
    net: &'a Mobile,
    row: &'a Row,
    name: String,
    stride: usize,
}

impl Block<'_> {
    fn add(&self, g: &mut Builder, input: NodeId) -> NodeId {
        let Row { kernel, channels, .. } = *self.row;
        let before = g.channels(input);
        let across = |g: &Builder, x, kernel, stride| Conv2d::new(g.channels(x), kernel).stride(stride).groups(g.channels(x));
        let mut residual = self.stride == 1 && before == channels;
        let x = match self.row.kind {
            Kind::Plain { skip } => {
                residual &= skip;
                self.active(g, ["conv", "bn1"], input, Conv2d::new(channels, kernel).stride(self.stride))
            }
            Kind::Separable => {
                let conv = across(g, input, kernel, self.stride);
                let x = self.active(g, ["conv_dw", "bn1"], input, conv);
                let x = self.gated(g, x, before);
                self.linear(g, ["conv_pw", "bn2"], x, Conv2d::new(channels, 1))
            }
            Kind::Inverted { expand } => {
                let x = self.active(g, ["conv_pw", "bn1"], input, Conv2d::new(widened(before, expand), 1));
                let conv = across(g, x, kernel, self.stride);
                let x = self.active(g, ["conv_dw", "bn2"], x, conv);
                let x = self.gated(g, x, before);
                self.linear(g, ["conv_pwl", "bn3"], x, Conv2d::new(channels, 1))
            }
            Kind::Fused { expand } => {
                let conv = Conv2d::new(widened(before, expand), kernel).stride(self.stride);
                let x = self.active(g, ["conv_exp", "bn1"], input, conv);
                let x = self.gated(g, x, before);
                self.linear(g, ["conv_pwl", "bn2"], x, Conv2d::new(channels, 1))
            }
            Kind::Universal { expand, start } => {
                let mut x = input;
                if start > 0 {
                    let conv = across(g, x, start, if kernel > 0 { 1 } else { self.stride });
                    x = self.linear(g, ["dw_start.conv", "dw_start.bn"], x, conv);
                }
                x = self.active(g, ["pw_exp.conv", "pw_exp.bn"], x, Conv2d::new(widened(before, expand), 1));
                if kernel > 0 {
                    let conv = across(g, x, kernel, self.stride);
                    x = self.active(g, ["dw_mid.conv", "dw_mid.bn"], x, conv);
                }
                self.linear(g, ["pw_proj.conv", "pw_proj.bn"], x, Conv2d::new(channels, 1))
            }
        };
        if residual { g.add(x, input) } else { x }
    }

    fn active(&self, g: &mut Builder, names: [&str; 2], x: NodeId, conv: Conv2d) -> NodeId {
        self.part(g, names, x, conv, Some(self.activation()))
    }

    fn linear(&self, g: &mut Builder, names: [&str; 2], x: NodeId, conv: Conv2d) -> NodeId {
        self.part(g, names, x, conv, None)
    }

    fn part(&self, g: &mut Builder, names: [&str; 2], x: NodeId, conv: Conv2d, activation: Option<Activation>) -> NodeId {
        let names = names.map(|name| format!("{}.{name}", self.name));
        self.net.conv_norm(g, [&names[0], &names[1]], x, conv, activation)
    }

    fn activation(&self) -> Activation {
        self.row.activation.unwrap_or(self.net.activation)
    }

    /// Weighs the channels of `x`; the block's input has `before`.
    fn gated(&self, g: &mut Builder, x: NodeId, before: usize) -> NodeId {
        let (narrow, activation, gate) = match self.row.gate {
            Gate::None => return x,
            Gate::OfInput => (before / 4, self.activation(), Sigmoid),
            Gate::OfWidened => (round_to_eight(g.channels(x) as f32 / 4.0), Relu, HardSigmoid),
        };
        SqueezeExcite { narrow, names: ["conv_reduce", "conv_expand"], activation, gate }.add(g, &format!("{}.se", self.name), x)
    }
}

fn widened(channels: usize, expand: f32) -> usize {
    round_to_eight(channels as f32 * expand)
}
