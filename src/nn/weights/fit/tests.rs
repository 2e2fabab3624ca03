//! Files of other libraries in small networks; `tests/real_data/naming.rs` holds whole tables of names against timm's.

use candle_core::IndexOp;

use super::*;
use crate::nn::graph::{Builder, Conv2d};
use crate::nn::ops::Activation;
use crate::nn::{Interpolation, Network, Preprocess};

/// A vision transformer of one block on 4x4 patches.
fn vit(classes: usize, size: [usize; 2]) -> Graph {
    let mut g = Builder::new(size);
    let x = g.conv("patch_embed.proj", g.input(), Conv2d::new(4, 2).stride(2).biased());
    let x = g.tokens(x);
    let x = g.prefix_tokens("cls_token", x, 1);
    let x = g.positions("pos_embed", x, size.map(|side| side / 2));
    let qkv = g.linear("blocks.0.attn.qkv", x, 12);
    let y = g.attention(qkv, 1);
    let y = g.linear("blocks.0.attn.proj", y, 4);
    let x = g.add(x, y);
    let x = g.first_token(x);
    let x = g.features(x);
    g.linear("head", x, classes);
    g.finish()
}

/// A network that is built on another.
fn unet(classes: usize, size: [usize; 2]) -> Graph {
    let mut g = Builder::new(size);
    let x = g.conv("encoder.conv1", g.input(), Conv2d::new(4, 3).biased());
    let x = g.activation(x, Activation::Relu);
    let x = g.conv("decoder.conv", x, Conv2d::new(2, 1).biased());
    let x = g.global_avg_pool(x);
    let x = g.flatten(x);
    let x = g.features(x);
    g.linear("segmentation_head", x, classes);
    g.finish()
}

fn architecture(build: fn(usize, [usize; 2]) -> Graph, first_conv: &'static str) -> &'static Architecture {
    Box::leak(Box::new(Architecture {
        name: "small",
        summary: "",
        source: "",
        preprocess: Preprocess::imagenet(8, Interpolation::Bicubic, 1.0),
        published: &[],
        classifier: "head",
        first_conv,
        build,
    }))
}

/// Values that differ everywhere.
fn ramp(start: usize, shape: &[usize]) -> Tensor {
    let count: usize = shape.iter().product();
    Tensor::from_vec((0..count).map(|i| (start + i) as f32).collect::<Vec<_>>(), shape, &Device::Cpu).unwrap()
}

fn file(shapes: &[(&str, &[usize])]) -> Weights {
    let named = shapes.iter().enumerate().map(|(i, (name, shape))| ((*name).to_owned(), ramp(1000 * i, shape)));
    Weights::from_tensors(named, "file")
}

fn value(network: &Network, name: &str) -> Tensor {
    network.param(name).unwrap().var.as_detached_tensor()
}

fn floats(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

fn misfit(result: Result<Loading, Error>) -> Misfit {
    match result.unwrap_err() {
        Error::Misfit { misfit, .. } => *misfit,
        other => panic!("{other}"),
    }
}

const VIT: [(&str, &[usize]); 15] = [
    ("vit.embeddings.cls_token", &[1, 1, 4]),
    ("vit.embeddings.mask_token", &[1, 4]),
    ("vit.embeddings.position_embeddings", &[1, 5, 4]),
    ("vit.embeddings.patch_embeddings.projection.weight", &[4, 3, 2, 2]),
    ("vit.embeddings.patch_embeddings.projection.bias", &[4]),
    ("vit.encoder.layer.0.attention.attention.query.weight", &[4, 4]),
    ("vit.encoder.layer.0.attention.attention.query.bias", &[4]),
    ("vit.encoder.layer.0.attention.attention.key.weight", &[4, 4]),
    ("vit.encoder.layer.0.attention.attention.value.weight", &[4, 4]),
    ("vit.encoder.layer.0.attention.attention.value.bias", &[4]),
    ("vit.encoder.layer.0.attention.output.dense.weight", &[4, 4]),
    ("vit.encoder.layer.0.attention.output.dense.bias", &[4]),
    ("vit.encoder.layer.0.layernorm_before.weight", &[4]),
    ("classifier.weight", &[9, 4]),
    ("classifier.bias", &[9]),
];

#[test]
fn a_transformers_vit_becomes_timms_with_another_grid() {
    let architecture = architecture(vit, "patch_embed.proj");
    let network = Network::new(architecture, 3, 0, &Device::Cpu).unwrap();
    let before = floats(&value(&network, "head.weight"));
    // It has no norm: one inside its own modules shows another network.
    let marked = file(&VIT);
    assert_eq!(misfit(marked.check(architecture, network.graph(), HeadRule::Replace)).unexpected, ["blocks.0.norm1.weight"]);
    let entries: Vec<Entry<'_>> = marked.tensors.iter().map(|(name, tensor)| Entry { name, shape: tensor.dims() }).collect();
    assert_eq!(names::translate(&entries, &HashSet::from(["cls_token"])).naming, Some("transformers ViT"));
    let graph = network.graph();
    let fit = Fit::new(&marked, architecture, graph, HeadRule::Replace);
    let made: HashMap<String, Tensor> = fit.tensors().map(|made| made.map(|(name, tensor)| (name.to_owned(), tensor)).unwrap()).collect();
    let rows = |part: &str, bias: bool| {
        let name = format!("vit.encoder.layer.0.attention.attention.{part}.{}", if bias { "bias" } else { "weight" });
        floats(marked.get(&name).unwrap())
    };
    let joined = [rows("query", false), rows("key", false), rows("value", false)].concat();
    assert_eq!(floats(&made["blocks.0.attn.qkv.weight"]), joined);
    assert_eq!(floats(&made["blocks.0.attn.qkv.bias"]), [rows("query", true), vec![0.0; 4], rows("value", true)].concat());
    let table = &made["pos_embed"];
    assert_eq!(table.dims(), [1, 17, 4]);
    let old = marked.get("vit.embeddings.position_embeddings").unwrap();
    assert_eq!(floats(&table.i((0, 0)).unwrap()), floats(&old.i((0, 0)).unwrap()), "the class token keeps its place");
    // A ramp stays one: its mean is the same on any grid.
    let mean = |tensor: &Tensor, rows: usize| floats(&tensor.narrow(1, 1, rows).unwrap().mean(1).unwrap());
    mean(table, 16).iter().zip(mean(old, 4)).for_each(|(own, old)| assert!((own - old).abs() < 1e-2, "{own} {old}"));
    let fates: Vec<String> =
        fit.loading().fates().iter().map(|fate| format!("{} {} {}: {}", fate.count, fate.what, fate.how, fate.first)).collect();
    assert_eq!(
        fates,
        [
            "5 loaded : patch_embed.proj.weight",
            "1 adapted places of 2x2 resampled to 4x4: pos_embed",
            "1 adapted queries, keys and values joined: blocks.0.attn.qkv.weight",
            "1 adapted queries and values joined, zeros for keys: blocks.0.attn.qkv.bias",
            "2 fresh a head for these classes: head.weight",
            "2 left out not in the network: vit.embeddings.mask_token",
            "2 left out the head of other classes: classifier.weight",
        ]
    );
    assert_eq!(floats(&value(&network, "head.weight")), before);
}

#[test]
fn an_encoder_is_taken_into_a_network_that_is_built_on_it() {
    let architecture = architecture(unet, "encoder.conv1");
    let network = Network::new(architecture, 2, 0, &Device::Cpu).unwrap();
    let classifier = file(&[("module.conv1.weight", &[4, 1, 3, 3]), ("module.conv1.bias", &[4]), ("module.fc.weight", &[5, 4])]);
    let loading = network.load(&classifier, HeadRule::Replace).unwrap();
    assert_eq!(loading.naming(), "after `module.`");
    let reasons: Vec<&str> = loading.fresh.iter().map(|one| one.reason).collect();
    assert_eq!(reasons.iter().filter(|reason| **reason == "the file holds an encoder alone").count(), 2);
    assert_eq!(loading.left_out.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["module.fc.weight"]);
    let adapted: Vec<&str> = loading.loaded.iter().filter_map(|one| one.adapted.as_deref()).collect();
    assert_eq!(adapted, ["1 input channels repeated to 3, times 1/3"]);
    let third = ramp(0, &[4, 1, 3, 3]).repeat((1, 3, 1, 1)).unwrap().affine(1.0 / 3.0, 0.0).unwrap();
    assert_eq!(floats(&value(&network, "encoder.conv1.weight")), floats(&third));
    assert_eq!(misfit(network.load(&classifier, HeadRule::Keep)).missing.len(), 4, "decoder and head");
}

#[test]
fn a_deeper_network_is_another_one() {
    let resnet = zoo::find("resnet18").unwrap();
    let network = Network::new(resnet, 3, 1, &Device::Cpu).unwrap();
    let with = |name: &str| {
        let tensors = Network::new(resnet, 5, 2, &Device::Cpu).unwrap().tensors().unwrap();
        Weights::from_tensors(tensors.into_iter().chain([(name.to_owned(), ramp(0, &[64]))]), "file")
    };
    let before = floats(&value(&network, "layer4.1.conv2.weight"));
    assert_eq!(misfit(network.load(&with("layer1.2.conv1.weight"), HeadRule::Replace)).unexpected, ["layer1.2.conv1.weight"]);
    assert_eq!(misfit(network.load(&with("projector.weight"), HeadRule::Keep)).unexpected, ["projector.weight"]);
    assert_eq!(floats(&value(&network, "layer4.1.conv2.weight")), before, "nothing was changed");
    let loading = network.load(&with("projector.weight"), HeadRule::Replace).unwrap();
    assert_eq!(
        loading.left_out.last().map(|one| (one.name.as_str(), one.reason.as_str())),
        Some(("projector.weight", "not in the network"))
    );
    assert_eq!(floats(&value(&network, "layer4.1.conv2.weight")), floats(with("x").get("layer4.1.conv2.weight").unwrap()));
}

#[test]
fn a_transformers_resnet_is_loaded_whole() {
    let resnet = zoo::find("resnet18").unwrap();
    let (source, target) = (Network::new(resnet, 4, 1, &Device::Cpu).unwrap(), Network::new(resnet, 4, 2, &Device::Cpu).unwrap());
    let renamed = source.tensors().unwrap().into_iter().map(|(name, tensor)| (transformers(&name), tensor));
    let weights = Weights::from_tensors(renamed, "microsoft/resnet-18");
    assert_eq!(weights.classes(resnet), Some(4));
    let loading = target.load(&weights, HeadRule::Keep).unwrap();
    assert_eq!(loading.naming, Some("transformers ResNet"));
    assert_eq!(super::super::encode(&source).unwrap(), super::super::encode(&target).unwrap());
}

/// The name that transformers has for a parameter of timm's ResNet.
fn transformers(name: &str) -> String {
    let parts: Vec<&str> = name.split('.').collect();
    let less = |digits: &str| digits.parse::<usize>().unwrap() - 1;
    let kind = |part: &str| if part.starts_with("conv") || part == "0" { "convolution" } else { "normalization" };
    match parts[..] {
        ["fc", leaf] => format!("classifier.1.{leaf}"),
        [first, leaf] => format!("resnet.embedder.embedder.{}.{leaf}", kind(first)),
        [layer, block, "downsample", part, leaf] => {
            format!("resnet.encoder.stages.{}.layers.{block}.shortcut.{}.{leaf}", less(&layer[5..]), kind(part))
        }
        [layer, block, part, leaf] => {
            let place = less(&part[part.len() - 1..]);
            format!("resnet.encoder.stages.{}.layers.{block}.layer.{place}.{}.{leaf}", less(&layer[5..]), kind(part))
        }
        _ => panic!("{name}"),
    }
}
