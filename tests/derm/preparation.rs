//! How images are varied for training, and what is done about their light everywhere.

use std::fs;

use serde_json::{Value, json};

use crate::support::Sandbox;
use crate::training::{bundle, same, toy, train};

const TINY: [&str; 10] = ["--network", "squeezenet1_1", "--image-size", "32", "--epochs", "3", "--batch-size", "8", "--seed", "5"];

#[test]
fn the_list_of_isic2020_gives_the_same_bytes_for_any_number_of_threads() {
    let sandbox = toy(40);
    train(&sandbox, "one", &[&TINY[..], &["--augment", "isic2020-strong", "-j", "1"]].concat()).success();
    train(&sandbox, "three", &[&TINY[..], &["--augment", "isic2020-strong", "-j", "3"]].concat()).success();
    let params = |out: &str| serde_json::from_str::<Value>(&sandbox.read(&format!("{out}/provenance.json"))).unwrap()["params"].clone();
    assert_eq!(params("one")["augment"]["isic2020"], json!({"magnitude": 1.25, "probability": 1.25}));
    assert_eq!(params("one"), params("three"));
    same(&bundle(&sandbox, "three"), &bundle(&sandbox, "one"), "another number of threads");
}

#[test]
fn a_model_with_colour_constancy_sees_the_same_under_another_light() {
    let sandbox = toy(40);
    let grey = [&TINY[..], &["--colour-constancy", "shades-of-gray", "--augment", "light"]].concat();
    train(&sandbox, "model", &grey).success();
    assert!(sandbox.read("model/README.md").contains("shades of gray"));
    // The same picture under a yellowish light.
    let picture = image::open(sandbox.path("toy/images/im001.png")).unwrap().to_rgb8();
    let tinted = |level: u8, part: f32| (f32::from(level) * part).round() as u8;
    let under = image::RgbImage::from_fn(32, 32, |x, y| {
        let image::Rgb([red, green, blue]) = *picture.get_pixel(x, y);
        image::Rgb([red, tinted(green, 0.85), tinted(blue, 0.6)])
    });
    under.save(sandbox.path("tinted.png")).unwrap();
    let seen = |sandbox: &Sandbox| {
        let ran = sandbox.derm(["predict", "--model", "model", "--json", "toy/images/im001.png", "tinted.png"]).success().json();
        let of = |i: usize| ran["predictions"][i]["confidence"].as_f64().unwrap();
        (ran["predictions"][0]["predicted"] == ran["predictions"][1]["predicted"], (of(0) - of(1)).abs())
    };
    let (alike, apart) = seen(&sandbox);
    assert!(alike && apart < 0.02, "{apart}");
    // An export says what it leaves out.
    sandbox.derm(["export", "--model", "model", "--out", "model.onnx"]).success();
    let file = String::from_utf8_lossy(&fs::read(sandbox.path("model.onnx")).unwrap()).into_owned();
    assert!(
        file.contains(r#""colour_constancy":"shades-of-gray""#) && file.contains("shades of gray (p = 6), which the graph does not do")
    );
    // The same weights on pictures as they are: decoded images of the two ways are not mixed up.
    let mut config: Value = serde_json::from_str(&sandbox.read("model/config.json")).unwrap();
    config["derm"]["format"] = json!(1);
    config["derm"].as_object_mut().unwrap().remove("colour_constancy");
    sandbox.write("model/config.json", config.to_string());
    let (_, apart_without) = seen(&sandbox);
    assert!(apart_without > 4.0 * apart, "{apart_without} without, {apart} with");
}
