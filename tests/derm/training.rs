//! See `main.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use crate::support::{Ran, Sandbox, binary, noise};

/// Options that make a training take a second or two.
const TINY: [&str; 10] = ["--network", "squeezenet1_1", "--image-size", "32", "--epochs", "8", "--batch-size", "8", "--seed", "5"];

/// A repository with `toy`, a dataset of `n` images of 32 x 32 pixels in three easy classes, and `toy.csv`, its split.
pub fn toy(n: usize) -> Sandbox {
    toy_with(n, |i| match i % 5 {
        3 => "val",
        4 => "test",
        _ => "train",
    })
}

fn toy_with(n: usize, subset: impl Fn(usize) -> &'static str) -> Sandbox {
    let sandbox = Sandbox::empty();
    fs::create_dir(sandbox.path(".derm")).unwrap();
    let classes = ["dark", "light", "spot"];
    let (mut manifest, mut split) = ("image,label\n".to_owned(), "image,split\n".to_owned());
    fs::create_dir_all(sandbox.path("toy/images")).unwrap();
    for i in 0..n {
        let name = format!("im{i:03}.png");
        picture(i).save(sandbox.path(&format!("toy/images/{name}"))).unwrap();
        manifest.push_str(&format!("{name},{}\n", classes[i % 3]));
        split.push_str(&format!("{name},{}\n", subset(i)));
    }
    let info = format!(
        "schema: 1\ntask: classification\nclasses: [dark, light, spot]\nimages: {n}\nformat: class-folders\nsource: toy\nlicence: CC0\n"
    );
    sandbox.write("toy/dataset.yaml", info);
    sandbox.write("toy/manifest.csv", manifest);
    sandbox.write("toy.csv", split);
    sandbox
}

/// Noise on a dark, a light, or a middling ground with a spot.
fn picture(i: usize) -> image::RgbImage {
    let mut noise = noise(i);
    image::RgbImage::from_fn(32, 32, |x, y| {
        let spot = i % 3 == 2 && (10..22).contains(&x) && (10..22).contains(&y);
        let ground = [60, 190, 120][i % 3];
        image::Rgb([if spot { 20 } else { ground + noise() }, ground + noise(), ground + noise()])
    })
}

pub fn args<'a>(out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["train", "--data", "toy", "--split", "toy.csv", "--out", out], more].concat()
}

pub fn train(sandbox: &Sandbox, out: &str, more: &[&str]) -> Ran {
    sandbox.derm(args(out, more))
}

fn tiny(more: &[&'static str]) -> Vec<&'static str> {
    [&TINY, more].concat()
}

/// Every file of a bundle.
pub fn bundle(sandbox: &Sandbox, out: &str) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(sandbox.path(out)).unwrap().map(|entry| entry.unwrap());
    files.map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap())).collect()
}

fn checkpoints(sandbox: &Sandbox) -> usize {
    fs::read_dir(sandbox.path(".derm/checkpoints")).map_or(0, |folder| folder.count())
}

/// What an undisturbed training of [`toy`] with [`TINY`] gives.
fn undisturbed() -> &'static BTreeMap<String, Vec<u8>> {
    static BUNDLE: OnceLock<BTreeMap<String, Vec<u8>>> = OnceLock::new();
    BUNDLE.get_or_init(|| {
        let sandbox = toy(40);
        train(&sandbox, "model", &TINY).success();
        bundle(&sandbox, "model")
    })
}

/// Asserts that two bundles hold the same files with the same bytes, and names the files that do not.
#[track_caller]
pub fn same(bundle: &BTreeMap<String, Vec<u8>>, expected: &BTreeMap<String, Vec<u8>>, when: &str) {
    assert_eq!(bundle.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "files, {when}");
    let differ: Vec<&String> = bundle.iter().filter(|(name, bytes)| expected[*name] != **bytes).map(|(name, _)| name).collect();
    assert!(differ.is_empty(), "{when}: {differ:?} differ");
}

/// A trained model that tells the toy classes apart, with its data.
pub fn trained() -> &'static (Sandbox, Ran) {
    static TRAINED: OnceLock<(Sandbox, Ran)> = OnceLock::new();
    TRAINED.get_or_init(|| {
        let sandbox = toy(90);
        let easy = ["--network", "resnet18", "--image-size", "32", "--epochs", "5", "--batch-size", "12", "--augment", "light", "--json"];
        let ran = train(&sandbox, "model", &easy).success();
        (sandbox, ran)
    })
}

#[test]
fn an_easy_dataset_is_learnt_and_the_bundle_says_how() {
    let (sandbox, ran) = trained();
    let answer = ran.json();
    assert_eq!((&answer["kind"], &answer["out"], &answer["train_images"]), (&"train".into(), &"model".into(), &54.into()));
    assert!(answer["val"]["balanced_accuracy"].as_f64().unwrap() > 0.6, "{answer:#}");
    assert!(ran.stderr.contains("epoch 5/5"), "{}", ran.stderr);
    let card = sandbox.read("model/README.md");
    assert!(card.contains("not a medical device") && card.contains("| spot | 18 | 6 |"), "{card}");
    let provenance: serde_json::Value = serde_json::from_str(&sandbox.read("model/provenance.json")).unwrap();
    assert_eq!(provenance["params"]["network"], "resnet18");
    assert_eq!(provenance["training_key"], answer["training_key"]);
    assert_eq!(checkpoints(sandbox), 0, "nothing is left to go on from");
}

#[test]
fn every_training_is_a_run() {
    let (sandbox, ran) = trained();
    let folder = sandbox.path(".derm/runs/train").join(ran.json()["run"].as_str().unwrap());
    let record: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("run.json")).unwrap()).unwrap();
    assert_eq!((&record["status"], &record["params"]["network"]), (&"finished".into(), &"resnet18".into()));
    assert_eq!(record["datasets"][0]["counts"]["val"], 18);
    let metrics = fs::read_to_string(folder.join("metrics.log")).unwrap();
    let rows = |key: &str| metrics.lines().filter(|line| line.split('\t').nth(2) == Some(key)).count();
    // 54 images in batches of 12, 5 times.
    assert_eq!((rows("train_loss"), rows("val_balanced_accuracy")), (25, 5));
}

#[test]
fn predictions_come_as_a_table_as_json_and_as_csv() {
    let (sandbox, _) = trained();
    let of_test = ["predict", "--model", "model", "--data", "toy", "--split", "toy.csv"];
    let table = sandbox.derm(of_test).success();
    assert!(table.stdout.starts_with("image") && table.stdout.lines().count() == 19, "{}", table.stdout);
    let json = sandbox.derm(of_test.iter().chain(&["--json", "--top", "2"])).success().json();
    let right = |row: &&serde_json::Value| {
        let number: usize = row["image"].as_str().unwrap()[2..5].parse().unwrap();
        row["predicted"] == ["dark", "light", "spot"][number % 3]
    };
    let rows = json["predictions"].as_array().unwrap();
    assert!(rows.iter().filter(right).count() > 11, "more than chance of 18: {json:#}");
    assert_eq!(rows[0]["top"].as_array().unwrap().len(), 2);
    sandbox.derm(of_test.iter().chain(&["--out", "p.csv", "--tta"])).success();
    let csv = sandbox.read("p.csv");
    assert!(csv.starts_with("image,") && csv.lines().count() == 19, "{csv}");
}

#[test]
fn images_are_predicted_alone_as_in_company() {
    let (sandbox, _) = trained();
    let confidence = |ran: Ran| ran.json()["predictions"][0]["confidence"].as_f64().unwrap();
    let alone = confidence(sandbox.derm(["predict", "--model", "model", "--json", "toy/images/im000.png"]).success());
    let folder = sandbox.derm(["predict", "--model", "model", "--json", "toy/images", "-j", "1"]).success();
    assert_eq!(folder.json()["predictions"].as_array().unwrap().len(), 90);
    assert!((alone - confidence(folder)).abs() < 1e-6);
    let glob = sandbox.derm(["predict", "--model", "model", "--json", "toy/images/im00*.png"]).success();
    assert_eq!(glob.json()["predictions"].as_array().unwrap().len(), 10);
    let mut piped = sandbox.command(["predict", "--model", "model", "--json", "-"]);
    let mut child = piped.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"toy/images/im003.png\ntoy/images/im001.png\n").unwrap();
    let listed = Ran::from(child.wait_with_output().unwrap()).success().json();
    assert_eq!(listed["predictions"][0]["image"], "toy/images/im003.png");
    assert_eq!(listed["predictions"].as_array().unwrap().len(), 2);
}

#[test]
fn an_unreadable_image_is_reported_and_the_rest_predicted() {
    let (sandbox, _) = trained();
    sandbox.write("odd/a.png", "no image");
    fs::copy(sandbox.path("toy/images/im000.png"), sandbox.path("odd/b.png")).unwrap();
    let ran = sandbox.derm(["predict", "--model", "model", "odd"]).exits(1).complains(["left out `odd/a.png`: it is not an image"]);
    assert!(ran.stdout.contains("odd/b.png"));
    let strict = sandbox.derm(["predict", "--model", "model", "odd", "--strict", "--json"]).exits(1);
    let error = &strict.json()["error"];
    assert_eq!(error["message"], "1 image cannot be read");
    assert!(error["causes"][0].as_str().unwrap().starts_with("`odd/a.png`: "), "{error}");
    assert!(!strict.stderr.contains("left out"), "{strict:?}");
    sandbox.derm(["predict", "--model", "model", "nowhere/*.png"]).exits(2).complains(["no file matches"]);
}

#[test]
fn the_same_training_gives_the_same_bytes_for_any_number_of_threads() {
    let sandbox = toy(40);
    for jobs in ["1", "2", "3"] {
        train(&sandbox, jobs, &tiny(&["-j", jobs])).success();
        same(&bundle(&sandbox, jobs), undisturbed(), &format!("-j {jobs}"));
    }
}

#[test]
fn killed_twenty_times_is_never_killed() {
    let sandbox = toy(40);
    let mut state = 12_345u64;
    let (mut kills, mut ends) = (0, 0);
    while kills < 20 {
        let mut child = sandbox.command(args("model", &TINY)).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(Duration::from_millis(10 + (state >> 33) % 700));
        child.kill().unwrap();
        if child.wait().unwrap().success() {
            ends += 1;
            same(&bundle(&sandbox, "model"), undisturbed(), &format!("after {kills} kills"));
        } else {
            kills += 1;
        }
    }
    train(&sandbox, "model", &TINY).success();
    same(&bundle(&sandbox, "model"), undisturbed(), &format!("after {kills} kills and {ends} ends"));
    assert_eq!(checkpoints(&sandbox), 0);
}

#[cfg(unix)]
#[test]
fn ctrl_c_writes_a_checkpoint_within_the_epoch_and_the_same_command_goes_on() {
    // Batch norm's running statistics and dropout are part of the story here.
    let options = ["--network", "efficientnet_lite0", "--image-size", "32", "--epochs", "3", "--batch-size", "4"];
    let calm = toy(40);
    train(&calm, "model", &options).success();
    let sandbox = toy(40);
    let mut interrupted = 0;
    loop {
        let child = sandbox.command(args("model", &options)).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        if interrupted < 4 {
            std::thread::sleep(Duration::from_millis(400 + 150 * interrupted));
            let _ = rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::INT);
        }
        let ran = Ran::from(child.wait_with_output().unwrap());
        if ran.code == 0 {
            break;
        }
        interrupted += 1;
        ran.exits(130).complains(["interrupted", "type the same command again"]);
    }
    assert!(interrupted > 0);
    assert_eq!(bundle(&sandbox, "model"), bundle(&calm, "model"));
}

#[test]
fn restart_forgets_the_checkpoint() {
    let sandbox = toy(40);
    stop_in_the_middle(&sandbox);
    let ran = train(&sandbox, "model", &tiny(&["--restart"])).success();
    assert!(!ran.stderr.contains("going on"), "{}", ran.stderr);
    same(&bundle(&sandbox, "model"), undisturbed(), "the bundle");
}

/// Leaves a checkpoint of an unfinished training with [`TINY`].
fn stop_in_the_middle(sandbox: &Sandbox) {
    for wait in 1.. {
        let mut child = sandbox.command(args("model", &TINY)).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let state =
            || fs::read_dir(sandbox.path(".derm/checkpoints")).ok()?.next()?.ok().map(|folder| folder.path().join("state.safetensors"));
        while !state().is_some_and(|path| path.exists()) && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(2));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        if state().is_some_and(|path| path.exists()) {
            return;
        }
        assert!(wait < 20, "no checkpoint was caught");
    }
}

/// Less memory is no other training: its checkpoints are taken up with and without, and the weights are the same bytes.
#[test]
fn gradient_checkpointing_is_the_same_training() {
    let sandbox = toy(40);
    stop_in_the_middle(&sandbox);
    let ran = train(&sandbox, "model", &tiny(&["--grad-checkpointing"])).success();
    assert!(ran.stderr.contains("going on"), "{}", ran.stderr);
    assert!(bundle(&sandbox, "model")["model.safetensors"] == undisturbed()["model.safetensors"], "weights differ");
}

#[test]
fn factors_of_bfloat16_make_another_training_with_the_same_bytes_for_any_number_of_threads() {
    let sandbox = toy(40);
    // A transformer of 192 channels: large enough for factors to be rounded.
    let options = ["--network", "vit_tiny_patch16_224", "--image-size", "32", "--epochs", "2", "--batch-size", "8", "--seed", "5"];
    let half = |jobs: &'static str| [&options[..], &["--precision", "bf16", "-j", jobs]].concat();
    let weights = |out: &str| bundle(&sandbox, out)["model.safetensors"].clone();
    train(&sandbox, "whole", &options).success();
    train(&sandbox, "one", &half("1")).success();
    train(&sandbox, "two", &half("2")).success();
    assert!(weights("one") == weights("two") && weights("one") != weights("whole"));
    // Without the instruction the same is done, and said to be slow.
    let ran = Ran::from(sandbox.command(args("slow", &half("2"))).env("DERM_CPU_ISA", "avx2").output().unwrap()).success();
    assert!(ran.stderr.contains("this CPU has no products of bfloat16"), "{}", ran.stderr);
    assert!(weights("slow") != weights("two"));
    train(&sandbox, "out", &["--precision", "f16"]).exits(2).complains(["f32, bf16"]);
}

#[test]
fn a_batch_that_memory_has_no_room_for_is_refused_before_anything_is_read() {
    let sandbox = toy(40);
    // 24 images of 4,096 x 4,096 pixels: about a terabyte.
    let huge = ["--network", "densenet121", "--image-size", "4096", "--batch-size", "24"];
    for dry in [&[][..], &["--dry"]] {
        let words = ["a step on 24 images of `densenet121` needs at least", "B of memory, and", "are free", "--grad-checkpointing"];
        train(&sandbox, "out", &[&huge[..], dry].concat()).exits(2).complains(words);
    }
    assert!(!sandbox.path("out").exists());
}

#[test]
fn a_damaged_checkpoint_is_left_aside() {
    let sandbox = toy(40);
    stop_in_the_middle(&sandbox);
    let folder = fs::read_dir(sandbox.path(".derm/checkpoints")).unwrap().next().unwrap().unwrap().path();
    let path = folder.join("state.safetensors");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    train(&sandbox, "model", &TINY).success().complains(["cannot be used", "begins anew"]);
    same(&bundle(&sandbox, "model"), undisturbed(), "the bundle");
}

#[test]
fn a_frozen_backbone_is_asked_once_and_stays() {
    let (source, _) = trained();
    let sandbox = toy(40);
    fs::copy(source.path("model/model.safetensors"), sandbox.path("w.safetensors")).unwrap();
    let frozen = ["--network", "resnet18", "--weights", "w.safetensors", "--image-size", "32", "--freeze", "backbone", "--epochs", "12"];
    let first = train(&sandbox, "one", &frozen).success();
    assert!(first.stderr.contains("training 1,539 weights"), "512 x 3 and 3: {}", first.stderr);
    let features = || {
        let folders =
            fs::read_dir(sandbox.path(".derm/tmp/features")).unwrap().flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap());
        let time = |file: fs::DirEntry| (file.path(), file.metadata().unwrap().modified().unwrap());
        folders.map(|file| time(file.unwrap())).collect::<BTreeMap<_, _>>()
    };
    let written = features();
    train(&sandbox, "two", &[&frozen[..], &["--lr", "0.01", "--json", "--augment", "strong"]].concat())
        .success()
        .complains(["augmentation is left out"]);
    assert_eq!(features(), written, "another head uses the same features");
    train(&sandbox, "three", &[&frozen[..], &["-j", "1"]].concat()).success();
    assert_eq!(bundle(&sandbox, "one"), bundle(&sandbox, "three"));
    let tensors = |path: &Path| candle_core::safetensors::load(path, &candle_core::Device::Cpu).unwrap();
    let (before, after) = (tensors(&sandbox.path("w.safetensors")), tensors(&sandbox.path("two/model.safetensors")));
    for name in ["conv1.weight", "layer4.1.bn2.running_mean"] {
        let values = |tensor: &candle_core::Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(values(&before[name]), values(&after[name]), "{name}");
    }
}

#[test]
fn training_stops_early_when_nothing_gets_better() {
    let sandbox = toy(40);
    let options = tiny(&["--patience", "1", "--lr", "1e-12", "--monitor", "accuracy", "--json"]);
    let ran = train(&sandbox, "model", &options).success();
    assert_eq!((&ran.json()["stopped_early"], &ran.json()["epochs"]), (&true.into(), &2.into()));
    assert!(ran.stderr.contains("stopped after epoch 2"), "{}", ran.stderr);
}

#[test]
fn a_run_that_cannot_be_recorded_does_not_stop_training() {
    let sandbox = toy(40);
    sandbox.write(".derm/runs", "a file where a folder belongs");
    train(&sandbox, "model", &TINY).success().complains(["not recorded"]);
    same(&bundle(&sandbox, "model"), undisturbed(), "the bundle");
}

#[test]
fn options_of_a_file_are_those_of_the_command_line_which_wins() {
    let sandbox = toy(40);
    sandbox.write("params.yaml", "train:\n  network: squeezenet1_1\n  image_size: 32\n  epochs: 99\n  batch_size: 8\n  seed: 5\n");
    train(&sandbox, "model", &["--params", "params.yaml:train", "--epochs", "8"]).success();
    same(&bundle(&sandbox, "model"), undisturbed(), "the bundle");
}

mod bad_input {
    use super::*;

    #[test]
    fn a_loss_that_is_no_number_names_step_rate_and_images() {
        let sandbox = toy(40);
        let ran = train(&sandbox, "model", &tiny(&["--lr", "1e30", "--warmup-epochs", "0", "--grad-clip", "0"])).exits(1);
        ran.complains(["at step", "epoch 1", "learning rate of", "the batch: `im", "--lr"]);
        assert!(!sandbox.path("model/model.safetensors").exists());
    }

    #[test]
    fn wrong_options_are_named_with_their_place() {
        let sandbox = toy(40);
        train(&sandbox, "model", &["--network", "resnet81"]).exits(2).complains(["resnet81", "resnet18"]);
        train(&sandbox, "model", &["--monitor", "goodness"]).exits(2).complains(["there is no metric called `goodness`"]);
        train(&sandbox, "model", &["--lr", "0"]).exits(2).complains(["`lr` is 0, and must be above 0"]);
        train(&sandbox, "model", &["--image-size", "16", "--network", "resnet18", "--fold", "1"]).exits(2).complains(["folds"]);
        sandbox.write("params.yaml", "train:\n  epochs: 5\n  lr: -1\n");
        train(&sandbox, "model", &["--params", "params.yaml:train"]).exits(2).complains(["params.yaml:3:7", "must be above 0"]);
        sandbox.write("params.yaml", "train:\n  epoch: 5\n");
        train(&sandbox, "model", &["--params", "params.yaml:train"]).exits(2).complains(["params.yaml:2:3", "epoch", "epochs"]);
        sandbox.write("params.yaml", "train:\n  optimizer: adam\n");
        train(&sandbox, "model", &["--params", "params.yaml:train"]).exits(2).complains(["params.yaml:2:14", "adamw"]);
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn a_device_that_was_not_built_is_refused() {
        let sandbox = toy(10);
        train(&sandbox, "model", &["--device", "cuda"]).exits(2).complains(["without the feature `cuda`", "--features cuda"]);
        let predict = sandbox.derm(["predict", "--model", "model", "x.png", "--device", "cuda"]);
        predict.exits(2).complains(["without the feature `cuda`"]);
    }

    #[test]
    fn a_split_without_training_images_or_with_one_class_is_refused() {
        train(&toy_with(10, |_| "test"), "model", &TINY).exits(2).complains(["the split has no images in `train`"]);
        let one = toy_with(12, |i| if i % 3 == 0 { "train" } else { "val" });
        train(&one, "model", &TINY).exits(2).complains(["all 4 images in `train` are of the class `dark`"]);
    }

    #[test]
    fn a_split_with_folds_wants_one_named() {
        let sandbox = toy(20);
        let split = (0..20).map(|i| format!("im{i:03}.png,train,{}\n", i % 2)).collect::<String>();
        sandbox.write("toy.csv", format!("image,split,fold\n{split}"));
        let wanted = "the split has 2 folds; name one with `--fold K`";
        train(&sandbox, "model", &TINY).exits(2).complains([wanted, "K from 0 to 1"]);
        let (model, _) = trained();
        for (name, bytes) in bundle(model, "model") {
            sandbox.write(&format!("model/{name}"), bytes);
        }
        let base = ["--model", "model", "--data", "toy", "--split", "toy.csv", "--subset", "val"];
        sandbox.derm(["predict"].iter().chain(&base)).exits(2).complains([wanted]);
        sandbox.derm(["predict", "--fold", "1"].iter().chain(&base)).success();
        sandbox.derm(["evaluate", "--out", "e"].iter().chain(&base)).exits(2).complains([wanted]);
        let subsets = ["--reference-subset", "train", "--current-subset", "val"];
        let drift = ["drift", "--reference", "toy", "--current", "toy", "--split", "toy.csv", "--out", "r"];
        sandbox.derm(drift.iter().chain(&subsets)).exits(2).complains([wanted]);
    }

    #[test]
    fn images_that_the_dataset_lacks_are_counted_and_named() {
        let sandbox = toy(10);
        let split = (5..20).map(|i| format!("im{i:03}.png,train\n")).collect::<String>();
        sandbox.write("toy.csv", format!("image,split\n{split}"));
        let ran = train(&sandbox, "model", &TINY).exits(2);
        ran.complains(["toy.csv:7:1: the dataset lacks 10 images of the split", "`im010.png`", "`im019.png`", "make a new split"]);
        sandbox.write("toy.csv", "image,split\n".to_owned() + &(0..12).map(|i| format!("other{i}.png,train\n")).collect::<String>());
        let ran = train(&sandbox, "model", &TINY).exits(2);
        ran.complains(["lacks 12 images", "`other9.png` and 2 more", "the dataset that the split was made for"]);
    }

    #[test]
    fn without_validation_images_the_last_epoch_is_kept_and_that_is_said() {
        let sandbox = toy_with(24, |i| if i % 5 == 0 { "test" } else { "train" });
        let options = ["--network", "squeezenet1_1", "--image-size", "32", "--epochs", "2", "--patience", "3"];
        let ran = train(&sandbox, "model", &options).success();
        ran.complains(["no `val` images", "the last epoch's weights are kept, and training does not stop early"]);
        assert!(sandbox.read("model/README.md").contains("no validation images"));
    }

    #[test]
    fn weights_that_do_not_fit_are_listed() {
        let (source, _) = trained();
        let sandbox = toy(10);
        fs::copy(source.path("model/model.safetensors"), sandbox.path("w.safetensors")).unwrap();
        let ran = train(&sandbox, "model", &tiny(&["--weights", "w.safetensors"])).exits(2);
        ran.complains(["do not fit `squeezenet1_1`", "missing: ", "unexpected: ", "conv1.weight", "`--network resnet18`"]);
        for left in ["model", ".derm/checkpoints", ".derm/runs"] {
            assert!(!sandbox.path(left).exists(), "a start that failed leaves no `{left}`");
        }
        train(&sandbox, "model", &tiny(&["--weights", "nope"])).exits(2).complains(["no file `nope`", "`owner/name`"]);
        sandbox.write("text.safetensors", "not tensors at all");
        train(&sandbox, "model", &tiny(&["--weights", "text.safetensors"])).exits(2).complains(["text.safetensors"]);
    }

    #[test]
    fn an_image_that_went_bad_is_named() {
        let sandbox = toy(10);
        fs::write(sandbox.path("toy/images/im001.png"), "gone").unwrap();
        let ran = train(&sandbox, "model", &TINY);
        assert!(ran.code == 1 || ran.code == 2, "{ran:?}");
        ran.complains(["im001.png"]);
    }

    #[test]
    fn an_output_folder_that_cannot_be_used_is_found_before_training() {
        let sandbox = toy(10);
        sandbox.write("notes/README.md", "mine");
        train(&sandbox, "notes", &TINY).exits(2).complains(["`", "holds no model"]);
        assert_eq!(sandbox.read("notes/README.md"), "mine");
        let ran = train(&sandbox, "toy.csv/model", &TINY).exits(1);
        assert!(!ran.stderr.contains("epoch 1"), "{}", ran.stderr);
        if cfg!(target_os = "linux") {
            // Even root cannot make folders there.
            train(&sandbox, "/proc/model", &TINY).exits(1).complains(["cannot create"]);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_full_disk_during_a_checkpoint_loses_nothing() {
        let sandbox = toy(40);
        stop_in_the_middle(&sandbox);
        let limited = format!("trap '' XFSZ; ulimit -f 200; exec '{}' {}", binary().display(), args("model", &TINY).join(" "));
        let output = Command::new("sh").arg("-c").arg(limited).current_dir(sandbox.root()).env_remove("RUST_LOG").output().unwrap();
        Ran::from(output).exits(1).complains(["cannot write the checkpoint", "goes on from there"]);
        train(&sandbox, "model", &TINY).success().complains(["going on from a checkpoint"]);
        same(&bundle(&sandbox, "model"), undisturbed(), "the bundle");
    }
}

#[test]
fn a_dry_run_says_what_it_would_take_and_leaves_nothing() {
    let sandbox = toy(40);
    let ran = train(&sandbox, "model", &tiny(&["--dry", "--json"])).success();
    let report = ran.json();
    let number = |name: &str| report[name].as_f64().unwrap_or_else(|| panic!("{name} in {report:#}"));
    assert_eq!((number("train_images"), number("val_images"), number("steps_per_epoch"), number("epochs")), (24.0, 8.0, 3.0, 8.0));
    // SqueezeNet 1.1 with three classes, as PyTorch counts it.
    assert_eq!(number("parameters"), 724_035.0);
    assert!(number("seconds_per_step") > 0.0 && number("seconds") >= 8.0 * 3.0 * number("seconds_per_step"));
    assert!(!sandbox.path("model").exists() && checkpoints(&sandbox) == 0 && !sandbox.path(".derm/runs").exists());
    train(&sandbox, "model", &tiny(&["--dry", "--find-lr"])).exits(2);
}

#[test]
fn learning_rates_are_tried_until_the_loss_is_lost() {
    let sandbox = toy(40);
    let ran = train(&sandbox, "model", &tiny(&["--find-lr", "--json"])).success();
    let report = ran.json();
    let rates: Vec<f64> = report["steps"].as_array().unwrap().iter().map(|step| step["lr"].as_f64().unwrap()).collect();
    assert!(rates.len() > 30 && rates.windows(2).all(|two| two[1] > two[0]), "{rates:?}");
    assert!((rates[0] / 1e-7 - 1.0).abs() < 1e-9);
    let steepest = report["steepest"].as_f64().unwrap();
    assert!((1e-6..1.0).contains(&steepest), "{steepest}");
    assert!(!sandbox.path("model").exists() && checkpoints(&sandbox) == 0);
    let shown = train(&sandbox, "model", &tiny(&["--find-lr"])).success().stdout;
    assert!(shown.contains("the loss falls fastest at --lr"), "{shown}");
}
