//! From a case's name and settings to derm's operation.

use derm::nn::graph::{
    Angles, AvgPool, Conv2d, MaxPool, Padding, Rotary as RotarySettings, WindowAttention as Settings, WindowBias, Windows,
};
use derm::nn::ops::*;

use crate::case::Case;

/// The operation as the tape takes it.
pub fn operation(case: &Case) -> Box<dyn Operation> {
    match case.kind() {
        "conv2d" => Box::new(Conv::new(&conv2d(case))),
        "conv_transpose2d" => Box::new(ConvTranspose(transposed(case))),
        "channel_conv" => Box::new(ChannelConv),
        "max_pool" => Box::new(Max::new(window(case))),
        "avg_pool" => Box::new(Average(average(case))),
        "global_avg_pool" => Box::new(GlobalAverage),
        "adaptive_avg_pool" => Box::new(AdaptiveAverage { size: case.list("size") }),
        "upsample" => Box::new(Upsample { size: Size::Fixed(case.list("size")), rule: rule(case) }),
        "batch_norm_train" | "batch_norm and a residual" => Box::new(BatchNorm::own(case.real("eps"), after(case))),
        "batch_norm_eval" => Box::new(BatchNorm::given(&case.fixed[0].values, &case.fixed[1].values, case.real("eps"), after(case))),
        "layer_norm" => Box::new(LayerNorm { eps: case.real("eps") }),
        "group_norm" => Box::new(GroupNorm::new(case.number("groups"), case.real("eps"))),
        "attention" => Box::new(Attention::new(case.number("heads"))),
        "prefix_tokens" => Box::new(PrefixTokens),
        "positions" => Box::new(Positions),
        "tokens" => Box::new(Tokens),
        "first_token" => Box::new(FirstToken),
        "mean_tokens" => Box::new(MeanTokens { prefix: case.number("prefix") }),
        "rotary" => Box::new(Rotary::new(turned(case))),
        "cosine" => Box::new(Cosine),
        "window_attention" => Box::new(WindowAttention::new(window_attention(case))),
        "to_windows" => Box::new(Places::ToWindows(windows(case))),
        "from_windows" => Box::new(Places::FromWindows(windows(case))),
        "two_by_two" => Box::new(Places::TwoByTwo),
        "swiglu" => Box::new(SwiGlu),
        "cross_covariance" => Box::new(CrossCovariance::default()),
        "fourier_positions" => Box::new(FourierPositions),
        "some_channels" => Box::new(SomeChannels { start: case.number("start"), count: case.number("count") }),
        "response_norm" => Box::new(ResponseNorm::new(case.real("eps"))),
        "flatten" => Box::new(Flatten),
        "linear" => Box::new(Linear::default()),
        "apply" => Box::new(Apply(activation(case))),
        "add" => Box::new(Sum { relu: false }),
        "add_relu" => Box::new(Sum { relu: true }),
        "gate" => Box::new(Gate),
        "concat" => Box::new(Concat),
        "dropout" => Box::new(Dropout::new(case.real("p"), case.number("key") as u64, case.number("stream") as u64)),
        "drop_path_branch" | "scaled and dropped branch" => {
            Box::new(Branch::dropping(case.real("p"), case.number("key") as u64, case.number("stream") as u64))
        }
        "scaled_branch" => Box::new(Branch::whole()),
        "cross_entropy" => {
            let (targets, weights): (Vec<u32>, Option<Vec<f32>>) = (case.list("targets"), case.list("weights"));
            Box::new(CrossEntropy::new(&targets, weights.as_deref(), case.real("smoothing")))
        }
        other => panic!("no operation is called `{other}`"),
    }
}

pub fn conv2d(case: &Case) -> Conv2d {
    let [top, left, bottom, right] = case.list("pads");
    let explicit = case.word("padding") == "explicit";
    Conv2d {
        in_channels: case.inputs[0].1.dims[3],
        out_channels: case.number("out"),
        kernel: case.list("kernel"),
        stride: case.list("stride"),
        padding: if explicit { Padding::Explicit { top, left, bottom, right } } else { Padding::Same },
        dilation: case.list("dilation"),
        groups: case.number("groups"),
        bias: case.inputs.len() == 3,
    }
}

pub fn transposed(case: &Case) -> Transposed {
    Transposed {
        stride: case.list("stride"),
        padding: case.list("padding"),
        output_padding: case.list("output_padding"),
        dilation: case.list("dilation"),
        groups: case.number("groups"),
    }
}

pub fn windows(case: &Case) -> Windows {
    Windows::new(case.list("map"), case.number("side"), case.flag("shifted"))
}

pub fn window_attention(case: &Case) -> Settings {
    let bias = if case.inputs.len() == 2 { WindowBias::Table } else { WindowBias::Mlp { hidden: case.number("hidden") } };
    Settings { windows: windows(case), heads: case.number("heads"), bias }
}

pub fn turned(case: &Case) -> RotarySettings {
    let temperature = case.real("temperature");
    let angles = match case.word("angles") {
        "index" => Angles::Index { reference: case.list("reference"), temperature },
        "centred" => Angles::Centred { temperature },
        other => panic!("no angles are called `{other}`"),
    };
    RotarySettings {
        heads: case.number("heads"),
        prefix: case.number("prefix"),
        grid: case.list("grid"),
        halves: case.flag("halves"),
        angles,
    }
}

pub fn window(case: &Case) -> MaxPool {
    MaxPool { kernel: case.number("kernel"), stride: case.number("stride"), padding: case.number("padding"), ceil: case.flag("ceil") }
}

pub fn average(case: &Case) -> AvgPool {
    AvgPool { window: window(case), count_padding: case.flag("count_padding") }
}

pub fn rule(case: &Case) -> Rule {
    let align_corners = case.flag("corners");
    match case.word("rule") {
        "nearest" => Rule::Nearest,
        "bilinear" => Rule::Bilinear { align_corners },
        "bicubic" => Rule::Bicubic { align_corners },
        other => panic!("no rule is called `{other}`"),
    }
}

pub fn after(case: &Case) -> After {
    match case.word("after") {
        "nothing" => After::Nothing,
        "relu" => After::Relu,
        "relu6" => After::Relu6,
        "silu" => After::Silu,
        other => panic!("nothing that follows is called `{other}`"),
    }
}

pub fn activation(case: &Case) -> Activation {
    match case.word("kind") {
        "relu" => Activation::Relu,
        "relu6" => Activation::Relu6,
        "sigmoid" => Activation::Sigmoid,
        "hard_sigmoid" => Activation::HardSigmoid,
        "silu" => Activation::Silu,
        "hard_swish" => Activation::HardSwish,
        "gelu" => Activation::Gelu,
        "gelu_tanh" => Activation::GeluTanh,
        other => panic!("no activation is called `{other}`"),
    }
}
