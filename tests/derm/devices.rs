//! Whole networks whose operations are composed, as on a GPU, against the same networks by derm's kernels.

use candle_core::{Device, Tensor};
use derm::nn::graph::Fusion;
use derm::nn::ops::composing;
use derm::nn::optim::{AdamW, Optimizer, Rates, Rule, Sgd};
use derm::nn::zoo::{self, Architecture};
use derm::nn::{Gradients, HeadRule, Input, Network, Norms, Pass, loss, weights};

/// Values without a pattern, in -1..1.
fn noise(count: usize, salt: u64) -> Vec<f32> {
    let mixed = |i: u64| (i.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (i << 7)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40;
    (0..count as u64).map(|i| mixed(i + 1 + salt * 1_000_003) as f32 / (1u64 << 23) as f32 - 1.0).collect()
}

/// The device of composed networks: the CPU, or what DERM_TEST_DEVICE names.
fn device() -> Device {
    match std::env::var("DERM_TEST_DEVICE").as_deref() {
        Err(_) | Ok("cpu") => Device::Cpu,
        Ok("cuda") => Device::new_cuda(0).unwrap(),
        Ok("metal") => Device::new_metal(0).unwrap(),
        Ok(other) => panic!("DERM_TEST_DEVICE names `{other}`: it is cpu, cuda or metal"),
    }
}

/// The same parameters twice: by kernels and composed. Branches whose last scale is 0 when fresh take part.
fn pair(architecture: &'static Architecture, size: usize, fusion: Option<Fusion>) -> [Network; 2] {
    let kernels = Network::fused(architecture, 4, fusion, [size; 2], 3, &Device::Cpu).unwrap();
    for (salt, param) in (0..).zip(kernels.params()) {
        if param.var.rank() == 1 {
            let noise = Tensor::from_vec(noise(param.var.elem_count(), salt), param.var.shape(), &Device::Cpu).unwrap();
            let moved = (param.var.as_detached_tensor() + (noise * 0.1).unwrap()).unwrap();
            let asleep = param.name.ends_with("weight") && moved.abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap() < 0.2;
            param.var.set(&if asleep { (moved + 0.5).unwrap() } else { moved }).unwrap();
        }
    }
    let composed = composing(|| Network::fused(architecture, 4, fusion, [size; 2], 9, &device()).unwrap());
    composed.load(&weights::Weights::from_tensors(kernels.tensors().unwrap(), "kernels"), HeadRule::Keep).unwrap();
    [kernels, composed]
}

fn floats(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// Largest difference, in root mean squares of what is expected.
fn apart(got: &Tensor, expected: &Tensor) -> f64 {
    assert_eq!(got.dims(), expected.dims());
    let (got, expected) = (floats(got), floats(expected));
    let rms = (expected.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>() / expected.len() as f64).sqrt();
    let largest = got.iter().zip(&expected).map(|(&a, &b)| f64::from(a - b).abs()).fold(0.0, f64::max);
    assert!(largest.is_finite(), "{largest}");
    largest / rms.max(1e-6)
}

/// Length of the difference over that of what is expected.
fn off(got: &Tensor, expected: &Tensor) -> f64 {
    let length = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    let (got, expected) = (floats(got), floats(expected));
    let difference = length(&mut got.iter().zip(&expected).map(|(&a, &b)| f64::from(a - b)));
    difference / length(&mut expected.iter().map(|&v| f64::from(v))).max(1e-7)
}

/// Logits, loss and gradients of a training pass.
fn pass(network: &Network, input: Input<'_>, pass: Pass) -> (Tensor, f32, Gradients) {
    let (logits, tape) = network.train(input, pass).unwrap();
    let loss = match logits.rank() {
        2 => loss::cross_entropy(&logits, &[0, 3, 1][..logits.dim(0).unwrap()], Some(&[1.0, 2.0, 0.5, 1.0]), 0.1).unwrap(),
        _ => loss::binary_cross_entropy(&logits, &logits.ge(0.1f64).unwrap().to_dtype(candle_core::DType::F32).unwrap()).unwrap(),
    };
    (logits, loss.value, tape.backward(network, loss.gradient, |_| true).unwrap())
}

/// Rounding alone tells the ways apart, but what rounds to the other side of a kink moves whole gradients: they are compared by length.
fn check(architecture: &'static Architecture, size: usize, fusion: Option<Fusion>) {
    let name = architecture.name;
    let [kernels, composed] = pair(architecture, size, fusion);
    let metadata = fusion.map(|fusion| Tensor::from_vec(noise(3 * fusion.inputs, 8), (3, fusion.inputs), &Device::Cpu).unwrap());
    let images = Tensor::from_vec(noise(3 * 3 * size * size, 7), (3, 3, size, size), &Device::Cpu).unwrap();
    for norms in [Norms::Batch, Norms::Frozen] {
        let own = Pass { norms, ..Pass::new(5) };
        let input = Input::images(&images).with(metadata.as_ref());
        let ((logits, loss, gradients), (got, got_loss, got_gradients)) = (pass(&kernels, input, own), pass(&composed, input, own));
        assert!(apart(&got, &logits) < 2e-3, "{name} {norms:?}: logits {}", apart(&got, &logits));
        assert!((got_loss - loss).abs() < 1e-4 * (1.0 + loss.abs()), "{name} {norms:?}: {got_loss} is not {loss}");
        for (param, other) in kernels.params().zip(composed.params()) {
            match (gradients.get(param), got_gradients.get(other)) {
                (Some(expected), Some(got)) => {
                    let off = off(got, expected);
                    let negligible = floats(expected).iter().all(|v| v.abs() < 1e-6);
                    assert!(off < 5e-2 || negligible, "{name} {norms:?}: the gradient of {} is {off:e} off", param.name);
                }
                (None, None) => {}
                (expected, got) => panic!("{name}: {} has gradients {} and {}", param.name, expected.is_some(), got.is_some()),
            }
        }
        for (param, other) in kernels.params().zip(composed.params()).filter(|(param, _)| !param.is_trainable()) {
            assert!(apart(&other.var, &param.var) < 1e-3, "{name}: {} is {:e} off", param.name, apart(&other.var, &param.var));
        }
    }
    let input = Input::images(&images).with(metadata.as_ref());
    let (expected, got) = (kernels.forward(input).unwrap(), composed.forward(input).unwrap());
    assert!(apart(&got, &expected) < 2e-3, "{name}: inference is {:e} off", apart(&got, &expected));
}

#[test]
fn composed_networks_of_the_zoo_are_those_of_the_kernels() {
    let small = zoo::FAMILIES.iter().map(|family| &family[0]).filter(|architecture| architecture.graph_at(4, 64, 64).is_ok());
    let others = ["seresnet18", "ecaresnet18", "convnextv2_atto"].map(|name| zoo::find(name).unwrap());
    for architecture in small.filter(|architecture| !architecture.name.starts_with("swin")).chain(others) {
        check(architecture, 64, None);
    }
    // Patches of 14 pixels; windows that are shifted and continued with zeros, and one window for all.
    for (name, size) in [("eva02_tiny_patch14_336", 56), ("swinv2_tiny_window8_256", 48)] {
        check(zoo::find(name).unwrap(), size, None);
    }
}

#[test]
fn composed_networks_of_other_kinds_are_those_of_the_kernels() {
    check(zoo::find("resnet18_small").unwrap(), 28, None);
    check(zoo::find("squeezenet1_1").unwrap(), 48, Some(Fusion { inputs: 5, dropout: 0.3 }));
}

/// Values after three steps, and what the optimiser remembers, in a file.
fn trained(network: &Network, rule: Rule, between: impl Fn(Optimizer) -> Optimizer) -> Vec<(String, Tensor)> {
    let images = Tensor::from_vec(noise(3 * 3 * 32 * 32, 7), (3, 3, 32, 32), &Device::Cpu).unwrap();
    let mut optimizer = Optimizer::new(rule);
    for key in 0..3 {
        let (_, _, gradients) = pass(network, Input::images(&images), Pass { norms: Norms::Frozen, ..Pass::new(key) });
        let norm = optimizer.step(network, &gradients, Rates { backbone: 1e-3, ..Rates::all(1e-2) }, Some(0.5)).unwrap();
        assert!(norm.is_finite() && norm > 0.5, "{norm} is to be clipped");
        optimizer = between(optimizer);
    }
    [network.tensors().unwrap(), optimizer.state().unwrap()].concat()
}

#[test]
fn steps_on_a_device_are_those_of_the_kernels() {
    let sgd = |momentum, nesterov| Rule::Sgd(Sgd { momentum, nesterov, weight_decay: 1e-2 });
    for rule in [Rule::AdamW(AdamW::default()), sgd(0.0, false), sgd(0.9, false), sgd(0.9, true)] {
        let [kernels, composed] = pair(zoo::find("resnet18").unwrap(), 64, None);
        let expected = trained(&kernels, rule, |optimizer| optimizer);
        // Saved and restored between the steps.
        let again = |optimizer: Optimizer| {
            let state = optimizer.state().unwrap();
            let mut restored = Optimizer::new(rule);
            restored.restore(&composed, state.iter().map(|(name, tensor)| (name.as_str(), tensor))).unwrap();
            restored
        };
        let got = trained(&composed, rule, again);
        assert_eq!(got.len(), expected.len());
        for ((name, got), (other, expected)) in got.iter().zip(&expected) {
            assert_eq!(name, other);
            if !name.starts_with("steps.") {
                let (got, expected) = (got.flatten_all().unwrap(), expected.flatten_all().unwrap());
                assert!(off(&got, &expected) < 2e-2, "{rule:?}: {name} is {:e} off", off(&got, &expected));
            }
        }
    }
}
