//! Splits and audits.

use std::collections::BTreeMap;

use super::{cells, class_folders, ham, jpeg, png};
use crate::support::Sandbox;

fn ingested(lesions: u32) -> Sandbox {
    let sandbox = Sandbox::empty();
    ham(&sandbox, lesions);
    sandbox.derm(["data", "ingest", "src", "--out", "set"]).success();
    sandbox
}

/// `image -> split` of a split file.
fn parts(sandbox: &Sandbox, file: &str, column: usize) -> BTreeMap<String, String> {
    cells(&sandbox.read(file)).into_iter().skip(1).map(|row| (row[0].clone(), row[column].clone())).collect()
}

#[test]
fn every_image_once_no_lesion_twice_and_every_class_everywhere() {
    let sandbox = ingested(60);
    let told = sandbox.derm(["data", "split", "set", "--out", "a/split.csv", "--json"]).success().json();
    assert_eq!(told["parts"], serde_json::json!(["train", "val", "test"]));
    let parts = parts(&sandbox, "a/split.csv", 1);
    assert_eq!(parts.len(), 120);
    for lesion in 0..60 {
        let part = |view: u32| &parts[&format!("ISIC_{:07}.jpg", lesion * 2 + view)];
        assert_eq!(part(0), part(1));
    }
    for class in told["classes"].as_array().unwrap() {
        assert_eq!(class["counts"], serde_json::json!([28, 6, 6]), "20 lesions of two images each, by 0.7, 0.15, 0.15");
    }
    sandbox.derm(["data", "audit", "set", "--split", "a/split.csv", "--fail-on", "leakage,duplicates,conflicts,unreadable"]).success();
}

#[test]
fn the_seed_decides_the_split_and_nothing_else_does() {
    let sandbox = ingested(30);
    for (out, seed, jobs) in [("a", "1", "1"), ("b", "1", "3"), ("c", "2", "1")] {
        sandbox.derm(["data", "split", "set", "--out", out, "--seed", seed, "-j", jobs]).success();
    }
    assert_eq!(sandbox.read("a"), sandbox.read("b"));
    assert_ne!(sandbox.read("a"), sandbox.read("c"));
}

#[test]
fn folds_share_out_what_is_not_for_the_test() {
    let sandbox = ingested(60);
    sandbox.derm(["data", "split", "set", "--out", "folds.csv", "--folds", "4", "--test", "0.2"]).success();
    let splits = parts(&sandbox, "folds.csv", 1);
    let folds = parts(&sandbox, "folds.csv", 2);
    assert_eq!(splits.values().filter(|part| *part == "test").count(), 24);
    let mut sizes = BTreeMap::new();
    for (image, part) in &splits {
        assert_eq!(part == "test", folds[image].is_empty());
        *sizes.entry(folds[image].clone()).or_insert(0) += 1;
    }
    assert_eq!(sizes.values().copied().collect::<Vec<i32>>(), [24, 24, 24, 24, 24]);
    sandbox.derm(["data", "audit", "set", "--split", "folds.csv", "--fail-on", "leakage"]).success();
}

#[test]
fn splitting_image_by_image_is_shouted_about_and_found() {
    let sandbox = ingested(60);
    let ran = sandbox.derm(["data", "split", "set", "--out", "bad.csv", "--group", "none"]).success();
    ran.complains(["warning", "straddle", "`group`"]);
    let ran = sandbox.derm(["data", "audit", "set", "--split", "bad.csv", "--fail-on", "leakage", "--out", "reports/audit.json"]).exits(3);
    assert!(ran.stdout.contains("check failed: leakage"));
    let written: serde_json::Value = serde_json::from_str(&sandbox.read("reports/audit.json")).unwrap();
    let parts = parts(&sandbox, "bad.csv", 1);
    let straddling =
        (0..60).filter(|lesion| parts[&format!("ISIC_{:07}.jpg", lesion * 2)] != parts[&format!("ISIC_{:07}.jpg", lesion * 2 + 1)]);
    let straddling = straddling.count();
    assert!(straddling > 0);
    assert_eq!(written["straddling"]["groups"]["count"], straddling);
    assert_eq!(written["straddling"]["groups"]["images"], 2 * straddling);
    assert_eq!(written, sandbox.derm(["data", "audit", "set", "--split", "bad.csv", "--fail-on", "leakage", "--json"]).exits(3).json());
}

#[test]
fn tables_by_others_are_taken_as_they_are() {
    let sandbox = ingested(3);
    let mut table = "image_id,dx,label,split,index\n".to_owned();
    for (i, part) in ["train", "train", "Validation", "val", "test", "test"].iter().enumerate() {
        table += &format!("ISIC_{i:07},nv,5,{part},\n");
    }
    sandbox.write("official.csv", table);
    sandbox.derm(["data", "split", "set", "--out", "split.csv", "--official", "official.csv"]).success();
    let text = sandbox.read("split.csv");
    assert!(text.starts_with("image,split\nISIC_0000000.jpg,train\n") && text.contains("ISIC_0000002.jpg,val\n"), "{text}");
    sandbox.derm(["data", "audit", "set", "--split", "official.csv"]).success();
}

#[test]
fn copies_stay_together_and_are_found() {
    let sandbox = Sandbox::empty();
    class_folders(&sandbox, 20);
    sandbox.write("src/nevus/copy.jpg", jpeg(1003));
    sandbox.write("src/nevus/same_pixels.png", png(1500));
    sandbox.write("src/melanoma/same_pixels.bmp", {
        let mut bytes = Vec::new();
        let picture = image::load_from_memory(&png(1500)).unwrap();
        picture.write_to(&mut std::io::Cursor::new(&mut bytes), image::ImageFormat::Bmp).unwrap();
        bytes
    });
    sandbox.derm(["data", "ingest", "src", "--out", "set"]).success();
    sandbox.derm(["data", "split", "set", "--out", "split.csv"]).success();
    let found = sandbox.derm(["data", "audit", "set", "--split", "split.csv", "--json"]).success().json();
    let copies = &found["duplicates"];
    assert_eq!(copies["bytes"][0], serde_json::json!({"images": ["nevus/3.jpg", "nevus/copy.jpg"], "straddles": false}));
    assert_eq!(copies["pixels"][0]["images"], serde_json::json!(["melanoma/same_pixels.bmp", "nevus/same_pixels.png"]));
    assert_eq!(found["conflicting_labels"][0]["labels"], serde_json::json!(["melanoma", "nevus"]));
    sandbox.derm(["data", "audit", "set", "--fail-on", "conflicts"]).exits(3);
}

#[test]
fn the_audit_tells_of_files_that_are_gone_broken_or_changed() {
    let sandbox = ingested(3);
    std::fs::remove_file(sandbox.path("set/images/ISIC_0000000.jpg")).unwrap();
    sandbox.write("set/images/ISIC_0000001.jpg", &jpeg(1)[..200]);
    sandbox.write("set/images/ISIC_0000002.jpg", jpeg(77));
    let found = sandbox.derm(["data", "audit", "set", "--fail-on", "unreadable", "--json"]).exits(3).json();
    assert_eq!(found["unreadable"][0], serde_json::json!({"image": "ISIC_0000000.jpg", "reason": "the file is gone"}));
    assert!(found["unreadable"][1]["reason"].as_str().unwrap().contains("truncated"));
    assert_eq!(found["changed"], serde_json::json!(["ISIC_0000001.jpg", "ISIC_0000002.jpg"]));
}
