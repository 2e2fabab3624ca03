use candle_core::Device;

use super::*;
use crate::nn::graph::Fusion;
use crate::nn::metadata::{Encoding, Field, Record};
use crate::nn::zoo;

fn export(name: &str, classes: usize, input: Input, output: Output) -> (Vec<u8>, Summary) {
    let architecture = zoo::find(name).unwrap();
    let network = Network::new(architecture, classes, 1, &Device::Cpu).unwrap();
    let card = Card { classes: (0..classes).map(|i| format!("class {i}")).collect(), ..Card::default() };
    to_onnx(&network, &architecture.preprocess, &card, input, output).unwrap()
}

fn decode(bytes: &[u8]) -> (proto::Model, proto::Graph) {
    let model = proto::Model::decode(bytes).unwrap();
    let graph = model.graph.clone().unwrap();
    (model, graph)
}

#[test]
fn every_network_passes_its_own_check_and_keeps_no_norm() {
    let exported = [
        "squeezenet1_1",
        "efficientnet_lite0",
        "resnet18",
        "seresnet18",
        "ecaresnet18",
        "mobilenetv3_small_100",
        "mobilenetv4_conv_small",
        "legacy_seresnet18",
    ];
    for name in exported {
        let (bytes, summary) = export(name, 7, Input::Normalised, Output::Logits);
        let (_, graph) = decode(&bytes);
        assert!(graph.node.iter().all(|node| node.op_type != "BatchNormalization" && node.op_type != "Dropout"), "{name}");
        assert!(graph.value_info.is_empty());
        assert_eq!(summary.nodes, graph.node.len());
        assert!(summary.values > 700_000, "{name}: {}", summary.values);
    }
}

#[test]
fn the_same_network_gives_the_same_bytes() {
    let once = || export("squeezenet1_1", 3, Input::Pixels, Output::Probabilities).0;
    assert_eq!(once(), once());
}

#[test]
fn names_and_metadata_are_the_models() {
    let (model, graph) = decode(&export("squeezenet1_1", 3, Input::Pixels, Output::Probabilities).0);
    assert_eq!((graph.input[0].name.as_str(), graph.output[0].name.as_str()), ("image", "probabilities"));
    let get = |key: &str| model.metadata_props.iter().find(|p| p.key == key).map(|p| p.value.clone()).unwrap_or_default();
    assert_eq!(get("derm.classes"), r#"["class 0","class 1","class 2"]"#);
    assert_eq!(get("names"), "{0: 'class 0', 1: 'class 1', 2: 'class 2'}");
    let preprocess: serde_json::Value = serde_json::from_str(&get("derm.preprocess")).unwrap();
    assert_eq!((preprocess["channels"].as_str(), preprocess["in_graph"].as_str()), (Some("bgr"), Some("normalise")));
    assert_eq!((model.ir_version, model.opset_import[0].version), (8, 17));
}

#[test]
fn metadata_are_a_second_input_and_their_encoding_travels_with_them() {
    let architecture = zoo::find("squeezenet1_1").unwrap();
    let known = Record { age: Some(40.0), sex: Some("female".into()), site: None };
    let encoding = Encoding::fit(&[Field::Age, Field::Sex], &[known]).unwrap();
    let fusion = Some(Fusion { inputs: encoding.width(), dropout: 0.3 });
    let network = Network::fused(architecture, 3, fusion, [64; 2], 1, &Device::Cpu).unwrap();
    let card = Card { classes: ["a", "b", "c"].map(str::to_owned).to_vec(), metadata: Some(encoding), ..Card::default() };
    let preprocess = architecture.preprocess.at_size(64, 64);
    let (bytes, summary) = to_onnx(&network, &preprocess, &card, Input::Normalised, Output::Probabilities).unwrap();
    let (model, graph) = decode(&bytes);
    let names: Vec<&str> = graph.input.iter().map(|input| input.name.as_str()).collect();
    assert_eq!(names, ["input", "metadata"]);
    let kinds = |kind: &str| graph.node.iter().filter(|node| node.op_type == kind).count();
    assert_eq!((kinds("LayerNormalization"), kinds("Dropout"), summary.nodes), (2, 0, graph.node.len()));
    let property = model.metadata_props.iter().find(|property| property.key == "derm.metadata").unwrap();
    let property: serde_json::Value = serde_json::from_str(&property.value).unwrap();
    assert_eq!(property["inputs"], serde_json::json!(["age", "age missing", "sex female", "sex missing"]));
    assert_eq!(property["encoding"][0]["mean"], 40.0);
    assert!(model.doc_string.contains("`metadata` float32 [N, 4]"), "{}", model.doc_string);
    let without = Card { metadata: None, ..card };
    let result = to_onnx(&network, &preprocess, &without, Input::Normalised, Output::Probabilities);
    assert!(matches!(result, Err(Error::Metadata { inputs: 4, encoded: 0 })));
}

#[test]
fn the_check_finds_what_is_broken() {
    let (good, _) = export("squeezenet1_1", 3, Input::Normalised, Output::Logits);
    let broken = |change: fn(&mut proto::Graph)| {
        let (mut model, mut graph) = decode(&good);
        change(&mut graph);
        model.graph = Some(graph);
        check::check(&model.encode_to_vec()).unwrap_err()
    };
    assert!(broken(|g| g.node[3].input[0] = "nowhere".into()).contains("`nowhere` is not defined before it is used"));
    assert!(broken(|g| g.initializer[0].raw_data.truncate(8)).contains("has not the bytes its shape needs"));
    assert!(broken(|g| g.node[1].output[0] = "conv1".into()).contains("defined twice"));
    assert!(broken(|g| g.output[0].name = "answer".into()).contains("`answer` is never computed"));
    assert!(broken(|g| g.node[0].op_type = "Einsum".into()).contains("`Einsum` is not one that derm writes"));
    assert!(check::check(b"not a model").is_err());
}

#[test]
fn class_names_must_match_the_outputs() {
    let architecture = zoo::find("squeezenet1_1").unwrap();
    let network = Network::new(architecture, 3, 1, &Device::Cpu).unwrap();
    let card = Card { classes: vec!["a".into(), "b".into()], ..Card::default() };
    let result = to_onnx(&network, &architecture.preprocess, &card, Input::Normalised, Output::Logits);
    assert!(matches!(result, Err(Error::Classes { outputs: 3, names: 2 })));
}

#[test]
fn values_that_are_not_finite_are_refused() {
    let architecture = zoo::find("squeezenet1_1").unwrap();
    let network = Network::new(architecture, 2, 1, &Device::Cpu).unwrap();
    let bias = &network.param("conv1.bias").unwrap().var;
    bias.set(&candle_core::Tensor::full(f32::NAN, bias.shape(), &Device::Cpu).unwrap()).unwrap();
    let card = Card { classes: vec!["a".into(), "b".into()], ..Card::default() };
    let result = to_onnx(&network, &architecture.preprocess, &card, Input::Normalised, Output::Logits);
    assert!(matches!(result, Err(Error::NotFinite(name)) if name == "conv1.bias"));
}
