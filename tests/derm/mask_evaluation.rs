//! `derm evaluate` on predicted masks: numbers by hand, files, mistakes. Many more numbers are compared in `interop/masks.py`.

use std::io::Cursor;

use image::{GrayImage, ImageFormat, Luma, RgbImage};

use crate::support::Sandbox;

fn png(image: impl Into<image::DynamicImage>) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// Columns `from..to` of a 20 x 10 image.
fn columns(from: u32, to: u32) -> GrayImage {
    GrayImage::from_fn(20, 10, |x, _| Luma([if (from..to).contains(&x) { 255 } else { 0 }]))
}

/// Three images whose lesion is in columns 0 to 9, one without a lesion; their predictions in `said`.
fn outlines() -> Sandbox {
    let sandbox = Sandbox::empty();
    let mut manifest = "image,label,mask,group\n".to_owned();
    let truth = [columns(0, 10), columns(0, 10), columns(0, 10), columns(0, 0)];
    let said = [columns(0, 10), columns(0, 5), columns(0, 0), columns(0, 0)];
    for (i, (truth, said)) in truth.into_iter().zip(said).enumerate() {
        sandbox.write(&format!("d/images/{i}.png"), png(RgbImage::from_pixel(20, 10, image::Rgb([200, 150, 130]))));
        sandbox.write(&format!("d/masks/{i}.png"), png(truth));
        sandbox.write(&format!("said/{i}_segmentation.png"), png(said));
        manifest += &format!("{i}.png,,{i}.png,g{}\n", i / 2);
    }
    sandbox.write("d/manifest.csv", manifest);
    let about = "schema: 1\ntask: segmentation\nclasses: [lesion]\nimages: 4\nformat: mask-folders\nsource: x\nlicence: x\n";
    sandbox.write("d/dataset.yaml", about);
    sandbox
}

const EVALUATE: [&str; 7] = ["evaluate", "--predictions", "said", "--data", "d", "--out", "out"];

#[test]
fn numbers_by_hand_and_a_page_with_pictures() {
    let sandbox = outlines();
    let shown = sandbox.derm([&EVALUATE[..], &["--json"]].concat()).success().json();
    let metrics: serde_json::Value = serde_json::from_str(&sandbox.read("out/metrics.json")).unwrap();
    for found in [&shown, &metrics] {
        assert_eq!((&found["n"], &found["groups"]), (&4.into(), &2.into()));
        // Dice 1, 2/3, 0, 1 (both empty); Jaccard 1, 1/2, 0, 1, of which a half is too little.
        assert!((found["dice"].as_f64().unwrap() - (2.0 + 2.0 / 3.0) / 4.0).abs() < 1e-12);
        assert_eq!((&found["jaccard"], &found["thresholded_jaccard"]), (&0.625.into(), &0.5.into()));
        let lesion = &found["per_class"]["lesion"];
        assert_eq!((&lesion["missed"], &lesion["invented"], &lesion["both_empty"]), (&1.into(), &0.into(), &1.into()));
        // The missed lesion counts as the diagonal of 20 x 10 in the penalised mean alone.
        let (hd95, penalised) = (found["hd95"].as_f64().unwrap(), found["hd95_penalised"].as_f64().unwrap());
        assert!((penalised - (2.0 * hd95 + 500f64.sqrt()) / 3.0).abs() < 1e-12);
    }
    let rows: Vec<String> = sandbox.read("out/masks.csv").lines().map(str::to_owned).collect();
    assert_eq!(
        rows[0],
        "image,class,group,dice,jaccard,thresholded_jaccard,sensitivity,specificity,hd95,assd,truth_pixels,predicted_pixels"
    );
    assert_eq!(
        (rows[1].as_str(), rows[3].as_str()),
        ("0.png,lesion,g0,1.0,1.0,1.0,1.0,1.0,0.0,0.0,100,100", "2.png,lesion,g1,0.0,0.0,0.0,0.0,1.0,,,100,0")
    );
    let page = sandbox.read("out/report.html");
    assert_eq!(page.matches("data:image/jpeg").count(), 4);
    assert!(!page.contains("<script src") && !page.contains("http://"), "the page loads something");
    let again = sandbox.derm(["evaluate", "--predictions", "said", "--data", "d", "--out", "two", "-j", "1"]).success();
    assert!(again.stdout.contains("thresholded Jaccard"));
    for file in ["metrics.json", "evaluation.json", "masks.csv", "report.html"] {
        assert_eq!(sandbox.read(&format!("out/{file}")), sandbox.read(&format!("two/{file}")), "{file}");
    }
}

#[test]
fn soft_masks_are_cut_on_request_and_other_scales_are_fitted() {
    let sandbox = outlines();
    // Probabilities at twice the size, 0.6 where the lesion is.
    for i in 0..4 {
        let soft = GrayImage::from_fn(40, 20, |x, _| Luma([if i < 3 && x < 20 { 153 } else { 20 }]));
        sandbox.write(&format!("said/{i}_segmentation.png"), png(soft));
    }
    sandbox.derm(EVALUATE).complains(["not binary"]);
    let shown = sandbox.derm([&EVALUATE[..], &["--threshold", "0.5", "--json"]].concat()).success().json();
    assert_eq!(shown["dice"], 1.0);
    let shown = sandbox.derm([&EVALUATE[..], &["--threshold", "0.7", "--json"]].concat()).success().json();
    assert_eq!(shown["per_class"]["lesion"]["missed"], 3);
}

#[test]
fn only_the_subset_needs_predictions() {
    let sandbox = outlines();
    std::fs::remove_file(sandbox.path("said/3_segmentation.png")).unwrap();
    sandbox.derm(EVALUATE).exits(2).complains(["1 of 4 images have no predicted mask", "`3.png`", "--split"]);
    sandbox.write("s.csv", "image,split\n0.png,test\n1.png,test\n2.png,test\n3.png,train\n");
    let shown = sandbox.derm([&EVALUATE[..], &["--split", "s.csv", "--json"]].concat()).success().json();
    assert_eq!(shown["n"], 3);
    let in_repository = outlines();
    in_repository.derm(["init"]).success();
    let shown = in_repository.derm([&EVALUATE[..], &["--json"]].concat()).success().json();
    let run = in_repository.derm(["runs", "show", shown["run"].as_str().unwrap(), "--json"]).success();
    assert!(run.stdout.contains("thresholded_jaccard"), "{}", run.stdout);
}

mod bad_input {
    use super::*;

    #[test]
    fn folders_that_are_not_predictions_of_the_dataset() {
        let sandbox = outlines();
        sandbox.derm(["evaluate", "--predictions", "said", "--out", "out"]).exits(2).complains(["is a folder", "--data"]);
        std::fs::create_dir(sandbox.path("none")).unwrap();
        sandbox.derm(["evaluate", "--predictions", "none", "--data", "d", "--out", "out"]).exits(2).complains(["holds no images"]);
        sandbox.write("other/x.png", png(columns(0, 3)));
        sandbox.derm(["evaluate", "--predictions", "other", "--data", "d", "--out", "out"]).exits(2).complains(["`x.png`"]);
        sandbox.write("said/0.png", png(columns(0, 3)));
        sandbox.derm(EVALUATE).exits(2).complains(["both `0", "named after the image `0.png`"]);
        std::fs::remove_file(sandbox.path("said/0.png")).unwrap();
        sandbox.write("said/0_segmentation.png", png(GrayImage::new(10, 20)));
        sandbox.derm(EVALUATE).complains(["0_segmentation.png", "another shape than the true mask's 20 x 10"]);
        sandbox.write("said/0_segmentation.png", b"no picture");
        sandbox.derm(EVALUATE).complains(["0_segmentation.png", "not an image"]);
        sandbox.derm([&EVALUATE[..], &["--threshold", "2"]].concat()).exits(2).complains(["from 0 to 1"]);
    }
}
