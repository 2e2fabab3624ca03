//! Networks that draw masks, trained as a user trains them.

use std::fs;

use crate::support::Sandbox;
use crate::training::{bundle, same};

/// A repository with `blobs`, images of 32 x 32 pixels with a disc each and a mask of the disc, and `blobs.csv`, its split.
fn blobs(n: usize) -> Sandbox {
    let sandbox = Sandbox::empty();
    fs::create_dir(sandbox.path(".derm")).unwrap();
    fs::create_dir_all(sandbox.path("blobs/images")).unwrap();
    fs::create_dir_all(sandbox.path("blobs/masks")).unwrap();
    let (mut manifest, mut split) = ("image,label,mask\n".to_owned(), "image,split\n".to_owned());
    for i in 0..n {
        let (across, down, radius) = (8 + i * 7 % 17, 8 + i * 5 % 16, 4 + i % 4);
        let inside = |x: u32, y: u32| (x as usize).abs_diff(across).pow(2) + (y as usize).abs_diff(down).pow(2) <= radius * radius;
        let mut state = i as u32 * 2_654_435_761 + 1;
        let image = image::RgbImage::from_fn(32, 32, |x, y| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 26) as u8;
            image::Rgb(if inside(x, y) { [90 + noise, 60 + noise, 50 + noise] } else { [180 + noise, 150 + noise, 130 + noise] })
        });
        let mask = image::GrayImage::from_fn(32, 32, |x, y| image::Luma([if inside(x, y) { 255 } else { 0 }]));
        image.save(sandbox.path(&format!("blobs/images/{i:03}.png"))).unwrap();
        mask.save(sandbox.path(&format!("blobs/masks/{i:03}.png"))).unwrap();
        manifest.push_str(&format!("{i:03}.png,,{i:03}.png\n"));
        split.push_str(&format!("{i:03}.png,{}\n", if i % 4 == 3 { "val" } else { "train" }));
    }
    let about = "schema: 1\ntask: segmentation\nclasses: [disc]\n";
    sandbox.write("blobs/dataset.yaml", format!("{about}images: {n}\nformat: mask-folders\nsource: blobs\nlicence: CC0\n"));
    sandbox.write("blobs/manifest.csv", manifest);
    sandbox.write("blobs.csv", split);
    sandbox
}

fn args<'a>(out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let small = ["--network", "unet_classic_f16", "--image-size", "32", "--batch-size", "6", "--seed", "2"];
    [&["train", "--data", "blobs", "--split", "blobs.csv", "--out", out], &small[..], more].concat()
}

#[test]
fn a_u_net_learns_to_draw() {
    let sandbox = blobs(48);
    let ran = sandbox.derm(args("model", &["--recipe", "unet", "--epochs", "8", "--lr", "0.003", "--ema", "0.8", "--json"])).success();
    let report = ran.json();
    assert_eq!((report["monitor"].as_str(), report["classes"].to_string().as_str()), (Some("dice"), "[\"disc\"]"));
    let dice = report["val"]["dice"].as_f64().unwrap();
    let jaccard = report["val"]["jaccard"].as_f64().unwrap();
    assert!(dice > 0.9 && jaccard > 0.8 && jaccard < dice, "{report:#}");
    let card = fs::read_to_string(sandbox.path("model/README.md")).unwrap();
    assert!(
        card.contains("pipeline_tag: image-segmentation") && card.contains("| mask | Dice | Jaccard | thresholded Jaccard |"),
        "{card}"
    );
    assert!(fs::read_to_string(sandbox.path("model/MLmodel")).unwrap().contains("[-1,1,32,32]"));
    // Another way to the same numbers: images are of the network's size, so that nothing is scaled.
    let on = ["--model", "model", "--data", "blobs", "--split", "blobs.csv", "--subset", "val"];
    let found = sandbox.derm([&["evaluate", "--out", "report", "--json"], &on[..]].concat()).success().json();
    assert!(
        (found["dice"].as_f64().unwrap() - dice).abs() < 1e-6 && (found["jaccard"].as_f64().unwrap() - jaccard).abs() < 1e-6,
        "{found:#}"
    );
    // The files that are drawn say the same.
    sandbox.derm([&["predict", "--out", "drawn", "--probabilities"], &on[..]].concat()).success();
    for (folder, more) in [("drawn/masks", &[][..]), ("drawn/probabilities", &["--threshold", "0.5"])] {
        let on = ["--predictions", folder, "--data", "blobs", "--split", "blobs.csv", "--subset", "val"];
        let again = sandbox.derm([&["evaluate", "--out", "again", "--json"], &on[..], more].concat()).success().json();
        assert_eq!((&again["per_class"], &again["hd95"]), (&found["per_class"], &found["hd95"]), "{folder}");
    }
    // Eight views agree more or less with one.
    let views = sandbox.derm([&["evaluate", "--out", "views", "--tta", "--json"], &on[..]].concat()).success().json();
    assert!(views["dice"].as_f64().unwrap() > 0.85, "{views:#}");
}

#[test]
fn masks_are_learnt_to_the_same_bytes_on_any_number_of_threads() {
    let sandbox = blobs(30);
    let all = ["--epochs", "2", "--augment", "strong", "--accumulate", "2", "--ema", "0.9", "--optimizer", "sgd", "--dice-weight", "0.5"];
    let all = [&all[..], &["--deep-supervision"]].concat();
    for threads in ["1", "3"] {
        let out = format!("on-{threads}");
        let mut command = sandbox.command(args(&out, &all));
        crate::support::Ran::from(command.env("RAYON_NUM_THREADS", threads).output().unwrap()).success();
    }
    same(&bundle(&sandbox, "on-3"), &bundle(&sandbox, "on-1"), "with three threads");
}

#[test]
fn side_heads_learn_and_are_left_behind() {
    let sandbox = blobs(40);
    let short = ["--recipe", "unet", "--epochs", "6", "--lr", "0.003", "--ema", "0.8", "--json"];
    let deep = sandbox.derm(args("deep", &[&short[..], &["--deep-supervision"]].concat())).success().json();
    let plain = sandbox.derm(args("plain", &short)).success().json();
    assert!(deep["val"]["dice"].as_f64().unwrap() > 0.85, "{deep:#}");
    let tensors = |model: &str| {
        let bytes = fs::read(sandbox.path(&format!("{model}/model.safetensors"))).unwrap();
        let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + header]).unwrap();
        header.as_object().unwrap().iter().map(|(name, about)| (name.clone(), about["shape"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(tensors("deep"), tensors("plain"));
    // The weights that are judged are those that are kept.
    assert_ne!(deep["val"], plain["val"]);
    let on = ["--data", "blobs", "--split", "blobs.csv", "--subset", "val", "--out", "report", "--json"];
    let found = sandbox.derm([&["evaluate", "--model", "deep"], &on[..]].concat()).success().json();
    assert!((found["dice"].as_f64().unwrap() - deep["val"]["dice"].as_f64().unwrap()).abs() < 1e-6, "{found:#}");
}

#[test]
fn what_is_about_classes_is_refused_for_masks_and_the_other_way_round() {
    let sandbox = blobs(8);
    sandbox.derm(args("model", &["--mixup", "0.2"])).exits(2).complains(["`mixup`", "left out: the network gives masks"]);
    sandbox.derm(args("model", &["--recipe", "vit-finetune"])).exits(2).complains(["`recipe` is vit-finetune"]);
    sandbox.derm(args("model", &["--freeze", "backbone"])).exits(2).complains(["`freeze` is backbone"]);
    sandbox.derm(args("model", &["--monitor", "accuracy"])).exits(2).complains(["no metric of masks is called `accuracy`", "`dice`"]);
    let classes = ["train", "--data", "blobs", "--split", "blobs.csv", "--out", "model", "--recipe", "nnunet"];
    sandbox.derm(classes).exits(2).complains(["`recipe` is nnunet", "left out: the network gives classes"]);
    sandbox.write("blobs/manifest.csv", "image,label\n".to_owned() + &(0..8).map(|i| format!("{i:03}.png,\n")).collect::<String>());
    sandbox.derm(args("model", &[])).exits(2).complains(["none of the 6 images in `train` has a mask", "the column `mask`"]);
}
