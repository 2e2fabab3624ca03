//! See `main.rs`.

use serde_json::Value;

use crate::support::Sandbox;

fn networks(arguments: &[&str]) -> Vec<Value> {
    let sandbox = Sandbox::empty();
    let answer = sandbox.derm(["model", "zoo", "--json"].iter().chain(arguments)).success().json();
    answer["networks"].as_array().unwrap().clone()
}

fn names(arguments: &[&str]) -> Vec<String> {
    networks(arguments).iter().map(|network| network["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_network_is_listed_with_its_cost_and_its_weights() {
    let found = networks(&["resnet50"]);
    let resnet50 = found.iter().find(|network| network["name"] == "resnet50").unwrap();
    // https://pytorch.org/vision/stable/models/generated/torchvision.models.resnet50.html: 25557032 parameters, 4.09 G multiply-adds.
    assert_eq!(resnet50["parameters"], 25_557_032);
    assert_eq!(resnet50["multiply_adds"].as_u64().unwrap() / 10_000_000, 408);
    let weights = resnet50["weights"].as_array().unwrap();
    let told: Vec<[&str; 3]> = weights.iter().map(|own| ["name", "repo", "licence"].map(|key| own[key].as_str().unwrap())).collect();
    assert_eq!(
        told,
        [["resnet50.a1_in1k", "timm/resnet50.a1_in1k", "Apache-2.0"], ["resnet50.tv_in1k", "timm/resnet50.tv_in1k", "BSD-3-Clause"]]
    );
    assert_eq!(weights[1]["preprocess"]["interpolation"], "bilinear");
    assert_eq!(weights[1]["preprocess"]["mean"], serde_json::json!([0.485, 0.456, 0.406]));
}

#[test]
fn the_table_has_a_row_for_all_weights_and_a_network_for_each_task() {
    let sandbox = Sandbox::empty();
    let page = sandbox.derm(["model", "zoo"]).success().stdout;
    let row = |start: &str| page.lines().find(|line| line.trim_start().starts_with(start)).unwrap_or_else(|| panic!("no {start}\n{page}"));
    assert_eq!(
        row("resnet18 ").split_whitespace().collect::<Vec<_>>(),
        "resnet18 11.7 M 1.81 G 224 a1_in1k Apache-2.0".split(' ').collect::<Vec<_>>()
    );
    assert!(row("224  tv_in1k").contains("BSD-3-Clause"));
    assert!(row("squeezenet1_1").contains("(deepscale_in1k)"), "not on the hub");
    assert!(row("unet_resnet34").contains("none"));
}

#[test]
fn patterns_choose() {
    assert_eq!(names(&["resnet1*"]), ["resnet18", "resnet18_small", "resnet101"]);
    assert_eq!(names(&["efficientnet_lite", "vgg16?bn"]), ["efficientnet_lite0", "vgg16_bn"]);
    assert!(names(&["unet"]).iter().all(|name| name.starts_with("unet_")));
    let sandbox = Sandbox::empty();
    sandbox.derm(["model", "zoo", "inception"]).exits(2).complains(["no network is called `inception`", "derm model zoo"]);
    sandbox.derm(["model", "zoo", "[a"]).exits(2).complains(["`[a` is no pattern"]);
}

#[test]
fn weights_are_looked_at_without_training() {
    let (sandbox, _) = crate::training::trained();
    let report = sandbox.derm(["model", "weights", "resnet18", "model", "--outputs", "5", "--json"]).success().json();
    let fate = |what: &str| -> u64 {
        let fates = report["fates"].as_array().unwrap().iter();
        fates.filter(|fate| fate["what"] == what).map(|fate| fate["count"].as_u64().unwrap()).sum()
    };
    // ResNet-18 in PyTorch: 122 tensors without counters, of which `fc` has two.
    assert_eq!((fate("loaded"), fate("fresh")), (100, 2), "{report:#}");
    sandbox.derm(["model", "weights", "resnet18", "model", "--outputs", "3", "--keep-head"]).success();
    sandbox.derm(["model", "weights", "vgg16", "model"]).exits(2).complains(["do not fit `vgg16`", "--network resnet18"]);
    sandbox.derm(["model", "weights", "resnet18", "none"]).exits(2);
}
