//! Every operation once, on small inputs: what must hold for all of them is tested on this list.

use candle_core::{Result, Tensor};

use crate::nn::graph::{Angles, AvgPool, Conv2d, MaxPool, Rotary as RotarySettings, WindowAttention as Settings, WindowBias, Windows};
use crate::nn::ops::custom::apply;
use crate::nn::ops::*;

/// A call of an operation.
pub type Call = Box<dyn Fn(&[Tensor]) -> Result<Tensor>>;

/// One operation.
pub struct Entry {
    /// Its name in errors.
    pub name: &'static str,
    /// Shapes that fit each other.
    pub shapes: Vec<Vec<usize>>,
    /// Calls it.
    pub call: Call,
}

fn entry<const N: usize>(name: &'static str, shapes: [&[usize]; N], call: impl Fn(&[Tensor]) -> Result<Tensor> + 'static) -> Entry {
    Entry { name, shapes: shapes.map(<[usize]>::to_vec).into(), call: Box::new(call) }
}

/// All operations, those on images with `n` of them.
pub fn all(n: usize) -> Vec<Entry> {
    let conv = |settings: Conv2d| Conv2d { in_channels: 4, ..settings };
    let (plain, grouped) = (conv(Conv2d::new(2, 3).pad(1).biased()), conv(Conv2d::new(6, 2).groups(2).stride(2).biased()));
    let (depthwise, pointwise) = (conv(Conv2d::new(4, 3).groups(4).pad(1).biased()), conv(Conv2d::new(3, 1).biased()));
    let window = MaxPool { kernel: 3, stride: 2, padding: 1, ceil: true };
    let image: &[usize] = &[n, 3, 5, 4];
    let windows = Windows::new([3, 5], 2, true);
    let turned = RotarySettings { heads: 2, prefix: 1, grid: [2, 1], halves: true, angles: Angles::Centred { temperature: 100.0 } };
    let tokens: &[usize] = &[n, 3, 4];
    let mut entries = vec![
        entry("conv2d", [image, &[2, 4, 3, 3], &[2]], move |t| conv2d(&t[0], &t[1], Some(&t[2]), &plain)),
        entry("conv2d", [image, &[6, 2, 2, 2], &[6]], move |t| conv2d(&t[0], &t[1], Some(&t[2]), &grouped)),
        entry("conv2d", [image, &[4, 1, 3, 3], &[4]], move |t| conv2d(&t[0], &t[1], Some(&t[2]), &depthwise)),
        entry("conv2d", [image, &[3, 4, 1, 1], &[3]], move |t| conv2d(&t[0], &t[1], Some(&t[2]), &pointwise)),
        entry("conv_transpose2d", [image, &[4, 1, 2, 3], &[2]], |t| {
            conv_transpose2d(&t[0], &t[1], Some(&t[2]), Transposed { stride: [2, 1], groups: 2, ..Transposed::default() })
        }),
        entry("channel_conv", [&[n, 1, 1, 4], &[1, 1, 3]], |t| channel_conv(&t[0], &t[1])),
        entry("max_pool", [image], move |t| max_pool(&t[0], window)),
        entry("avg_pool", [image], move |t| avg_pool(&t[0], AvgPool { window, count_padding: false })),
        entry("global_avg_pool", [image], |t| global_avg_pool(&t[0])),
        entry("adaptive_avg_pool", [image], |t| adaptive_avg_pool(&t[0], [2, 3])),
        entry("upsample", [image], |t| upsample(&t[0], [4, 7], Rule::Bilinear { align_corners: false })),
        entry("batch_norm", [image, &[4], &[4]], |t| batch_norm_train(&t[0], &t[1], &t[2], 1e-3, After::Relu).map(|(y, _)| y)),
        entry("batch_norm", [image, &[4], &[4]], |t| {
            let ones = Tensor::ones(4, candle_core::DType::F32, t[0].device())?;
            batch_norm_eval(&t[0], &t[1], &t[2], [&ones, &ones], 1e-3, After::Relu6)
        }),
        entry("layer_norm", [tokens, &[4], &[4]], |t| layer_norm(&t[0], &t[1], &t[2], 1e-3)),
        entry("group_norm", [image, &[4], &[4]], |t| group_norm(&t[0], &t[1], &t[2], 2, 1e-3)),
        entry("attention", [&[n, 3, 12]], |t| attention(&t[0], 2)),
        entry("attention", [&[n, 3, 12], &[2, 3, 3]], |t| apply(Attention::new(2), &[&t[0], &t[1]])),
        entry("rotary", [&[n, 3, 24]], move |t| super::super::rotary(&t[0], &turned)),
        entry("cosine", [&[n, 3, 12], &[2, 1, 1]], |t| cosine(&t[0], &t[1])),
        entry("window_attention", [&[n, windows.tokens(), 12], &[9, 2]], move |t| {
            window_attention(&t[0], &t[1], &Settings { windows, heads: 2, bias: WindowBias::Table })
        }),
        entry("to_windows", [image], move |t| to_windows(&t[0], windows)),
        entry("from_windows", [&[n, windows.tokens(), 3]], move |t| from_windows(&t[0], windows)),
        entry("two_by_two", [image], |t| two_by_two(&t[0])),
        entry("mean_tokens", [tokens], |t| mean_tokens(&t[0], 1)),
        entry("cross_covariance", [&[n, 3, 2, 12], &[2, 1, 1]], |t| cross_covariance(&t[0], &t[1])),
        entry("fourier_positions", [image, &[4, 64, 1, 1], &[4]], |t| fourier_positions(&t[0], &t[1], &t[2])),
        entry("some_channels", [image], |t| some_channels(&t[0], 1, 2)),
        entry("swiglu", [tokens], |t| swiglu(&t[0])),
        entry("response_norm", [image, &[4], &[4]], |t| response_norm(&t[0], &t[1], &t[2], 1e-3)),
        entry("linear", [tokens, &[2, 4]], |t| apply(Linear::default(), &[&t[0], &t[1]])),
        entry("prefix_tokens", [tokens, &[1, 2, 4]], |t| prefix_tokens(&t[0], &t[1])),
        entry("positions", [tokens, &[1, 3, 4]], |t| positions(&t[0], &t[1])),
        entry("tokens", [image], |t| apply(Tokens, &[&t[0]])),
        entry("first_token", [tokens], |t| apply(FirstToken, &[&t[0]])),
        entry("flatten", [image], |t| apply(Flatten, &[&t[0]])),
        entry("linear", [tokens, &[2, 4], &[2]], |t| linear(&t[0], &t[1], &t[2])),
        entry("add", [image, image], |t| add(&t[0], &t[1])),
        entry("add", [image, image], |t| add_relu(&t[0], &t[1])),
        entry("gate", [image, &[n, 1, 1, 4]], |t| gate(&t[0], &t[1])),
        entry("concat", [image, &[n, 3, 5, 2]], |t| concat(&t[0], &t[1])),
        entry("dropout", [image], |t| dropout(&t[0], 0.5, 1, 2)),
        entry("branch", [image, image], |t| drop_path_branch(&t[0], &t[1], 0.5, 1, 2)),
        entry("branch", [image, image, &[4]], |t| scaled_branch(&t[0], &t[1], &t[2])),
        entry("cross_entropy", [&[n, 3]], move |t| cross_entropy(&t[0], &vec![1; n], None, 0.1)),
    ];
    use Activation::*;
    for activation in [Relu, Relu6, Sigmoid, HardSigmoid, Silu, HardSwish, Gelu, GeluTanh] {
        entries.push(entry("activation", [image], move |t| super::super::apply(&t[0], activation)));
    }
    entries
}
