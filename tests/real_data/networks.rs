//! Networks against PyTorch's figures (`../zoo` beside the data) and against published weights.

use std::fs;

use candle_core::{Device, Tensor};
use derm::nn::graph::{Builder, Conv2d, Graph, MaxPool, NodeId};
use derm::nn::optim::{Optimizer, Rates, Rule, Sgd};
use derm::nn::weights::Weights;
use derm::nn::zoo::{self, Architecture};
use derm::nn::{HeadRule, Input, Network, Pass, loss, normalise};
use serde_json::Value;

use crate::architectures;
use crate::support::real;

/// The zoo's fill formula (its README): the same values in any language.
fn formula(name: &str, count: usize) -> Vec<f32> {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    (1..=count as u64)
        .map(|i| {
            let mut z = hash.wrapping_add(i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^= z >> 31;
            2.0 * ((z >> 40) as f32 / (1u32 << 24) as f32) - 1.0
        })
        .collect()
}

fn filled(name: &str, shape: &[usize]) -> Vec<f32> {
    let last = name.rsplit('.').next().unwrap();
    let (offset, factor) = match (last, shape.len()) {
        ("running_mean", _) => (0.0, 0.1),
        ("running_var", _) => (1.0, 0.25),
        ("weight" | "gamma", 0 | 1) => (1.0, 0.1),
        ("cls_token" | "reg_token" | "pos_embed" | "relative_position_bias_table", _) => (0.0, 0.1),
        (_, 0 | 1) => (0.0, 0.05),
        _ => (0.0, (6.0 / shape[1..].iter().product::<usize>() as f64).sqrt() as f32),
    };
    formula(name, shape.iter().product()).into_iter().map(|v| offset + factor * v).collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn floats(tensor: &Tensor) -> Vec<f64> {
    tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap().into_iter().map(f64::from).collect()
}

/// Everything a golden file holds: logits, loss, each gradient's norm, running statistics, loss after a step.
fn check_golden(architecture: &'static Architecture, file: &str) {
    let golden: Value = serde_json::from_slice(&fs::read(real(&format!("../zoo/{file}"))).unwrap()).unwrap();
    let number = |key: &str| golden[key].as_f64().unwrap();
    let masks = golden["eval_out_shape"].as_array().unwrap().len() == 4;
    let shape: Vec<usize> = numbers(&golden["input_shape"]).into_iter().map(|v| v as usize).collect();
    let network = Network::at(architecture, if masks { 3 } else { 7 }, [shape[2], shape[3]], 0, &Device::Cpu).unwrap();
    for param in network.params() {
        param.var.set(&Tensor::from_vec(filled(&param.name, param.var.dims()), param.var.dims(), &Device::Cpu).unwrap()).unwrap();
    }
    let images = Tensor::from_vec(formula("input", shape.iter().product()), shape.as_slice(), &Device::Cpu).unwrap();
    let targets: Vec<u32> = (0..shape[0] as u32).map(|i| i % 7).collect();

    let spread = number("eval_out_std");
    // Masks come as [n, height, width, masks], the figures are of [n, masks, height, width].
    let in_order = |logits: Tensor| if masks { logits.permute((0, 3, 1, 2)).unwrap() } else { logits };
    let logits = floats(&in_order(network.forward(&images).unwrap()));
    for (got, expected) in logits.iter().zip(numbers(&golden["eval_out_first"])) {
        assert!((got - expected).abs() < 3e-5 * spread, "eval logit {got} is not {expected}");
    }

    let train = |network: &Network| {
        let (logits, tape) = network.train(Input::Images(&images), Pass::new(0)).unwrap();
        if !masks {
            return (loss::cross_entropy(&logits, &targets, None, 0.0).unwrap(), tape);
        }
        let target: Vec<f32> = formula("target", logits.elem_count()).iter().map(|v| f32::from(*v > 0.0)).collect();
        let (n, h, w, c) = logits.dims4().unwrap();
        let target = Tensor::from_vec(target, (n, c, h, w), &Device::Cpu).unwrap().permute((0, 2, 3, 1)).unwrap();
        (loss::binary_cross_entropy(&logits, &target).unwrap(), tape)
    };
    let (loss, tape) = train(&network);
    // PyTorch's own error in single precision, times what Winograd's convolutions round more.
    let rounding = |key: &str, least: f64| 50.0 * golden["f32_error"][key].as_f64().unwrap().max(least);
    assert!((f64::from(loss.value) / number("train_loss") - 1.0).abs() < rounding("train_loss_rel", 6e-7), "loss {}", loss.value);
    for (name, expected) in golden["running_after"].as_object().unwrap() {
        let got: f64 = floats(&network.param(name).unwrap().var).iter().sum();
        let expected = expected.as_f64().unwrap();
        assert!(
            (got - expected).abs() < rounding("train_out_over_std", 4e-7) * expected.abs().max(10.0),
            "{name}: {got} is not {expected}"
        );
    }
    let grads = tape.backward(&network, loss.gradient, |_| true).unwrap();
    let norms = golden["grad_norms"].as_object().unwrap();
    let largest = norms.values().map(|v| v.as_f64().unwrap()).fold(0.0, f64::max);
    // Large images of small gradients: a sum in another order flips some ReLU or pool near its corner. PyTorch's own
    // single-precision run in channels-last order is 2.2e-4 away here, and noise of 3e-6 in its convolutions makes that 6e-4.
    let tolerance = rounding("worst_grad_norm_over_largest", if masks { 2e-5 } else { 1e-6 });
    assert_eq!(norms.len(), network.params().filter(|p| p.is_trainable()).count());
    for (name, expected) in norms {
        let grad = floats(grads.get(network.param(name).unwrap()).unwrap());
        let (got, expected) = (grad.iter().map(|v| v * v).sum::<f64>().sqrt(), expected.as_f64().unwrap());
        assert!((got - expected).abs() < tolerance * largest, "gradient of {name}: {got} is not {expected}");
    }
    let plain = Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 };
    let norm = Optimizer::new(Rule::Sgd(plain)).step(&network, &grads, Rates::all(number("sgd_lr")), None).unwrap();
    assert!((norm / number("grad_norm_total") - 1.0).abs() < rounding("grad_norm_total_rel", 2e-5), "norm {norm}");
    let (after, expected) = (f64::from(train(&network).0.value), number("loss_after_one_sgd_step"));
    // A loss that one step made vanish is the rest of a difference: only its size can be told.
    let tolerance = rounding("loss_after_step_rel", 2e-5).max(1e-6 / expected);
    assert!((after / expected - 1.0).abs() < tolerance, "loss after a step: {after} is not {expected}");
}

#[test]
fn resnet18_is_timm_s() {
    check_golden(zoo::find("resnet18").unwrap(), "resnet18.a1_in1k.golden.json");
}

/// timm's older SE-ResNet-18: other names and a max pool that rounds up, but the same operations as `seresnet18`.
static LEGACY_SERESNET18: Architecture = Architecture {
    name: "legacy_seresnet18",
    summary: "",
    source: "",
    preprocess: derm::nn::Preprocess::imagenet(224, derm::nn::Interpolation::Bicubic, 0.875),
    published: &[],
    classifier: "last_linear",
    first_conv: "layer0.conv1",
    build: legacy_seresnet18,
};

fn legacy_seresnet18(classes: usize, size: [usize; 2]) -> Graph {
    let mut g = Builder::new(size);
    let x = g.input();
    let x = g.conv("layer0.conv1", x, Conv2d::new(64, 7).stride(2).pad(3));
    let x = g.batch_norm("layer0.bn1", x, 1e-5);
    let x = g.relu(x);
    let mut x = g.max_pool(x, MaxPool { kernel: 3, stride: 2, padding: 0, ceil: true });
    for (layer, channels) in [(1, 64), (2, 128), (3, 256), (4, 512)] {
        for number in 0..2 {
            x = legacy_block(&mut g, &format!("layer{layer}.{number}"), x, channels, if layer > 1 && number == 0 { 2 } else { 1 });
        }
    }
    let x = g.global_avg_pool(x);
    let x = g.flatten(x);
    let x = g.features(x);
    g.linear("last_linear", x, classes);
    g.finish()
}

fn legacy_block(g: &mut Builder, name: &str, input: NodeId, channels: usize, stride: usize) -> NodeId {
    let x = g.conv(format!("{name}.conv1"), input, Conv2d::new(channels, 3).stride(stride).pad(1));
    let x = g.batch_norm(format!("{name}.bn1"), x, 1e-5);
    let x = g.relu(x);
    let x = g.conv(format!("{name}.conv2"), x, Conv2d::new(channels, 3).pad(1));
    let x = g.batch_norm(format!("{name}.bn2"), x, 1e-5);
    let x = g.relu(x);
    let y = g.global_avg_pool(x);
    let y = g.conv(format!("{name}.se_module.fc1"), y, Conv2d::new(channels / 16, 1).biased());
    let y = g.relu(y);
    let y = g.conv(format!("{name}.se_module.fc2"), y, Conv2d::new(channels, 1).biased());
    let y = g.sigmoid(y);
    let x = g.gate(x, y);
    let around = if stride == 1 && g.channels(input) == channels {
        input
    } else {
        let y = g.conv(format!("{name}.downsample.0"), input, Conv2d::new(channels, 1).stride(stride));
        g.batch_norm(format!("{name}.downsample.1"), y, 1e-5)
    };
    let x = g.add(x, around);
    g.relu(x)
}

/// Every set of published weights of these families has figures.
fn golden_family(names: &[&str]) {
    for name in names {
        let architecture = zoo::find(name).unwrap();
        for published in architecture.published {
            eprintln!("{name}.{}", published.tag);
            check_golden(architecture, &format!("{name}.{}.golden.json", published.tag));
        }
    }
}

#[test]
fn golden_vision_transformers_are_timm_s() {
    golden_family(&["vit_tiny_patch16_224", "vit_small_patch16_224", "vit_base_patch16_224"]);
    golden_family(&["vit_small_patch14_dinov2", "vit_small_patch14_reg4_dinov2", "vit_base_patch14_dinov2"]);
}

#[test]
fn golden_vision_transformers_with_rotary_positions_are_timm_s() {
    golden_family(&["eva02_tiny_patch14_336", "eva02_small_patch14_336", "vit_small_patch16_dinov3", "vit_base_patch16_dinov3"]);
}

#[test]
fn golden_convnexts_are_timm_s() {
    golden_family(&["convnext_atto", "convnext_tiny", "convnextv2_atto", "convnextv2_nano", "convnextv2_tiny", "edgenext_base"]);
}

#[test]
fn golden_swin_transformers_are_timm_s() {
    golden_family(&["swin_tiny_patch4_window7_224", "swinv2_tiny_window8_256"]);
}

/// Networks of other families, whose layers the program has.
#[test]
fn other_families_are_timm_s() {
    for (architecture, file) in [
        (&architectures::VGG16, "vgg16.tv_in1k"),
        (&architectures::VGG16_BN, "vgg16_bn.tv_in1k"),
        (&architectures::MOBILENETV3_LARGE, "mobilenetv3_large_100.ra_in1k"),
        (&architectures::EFFICIENTNET_B0, "efficientnet_b0.ra_in1k"),
        (&architectures::RESNET50, "resnet50.a1_in1k"),
        (&architectures::SERESNET50, "seresnet50.a1_in1k"),
        (&architectures::ECARESNET26T, "ecaresnet26t.ra2_in1k"),
        (&architectures::RESNEXT50, "resnext50_32x4d.a1_in1k"),
        (&architectures::UNET_16, "unet_classic_f16_c3"),
    ] {
        eprintln!("{}", architecture.name);
        check_golden(architecture, &format!("{file}.golden.json"));
    }
}

#[test]
fn squeeze_and_excitation_is_timm_s() {
    check_golden(&LEGACY_SERESNET18, "legacy_seresnet18.in1k.golden.json");
}

/// The published weights give the published logits and the same five likeliest classes on both pictures.
fn check_published(name: &str) {
    let reference: Value = serde_json::from_slice(&fs::read(real("weights-imagenet/reference.json")).unwrap()).unwrap();
    let architecture = zoo::find(name).unwrap();
    let network = Network::new(architecture, 1000, 0, &Device::Cpu).unwrap();
    network.load(&Weights::open(&real(&format!("weights-imagenet/{name}.safetensors"))).unwrap(), HeadRule::Keep).unwrap();
    for picture in ["chelsea_224.png", "coffee_224.png"] {
        let expected = &reference[picture][name];
        let pixels = image::open(real(&format!("weights-imagenet/{picture}"))).unwrap().to_rgb8();
        let images = normalise::normalise(pixels.as_raw(), &architecture.preprocess).unwrap();
        let logits = floats(&network.forward(&images).unwrap());
        for (got, expected) in logits.iter().zip(numbers(&expected["logits_first8"])) {
            assert!((got - expected).abs() < 1e-3, "{picture}: logit {got} is not {expected}");
        }
        let top = logits.iter().copied().fold(f64::MIN, f64::max);
        let sum: f64 = logits.iter().map(|l| (l - top).exp()).sum();
        let mut ranked: Vec<(usize, f64)> = logits.iter().map(|l| (l - top).exp() / sum).enumerate().collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        for (got, expected) in ranked.iter().zip(expected["top5"].as_array().unwrap()) {
            assert_eq!(got.0 as u64, expected[0].as_u64().unwrap(), "{picture}");
            assert!((got.1 - expected[1].as_f64().unwrap()).abs() < 1e-3, "{picture}: {got:?} is not {expected}");
        }
        if let Some(features) = expected.get("feature_first8") {
            let got = floats(&network.features(&images).unwrap());
            for (got, expected) in got.iter().zip(numbers(features)) {
                assert!((got - expected).abs() < 1e-3, "{picture}: feature {got} is not {expected}");
            }
        }
    }
}

#[test]
fn squeezenet_weights_give_the_published_logits() {
    check_published("squeezenet1_1");
}

#[test]
fn efficientnet_lite0_weights_give_the_published_logits() {
    check_published("efficientnet_lite0");
}
