//! Datasets of masks: folders of images and masks, TIFF stacks.

use std::io::Cursor;

use image::{GrayImage, ImageFormat, Luma};
use tiff::encoder::{Compression, TiffEncoder, colortype};

use crate::data::{cells, ham, jpeg};
use crate::support::Sandbox;

/// A mask of 40 x 30 times `scale`, on from a column that `seed` gives.
fn mask(seed: u32, scale: u32) -> Vec<u8> {
    let picture = GrayImage::from_fn(40 * scale, 30 * scale, |x, _| Luma([if x / scale > 10 + seed % 20 { 255 } else { 0 }]));
    encoded(&picture)
}

fn encoded(picture: &GrayImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
    bytes
}

/// `n` images with masks, as ISIC 2018 task 1 has them.
fn isic(sandbox: &Sandbox, n: u32) {
    for i in 0..n {
        sandbox.write(&format!("src/ISIC2018_Task1-2_Training_Input/ISIC_{i:07}.jpg"), jpeg(i));
        sandbox.write(&format!("src/ISIC2018_Task1_Training_GroundTruth/ISIC_{i:07}_segmentation.png"), mask(i, 1 + i % 3));
    }
    sandbox.write("src/ISIC2018_Task1-2_Training_Input/ATTRIBUTION.txt", "who");
}

/// A stack of 16-bit pages of 8 x 6: the first black (1000), the others different in every stack; 5000 once, on the last.
fn volume(pages: u16) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new_big(&mut bytes).unwrap().with_compression(Compression::Lzw);
    for page in 0..pages {
        let mut values: Vec<u16> = (0..48).map(|i| 1000 + page * i * 4 * pages).collect();
        if page + 1 == pages {
            values[0] = 5000;
        }
        encoder.write_image::<colortype::Gray16>(8, 6, &values).unwrap();
    }
    bytes.into_inner()
}

/// Its labels: page k shows object 300 + k in its first k pixels.
fn labels(pages: u16) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut bytes).unwrap().with_compression(Compression::Deflate(Default::default()));
    for page in 0..u32::from(pages) {
        let values: Vec<u32> = (0..48).map(|i| if i < page { 300 + page } else { 0 }).collect();
        encoder.write_image::<colortype::Gray32>(8, 6, &values).unwrap();
    }
    bytes.into_inner()
}

#[test]
fn images_and_masks_in_two_folders_become_a_dataset() {
    let sandbox = Sandbox::empty();
    isic(&sandbox, 9);
    let shown = sandbox.derm(["data", "ingest", "src", "--out", "d", "--json"]).success().json();
    assert_eq!(
        (&shown["format"], &shown["task"], &shown["images"], &shown["masks"]),
        (&"mask-folders".into(), &"segmentation".into(), &9.into(), &9.into())
    );
    assert_eq!((&shown["classes"], &shown["mask_classes"]), (&serde_json::json!([]), &serde_json::json!(["lesion"])));
    // One part of a challenge is no split.
    assert!(shown["official_split"].is_null());
    let rows = cells(&sandbox.read("d/manifest.csv"));
    assert_eq!(rows[0], ["image", "label", "mask", "width", "height", "hash", "mask_hash"]);
    assert_eq!(rows[1][..5], ["ISIC_0000000.jpg", "", "ISIC_0000000.png", "40", "30"]);
    let hash = blake3::hash(&std::fs::read(sandbox.path("d/masks/ISIC_0000000.png")).unwrap()).to_hex().to_string();
    assert_eq!(rows[1][6], hash);
    let stats = sandbox.derm(["data", "stats", "d", "--json"]).success().json();
    // The mask of image 0 is on in columns 11 to 39.
    assert_eq!(stats["foreground"][0]["images"], 9);
    assert_eq!(stats["foreground"][0]["share"]["max"], 29.0 / 40.0);
    sandbox.derm(["data", "split", "d", "--out", "s.csv"]).success();
    assert_eq!(cells(&sandbox.read("s.csv")).len(), 10);
}

#[test]
fn the_masks_are_in_the_datasets_identity() {
    let sandbox = Sandbox::empty();
    isic(&sandbox, 3);
    let ingest = |out: &str| sandbox.derm(["data", "ingest", "src", "--out", out, "--json"]).success().json()["digest"].clone();
    let before = ingest("a");
    assert_eq!(ingest("b"), before);
    sandbox.write("src/ISIC2018_Task1_Training_GroundTruth/ISIC_0000001_segmentation.png", mask(7, 1));
    assert_ne!(ingest("c"), before);
}

#[test]
fn any_source_with_masks_can_be_a_dataset_of_masks() {
    let sandbox = Sandbox::empty();
    ham(&sandbox, 4);
    let shown = sandbox.derm(["data", "ingest", "src", "--out", "d", "--task", "segmentation", "--json"]).success().json();
    assert_eq!(
        (&shown["format"], &shown["task"], &shown["groups"], &shown["masks"]),
        (&"ham10000".into(), &"segmentation".into(), &4.into(), &8.into())
    );
    sandbox.write("params.yaml", "data:\n  source: synthetic\n  task: segmentation\n  images: 12\n  size: 32\n");
    let shown = sandbox.derm(["data", "ingest", "--out", "drawn", "--params", "params.yaml:data", "--json"]).success().json();
    assert_eq!((&shown["masks"], &shown["mask_classes"]), (&12.into(), &serde_json::json!(["lesion"])));
    // Lesions stay together although nothing is labelled.
    let made = sandbox.derm(["data", "split", "drawn", "--out", "s.csv", "--json"]).success().json();
    assert!(made["units"].as_u64().unwrap() < 12 && made["warnings"] == serde_json::json!([]), "{made}");
    let found = sandbox.derm(["data", "audit", "drawn", "--split", "s.csv", "--fail-on", "leakage,unreadable", "--json"]).success().json();
    assert_eq!((&found["masks"]["count"], &found["masks"]["without"]), (&12.into(), &0.into()));
}

#[test]
fn the_audit_tells_of_masks_that_are_gone_changed_soft_or_misshapen() {
    let sandbox = Sandbox::empty();
    isic(&sandbox, 6);
    sandbox.derm(["data", "ingest", "src", "--out", "d"]).success();
    std::fs::remove_file(sandbox.path("d/masks/ISIC_0000000.png")).unwrap();
    sandbox.write("d/masks/ISIC_0000001.png", mask(9, 1));
    sandbox.write("d/masks/ISIC_0000002.png", encoded(&GrayImage::from_fn(40, 30, |x, _| Luma([x as u8]))));
    sandbox.write("d/masks/ISIC_0000003.png", encoded(&GrayImage::new(30, 40)));
    sandbox.write("d/masks/ISIC_0000004.png", encoded(&GrayImage::new(40, 30)));
    let found = sandbox.derm(["data", "audit", "d", "--fail-on", "unreadable", "--json"]).exits(3).json();
    let masks = &found["masks"];
    let reasons: Vec<&str> = masks["unusable"].as_array().unwrap().iter().map(|mask| mask["reason"].as_str().unwrap()).collect();
    assert!(
        reasons.len() == 3 && reasons[0].contains("gone") && reasons[1].contains("not binary") && reasons[2].contains("30 x 40"),
        "{reasons:?}"
    );
    assert_eq!(masks["changed"], serde_json::json!(["ISIC_0000001.png", "ISIC_0000002.png", "ISIC_0000003.png", "ISIC_0000004.png"]));
    assert_eq!(masks["empty"], serde_json::json!(["ISIC_0000004.png"]));
}

#[test]
fn stacks_become_slices_that_stay_together() {
    let sandbox = Sandbox::empty();
    for (name, pages) in [("a", 5), ("b", 3), ("c", 4)] {
        sandbox.write(&format!("src/stacks/{name}.tif"), volume(pages));
        sandbox.write(&format!("src/labels/{name}_label.tif"), labels(pages));
    }
    let shown = sandbox.derm(["data", "ingest", "src", "--out", "d", "--mask-classes", "nucleus", "--json"]).success().json();
    assert_eq!((&shown["format"], &shown["images"], &shown["groups"]), (&"tiff-stacks".into(), &12.into(), &3.into()));
    let rows = cells(&sandbox.read("d/manifest.csv"));
    assert_eq!(rows[5][..6], ["a/0005.png", "", "a/0005.png", "a", "8", "6"]);
    // 1000 is 0 and 5000 is 255 on every page: 1000 + 4 * 6 * 4 * 5 = 1480 is 480 / 4000 * 255 = 30.6.
    let page = image::open(sandbox.path("d/images/a/0005.png")).unwrap().into_luma8();
    assert_eq!((page.get_pixel(0, 0).0, page.get_pixel(6, 0).0), ([255], [31]));
    let mask = image::open(sandbox.path("d/masks/a/0005.png")).unwrap().into_luma8();
    assert_eq!(mask.pixels().map(|pixel| pixel.0[0]).filter(|value| *value == 255).count(), 4);
    assert!(sandbox.read("d/dataset.yaml").contains("intensity"));
    let made = sandbox
        .derm(["data", "split", "d", "--out", "s.csv", "--train", "0.4", "--val", "0.3", "--test", "0.3", "--json"])
        .success()
        .json();
    assert_eq!(made["units"], 3);
    // The empty first pages are kept.
    let found = sandbox.derm(["data", "audit", "d", "--split", "s.csv", "--fail-on", "leakage,unreadable", "--json"]).success().json();
    assert_eq!(found["masks"]["empty"], serde_json::json!(["a/0001.png", "b/0001.png", "c/0001.png"]));
}

#[test]
fn pages_are_extracted_under_names_that_tell_their_origin() {
    let sandbox = Sandbox::empty();
    sandbox.write("src/a.tif", volume(4));
    sandbox.write("labels/a_label.tif", labels(4));
    let shown = sandbox.derm(["data", "extract", "src", "--out", "x/images", "--json"]).success().json();
    assert_eq!((&shown["pages"], &shown["stacks"][0]["range"]), (&4.into(), &serde_json::json!([1000.0, 5000.0])));
    let shown = sandbox.derm(["data", "extract", "labels/a_label.tif", "--labels", "--out", "x/masks", "--json"]).success().json();
    assert_eq!((&shown["stacks"][0]["stack"], &shown["stacks"][0]["labelled"]), (&"a".into(), &3.into()));
    // The two folders are a source themselves, with the same pixels.
    sandbox.derm(["data", "ingest", "x", "--out", "one"]).success();
    sandbox.write("both/a.tif", volume(4));
    sandbox.write("both/a_label.tif", labels(4));
    sandbox.derm(["data", "ingest", "both", "--out", "two"]).success();
    for part in ["images/0003.png", "masks/0003.png"] {
        let (folder, page) = part.split_once('/').unwrap();
        assert_eq!(
            std::fs::read(sandbox.path(&format!("one/{part}"))).unwrap(),
            std::fs::read(sandbox.path(&format!("two/{folder}/a/{page}"))).unwrap()
        );
    }
    sandbox.derm(["data", "extract", "src", "--out", "x/images"]).exits(2).complains(["not empty"]);
}

mod bad_input {
    use super::*;

    fn refused<const N: usize>(sandbox: &Sandbox, more: &[&str], texts: [&str; N]) {
        sandbox.derm([&["data", "ingest", "src", "--out", "d"], more].concat()).exits(2).complains(texts);
        assert!(!sandbox.path("d").exists() && !sandbox.path(".d.ingest").exists());
    }

    #[test]
    fn an_image_without_a_mask_and_a_mask_without_an_image() {
        let sandbox = Sandbox::empty();
        isic(&sandbox, 3);
        std::fs::remove_file(sandbox.path("src/ISIC2018_Task1_Training_GroundTruth/ISIC_0000001_segmentation.png")).unwrap();
        sandbox.write("src/ISIC2018_Task1_Training_GroundTruth/ISIC_0000077_segmentation.png", mask(1, 1));
        refused(
            &sandbox,
            &[],
            ["ISIC_0000001.jpg` has no mask", "ISIC_0000077_segmentation.png` belongs to no image", "--skip missing,unmasked"],
        );
        sandbox.derm(["data", "ingest", "src", "--out", "d", "--skip", "missing,unmasked"]).success();
        assert_eq!(cells(&sandbox.read("d/manifest.csv")).len(), 3);
    }

    #[test]
    fn soft_masks_and_masks_of_another_shape() {
        let sandbox = Sandbox::empty();
        isic(&sandbox, 2);
        let folder = "src/ISIC2018_Task1_Training_GroundTruth";
        sandbox.write(&format!("{folder}/ISIC_0000000_segmentation.png"), encoded(&GrayImage::from_fn(40, 30, |x, _| Luma([x as u8 * 6]))));
        refused(&sandbox, &[], ["not binary", "0, 6, 12, 18, …"]);
        sandbox.write(&format!("{folder}/ISIC_0000000_segmentation.png"), encoded(&GrayImage::new(30, 40)));
        refused(&sandbox, &[], ["30 x 40 pixels, another shape than its image's 40 x 30"]);
        sandbox.write(&format!("{folder}/ISIC_0000000_segmentation.png"), b"no picture");
        refused(&sandbox, &[], ["ISIC_0000000_segmentation.png", "not an image"]);
    }

    #[test]
    fn stacks_that_do_not_fit_their_labels() {
        let sandbox = Sandbox::empty();
        sandbox.write("src/a.tif", volume(4));
        sandbox.write("src/a_label.tif", labels(3));
        refused(&sandbox, &[], ["a_label.tif", "it has 3 pages, its image has 4"]);
        sandbox.write("src/a_label.tif", labels(4));
        refused(&sandbox, &["--mask-classes", "one,two"], ["page 2: it holds the value 301", "0 to 2"]);
        sandbox.write("src/a_label.tif", &labels(4)[..200]);
        refused(&sandbox, &["--format", "tiff-stacks"], ["a_label.tif"]);
        std::fs::remove_file(sandbox.path("src/a_label.tif")).unwrap();
        refused(&sandbox, &["--format", "tiff-stacks"], ["`a.tif` has no mask"]);
    }

    #[test]
    fn settings_that_make_no_sense() {
        let sandbox = Sandbox::empty();
        isic(&sandbox, 2);
        refused(&sandbox, &["--mask-classes", "a,b,c,d"], ["one to 3 classes, 4 are named"]);
        refused(&sandbox, &["--mask-classes", "a,a"], ["`a`", "twice"]);
        refused(&sandbox, &["--format", "mask-folders", "--task", "classification"], ["no labels"]);
        sandbox.derm(["data", "ingest", "src", "--out", "e"]).success();
        let yaml = sandbox.read("e/dataset.yaml");
        sandbox.write("e/dataset.yaml", yaml.replace("segmentation\nclasses", "outlining\nclasses"));
        sandbox.derm(["data", "stats", "e"]).exits(2).complains(["`outlining` is none of", "dataset.yaml:2"]);
    }

    #[test]
    fn extracting_what_is_no_stack() {
        let sandbox = Sandbox::empty();
        sandbox.write("a.tif", b"II*\0 nothing");
        sandbox.write("b/a.tif", volume(2));
        sandbox.derm(["data", "extract", "a.tif", "--out", "x"]).complains(["cannot read image"]);
        assert!(!sandbox.path("x").exists());
        sandbox.derm(["data", "extract", "a.tif", "b", "--out", "x"]).exits(2).complains(["would both become `a`"]);
        sandbox.derm(["data", "extract", "none", "--out", "x"]).complains(["none"]);
    }
}
