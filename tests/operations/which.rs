//! From a case's name and settings to derm's operation.

use derm::nn::graph::{AvgPool, Conv2d, MaxPool, Padding};
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
        "class_token" => Box::new(ClassToken),
        "positions" => Box::new(Positions),
        "tokens" => Box::new(Tokens),
        "first_token" => Box::new(FirstToken),
        "flatten" => Box::new(Flatten),
        "linear" => Box::new(Linear),
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
