//! The same bits in less memory.

use candle_core::{Device, Tensor};

use super::segments;
use crate::nn::graph::{Builder, Conv2d, Graph, NodeId};
use crate::nn::groups::{Use, groups};
use crate::nn::zoo::{self, Architecture};
use crate::nn::{Input, Interpolation, Network, Norms, Pass, Preprocess, loss, ops, weights};

/// Layer scale, drop path, dropout between other layers, values that are read from far away, and norms over channels.
fn everything(classes: usize, size: [usize; 2]) -> Graph {
    let mut g = Builder::new(size);
    let x = g.input();
    let mut x = g.conv("stem", x, Conv2d::new(16, 3).pad(1));
    let early = x;
    for i in 0..12 {
        let y = g.batch_norm(format!("{i}.norm"), x, 1e-5);
        let y = g.relu(y);
        let y = g.dropout(y, 0.2);
        let y = g.conv(format!("{i}.conv"), y, Conv2d::new(16, 3).pad(1));
        x = g.branch(format!("{i}.branch"), x, y, (i % 2 == 0).then_some(0.5), 0.3);
        x = if i % 4 == 3 { g.layer_norm(format!("{i}.layer_norm"), x, 1e-6) } else { x };
    }
    let x = g.concat(&[x, early]);
    let x = g.global_avg_pool(x);
    let x = g.flatten(x);
    g.features(x);
    let x = g.dropout(x, 0.5);
    g.linear("head", x, classes);
    g.finish()
}

static EVERYTHING: Architecture = Architecture {
    name: "everything",
    summary: "",
    source: "",
    preprocess: Preprocess::imagenet(32, Interpolation::Bicubic, 0.875),
    published: &[],
    classifier: "head",
    first_conv: "stem",
    build: everything,
};

fn images(n: usize, size: usize) -> Tensor {
    let values = (0..n * 3 * size * size).map(|i| (i as f32 * 0.37).sin()).collect();
    Tensor::from_vec(values, (n, 3, size, size), &Device::Cpu).unwrap()
}

/// What a step of training makes: the weights and statistics after it, and the bytes that its tape kept.
struct Step {
    logits: Vec<f32>,
    gradients: Vec<Option<Vec<f32>>>,
    statistics: Vec<u8>,
    kept: usize,
}

/// A step of a new network, with the gradients of those parameters that `wanted` names.
fn step(architecture: &'static Architecture, pass: Pass, threads: usize, wanted: fn(&str) -> bool) -> Step {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| {
        let network = Network::new(architecture, 3, 5, &Device::Cpu).unwrap();
        let floats = |tensor: &Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let (logits, tape) = network.train(Input::images(&images(4, 48)), pass).unwrap();
        let loss = loss::cross_entropy(&logits, &[0, 1, 2, 1], None, 0.1).unwrap();
        let kept = tape.kept_bytes();
        let gradients = tape.backward(&network, loss.gradient, |param| wanted(&param.name)).unwrap();
        let gradients = network.params().map(|param| gradients.get(param).map(floats)).collect();
        Step { logits: floats(&logits), gradients, statistics: weights::encode(&network).unwrap(), kept }
    })
}

/// Compares to the bit, NaN and signs of zeros and all.
fn bits(values: &[Option<Vec<f32>>]) -> Vec<Option<Vec<u32>>> {
    values.iter().map(|values| Some(values.as_ref()?.iter().map(|value| value.to_bits()).collect())).collect()
}

#[test]
fn gradients_and_statistics_are_the_same_bits() {
    let names = ["resnet18", "seresnet18", "ecaresnet18", "efficientnet_lite0", "squeezenet1_1"];
    let architectures = names.map(|name| zoo::find(name).unwrap()).into_iter().chain([&EVERYTHING]);
    for architecture in architectures {
        for norms in [Norms::Batch, Norms::Frozen] {
            let pass = Pass { norms, ..Pass::new(7) };
            let plain = step(architecture, pass, 2, |_| true);
            let less = step(architecture, Pass { grad_checkpointing: true, ..pass }, 3, |_| true);
            let name = architecture.name;
            assert_eq!(less.logits, plain.logits, "{name}");
            assert!(bits(&less.gradients) == bits(&plain.gradients), "{name}");
            assert!(plain.gradients.iter().any(|gradient| gradient.as_ref().is_some_and(|values| values.iter().any(|&x| x != 0.0))));
            assert!(less.statistics == plain.statistics, "{name}");
            // Half of it in a ResNet, whose stem makes most of what there is.
            assert!(5 * less.kept < 3 * plain.kept, "{name}: {} of {}", less.kept, plain.kept);
        }
    }
}

#[test]
fn what_nobody_wants_does_not_run_again() {
    let pass = Pass { grad_checkpointing: true, ..Pass::new(7) };
    for wanted in [|name: &str| name == "11.conv.weight", |name: &str| name.starts_with("head."), |_: &str| false] {
        let plain = step(&EVERYTHING, Pass::new(7), 2, wanted);
        let less = step(&EVERYTHING, pass, 2, wanted);
        assert!(bits(&less.gradients) == bits(&plain.gradients));
    }
}

#[test]
fn a_head_by_itself_trains_too() {
    let network = Network::new(&EVERYTHING, 3, 5, &Device::Cpu).unwrap();
    let features = Tensor::ones((4, 32), candle_core::DType::F32, &Device::Cpu).unwrap();
    let both = [false, true].map(|grad_checkpointing| {
        let (logits, tape) = network.train(Input::features(&features), Pass { grad_checkpointing, ..Pass::new(1) }).unwrap();
        let gradients = tape.backward(&network, logits.ones_like().unwrap(), |_| true).unwrap();
        let gradient = gradients.get(network.param("head.weight").unwrap()).unwrap();
        gradient.flatten_all().unwrap().to_vec1::<f32>().unwrap()
    });
    assert_eq!(both[0], both[1]);
}

#[test]
fn a_chain_is_cut_into_about_the_root_of_its_length() {
    let mut g = Builder::new([8, 8]);
    let mut x = g.input();
    for _ in 0..64 {
        x = g.activation(x, ops::Activation::Silu);
    }
    let x = g.global_avg_pool(x);
    let x = g.flatten(x);
    g.features(x);
    let graph = g.finish();
    let groups = groups(graph.nodes(), NodeId(0), graph.output(), Use::Training);
    let ranges = segments(graph.nodes(), &groups);
    assert!((6..=11).contains(&ranges.len()), "{ranges:?}");
    assert!(ranges[0].start == 0 && ranges[ranges.len() - 1].end == groups.len());
    assert!(ranges.windows(2).all(|pair| pair[0].end == pair[1].start && !pair[0].is_empty()));
}
