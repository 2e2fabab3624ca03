//! Every network of the zoo against figures of the same network in PyTorch (`../zoo/*.golden.json` beside the data).
//!
//! A file is named after the network and its weights (`resnet50.a1_in1k`), so that it says itself which network it is of; those that
//! do not are in [`OTHERWISE_NAMED`], those of networks that the zoo lacks in [`LEFT_OUT`]. A file in neither fails the test.

use std::fmt::Write as _;
use std::fs;

use candle_core::{Device, Tensor};
use derm::nn::optim::{Optimizer, Rates, Rule, Sgd};
use derm::nn::zoo::{self, Architecture};
use derm::nn::{Input, Network, Pass, loss};
use serde_json::Value;

use crate::formula::{filled, formula};
use crate::support::{floats, numbers, real};

/// Files that are not called as timm calls weights.
const OTHERWISE_NAMED: &[(&str, &str)] = &[
    ("unet_classic_f16_c3", "unet_classic_f16"),
    ("smp.Unet.mobilenet_v2", "unet_mobilenetv2"),
    ("smp.Unet.resnet18", "unet_resnet18"),
    ("smp.Unet.resnet34", "unet_resnet34"),
    ("smp.Unet.resnet50", "unet_resnet50"),
    ("smp.Unet.se_resnet50", "unet_legacy_seresnet50"),
    ("smp.Unet.tu-mobilenetv3_large_100", "unet_mobilenetv3_large_100"),
    ("smp.Unet.vgg16_bn", "unet_vgg16_bn"),
];

/// Beginnings of the names of files of networks that the zoo lacks, and why.
const LEFT_OUT: &[(&str, &str)] = &[];

/// Files whose figures jump when a value near the corner of a ReLU or near another in a pool's window rounds to its other side, which
/// PyTorch's run in single precision, in one order of sums, happened not to do (or hardly).
///
/// How far the same figures come in PyTorch at worst (loss, a gradient, all gradients, loss after a step): single precision with
/// memory in either order, with oneDNN and without, and double precision with noise added to what convolutions give, of 1e-6 of its
/// standard deviation (eight seeds), which is what sums in single precision leave.
const JUMPS: &[(&str, [f64; 4])] = &[
    ("smp.Unet.resnet18", [1.5e-7, 2.4e-3, 5.9e-4, 5.5e-5]),
    ("smp.Unet.resnet34", [2.3e-7, 1.1e-3, 8.3e-4, 6.3e-5]),
    ("smp.Unet.tu-mobilenetv3_large_100", [3.4e-7, 4.5e-3, 2.0e-3, 7.6e-5]),
    ("smp.Unet.vgg16_bn", [3.1e-7, 2.0e-3, 1.9e-3, 2.7e-5]),
    ("unet_classic_f16_c3", [1.1e-7, 5.3e-4, 2.8e-4, 1.6e-6]),
    ("resnet18.a1_in1k", [4.0e-6, 2.2e-3, 1.5e-3, 8.7e-4]),
    ("resnet34.a1_in1k", [1.4e-5, 7.2e-4, 5.9e-4, 1.5e-2]),
    ("resnet101.a1_in1k", [5.0e-4, 9.8e-3, 1.0e-2, 1.2e-1]),
    ("ecaresnetlight.miil_in1k", [1.3e-5, 6.8e-4, 5.5e-4, 3.4e-3]),
    ("seresnet50.a1_in1k", [2.1e-5, 2.0e-3, 2.1e-3, 2.3e-2]),
    ("seresnext50_32x4d.racm_in1k", [3.7e-5, 7.1e-4, 6.1e-4, 8.1e-3]),
    ("tf_efficientnetv2_s.in21k_ft_in1k", [1.3e-5, 2.6e-5, 2.3e-5, 4.2e-5]),
    ("densenet121.tv_in1k", [1.1e-5, 4.3e-4, 3.5e-4, 3.7e-3]),
    ("vgg16_bn.tv_in1k", [1.9e-5, 1.9e-4, 5.8e-5, 1.0]),
];

/// The network that a file is of; none where it is left out.
pub fn architecture_of(stem: &str) -> Option<&'static Architecture> {
    let name = OTHERWISE_NAMED.iter().find(|(file, _)| *file == stem).map_or(stem, |(_, name)| name);
    let left_out = LEFT_OUT.iter().any(|(beginning, _)| stem.starts_with(beginning));
    match zoo::select(name) {
        Ok(choice) => {
            assert!(!left_out, "`{stem}` is in the zoo and need not be left out");
            Some(choice.architecture)
        }
        Err(error) => {
            assert!(left_out, "the figures `{stem}` are of no network of the zoo and not named among those left out: {error}");
            None
        }
    }
}

/// What the files of the zoo's folder with this ending are called without it.
pub fn stems(ending: &str) -> Vec<String> {
    let names = fs::read_dir(real("../zoo")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut stems: Vec<String> = names.filter_map(|name| Some(name.strip_suffix(ending)?.to_owned())).collect();
    stems.sort();
    assert!(stems.len() > 40, "the folder `zoo` holds {} files *{ending}", stems.len());
    stems
}

/// A file of the zoo's folder.
pub fn read(name: &str) -> Value {
    serde_json::from_slice(&fs::read(real(&format!("../zoo/{name}"))).unwrap()).unwrap()
}

#[test]
fn every_network_is_what_it_is_in_pytorch() {
    let (mut wrong, mut done) = (String::new(), Vec::new());
    for stem in stems(".golden.json") {
        let Some(architecture) = architecture_of(&stem) else { continue };
        // Figures do not depend on weights: several of one network are the same.
        let mut golden = read(&format!("{stem}.golden.json"));
        golden["model"] = Value::Null;
        if !done.contains(&golden) {
            check(architecture, &stem, &mut wrong);
            done.push(golden);
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// One figure that is further from PyTorch's in double precision than PyTorch's in single precision by more than allowed goes to `wrong`.
struct Judge<'a> {
    stem: &'a str,
    error: &'a Value,
    wrong: &'a mut String,
}

impl Judge<'_> {
    /// How far PyTorch's own figures in single precision are from the truth says how far ours may be: `key` names its error.
    /// Where that is a lucky one, `least` is what single precision leaves at best.
    fn hold(&mut self, what: &str, off: f64, key: &str, least: f64) {
        let torch = self.error[key].as_f64().unwrap();
        let jumps = JUMPS.iter().find(|(stem, _)| *stem == self.stem).map_or([0.0; 4], |(_, jumps)| *jumps);
        let kinds = ["train_loss_rel", "worst_grad_norm_over_largest", "grad_norm_total_rel", "loss_after_step_rel"];
        let jump = kinds.iter().position(|kind| *kind == key).map_or(0.0, |kind| jumps[kind]);
        if std::env::var_os("DERM_SHOW").is_some() {
            eprintln!("{:50} {what:30} {off:9.1e} {torch:9.1e} {jump:9.1e}", self.stem);
        }
        if !(off <= (10.0 * torch.max(least)).max(2.0 * jump)) {
            writeln!(self.wrong, "{}: {what} is {off:.1e} off, PyTorch in single precision {torch:.1e}", self.stem).unwrap();
        }
    }
}

/// Everything a golden file holds: logits, loss, each gradient's norm, running statistics, loss after a step.
pub fn check(architecture: &'static Architecture, stem: &str, wrong: &mut String) {
    let golden = read(&format!("{stem}.golden.json"));
    let number = |key: &str| golden[key].as_f64().unwrap();
    let shape: Vec<usize> = numbers(&golden["input_shape"]).into_iter().map(|v| v as usize).collect();
    let masks = golden["eval_out_shape"].as_array().unwrap().len() == 4;
    let network = Network::at(architecture, if masks { 3 } else { 7 }, [shape[2], shape[3]], 0, &Device::Cpu).unwrap();
    for param in network.params() {
        param.var.set(&Tensor::from_vec(filled(&param.name, param.var.dims()), param.var.dims(), &Device::Cpu).unwrap()).unwrap();
    }
    let images = Tensor::from_vec(formula("input", shape.iter().product()), shape.as_slice(), &Device::Cpu).unwrap();
    let mut judge = Judge { stem, error: &golden["f32_error"], wrong };

    let first = |key: &str, logits: &Tensor| {
        // Masks come as [n, height, width, masks], the figures are of [n, masks, height, width].
        let got = floats(&if masks { logits.permute((0, 3, 1, 2)).unwrap() } else { logits.clone() });
        let expected = numbers(&golden[key]);
        let off = got.iter().zip(&expected).map(|(got, expected)| (got - expected).abs()).fold(0.0, f64::max);
        let mean = expected.iter().sum::<f64>() / expected.len() as f64;
        let spread = (expected.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / expected.len() as f64).sqrt();
        (off, spread)
    };
    let (off, _) = first("eval_out_first", &network.forward(&images).unwrap());
    judge.hold("logits", off / number("eval_out_std"), "eval_out_over_std", 1e-6);

    let (logits, train_loss, tape) = train(&network, &images);
    let (off, spread) = first("train_out_first", &logits);
    judge.hold("logits in training", off / spread, "train_out_over_std", 1e-6);
    judge.hold("loss", (f64::from(train_loss.value) / number("train_loss") - 1.0).abs(), "train_loss_rel", 1e-6);
    for (name, expected) in golden["running_after"].as_object().unwrap() {
        let got: f64 = floats(&network.param(name).unwrap().var).iter().sum();
        let expected = expected.as_f64().unwrap();
        judge.hold(name, (got - expected).abs() / expected.abs().max(10.0), "train_out_over_std", 1e-6);
    }

    let grads = tape.backward(&network, train_loss.gradient, |_| true).unwrap();
    let norms = golden["grad_norms"].as_object().unwrap();
    let largest = norms.values().map(|v| v.as_f64().unwrap()).fold(0.0, f64::max);
    let trainable: Vec<&str> = network.params().filter(|param| param.is_trainable()).map(|param| param.name.as_str()).collect();
    assert_eq!(trainable.len(), norms.len(), "{stem}");
    let mut worst: f64 = 0.0;
    for (name, expected) in norms {
        let grad = floats(grads.get(network.param(name).unwrap()).unwrap());
        let got = grad.iter().map(|v| v * v).sum::<f64>().sqrt();
        worst = worst.max((got - expected.as_f64().unwrap()).abs() / largest);
    }
    judge.hold("a gradient", worst, "worst_grad_norm_over_largest", 1e-6);

    let plain = Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 };
    let norm = Optimizer::new(Rule::Sgd(plain)).step(&network, &grads, Rates::all(number("sgd_lr")), None).unwrap();
    judge.hold("all gradients", (norm / number("grad_norm_total") - 1.0).abs(), "grad_norm_total_rel", 1e-6);
    let (_, after, _) = train(&network, &images);
    // A loss that one step made vanish is the rest of a difference: only its size beside the first loss can be told.
    let (before, expected) = (number("train_loss"), number("loss_after_one_sgd_step"));
    judge.hold(
        "the loss after a step",
        (f64::from(after.value) / expected - 1.0).abs(),
        "loss_after_step_rel",
        1e-6 * (before / expected).max(1.0),
    );
}

/// One pass of training: logits, loss, and the way back.
fn train(network: &Network, images: &Tensor) -> (Tensor, loss::Loss, derm::nn::Tape) {
    let (logits, tape) = network.train(Input::images(images), Pass { dropout: false, ..Pass::new(0) }).unwrap();
    let loss = if network.graph().gives_masks() {
        let target: Vec<f32> = formula("target", logits.elem_count()).iter().map(|v| f32::from(*v > 0.0)).collect();
        let (n, h, w, c) = logits.dims4().unwrap();
        let target = Tensor::from_vec(target, (n, c, h, w), &Device::Cpu).unwrap().permute((0, 2, 3, 1)).unwrap();
        loss::binary_cross_entropy(&logits, &target).unwrap()
    } else {
        let targets: Vec<u32> = (0..logits.dims()[0] as u32).map(|i| i % 7).collect();
        loss::cross_entropy(&logits, &targets, None, 0.0).unwrap()
    };
    (logits, loss, tape)
}
