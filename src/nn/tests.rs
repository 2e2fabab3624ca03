//! Whole networks: PyTorch's figures, threads, loading, features and head.

use candle_core::{Device, Tensor};

use super::graph::{Fusion, Places};
use super::input::Entry;
use super::optim::{AdamW, Optimizer, Rates, Rule};
use super::weights::{self, Weights};
use super::zoo::Architecture;
use super::*;

/// The fill formula of the figures below: SplitMix64 over a name's FNV-1a hash, as values in -1..1.
fn formula(name: &str, count: usize) -> Vec<f32> {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    (1..=count as u64)
        .map(|i| {
            let mut z = hash.wrapping_add(i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            2.0 * (((z ^ (z >> 31)) >> 40) as f32 / (1u32 << 24) as f32) - 1.0
        })
        .collect()
}

fn images(n: usize, size: usize) -> Tensor {
    Tensor::from_vec(formula("input", n * 3 * size * size), (n, 3, size, size), &Device::Cpu).unwrap()
}

fn fill(network: &Network) {
    for param in network.params() {
        let shape = param.var.dims();
        let (offset, factor) = match (param.role, param.name.rsplit('.').next().unwrap()) {
            (_, "running_mean") => (0.0, 0.1),
            (_, "running_var") => (1.0, 0.25),
            (Role::Norm, "weight") => (1.0, 0.1),
            _ if shape.len() == 1 => (0.0, 0.05),
            _ => (0.0, (6.0 / shape[1..].iter().product::<usize>() as f64).sqrt() as f32),
        };
        let values: Vec<f32> = formula(&param.name, param.var.elem_count()).into_iter().map(|v| offset + factor * v).collect();
        param.var.set(&Tensor::from_vec(values, shape, &Device::Cpu).unwrap()).unwrap();
    }
}

fn network(name: &str, classes: usize) -> Network {
    Network::new(zoo::find(name).unwrap(), classes, 1, &Device::Cpu).unwrap()
}

/// The first classifier of each family that takes 48 pixels (VGG's wide layers need more).
fn some() -> Vec<&'static Architecture> {
    let fits = |architecture: &&Architecture| architecture.graph_at(3, 48, 48).is_ok_and(|graph| !graph.gives_masks());
    let some: Vec<_> = zoo::FAMILIES.iter().map(|family| &family[0]).filter(fits).collect();
    assert!(some.len() >= 8, "{some:?}");
    some
}

fn floats(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// timm 1.0.31's `resnet18` with 7 classes, filled by the formula, input `[4, 3, 64, 64]`; torch 2.15, float64.
#[test]
fn resnet18_agrees_with_pytorch() {
    let network = network("resnet18", 7);
    fill(&network);
    let x = images(4, 64);
    let logits = floats(&network.forward(&x).unwrap());
    for (got, expected) in logits.iter().zip([-4.82373, -6.82713, -15.0793, 0.572662, -11.3206, -22.2295, 4.40388]) {
        assert!((got - expected).abs() < 2e-4, "{got} is not {expected}");
    }
    let step = || {
        let (logits, tape) = network.train(Input::images(&x), Pass::new(0)).unwrap();
        (loss::cross_entropy(&logits, &[0, 1, 2, 3], None, 0.0).unwrap(), tape)
    };
    let (loss, tape) = step();
    assert!((loss.value - 1.8827565).abs() < 5e-5, "{}", loss.value);
    let running: f32 = floats(&network.param("layer4.1.bn2.running_var").unwrap().var).iter().sum();
    assert!((running - 482.872).abs() < 1e-2, "{running}");
    let grads = tape.backward(&network, loss.gradient, |_| true).unwrap();
    let norm = |name: &str| floats(grads.get(network.param(name).unwrap()).unwrap()).iter().map(|v| f64::from(v * v)).sum::<f64>().sqrt();
    for (name, expected) in [
        ("conv1.weight", 21.258),
        ("bn1.bias", 0.573271),
        ("layer2.0.downsample.0.weight", 4.28415),
        ("layer4.1.bn2.weight", 0.278596),
        ("fc.weight", 9.57906),
    ] {
        // Winograd's convolutions round ten times as much as sums of products do.
        assert!((norm(name) / expected - 1.0).abs() < 3e-4, "{name}: {} is not {expected}", norm(name));
    }
    assert!((optim::grad_norm(&network, &grads, Rates::all(1.0)).unwrap() / 68.122_68 - 1.0).abs() < 1e-5);
    let plain = optim::Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 };
    Optimizer::new(Rule::Sgd(plain)).step(&network, &grads, Rates::all(0.00146794), None).unwrap();
    assert!((step().0.value / 0.067_074_1 - 1.0).abs() < 1e-3);
}

/// Entries and trainable values of the published state dicts (timm 1.0.31 with 1000 classes; the two files of
/// `weights-imagenet`), without the counters of batch norms.
#[test]
fn sizes_are_the_published_ones() {
    for (name, entries, trainable) in [
        ("squeezenet1_1", 52, 1_235_496),
        ("efficientnet_lite0", 247, 4_652_008),
        ("resnet18", 102, 11_689_512),
        // Two blocks each of 64, 128, 256, 512 channels with 8, 8, 16, 32 in the middle: 2 c m + c + m more.
        ("seresnet18", 134, 11_689_512 + 2 * (1096 + 2184 + 8464 + 33_312)),
        ("ecaresnet18", 110, 11_689_548),
    ] {
        let network = network(name, 1000);
        assert_eq!((network.params().count(), network.trainable_count()), (entries, trainable), "{name}");
        let architecture = network.architecture();
        assert!(network.param(&format!("{}.weight", architecture.classifier)).is_some_and(|p| p.part == Part::Head), "{name}");
        assert!(network.param(&format!("{}.weight", architecture.first_conv)).is_some_and(|p| p.part == Part::Backbone), "{name}");
    }
}

#[test]
fn features_and_head_make_the_network() {
    for architecture in some() {
        let network = Network::at(architecture, 3, [48; 2], 1, &Device::Cpu).unwrap();
        let x = images(2, 48);
        let features = network.features(&x).unwrap();
        assert_eq!(features.dims(), [2, network.graph().feature_count()], "{}", architecture.name);
        let logits = network.forward(Input::features(&features)).unwrap();
        assert_eq!(floats(&logits), floats(&network.forward(&x).unwrap()), "{}", architecture.name);
        assert!(floats(&logits).iter().all(|v| v.is_finite()), "{}", architecture.name);
    }
}

/// Inference, training and a head alone agree where metadata come in, and gradients by weights are differences.
#[test]
fn metadata_pass_every_way_through_a_network() {
    for architecture in some() {
        let fusion = Some(Fusion { inputs: 5, dropout: 0.0 });
        let network = Network::fused(architecture, 3, fusion, [48; 2], 1, &Device::Cpu).unwrap();
        fill(&network);
        let (x, metadata) = (images(3, 48), Tensor::from_vec(formula("metadata", 15), (3, 5), &Device::Cpu).unwrap());
        let logits = network.forward(Input::images(&x).with(Some(&metadata))).unwrap();
        let features = network.features(&x).unwrap();
        let head = || Input::features(&features).with(Some(&metadata));
        assert_eq!(floats(&network.forward(head()).unwrap()), floats(&logits), "{}", architecture.name);
        let pass = Pass { norms: Norms::Frozen, dropout: false, ..Pass::new(0) };
        let (trained, tape) = network.train(head(), pass).unwrap();
        let apart = floats(&trained).iter().zip(floats(&logits)).fold(0f32, |most, (a, b)| most.max((a - b).abs()));
        let size = floats(&logits).iter().fold(1f32, |most, v| most.max(v.abs()));
        assert!(apart < 2e-5 * size, "{}: {apart} of {size}", architecture.name);
        let loss = || loss::cross_entropy(&network.train(head(), pass).unwrap().0, &[0, 1, 2], None, 0.0).unwrap();
        let gradients = tape.backward(&network, loss().gradient, |param| param.part == Part::Head).unwrap();
        let names = ["fc.weight", "fc.bias", "norm.weight", "norm.bias"];
        for name in [0, 1].iter().flat_map(|layer| names.map(|name| format!("metadata.{layer}.{name}"))) {
            let param = network.param(&name).unwrap();
            let (slope, start) = (floats(gradients.get(param).unwrap()), param.var.as_detached_tensor().copy().unwrap());
            let direction = Tensor::from_vec(slope.iter().map(|v| v.signum()).collect::<Vec<_>>(), param.var.dims(), &Device::Cpu).unwrap();
            let at = |step: f64| {
                param.var.set(&(&start + (&direction * step).unwrap()).unwrap()).unwrap();
                f64::from(loss().value)
            };
            let difference = (at(2e-4) - at(-2e-4)) / 4e-4;
            param.var.set(&start).unwrap();
            let expected: f64 = slope.iter().map(|v| f64::from(v.abs())).sum();
            assert!((difference - expected).abs() < 0.02 * expected + 1e-3, "{} {name}: {difference} is not {expected}", architecture.name);
        }
    }
}

#[test]
fn metadata_of_another_width_or_of_no_use_are_refused() {
    let (architecture, x) = (zoo::find("squeezenet1_1").unwrap(), images(2, 48));
    let metadata = |rows: usize, values: usize| Tensor::zeros((rows, values), candle_core::DType::F32, &Device::Cpu).unwrap();
    let fused = Network::fused(architecture, 3, Some(Fusion { inputs: 5, dropout: 0.3 }), [48; 2], 1, &Device::Cpu).unwrap();
    let refused = |network: &Network, metadata: &Tensor| network.forward(Input::images(&x).with(Some(metadata))).unwrap_err().to_string();
    assert!(refused(&fused, &metadata(2, 4)).contains("metadata must be f32 [2, 5], not F32 [2, 4]"));
    assert!(refused(&fused, &metadata(3, 5)).contains("metadata must be f32 [2, 5]"));
    assert!(refused(&network("squeezenet1_1", 3), &metadata(2, 5)).contains("left out: the network takes none"));
    let both = fused.forward(Input::images(&x).with(Some(&metadata(2, 5)))).unwrap();
    assert_eq!(floats(&both), floats(&fused.forward(Input::images(&x).with(Some(&metadata(1, 5)))).unwrap()), "a row for all");
    assert!(matches!(
        Network::fused(zoo::find("unet_classic_f16").unwrap(), 1, Some(Fusion { inputs: 5, dropout: 0.0 }), [64; 2], 1, &Device::Cpu),
        Err(Error::NoFusion { .. })
    ));
}

/// One training step and the logits after it, as bytes, in a pool of this many threads.
fn trained(name: &str, threads: usize) -> (Vec<u8>, Vec<f32>) {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| {
        let network = network(name, 3);
        let mut optimizer = Optimizer::new(Rule::AdamW(AdamW::default()));
        for key in 0..2 {
            let (logits, tape) = network.train(Input::images(&images(5, 33)), Pass::new(key)).unwrap();
            let loss = loss::cross_entropy(&logits, &[0, 1, 2, 0, 1], Some(&[1.0, 2.0, 3.0]), 0.1).unwrap();
            let grads = tape.backward(&network, loss.gradient, |_| true).unwrap();
            optimizer.step(&network, &grads, Rates { backbone: 1e-3, ..Rates::all(1e-2) }, Some(1.0)).unwrap();
        }
        (weights::encode(&network).unwrap(), floats(&network.forward(&images(5, 33)).unwrap()))
    })
}

#[test]
fn training_is_the_same_bits_for_any_number_of_threads() {
    for name in ["squeezenet1_1", "efficientnet_lite0", "seresnet18"] {
        let one = trained(name, 1);
        for threads in [2, 5] {
            assert!(trained(name, threads) == one, "{name} with {threads} threads");
        }
    }
}

#[test]
fn fresh_parameters_depend_on_seed_and_name_alone() {
    let arch = zoo::find("resnet18").unwrap();
    let make = |seed, classes| weights::encode(&Network::new(arch, classes, seed, &Device::Cpu).unwrap()).unwrap();
    assert_eq!(make(1, 4), make(1, 4));
    assert_ne!(make(1, 4), make(2, 4));
    let (a, b) = (network("resnet18", 4), network("resnet18", 9));
    let first = |n: &Network| floats(&n.param("layer1.0.conv1.weight").unwrap().var);
    assert_eq!(first(&a), first(&b));
    // He, fan out: variance 2 / (64 * 9).
    let values = first(&a);
    let variance = values.iter().map(|v| f64::from(v * v)).sum::<f64>() / values.len() as f64;
    assert!((variance * 288.0 - 1.0).abs() < 0.03, "{variance}");
}

#[test]
fn loading_names_what_does_not_fit() {
    let (wide, narrow) = (network("resnet18", 10), network("resnet18", 3));
    let of = |network: &Network| Weights::from_tensors(network.tensors().unwrap(), "w.safetensors");
    let before = weights::encode(&narrow).unwrap();
    let Error::Misfit { misfit, only_head, .. } = narrow.load(&of(&wide), HeadRule::Keep).unwrap_err() else { panic!() };
    assert!(only_head && misfit.missing.is_empty() && misfit.unexpected.is_empty());
    assert_eq!(misfit.misshapen[0], ("fc.weight".to_owned(), vec![10, 512], vec![3, 512]));
    assert_eq!(weights::encode(&narrow).unwrap(), before, "nothing was changed");
    fill(&wide);
    narrow.load(&of(&wide), HeadRule::Replace).unwrap();
    assert_eq!(floats(&narrow.param("bn1.running_var").unwrap().var), floats(&wide.param("bn1.running_var").unwrap().var));
    let error = network("ecaresnet18", 3).load(&of(&network("seresnet18", 3)), HeadRule::Keep).unwrap_err();
    assert!(error.to_string().ends_with("do not fit `ecaresnet18`: 8 missing, 32 unexpected"), "{error}");
    let Error::Misfit { misfit, belongs_to, .. } = error else { panic!() };
    let lines = misfit.lines();
    assert!(lines[0].starts_with("8 missing: `layer1.0.se.conv.weight`, "), "{lines:?}");
    assert!(lines[1].starts_with("32 unexpected: `layer1.0.se.fc1") && lines[1].ends_with(", …"), "{lines:?}");
    assert_eq!(belongs_to, Some("seresnet18"));
}

/// Folding, fused passes and rearranged weights change roundings only.
#[test]
fn inference_is_training_with_frozen_norms_and_without_dropout() {
    for architecture in some() {
        let network = Network::at(architecture, 3, [48; 2], 1, &Device::Cpu).unwrap();
        fill(&network);
        // Dropout before the head stands behind the features.
        let x = images(2, 48);
        let frozen = network.frozen().unwrap();
        let entry = Entry::new(&network, Input::images(&x)).unwrap();
        let (recorded, _) =
            exec::record(&network, &entry, network.graph().features(), Pass { norms: Norms::Frozen, ..Pass::new(0) }).unwrap();
        let (got, expected) = (floats(&frozen.features(&x).unwrap()), floats(&recorded));
        let scale = expected.iter().fold(0f32, |scale, v| scale.max(v.abs()));
        for (got, expected) in got.iter().zip(&expected) {
            assert!((got - expected).abs() < 2e-5 * scale, "{}: {got} is not {expected}", architecture.name);
        }
        assert_eq!(floats(&frozen.forward(&x).unwrap()), floats(&network.forward(&x).unwrap()), "a second call is the first");
    }
}

#[test]
fn frozen_norms_keep_their_statistics_but_learn() {
    let network = network("resnet18", 2);
    let statistics = || floats(&network.param("bn1.running_mean").unwrap().var);
    let before = statistics();
    let (logits, tape) = network.train(Input::images(&images(2, 33)), Pass { norms: Norms::Frozen, ..Pass::new(0) }).unwrap();
    let grads = tape.backward(&network, logits.ones_like().unwrap(), |param| param.part == Part::Backbone).unwrap();
    assert_eq!(statistics(), before);
    assert!(grads.get(network.param("bn1.weight").unwrap()).is_some());
    assert!(grads.get(network.param("fc.weight").unwrap()).is_none(), "nobody asked for it");
    network.train(Input::images(&images(2, 33)), Pass::new(0)).unwrap();
    assert_ne!(statistics(), before);
}

#[test]
fn inputs_that_do_not_fit_are_refused() {
    let network = network("squeezenet1_1", 2);
    let wrong =
        |shape: &[usize]| network.forward(&Tensor::zeros(shape, candle_core::DType::F32, &Device::Cpu).unwrap()).unwrap_err().to_string();
    assert!(wrong(&[1, 1, 64, 64]).contains("[n, 3, height, width]"));
    assert!(wrong(&[1, 3, 8, 8]).contains("too few for `squeezenet1_1`"));
    assert!(wrong(&[0, 3, 64, 64]).contains("[n, 3, height, width]"));
    assert!(matches!(Network::new(network.architecture(), 1, 0, &Device::Cpu), Err(Error::Classes(1))));
    assert!(zoo::find("resnet81").unwrap_err().to_string().contains("resnet81"));
}

#[test]
fn gradients_of_halves_mix_to_that_of_the_whole() {
    let network = Network::new(zoo::find("resnet18").unwrap(), 3, 1, &Device::Cpu).unwrap();
    let images =
        Tensor::from_vec((0..4 * 3 * 32 * 32).map(|i| (i as f32 * 0.37).sin()).collect::<Vec<_>>(), (4, 3, 32, 32), &Device::Cpu).unwrap();
    let gradients = |first: usize, n: usize| {
        let pass = Pass { norms: Norms::Frozen, ..Pass::new(0) };
        let (logits, tape) = network.train(Input::images(&images.narrow(0, first, n).unwrap()), pass).unwrap();
        let targets: Vec<u32> = (first..first + n).map(|i| i as u32 % 3).collect();
        let loss = loss::cross_entropy(&logits, &targets, None, 0.0).unwrap();
        tape.backward(&network, loss.gradient, |_| true).unwrap()
    };
    let (whole, mixed) = (gradients(0, 4), gradients(0, 1).mixed(0.25, &gradients(1, 3)).unwrap());
    for param in network.params().filter(|param| param.is_trainable()) {
        let [a, b] = [&whole, &mixed].map(|gradients| gradients.get(param).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap());
        let largest = a.iter().fold(0f32, |largest, x| largest.max(x.abs()));
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() <= 1e-4 * largest), "{}", param.name);
    }
}

#[test]
fn tables_of_places_are_those_of_the_size_a_network_is_made_for() {
    let vit = zoo::find("vit_tiny_patch16_224").unwrap();
    let network = Network::at(vit, 3, [48, 64], 1, &Device::Cpu).unwrap();
    assert_eq!(network.param("pos_embed").unwrap().var.dims(), [1, 13, 192]);
    let table = network.graph().params().into_iter().find(|param| param.name == "pos_embed").unwrap();
    assert_eq!(table.places, Some(Places::Absolute { prefix: 1, grid: [3, 4] }));
    let zeros = |height, width| Tensor::zeros((1, 3, height, width), candle_core::DType::F32, &Device::Cpu).unwrap();
    assert_eq!(network.forward(&zeros(48, 64)).unwrap().dims(), [1, 3]);
    let error = network.forward(&zeros(64, 48)).unwrap_err().to_string();
    assert!(error.contains("made for images of 64x48 pixels and cannot read 48x64"), "{error}");
    let error = network.forward(&zeros(50, 64)).unwrap_err().to_string();
    assert!(error.contains("64x50 pixels do not suit") && error.contains("multiples of 16"), "{error}");
    // Windows are of the image too.
    let swin = Network::at(zoo::find("swin_tiny_patch4_window7_224").unwrap(), 3, [64, 36], 1, &Device::Cpu).unwrap();
    assert_eq!(swin.forward(&zeros(64, 36)).unwrap().dims(), [1, 3]);
    assert!(matches!(swin.forward(&zeros(36, 64)), Err(Error::InputSize { .. })));
    // Convolutions alone read any size.
    let convnext = Network::at(zoo::find("convnext_atto").unwrap(), 3, [64, 64], 1, &Device::Cpu).unwrap();
    assert_eq!(convnext.forward(&zeros(96, 33)).unwrap().dims(), [1, 3]);
}
