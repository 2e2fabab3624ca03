//! The kinds of nodes and their settings.

use super::{Rotary, WindowAttention, WindowBias, Windows};
use crate::nn::network::Role;
use crate::nn::ops::{Activation, Rule, Transposed};

/// What a node computes. `x` is its first input.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// The image batch, f32 `[n, channels, height, width]`, normalised.
    Input,
    /// What is known beside the images, f32 `[n, count]`.
    Metadata {
        /// Values of an image.
        count: usize,
    },
    /// 2-d convolution; parameters `weight [out, in / groups, kh, kw]` and, with `bias`, `bias [out]`.
    Conv2d(Conv2d),
    /// Batch norm over `[n, h, w]`; parameters `weight`, `bias`, `running_mean`, `running_var`, each `[channels]`.
    BatchNorm(BatchNorm),
    /// Layer norm over the channels of each pixel or token; parameters `weight`, `bias`, each `[channels]`.
    LayerNorm(LayerNorm),
    /// A function of each value.
    Activation(Activation),
    /// Largest value in a window; padding never wins.
    MaxPool(MaxPool),
    /// Mean of each window.
    AvgPool(AvgPool),
    /// As many times the height and width.
    Upsample {
        /// How many times.
        factor: usize,
        /// How.
        rule: Rule,
    },
    /// Transposed convolution; parameters `weight [in, out / groups, kh, kw]` and, with `bias`, `bias [out]`.
    ConvTranspose2d(ConvTranspose2d),
    /// Mean over height and width: `[c, h, w]` to `[c, 1, 1]`.
    GlobalAvgPool,
    /// `x + y`, same shapes.
    Add,
    /// `x + y * gamma * factor`: a residual branch `y` with layer scale and drop path; if it is scaled, parameter of the node's own
    /// name, `[channels]`.
    Branch(Branch),
    /// `x * gate` with `x [c, h, w]` and `gate [c, 1, 1]`.
    Gate,
    /// All inputs after each other along the channels.
    Concat,
    /// `[c, 1, 1]` (or `[c, h, w]`) to `[c * h * w]`.
    Flatten,
    /// `x w^T + b` of each pixel, token or vector of features; parameters `weight` and those of its [`Bias`].
    Linear(Linear),
    /// Zeroes each value with probability `p` and scales the others by `1 / (1 - p)` in training; nothing otherwise.
    Dropout {
        /// Probability of zeroing, `0 <= p < 1`.
        p: f32,
    },
    /// `[c, h, w]` to tokens `[h * w, c]`.
    Tokens,
    /// Learnt tokens before the others; parameter of the node's own name, `[1, tokens, channels]`.
    PrefixTokens {
        /// How many.
        tokens: usize,
        /// Channels of a token.
        channels: usize,
    },
    /// Adds a learnt table; parameter of the node's own name, `[1, prefix + rows * columns, channels]`.
    Positions {
        /// Tokens before those of the image's patches.
        prefix: usize,
        /// Rows and columns of patches.
        grid: [usize; 2],
        /// Channels of a token.
        channels: usize,
    },
    /// The first token: `[t, c]` to `[c]`.
    FirstToken,
    /// The mean of the tokens after the first few: `[t, c]` to `[c]`.
    MeanTokens {
        /// How many do not count.
        prefix: usize,
    },
    /// Attention of tokens to tokens: queries, keys and values `[t, 3 * c]`, in timm's order, to `[t, c]`.
    Attention {
        /// Heads, which divide `c`.
        heads: usize,
    },
    /// Queries and keys of `[t, 3 * c]` turned by the angles of their tokens' places.
    Rotary(Rotary),
    /// Queries and keys of `[t, 3 * c]` divided by their lengths, queries times `e^logit_scale` of their head, at most 100; parameter
    /// `logit_scale [heads, 1, 1]`.
    Cosine {
        /// Heads.
        heads: usize,
    },
    /// Attention inside windows, `[windows * area, 3 * c]` to `[windows * area, c]`; parameter `relative_position_bias_table
    /// [distances, heads]`, or `cpb_mlp.0.weight [hidden, 2]`, `cpb_mlp.0.bias [hidden]`, `cpb_mlp.2.weight [heads, hidden]`.
    WindowAttention(WindowAttention),
    /// An image as the tokens of its windows: `[c, h, w]` to `[windows * area, c]`.
    ToWindows(Windows),
    /// The tokens of windows as their image: `[windows * area, c]` to `[c, h, w]`.
    FromWindows(Windows),
    /// Pixels two by two, in columns, beside each other as channels: `[c, h, w]` to `[4 c, ceil(h / 2), ceil(w / 2)]`.
    TwoByTwo,
    /// Global response norm, `x * (1 + weight * share) + bias`, with each channel's share of the image's responses; parameters `weight`,
    /// `bias`, each `[channels]`.
    ResponseNorm {
        /// Number of channels.
        channels: usize,
        /// Added to the mean of the channels' norms.
        eps: f32,
    },
    /// Attention of channels to channels over all pixels, `[3 * c, h, w]` to `[c, h, w]`; parameter `temperature [heads, 1, 1]`.
    CrossCovariance {
        /// Heads.
        heads: usize,
    },
    /// Adds a linear layer of sines and cosines of each pixel's place; parameters `weight [channels, 64, 1, 1]`, `bias [channels]`.
    FourierPositions {
        /// Number of channels.
        channels: usize,
    },
    /// Some of an image's channels.
    SomeChannels {
        /// The first.
        start: usize,
        /// How many.
        count: usize,
    },
    /// `silu(a) * b` of the halves of each token's channels: `[t, 2 c]` to `[t, c]`.
    SwiGlu,
    /// ECA's convolution of odd size along the channels of `[c, 1, 1]`, zero padding, no bias; parameter `weight [1, 1, kernel]`.
    ChannelConv {
        /// Odd number of neighbouring channels.
        kernel: usize,
    },
}

/// Rows and columns of zeros around an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// The same at any input size.
    Explicit {
        /// Rows above.
        top: usize,
        /// Columns to the left.
        left: usize,
        /// Rows below.
        bottom: usize,
        /// Columns to the right.
        right: usize,
    },
    /// TensorFlow's: the output is `ceil(input / stride)`; what is needed is shared evenly, the odd row and column going to the bottom and right.
    Same,
}

impl Padding {
    /// The same number on all four sides.
    pub const fn all(n: usize) -> Self {
        Self::Explicit { top: n, left: n, bottom: n, right: n }
    }

    /// `[top, left, bottom, right]` for an input of this height and width.
    pub fn resolve(self, input: [usize; 2], kernel: [usize; 2], stride: [usize; 2], dilation: [usize; 2]) -> [usize; 4] {
        match self {
            Self::Explicit { top, left, bottom, right } => [top, left, bottom, right],
            Self::Same => {
                let total = |axis: usize| {
                    let out = input[axis].div_ceil(stride[axis]);
                    let reach = out.saturating_sub(1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1;
                    reach.saturating_sub(input[axis])
                };
                let (rows, columns) = (total(0), total(1));
                [rows / 2, columns / 2, rows - rows / 2, columns - columns / 2]
            }
        }
    }
}

/// Settings of a 2-d convolution. Pairs are height, width.
#[derive(Clone, Debug, PartialEq)]
pub struct Conv2d {
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output.
    pub out_channels: usize,
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Step of the kernel.
    pub stride: [usize; 2],
    /// Zeros around the input.
    pub padding: Padding,
    /// Distance between the kernel's taps.
    pub dilation: [usize; 2],
    /// Channels are cut into this many groups that do not see each other.
    pub groups: usize,
    /// Whether a bias is added.
    pub bias: bool,
}

impl Conv2d {
    /// A square kernel, stride 1, no padding, no bias; the builder fills in the input channels.
    pub fn new(out_channels: usize, kernel: usize) -> Self {
        Self {
            in_channels: 0,
            out_channels,
            kernel: [kernel; 2],
            stride: [1; 2],
            padding: Padding::all(0),
            dilation: [1; 2],
            groups: 1,
            bias: false,
        }
    }

    /// Sets the step of both axes.
    #[must_use]
    pub fn stride(mut self, stride: usize) -> Self {
        self.stride = [stride; 2];
        self
    }

    /// Pads all four sides by `n`.
    #[must_use]
    pub fn pad(mut self, n: usize) -> Self {
        self.padding = Padding::all(n);
        self
    }

    /// TensorFlow's padding.
    #[must_use]
    pub fn same(mut self) -> Self {
        self.padding = Padding::Same;
        self
    }

    /// Cuts the channels into groups.
    #[must_use]
    pub fn groups(mut self, groups: usize) -> Self {
        self.groups = groups;
        self
    }

    /// Adds a bias.
    #[must_use]
    pub fn biased(mut self) -> Self {
        self.bias = true;
        self
    }

    /// `[top, left, bottom, right]` at an input of this height and width.
    pub fn pads(&self, input: [usize; 2]) -> [usize; 4] {
        self.padding.resolve(input, self.kernel, self.stride, self.dilation)
    }

    /// Height and width of the output; 0 when the kernel does not fit.
    pub fn output(&self, input: [usize; 2]) -> [usize; 2] {
        let [top, left, bottom, right] = self.pads(input);
        let one = |axis: usize, pad: usize| {
            let reach = (self.kernel[axis] - 1) * self.dilation[axis] + 1;
            (input[axis] + pad).checked_sub(reach).map_or(0, |free| free / self.stride[axis] + 1)
        };
        [one(0, top + bottom), one(1, left + right)]
    }
}

/// Settings of a batch norm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNorm {
    /// Number of channels.
    pub channels: usize,
    /// Added to the variance.
    pub eps: f32,
    /// Share of the new batch in the running statistics, torch's convention: `running = (1 - momentum) * running + momentum * batch`.
    pub momentum: f32,
    /// What `weight` starts at: 1, or 0 for the last norm of a residual branch.
    pub scale: f32,
}

/// Settings of a max pool; square, the same on both axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxPool {
    /// Side of the window.
    pub kernel: usize,
    /// Step of the window.
    pub stride: usize,
    /// Rows and columns around the image that never win; at most half the kernel.
    pub padding: usize,
    /// Round the output size up; a window that would start in the right or bottom padding is left out (torch's rule).
    pub ceil: bool,
}

impl MaxPool {
    /// Length of the output along an axis of length `input`; 0 when the window does not fit.
    pub fn output(&self, input: usize) -> usize {
        let Some(free) = (input + 2 * self.padding).checked_sub(self.kernel) else { return 0 };
        if !self.ceil {
            return free / self.stride + 1;
        }
        let count = free.div_ceil(self.stride) + 1;
        if (count - 1) * self.stride >= input + self.padding { count - 1 } else { count }
    }
}

/// Settings of an average pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AvgPool {
    /// Where the windows lie.
    pub window: MaxPool,
    /// Whether the padding counts as zeros: torch's `count_include_pad`.
    pub count_padding: bool,
}

/// Settings of a layer norm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerNorm {
    /// Number of channels.
    pub channels: usize,
    /// Added to the variance.
    pub eps: f32,
}

/// Settings of a residual branch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Branch {
    /// Number of channels.
    pub channels: usize,
    /// What the factor of each channel starts at, if there are any.
    pub scale: Option<f32>,
    /// Probability of leaving the branch of a sample out in training.
    pub drop: f32,
}

/// Settings of a transposed convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvTranspose2d {
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output.
    pub out_channels: usize,
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Stride, padding, dilation, groups.
    pub settings: Transposed,
    /// Whether a bias is added.
    pub bias: bool,
}

/// Settings of a linear layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linear {
    /// Length of the input.
    pub inputs: usize,
    /// Length of the output.
    pub outputs: usize,
    /// The weight is stored as a 1x1 convolution's: `[out, in, 1, 1]` in place of `[out, in]`.
    pub as_conv: bool,
    /// What is added.
    pub bias: Bias,
}

/// What a linear layer adds, and what its parameters are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bias {
    /// Nothing; parameter `weight`.
    None,
    /// A value for each output; parameters `weight` and `bias`.
    Whole,
    /// Of queries, keys and values side by side the keys have none: parameters `qkv.weight`, `q_bias` and `v_bias`.
    NotOfKeys,
}

/// Rows of a table that stand for places, so that the table can be brought to another number of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Places {
    /// `[1, prefix + rows * columns, channels]`: of tokens before the others, then of patches row by row.
    Absolute {
        /// Tokens that have no place in the image.
        prefix: usize,
        /// Rows and columns.
        grid: [usize; 2],
    },
    /// `[(2 * rows - 1) * (2 * columns - 1), heads]`: of distances inside a window, from the most negative on, row by row.
    Relative {
        /// Rows and columns of the window.
        window: [usize; 2],
    },
}

impl Op {
    /// Suffix, shape and role of each parameter, in the order the operation takes them.
    pub(super) fn params(&self) -> Vec<(&'static str, Vec<usize>, Role)> {
        match self {
            Self::Conv2d(c) => {
                let weight = vec![c.out_channels, c.in_channels / c.groups, c.kernel[0], c.kernel[1]];
                let mut all = vec![("weight", weight, Role::Weight)];
                all.extend(c.bias.then(|| ("bias", vec![c.out_channels], Role::Bias)));
                all
            }
            Self::BatchNorm(b) => vec![
                ("weight", vec![b.channels], Role::Norm),
                ("bias", vec![b.channels], Role::Norm),
                ("running_mean", vec![b.channels], Role::Buffer),
                ("running_var", vec![b.channels], Role::Buffer),
            ],
            Self::ConvTranspose2d(c) => {
                let weight = vec![c.in_channels, c.out_channels / c.settings.groups, c.kernel[0], c.kernel[1]];
                let mut all = vec![("weight", weight, Role::Weight)];
                all.extend(c.bias.then(|| ("bias", vec![c.out_channels], Role::Bias)));
                all
            }
            Self::LayerNorm(n) => vec![("weight", vec![n.channels], Role::Norm), ("bias", vec![n.channels], Role::Norm)],
            Self::Branch(b) => b.scale.map(|_| ("", vec![b.channels], Role::Norm)).into_iter().collect(),
            Self::PrefixTokens { tokens, channels } => vec![("", vec![1, *tokens, *channels], Role::Table)],
            Self::Positions { prefix, grid, channels } => vec![("", vec![1, prefix + grid[0] * grid[1], *channels], Role::Table)],
            Self::Linear(l) => {
                let weight = if l.as_conv { vec![l.outputs, l.inputs, 1, 1] } else { vec![l.outputs, l.inputs] };
                match l.bias {
                    Bias::None => vec![("weight", weight, Role::Weight)],
                    Bias::Whole => vec![("weight", weight, Role::Weight), ("bias", vec![l.outputs], Role::Bias)],
                    Bias::NotOfKeys => {
                        let part = |name| (name, vec![l.outputs / 3], Role::Bias);
                        vec![("qkv.weight", weight, Role::Weight), part("q_bias"), part("v_bias")]
                    }
                }
            }
            Self::CrossCovariance { heads } => vec![("temperature", vec![*heads, 1, 1], Role::Table)],
            Self::FourierPositions { channels } => {
                vec![("weight", vec![*channels, 64, 1, 1], Role::Weight), ("bias", vec![*channels], Role::Bias)]
            }
            Self::Cosine { heads } => vec![("logit_scale", vec![*heads, 1, 1], Role::Table)],
            Self::WindowAttention(w) => match w.bias {
                WindowBias::Table => {
                    vec![("relative_position_bias_table", vec![w.windows.distance_count(), w.heads], Role::Table)]
                }
                WindowBias::Mlp { hidden } => vec![
                    ("cpb_mlp.0.weight", vec![hidden, 2], Role::Table),
                    ("cpb_mlp.0.bias", vec![hidden], Role::Bias),
                    ("cpb_mlp.2.weight", vec![w.heads, hidden], Role::Table),
                ],
            },
            Self::ResponseNorm { channels, .. } => {
                vec![("weight", vec![*channels], Role::Norm), ("bias", vec![*channels], Role::Norm)]
            }
            Self::ChannelConv { kernel } => vec![("weight", vec![1, 1, *kernel], Role::Weight)],
            _ => Vec::new(),
        }
    }

    /// Which places the rows of its parameter stand for, if it is a table of them.
    pub(super) fn places(&self) -> Option<Places> {
        match *self {
            Self::Positions { prefix, grid, .. } => Some(Places::Absolute { prefix, grid }),
            Self::WindowAttention(WindowAttention { windows, bias: WindowBias::Table, .. }) => {
                Some(Places::Relative { window: windows.window })
            }
            _ => None,
        }
    }

    /// The kind's name in lower case, for errors and tables.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Metadata { .. } => "metadata",
            Self::Conv2d(_) => "conv2d",
            Self::BatchNorm(_) => "batch_norm",
            Self::LayerNorm(_) => "layer_norm",
            Self::Activation(activation) => match activation {
                Activation::Relu => "relu",
                Activation::Relu6 => "relu6",
                Activation::Sigmoid => "sigmoid",
                Activation::HardSigmoid => "hard_sigmoid",
                Activation::Silu => "silu",
                Activation::HardSwish => "hard_swish",
                Activation::Gelu => "gelu",
                Activation::GeluTanh => "gelu_tanh",
            },
            Self::AvgPool(_) => "avg_pool",
            Self::Upsample { .. } => "upsample",
            Self::ConvTranspose2d(_) => "conv_transpose2d",
            Self::Branch(_) => "branch",
            Self::Tokens => "tokens",
            Self::PrefixTokens { .. } => "prefix_tokens",
            Self::Positions { .. } => "positions",
            Self::FirstToken => "first_token",
            Self::MeanTokens { .. } => "mean_tokens",
            Self::Attention { .. } => "attention",
            Self::Rotary(_) => "rotary",
            Self::Cosine { .. } => "cosine",
            Self::WindowAttention(_) => "window_attention",
            Self::ToWindows(_) => "to_windows",
            Self::FromWindows(_) => "from_windows",
            Self::TwoByTwo => "two_by_two",
            Self::ResponseNorm { .. } => "response_norm",
            Self::CrossCovariance { .. } => "cross_covariance",
            Self::FourierPositions { .. } => "fourier_positions",
            Self::SomeChannels { .. } => "some_channels",
            Self::SwiGlu => "swiglu",
            Self::MaxPool(_) => "max_pool",
            Self::GlobalAvgPool => "global_avg_pool",
            Self::Add => "add",
            Self::Gate => "gate",
            Self::Concat => "concat",
            Self::Flatten => "flatten",
            Self::Linear(_) => "linear",
            Self::Dropout { .. } => "dropout",
            Self::ChannelConv { .. } => "channel_conv",
        }
    }
}
