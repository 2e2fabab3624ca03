//! Recipes and what they are made of, as a user would notice it.

use std::process::Stdio;
use std::time::Duration;

use crate::support::Ran;
use crate::training::{args, bundle, same, toy, train};

/// Everything at once that has random draws or a memory of its own.
const ALL: [&str; 32] = [
    "--network",
    "efficientnet_lite0",
    "--image-size",
    "32",
    "--epochs",
    "4",
    "--batch-size",
    "4",
    "--accumulate",
    "2",
    "--ema",
    "0.9",
    "--mixup",
    "0.4",
    "--cutmix",
    "1",
    "--sampler",
    "balanced",
    "--augment",
    "strong",
    "--layer-decay",
    "0.8",
    "--head-epochs",
    "1",
    "--schedule",
    "one-cycle",
    "--label-smoothing",
    "0.1",
    "--optimizer",
    "sgd",
    "--nesterov=true",
    "--seed=3",
];

#[test]
fn with_everything_on_a_killed_training_goes_on_to_the_same_weights_on_any_number_of_threads() {
    let calm = toy(40);
    let one = calm.command(args("model", &ALL)).env("RAYON_NUM_THREADS", "1").output().unwrap();
    Ran::from(one).success();
    let sandbox = toy(40);
    let mut killed = 0;
    loop {
        let mut child = sandbox.command(args("model", &ALL)).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        if killed < 3 {
            std::thread::sleep(Duration::from_millis(500 + 300 * killed));
            // Not even a chance to write a checkpoint, every second time.
            let signal = if killed % 2 == 0 { rustix::process::Signal::KILL } else { rustix::process::Signal::INT };
            let _ = rustix::process::kill_process(rustix::process::Pid::from_child(&child), signal);
        }
        if child.wait().unwrap().success() {
            break;
        }
        killed += 1;
    }
    assert!(killed > 0);
    same(&bundle(&sandbox, "model"), &bundle(&calm, "model"), "killed and with threads");
}

#[test]
fn a_recipe_is_a_set_of_defaults_that_can_be_set_one_by_one() {
    let sandbox = toy(40);
    let small = ["--network", "squeezenet1_1", "--image-size", "32", "--epochs", "1", "--batch-size", "16"];
    for (recipe, own) in [
        ("cnn-finetune", [("ema", 0.999), ("mixup", 0.2), ("head_epochs", 1.0)]),
        ("vit-finetune", [("layer_decay", 0.65), ("cutmix", 1.0), ("mixup", 0.8)]),
        ("from-scratch", [("ema", 0.999), ("momentum", 0.9), ("backbone_lr_factor", 1.0)]),
    ] {
        let out = format!("models/{recipe}");
        train(&sandbox, &out, &[&small[..], &["--recipe", recipe, "--warmup-epochs", "0.25"]].concat()).success();
        let provenance: serde_json::Value = serde_json::from_str(&sandbox.read(&format!("{out}/provenance.json"))).unwrap();
        let params = &provenance["params"];
        assert_eq!(params["recipe"], recipe);
        for (name, value) in own {
            assert_eq!(params[name].as_f64(), Some(value), "{recipe} {name}: {params:#}");
        }
        assert_eq!((params["epochs"].as_u64(), params["schedule"]["warmup_epochs"].as_f64()), (Some(1), Some(0.25)), "{params:#}");
    }
    sandbox.write("params.yaml", "train:\n  recipe: linear-probe\n  network: squeezenet1_1\n  image_size: 32\n  epochs: 2\n");
    let ran = train(&sandbox, "models/probe", &["--params", "params.yaml:train"]).success();
    assert!(ran.stderr.contains("epoch 2/2"), "{}", ran.stderr);
    sandbox.write("params.yaml", "train:\n  recipe: vit-finetun\n");
    train(&sandbox, "models/none", &["--params", "params.yaml:train"]).exits(2).complains(["params.yaml:2", "vit-finetun"]);
}

/// Weights that move a lot, and an average of them that hardly does.
#[test]
fn the_average_is_what_is_judged_and_published() {
    let sandbox = toy(40);
    let options = ["--network", "squeezenet1_1", "--image-size", "32", "--epochs", "2", "--batch-size", "8", "--augment", "none"];
    let trained = [("plain", "0"), ("average", "0.99")]
        .map(|(out, ema)| train(&sandbox, out, &[&options[..], &["--ema", ema, "--json"]].concat()).success().json());
    let weights = |out: &str| bundle(&sandbox, out)["model.safetensors"].clone();
    assert!(weights("plain") != weights("average"));
    let judged = ["evaluate", "--model", "average", "--data", "toy", "--split", "toy.csv", "--subset", "val", "--out", "report", "--json"];
    let judged = sandbox.derm(judged).success().json();
    assert_eq!(judged["balanced_accuracy"], trained[1]["val"]["balanced_accuracy"], "{judged:#}");
}

#[test]
fn what_does_not_go_together_is_said() {
    let sandbox = toy(40);
    let ran = train(&sandbox, "model", &["--focal-gamma", "2", "--mixup", "0.2"]);
    ran.exits(2).complains(["`focal_gamma` is 2", "0 with label_smoothing, mixup or cutmix"]);
    train(&sandbox, "model", &["--layer-decay", "0"]).exits(2).complains(["`layer_decay` is 0", "above 0 and at most 1"]);
    train(&sandbox, "model", &["--accumulate", "0"]).exits(2).complains(["`accumulate` is 0"]);
    train(&sandbox, "model", &["--schedule", "stairs"]).exits(2).complains(["cosine"]);
}
