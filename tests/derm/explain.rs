//! Where a network looks, as a user asks for it.

use std::fs;

use crate::training::{toy, train, trained};

/// A fresh folder's name below the repository that [`trained`] shares.
fn explain(more: &[&str]) -> crate::support::Ran {
    trained().0.derm([&["explain", "--model", "model"], more].concat())
}

#[test]
fn a_picture_and_a_map_for_each_image() {
    let (sandbox, _) = trained();
    let ran =
        explain(&["--out", "maps", "--npy", "--method", "grad-cam++", "--json", "toy/images/im002.png", "toy/images/im000.png"]).success();
    let report = ran.json();
    assert_eq!((report["method"].as_str(), report["images"].as_array().unwrap().len()), (Some("grad-cam++"), 2));
    for (number, image) in ["im002", "im000"].iter().enumerate() {
        let row = &report["images"][number];
        let file = format!("maps/{image}.{}.grad-cam++.png", row["class"].as_str().unwrap());
        assert_eq!(row["picture"], *file, "{row}");
        let picture = image::open(sandbox.path(&file)).unwrap();
        // 32 pixels a side, each fourteen times as large.
        assert_eq!((picture.width(), picture.height()), (448, 448));
        let array = fs::read(sandbox.path(&file.replace(".png", ".npy"))).unwrap();
        assert!(array.starts_with(b"\x93NUMPY\x01\x00") && String::from_utf8_lossy(&array).contains("'shape': (2, 2)"));
        assert_eq!(array.len() % 64, 4 * 4);
    }
}

#[test]
fn every_class_has_its_own_map() {
    let (sandbox, _) = trained();
    let map = |class: &str| {
        explain(&["--out", "pixels", "--npy", "--method", "integrated-gradients", "--class", class, "toy/images/im002.png"]).success();
        fs::read(sandbox.path(&format!("pixels/im002.{class}.integrated-gradients.npy"))).unwrap()
    };
    assert_ne!(map("spot"), map("dark"));
    assert_eq!(map("spot"), map("spot"));
}

#[test]
fn maps_are_compared_with_those_of_random_weights() {
    let ran = explain(&[
        "--out",
        "checked",
        "--method",
        "integrated-gradients",
        "--check",
        "--json",
        "toy/images/im002.png",
        "toy/images/im001.png",
    ]);
    let report = ran.json();
    let mean = report["random_correlation"].as_f64().unwrap();
    let rows: Vec<f64> = (0..2).map(|at| report["images"][at]["random_correlation"].as_f64().unwrap()).collect();
    assert!((mean - (rows[0] + rows[1]) / 2.0).abs() < 1e-12 && rows.iter().all(|value| value.abs() < 0.99), "{report:#}");
    let same = report["same_as_random"].as_bool().unwrap();
    assert_eq!(same, mean >= 0.7);
    ran.exits(if same { 3 } else { 0 });
}

#[test]
fn what_cannot_be_explained_is_said() {
    let image = "toy/images/im002.png";
    explain(&["--out", "a", "--class", "mole", image]).exits(2).complains(["no class `mole`", "`dark`, `light` and `spot`"]);
    explain(&["--out", "a", "--method", "attention-rollout", image])
        .exits(2)
        .complains(["no attention of all tokens", "--method grad-cam"]);
    explain(&["--out", "a", "--method", "attention-rollout", "--class", "spot", image]).exits(2).complains(["explains no single class"]);
    let (sandbox, _) = trained();
    sandbox.write("broken.png", "no picture");
    explain(&["--out", "b", "broken.png", image]).exits(1).complains(["left out `broken.png`"]);
    assert_eq!(fs::read_dir(sandbox.path("b")).unwrap().count(), 1);
}

#[test]
fn transformers_show_their_attention() {
    let sandbox = toy(12);
    let tiny = ["--network", "vit_tiny_patch16_224", "--image-size", "64", "--epochs", "1", "--batch-size", "8"];
    train(&sandbox, "model", &tiny).success();
    let ran = sandbox.derm(["explain", "--model", "model", "--out", "maps", "--npy", "toy/images/im002.png"]).success();
    assert!(ran.stdout.contains("im002.attention-rollout.png"), "{}", ran.stdout);
    let array = fs::read(sandbox.path("maps/im002.attention-rollout.npy")).unwrap();
    assert!(String::from_utf8_lossy(&array).contains("'shape': (4, 4)"));
    sandbox.derm(["explain", "--model", "model", "--method", "grad-cam", "--out", "maps", "toy/images/im002.png"]).success();
}
