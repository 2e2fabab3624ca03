//! Bundles and ONNX files from the command line.

use std::fs;

use candle_core::Device;
use derm::nn::bundle::{Bundle, Config};
use derm::nn::{Network, zoo};
use serde_json::json;

use crate::support::Sandbox;

/// A bundle with fresh parameters.
fn bundle(sandbox: &Sandbox, name: &str) {
    let architecture = zoo::find("squeezenet1_1").unwrap();
    let classes = vec!["melanoma".to_owned(), "nevus".to_owned(), "it's else".to_owned()];
    let network = Network::new(architecture, classes.len(), 5, &Device::Cpu).unwrap();
    let config = Config { architecture, classes, preprocess: architecture.preprocess.at_size(64, 64), metadata: None, multi_label: false };
    let provenance = json!({ "data": { "blake3": "ab".repeat(32), "licence": "CC BY-NC 4.0" }, "training_key": "cd" });
    Bundle::save(&sandbox.path(name), &config, &network, "# A model\n", &provenance).unwrap();
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn an_onnx_file_carries_names_preprocessing_and_provenance() {
    let sandbox = Sandbox::empty();
    bundle(&sandbox, "skin");
    let ran = sandbox.derm(["export", "--model", "skin", "--out", "out/skin.onnx"]).success();
    assert!(ran.stdout.contains("wrote out/skin.onnx"), "{}", ran.stdout);
    assert!(ran.stdout.contains("`input` float32 [N, 3, 64, 64], gives `logits` float32 [N, 3]"), "{}", ran.stdout);
    let file = text_of(&fs::read(sandbox.path("out/skin.onnx")).unwrap());
    for part in [r#"["melanoma","nevus","it's else"]"#, r"2: 'it\'s else'", "CC BY-NC 4.0", &"ab".repeat(32), r#""channels":"bgr""#] {
        assert!(file.contains(part), "the file lacks {part}");
    }
    assert!(!file.contains(sandbox.root().to_str().unwrap()), "no path of this machine");
}

#[test]
fn the_same_model_gives_the_same_bytes() {
    let sandbox = Sandbox::empty();
    bundle(&sandbox, "skin");
    for name in ["a.onnx", "b.onnx"] {
        sandbox.derm(["export", "--model", "skin", "--out", name, "--preprocess", "normalise", "--output", "probabilities"]).success();
    }
    assert_eq!(fs::read(sandbox.path("a.onnx")).unwrap(), fs::read(sandbox.path("b.onnx")).unwrap());
}

#[test]
fn the_answer_as_json() {
    let sandbox = Sandbox::empty();
    bundle(&sandbox, "skin");
    let ran = sandbox.derm(["export", "--model", "skin", "--preprocess", "normalise", "--out", "skin.onnx", "--json"]).success();
    let answer = ran.json();
    assert_eq!((answer["schema"].as_u64(), answer["kind"].as_str()), (Some(1), Some("export")));
    assert_eq!(answer["graph"]["input_shape"], "uint8 [N, 64, 64, 3]");
    assert_eq!(answer["class_names"], json!(["melanoma", "nevus", "it's else"]));
    assert_eq!(answer["bytes"].as_u64().unwrap(), fs::metadata(sandbox.path("skin.onnx")).unwrap().len());
}

#[test]
fn a_bundle_is_copied_whole_and_can_be_exported_again() {
    let sandbox = Sandbox::empty();
    bundle(&sandbox, "skin");
    sandbox.write("skin/notes.txt", "not part of a bundle");
    sandbox.derm(["export", "--model", "skin", "--format", "bundle", "--out", "release/skin"]).success();
    for name in ["model.safetensors", "config.json", "MLmodel", "README.md", "provenance.json"] {
        let both = ["skin", "release/skin"].map(|folder| fs::read(sandbox.path(&format!("{folder}/{name}"))).unwrap());
        assert_eq!(both[0], both[1], "{name}");
    }
    assert!(!sandbox.path("release/skin/notes.txt").exists());
    // An older bundle in the way is replaced; nothing temporary stays.
    sandbox.derm(["export", "--model", "skin", "--format", "bundle", "--out", "release/skin"]).success();
    assert_eq!(fs::read_dir(sandbox.path("release")).unwrap().count(), 1);
    sandbox.derm(["export", "--model", "release/skin", "--out", "skin.onnx"]).success();
}

mod bad_input {
    use super::*;

    #[test]
    fn a_missing_bundle() {
        let sandbox = Sandbox::empty();
        let ran = sandbox.derm(["export", "--model", "nowhere", "--out", "x.onnx"]);
        assert!(ran.code == 1 || ran.code == 2, "{}", ran.code);
        ran.complains(["nowhere", "hint"]);
        assert!(!sandbox.path("x.onnx").exists());
    }

    #[test]
    fn damaged_weights_leave_the_old_file_alone() {
        let sandbox = Sandbox::empty();
        bundle(&sandbox, "skin");
        sandbox.write("skin.onnx", "the old file");
        let path = sandbox.path("skin/model.safetensors");
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
        let ran = sandbox.derm(["export", "--model", "skin", "--out", "skin.onnx"]);
        assert!(ran.code == 1 || ran.code == 2, "{}", ran.code);
        ran.complains(["model.safetensors", "error:"]);
        assert_eq!(sandbox.read("skin.onnx"), "the old file");
    }

    #[test]
    fn published_weights_of_another_network_are_listed() {
        let sandbox = Sandbox::empty();
        bundle(&sandbox, "skin");
        let args = ["export", "--network", "resnet18", "--weights", "skin/model.safetensors", "--out", "x.onnx"];
        let ran = sandbox.derm(args);
        assert!(ran.code == 1 || ran.code == 2, "{}", ran.code);
        ran.complains(["do not fit", "resnet18", "conv1.weight"]);
        assert!(!sandbox.path("x.onnx").exists());
    }

    #[test]
    fn a_bundle_never_replaces_something_else() {
        let sandbox = Sandbox::empty();
        bundle(&sandbox, "skin");
        sandbox.write("thesis/chapter.tex", "years of work");
        sandbox.derm(["export", "--model", "skin", "--format", "bundle", "--out", "thesis"]).exits(2).complains(["thesis", "is no bundle"]);
        assert_eq!(sandbox.read("thesis/chapter.tex"), "years of work");
        sandbox.derm(["export", "--model", "skin", "--out", "thesis"]).exits(2).complains(["`thesis` is a folder"]);
    }

    #[test]
    fn neither_model_nor_network() {
        let sandbox = Sandbox::empty();
        sandbox.derm(["export", "--out", "x.onnx"]).exits(2);
        sandbox.derm(["export", "--network", "resnet18", "--out", "x.onnx"]).exits(2).complains(["--weights"]);
        let args = ["export", "--network", "resnet81", "--weights", "x.safetensors", "--out", "x.onnx"];
        sandbox.derm(args).exits(2).complains(["resnet81", "resnet18"]);
    }
}
