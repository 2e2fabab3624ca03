//! Networks against published weights and the figures that came with them.

use std::fs;

use candle_core::Device;
use derm::nn::weights::Weights;
use derm::nn::zoo;
use derm::nn::{HeadRule, Network, normalise};
use serde_json::Value;

use crate::support::{floats, numbers, real};

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
