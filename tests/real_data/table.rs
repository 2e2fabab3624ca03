//! The zoo's table and the structure of its networks against what timm says of them (`../zoo/*.keys.json` beside the data).

use std::collections::BTreeMap;

use derm::nn::graph::{Graph, Op};
use derm::nn::zoo::{self, Published};
use derm::nn::{Fit, Interpolation};
use serde_json::Value;

use crate::golden::{architecture_of, read, stems};
use crate::support::numbers;

/// Names and shapes of everything that a state dict holds, but for the counters of norms and tables that are worked out.
fn expected_names(keys: &Value) -> BTreeMap<String, Vec<usize>> {
    let entry = |key: &Value| {
        let name = key[0].as_str().unwrap().to_owned();
        let shape = numbers(&key[1]).into_iter().map(|side| side as usize).collect();
        (name, shape)
    };
    let floating = keys["keys"].as_array().unwrap().iter().filter(|key| key[2].as_str().unwrap().starts_with("float"));
    floating.map(entry).collect()
}

fn names(graph: &Graph) -> BTreeMap<String, Vec<usize>> {
    graph.params().into_iter().map(|param| (param.name, param.shape)).collect()
}

#[test]
fn names_and_shapes_are_those_of_published_state_dicts() {
    for stem in stems(".golden.json") {
        let Some(architecture) = architecture_of(&stem) else { continue };
        // The figures of the classic U-Net are of a narrower one than its names.
        let (file, architecture) = match stem.as_str() {
            "unet_classic_f16_c3" => ("unet_classic_f32", zoo::find("unet_classic_f32").unwrap()),
            stem => (stem, architecture),
        };
        let keys = read(&format!("{file}.keys.json"));
        let expected = expected_names(&keys);
        // Some are published without a classifier.
        let published_head = expected.get(&format!("{}.weight", architecture.classifier));
        let classes = published_head.map_or(2, |shape| shape[0]);
        let graph = architecture.graph(classes);
        let mut own = names(&graph);
        if published_head.is_none() {
            own.retain(|name, _| !name.starts_with(&format!("{}.", architecture.classifier)));
        }
        assert_eq!(own, expected, "{file}");
        let cost = graph.cost();
        let head = if published_head.is_none() { (classes * (graph.feature_count() + 1)) as u64 } else { 0 };
        assert_eq!(cost.parameters - head, keys["params_total"].as_u64().unwrap(), "{file}");
        let (told, counted) = match (&keys["gmacs_at_input"], &keys["gmacs_256"]) {
            (Value::Null, told) => (told, architecture.graph_at(classes, 256, 256).unwrap().cost()),
            (told, _) => (told, tagged(&stem).map_or(cost, |published| at_size_of(published, architecture, classes))),
        };
        let (told, counted) = (told.as_f64().unwrap(), counted.multiply_adds as f64 / 1e9);
        // Of tokens of which the first alone is read, the last block leaves out the others.
        let spared = if graph.nodes().iter().any(|node| node.op == Op::FirstToken) { 0.08 * told } else { 0.0 };
        let off = counted - told;
        assert!(off < 5e-4 + 1e-3 * told && off > -spared - 5e-4 - 1e-3 * told, "{file}: {counted} G multiply-adds are not {told}");
    }
}

fn tagged(stem: &str) -> Option<&'static Published> {
    zoo::select(stem).ok()?.published
}

fn at_size_of(published: &Published, architecture: &zoo::Architecture, classes: usize) -> derm::nn::graph::Cost {
    let size = published.preprocess;
    architecture.graph_at(classes, size.height as usize, size.width as usize).unwrap().cost()
}

#[test]
fn facts_about_published_weights_are_timm_s() {
    let mut compared = 0;
    for architecture in zoo::all() {
        for published in architecture.published {
            let name = format!("{}.{}", architecture.name, published.tag);
            // Weights from before timm: nobody else's table has them.
            if ["squeezenet1_1.deepscale_in1k", "efficientnet_lite0.tpu_in1k"].contains(&name.as_str()) {
                continue;
            }
            compared += 1;
            check_facts(&name, architecture, published, &read(&format!("{name}.keys.json"))["pretrained_cfg"]);
        }
    }
    assert!(compared > 20, "{compared}");
}

fn check_facts(name: &str, architecture: &zoo::Architecture, published: &Published, told: &Value) {
    let preprocess = published.preprocess;
    assert_eq!(told["hf_hub_id"].as_str(), published.repo, "{name}");
    assert_eq!(told["num_classes"], published.classes, "{name}");
    assert_eq!(told["license"].as_str().unwrap(), published.licence.name.to_lowercase(), "{name}");
    assert_eq!((told["classifier"].as_str(), told["first_conv"].as_str()), (Some(architecture.classifier), Some(architecture.first_conv)));
    assert_eq!(numbers(&told["input_size"]), [3.0, f64::from(preprocess.height), f64::from(preprocess.width)], "{name}");
    let close = |told: &Value, own: [f32; 3]| numbers(told).iter().zip(own).all(|(told, own)| (told - f64::from(own)).abs() < 1e-6);
    assert!(close(&told["mean"], preprocess.mean) && close(&told["std"], preprocess.std), "{name}");
    let interpolation = match preprocess.interpolation {
        Interpolation::Bilinear => "bilinear",
        Interpolation::Bicubic => "bicubic",
    };
    assert_eq!(told["interpolation"], interpolation, "{name}");
    let Fit::ShortestCrop { crop_pct } = preprocess.fit else { panic!("{name} is cropped") };
    assert!((told["crop_pct"].as_f64().unwrap() - f64::from(crop_pct)).abs() < 1e-6, "{name}");
    assert_eq!(told["crop_mode"], "center", "{name}");
}
