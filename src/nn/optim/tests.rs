//! Rules against their formulas in f64, freezing, clipping, and saved states.

use super::*;
use crate::nn::{Gradients, Input, Pass, loss, weights, zoo};

/// A small network whose bias `conv10.bias` and weight `conv10.weight` are watched.
fn network() -> Network {
    Network::new(zoo::find("squeezenet1_1").unwrap(), 2, 3, &Device::Cpu).unwrap()
}

fn grads(network: &Network, salt: u64) -> Gradients {
    let values: Vec<f32> = (0..2 * 3 * 32 * 32).map(|i| ((i as f32 + salt as f32 * 17.0) * 0.61).sin()).collect();
    let x = Tensor::from_vec(values, (2, 3, 32, 32), &Device::Cpu).unwrap();
    let (logits, tape) = network.train(Input::images(&x), Pass::new(salt)).unwrap();
    tape.backward(network, loss::cross_entropy(&logits, &[0, 1], None, 0.0).unwrap().gradient, |_| true).unwrap()
}

fn values(tensor: &Tensor) -> Vec<f64> {
    tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap().into_iter().map(f64::from).collect()
}

/// Runs three steps and gives the watched parameter's start, gradients and end.
fn watch(rule: Rule, name: &str) -> (Vec<f64>, Vec<Vec<f64>>, Vec<f64>) {
    let network = network();
    let param = network.param(name).unwrap().var.clone();
    let mut optimizer = Optimizer::new(rule);
    let start = values(&param);
    let mut seen = Vec::new();
    for step in 0..3 {
        let grads = grads(&network, step);
        seen.push(values(grads.get(network.param(name).unwrap()).unwrap()));
        optimizer.step(&network, &grads, Rates::all(0.01), None).unwrap();
    }
    (start, seen, values(&param))
}

#[test]
fn adamw_is_its_formula_and_spares_biases_from_decay() {
    for (name, decay) in [("conv10.weight", 0.1), ("conv10.bias", 0.0)] {
        let rule = AdamW { weight_decay: 0.1, ..AdamW::default() };
        let (mut p, grads, end) = watch(Rule::AdamW(rule), name);
        let (mut m, mut v) = (vec![0.0; p.len()], vec![0.0; p.len()]);
        for (t, g) in (1..).zip(&grads) {
            for i in 0..p.len() {
                m[i] = 0.9 * m[i] + 0.1 * g[i];
                v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
                let (m_hat, v_hat) = (m[i] / (1.0 - 0.9f64.powi(t)), v[i] / (1.0 - 0.999f64.powi(t)));
                p[i] -= 0.01 * decay * p[i] + 0.01 * m_hat / (v_hat.sqrt() + 1e-8);
            }
        }
        for (got, expected) in end.iter().zip(&p) {
            assert!((got - expected).abs() < 2e-6, "{name}: {got} is not {expected}");
        }
    }
}

#[test]
fn sgd_is_its_formula() {
    for nesterov in [false, true] {
        let rule = Sgd { momentum: 0.9, nesterov, weight_decay: 0.1 };
        let (mut p, grads, end) = watch(Rule::Sgd(rule), "conv10.weight");
        let mut b = vec![0.0; p.len()];
        for g in &grads {
            for i in 0..p.len() {
                let g = g[i] + 0.1 * p[i];
                b[i] = 0.9 * b[i] + g;
                p[i] -= 0.01 * if nesterov { g + 0.9 * b[i] } else { b[i] };
            }
        }
        for (got, expected) in end.iter().zip(&p) {
            assert!((got - expected).abs() < 1e-6, "{got} is not {expected}");
        }
    }
}

#[test]
fn a_part_with_rate_0_stands_still() {
    let network = network();
    let before = network.tensors().unwrap();
    let mut optimizer = Optimizer::new(Rule::AdamW(AdamW::default()));
    optimizer.step(&network, &grads(&network, 0), Rates { backbone: 0.0, ..Rates::all(0.1) }, None).unwrap();
    for ((name, old), param) in before.iter().zip(network.params()) {
        assert_eq!(values(old) == values(&param.var), param.part == Part::Backbone, "{name}");
    }
    assert_eq!(optimizer.state().unwrap().len(), 6, "nothing is remembered of what is frozen");
}

#[test]
fn clipping_bounds_the_norm_and_reports_it() {
    let network = network();
    let before = values(&network.param("conv10.bias").unwrap().var);
    let grads = grads(&network, 0);
    let gradient = values(grads.get(network.param("conv10.bias").unwrap()).unwrap());
    let plain = Rule::Sgd(Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 });
    let norm = Optimizer::new(plain).step(&network, &grads, Rates::all(1.0), Some(1e-3)).unwrap();
    assert!((norm - grad_norm(&network, &grads, Rates::all(1.0)).unwrap()).abs() == 0.0 && norm > 1e-3);
    let after = values(&network.param("conv10.bias").unwrap().var);
    assert!((before[0] - after[0] - gradient[0] * 1e-3 / norm).abs() < 1e-8);
}

#[test]
fn a_restored_optimizer_goes_on_bit_for_bit() {
    for rule in [Rule::AdamW(AdamW::default()), Rule::Sgd(Sgd::default())] {
        let run = |interrupted: bool| {
            let mut network = network();
            let mut optimizer = Optimizer::new(rule);
            for step in 0..4 {
                if interrupted && step == 2 {
                    let state = optimizer.state().unwrap();
                    let bytes = weights::encode_tensors(state.iter().map(|(n, t)| (n.as_str(), t))).unwrap();
                    let read = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu).unwrap();
                    let saved = weights::Weights::from_tensors(network.tensors().unwrap(), "memory");
                    network = Network::new(network.architecture(), 2, 99, &Device::Cpu).unwrap();
                    network.load(&saved, crate::nn::HeadRule::Keep).unwrap();
                    optimizer = Optimizer::new(rule);
                    optimizer.restore(&network, read.iter().map(|(n, t)| (n.as_str(), t))).unwrap();
                }
                optimizer.step(&network, &grads(&network, step), Rates::all(1e-3), Some(1.0)).unwrap();
            }
            weights::encode(&network).unwrap()
        };
        assert!(run(true) == run(false), "{rule:?}");
    }
}

#[test]
fn a_foreign_state_is_refused() {
    let network = network();
    let mut optimizer = Optimizer::new(Rule::AdamW(AdamW::default()));
    optimizer.step(&network, &grads(&network, 0), Rates::all(1e-3), None).unwrap();
    let state = optimizer.state().unwrap();
    let with = |network: &Network, skip: usize, rule: Rule| {
        Optimizer::new(rule).restore(network, state.iter().skip(skip).map(|(n, t)| (n.as_str(), t)))
    };
    assert!(with(&network, 0, Rule::AdamW(AdamW::default())).is_ok());
    assert!(with(&network, 1, Rule::AdamW(AdamW::default())).unwrap_err().to_string().contains("incomplete"));
    assert!(with(&network, 0, Rule::Sgd(Sgd::default())).is_err());
    let other = Network::new(zoo::find("resnet18").unwrap(), 2, 0, &Device::Cpu).unwrap();
    assert!(with(&other, 0, Rule::AdamW(AdamW::default())).is_err());
}
