//! What is known beside images: training, evaluation, prediction, explanation and export of networks that read it.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use crate::support::{Ran, Sandbox};
use crate::training::{bundle, same, toy, train};

/// A training of the head alone, on features of random weights, which say little.
const FROZEN: [&str; 10] =
    ["--network", "squeezenet1_1", "--image-size", "32", "--freeze", "backbone", "--batch-size", "16", "--lr", "0.003"];
/// A training of all weights, which takes a second or two.
const WHOLE: [&str; 12] =
    ["--network", "squeezenet1_1", "--image-size", "32", "--epochs", "5", "--batch-size", "8", "--seed", "5", "--mixup", "0.2"];

/// The toy dataset with a manifest whose metadata tell the classes apart: two classes by sex, the third by site; ages say nothing.
fn known(n: usize) -> Sandbox {
    let sandbox = toy(n);
    let mut manifest = "image,label,age,sex,site\n".to_owned();
    for i in 0..n {
        let (class, sex, site) = [("dark", "male", "back"), ("light", "Female", "back"), ("spot", "", "face")][i % 3];
        let age = if i % 7 == 0 { String::new() } else { (20 + i * 13 % 60).to_string() };
        manifest.push_str(&format!("im{i:03}.png,{class},{age},{sex},{site}\n"));
    }
    sandbox.write("toy/manifest.csv", manifest);
    sandbox
}

fn with<'a>(options: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [options, more].concat()
}

fn accuracy(ran: &Ran) -> f64 {
    ran.json()["val"]["balanced_accuracy"].as_f64().unwrap()
}

#[test]
fn metadata_are_learnt_and_every_command_reads_them() {
    let sandbox = known(90);
    let ran = train(&sandbox, "model", &with(&FROZEN, &["--epochs", "25", "--metadata", "age,sex,site", "--json"]))
        .success()
        .complains(["`age` is not known of 8 of 54 training images", "`sex` is not known of 18 of 54 training images"]);
    assert!(accuracy(&ran) > 0.95, "{:#}", ran.json());
    let config: serde_json::Value = serde_json::from_str(&sandbox.read("model/config.json")).unwrap();
    let fields: Vec<&str> = config["derm"]["metadata"].as_array().unwrap().iter().map(|one| one["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["age", "sex", "site"]);
    assert_eq!(config["derm"]["metadata"][1]["values"], serde_json::json!(["female", "male"]));
    assert!(sandbox.read("model/README.md").contains("Input: 32 x 32 pixels, and age, sex, site."), "{}", sandbox.read("model/README.md"));

    let of_test = ["--model", "model", "--data", "toy", "--split", "toy.csv"];
    let evaluated = sandbox.derm(["evaluate"].iter().chain(&of_test).chain(&["--out", "e", "--resamples", "0", "--json"])).success();
    assert!(evaluated.json()["balanced_accuracy"].as_f64().unwrap() > 0.95, "{:#}", evaluated.json());

    let rows = |ran: Ran| ran.success().json()["predictions"].clone();
    let of_data = rows(sandbox.derm(["predict"].iter().chain(&of_test).chain(&["--json"])));
    let images: Vec<String> =
        of_data.as_array().unwrap().iter().map(|row| format!("toy/images/{}", row["image"].as_str().unwrap())).collect();
    let files = |more: &[&str]| {
        sandbox.derm(
            ["predict", "--model", "model", "--json"].iter().copied().chain(images.iter().map(String::as_str)).chain(more.iter().copied()),
        )
    };
    let by_table = rows(files(&["--metadata", "toy/manifest.csv"]));
    for (one, other) in of_data.as_array().unwrap().iter().zip(by_table.as_array().unwrap()) {
        assert_eq!(one["probabilities"], other["probabilities"], "a manifest is a table of metadata");
    }
    let alone = files(&[]).complains(["this model also reads `age`, `sex` and `site`, which are taken as missing"]);
    assert_ne!(rows(alone)[0]["probabilities"], of_data[0]["probabilities"]);

    let explain = |out: &str, more: &[&str]| {
        let words = ["explain", "--model", "model", "--out", out, "--class", "spot", "--npy", "toy/images/im004.png"];
        sandbox.derm(words.iter().chain(more)).success()
    };
    let told = explain("told", &["--metadata", "toy/manifest.csv"]);
    let untold = explain("untold", &[]).complains(["taken as missing"]);
    assert_ne!(told.stdout.replace("told", ""), untold.stdout.replace("untold", ""), "other probabilities");
    // The classifier is linear in what both sides give: what is known of a patient moves a class's logit, not where the image speaks for it.
    let map = |out: &str| fs::read(sandbox.path(&format!("{out}/im004.spot.grad-cam.npy"))).unwrap();
    assert!(map("told") == map("untold"));

    let exported = sandbox.derm(["export", "--model", "model", "--format", "onnx", "--out", "m.onnx"]).success();
    assert!(exported.stdout.contains("and `metadata` float32 [N, 8]"), "{}", exported.stdout);
    sandbox.derm(["drift", "--reference", "toy", "--current", "toy", "--model", "model", "--out", "d"]).success();
}

#[test]
fn the_whole_network_learns_with_metadata_and_kills_change_nothing() {
    let options = with(&WHOLE, &["--metadata", "sex,site", "--json"]);
    let calm = known(40);
    train(&calm, "model", &options).success();
    let expected = bundle(&calm, "model");
    train(&calm, "alone", &with(&options, &["-j", "1"])).success();
    same(&bundle(&calm, "alone"), &expected, "one thread");

    let sandbox = known(40);
    for round in 0..12 {
        let args = crate::training::args("model", &options);
        let mut child = sandbox.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(60 + 97 * round % 600));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    train(&sandbox, "model", &options).success();
    same(&bundle(&sandbox, "model"), &expected, "after twelve kills");
}

#[test]
fn a_parameter_file_names_the_fields_and_the_seed_decides_what_is_left_out() {
    let sandbox = known(40);
    sandbox.write("p.yaml", "train:\n  metadata: [site, sex]\n  metadata_missing: 0.4\n  metadata_dropout: 0\n");
    sandbox.write("q.yaml", "train:\n  metadata: sex,site\n  metadata_missing: 0.4\n  metadata_dropout: 0\n");
    for (name, file) in [("p", "p.yaml:train"), ("q", "q.yaml:train")] {
        train(&sandbox, name, &with(&FROZEN, &["--epochs", "3", "--params", file])).success();
    }
    same(&bundle(&sandbox, "p"), &bundle(&sandbox, "q"), "the order and the form in which fields are named");
    train(&sandbox, "r", &with(&FROZEN, &["--epochs", "3", "--params", "p.yaml:train", "--metadata-missing", "0"])).success();
    assert_ne!(bundle(&sandbox, "p")["model.safetensors"], bundle(&sandbox, "r")["model.safetensors"]);
    sandbox.write("wrong.yaml", "train:\n  metadata: [site, hair]\n");
    train(&sandbox, "s", &with(&FROZEN, &["--params", "wrong.yaml:train"])).exits(2).complains([
        "wrong.yaml:2",
        "`hair`",
        "`age`, `sex` and `site`",
    ]);
}

#[test]
fn what_cannot_be_had_is_said() {
    let sandbox = known(40);
    train(&sandbox, "m", &with(&FROZEN, &["--metadata", "age,hair"])).exits(2).complains(["`hair`", "age, sex, site"]);
    train(&sandbox, "m", &with(&FROZEN, &["--metadata-dropout", "0.5"]))
        .exits(2)
        .complains(["`metadata_dropout` is 0.5, and must be left out"]);
    let masks = ["--network", "unet_resnet18", "--image-size", "32", "--metadata", "age"];
    train(&sandbox, "m", &masks).exits(2).complains(["`metadata` is age, and must be left out: the network gives masks"]);
    assert!(!sandbox.path("m").exists());

    let plain = toy(40);
    train(&plain, "m", &with(&FROZEN, &["--metadata", "age"]))
        .exits(2)
        .complains(["none of the 24 images in `train` has an age", "the column `age`"]);
    train(&plain, "m", &with(&FROZEN, &["--epochs", "1"])).success();
    let predict = |sandbox: &Sandbox, table: &str| sandbox.derm(["predict", "--model", "m", "--metadata", table, "toy/images/im000.png"]);
    plain.write("t.csv", "image,age\nim000,30\n");
    predict(&plain, "t.csv").exits(2).complains(["this one sees images alone"]);

    train(&sandbox, "m", &with(&FROZEN, &["--epochs", "1", "--metadata", "age,site"])).success();
    let said = |table: &str, texts: [&str; 1]| {
        sandbox.write("t.csv", table);
        predict(&sandbox, "t.csv").exits(2).complains(texts);
    };
    said("image,age\nim000,30\n", ["column `site` is missing"]);
    said("image,age,site\nim000,old,back\n", ["`old` is no age in years"]);
    said("image,age,site\nim001,30,back\n", ["`t.csv` names none of these images"]);
    sandbox.write("t.csv", "image,age,site\nim000,30,Elbow\n");
    predict(&sandbox, "t.csv").success().complains(["No training image had site `elbow`: taken as missing."]);
    // Another dataset without the columns is evaluated, with a word of caution.
    sandbox.write("toy/manifest.csv", fs::read(plain.path("toy/manifest.csv")).unwrap());
    sandbox
        .derm(["evaluate", "--model", "m", "--data", "toy", "--out", "e", "--resamples", "0"])
        .success()
        .complains(["The model also reads `age` and `site`, which the dataset does not record"]);
}
