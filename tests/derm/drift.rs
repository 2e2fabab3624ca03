//! Reference against current, from the command line.

use std::fs;

use image::{Rgb, RgbImage};

use crate::support::Sandbox;

/// Images of a dark disc on skin, all a little different. `swap` exchanges red and blue.
fn photos(sandbox: &Sandbox, folder: &str, count: u32, seed: u32, swap: bool) {
    fs::create_dir_all(sandbox.path(folder)).unwrap();
    for i in 0..count {
        // A full-period congruential generator: enough to make images differ, the same everywhere.
        let mut state = seed.wrapping_mul(7919).wrapping_add(i).wrapping_mul(2_654_435_761) | 1;
        let mut next = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % below
        };
        let (radius, light, cx, cy) = (8 + next(8), next(50) as u8, 20 + next(9), 20 + next(9));
        let image = RgbImage::from_fn(48, 48, |x, y| {
            let inside = x.abs_diff(cx).pow(2) + y.abs_diff(cy).pow(2) < radius * radius;
            let grain = next(12) as u8;
            let [r, g, b] =
                if inside { [90 + grain, 55 + grain, 45 + grain] } else { [170 + light + grain, 120 + light + grain, 100 + light + grain] };
            Rgb(if swap { [b, g, r] } else { [r, g, b] })
        });
        image.save(sandbox.path(&format!("{folder}/{i:03}.png"))).unwrap();
    }
}

/// A table of predictions whose first probability is `p(i)`.
fn predictions(sandbox: &Sandbox, name: &str, classes: [&str; 2], count: usize, p: impl Fn(usize) -> f64) {
    let mut table = format!("image,p_{},p_{}\n", classes[0], classes[1]);
    (0..count).for_each(|i| table += &format!("{i:03}.png,{},{}\n", p(i), 1.0 - p(i)));
    sandbox.write(name, table);
}

#[test]
fn swapped_colours_drift_and_the_exit_code_says_so() {
    let sandbox = Sandbox::empty();
    photos(&sandbox, "before", 60, 1, false);
    photos(&sandbox, "after", 40, 2, true);
    let args = ["drift", "--reference", "before", "--current", "after", "--out", "report"];
    sandbox.derm(args).success();
    let ran = sandbox.derm([&args[..], &["--fail-on-drift"]].concat()).exits(3);
    for text in ["image features", "drift", "hue_mean", "red and blue swapped", "False alarms: in 200 random splits"] {
        assert!(ran.stdout.contains(text), "stdout lacks `{text}`:\n{}", ran.stdout);
    }
    let page = sandbox.read("report/drift.html");
    assert!(page.len() < 1_000_000 && page.contains("Colour cast changed"));
    for remote in ["http://", "https://", "src=\"/"] {
        assert!(!page.contains(remote), "the page refers to {remote}");
    }
}

#[test]
fn images_of_one_kind_are_stable() {
    let sandbox = Sandbox::empty();
    photos(&sandbox, "before", 80, 1, false);
    photos(&sandbox, "after", 50, 9, false);
    let ran =
        sandbox.derm(["drift", "--reference", "before", "--current", "after", "--out", "report", "--fail-on-drift", "--json"]).success();
    let answer = ran.json();
    assert_eq!((answer["kind"].as_str(), answer["verdict"].as_str()), (Some("drift"), Some("stable")), "{}", ran.stdout);
    assert!(answer["false_alarms"]["rate"].as_f64().unwrap() < 0.15);
}

#[test]
fn the_same_inputs_give_the_same_bytes_and_no_path_of_this_machine() {
    let sandbox = Sandbox::empty();
    photos(&sandbox, "before", 40, 1, false);
    photos(&sandbox, "after", 35, 2, false);
    for (out, threads) in [("one", "1"), ("two", "3")] {
        let args =
            ["drift", "--reference", "before", "--current", "after", "--splits", "40", "--out", out, "--write-features", "-j", threads];
        sandbox.derm(args).success();
    }
    for name in ["drift.json", "drift.html", "reference-features.csv", "current-features.csv"] {
        assert_eq!(sandbox.read(&format!("one/{name}")), sandbox.read(&format!("two/{name}")), "{name}");
    }
    assert!(!sandbox.read("one/drift.json").contains(sandbox.root().to_str().unwrap()));
    assert_eq!(sandbox.read("one/current-features.csv").lines().count(), 36);
}

#[test]
fn tables_of_predictions_need_no_images() {
    let sandbox = Sandbox::empty();
    predictions(&sandbox, "a.csv", ["mel", "nv"], 200, |i| (i as f64 + 0.5) / 200.0);
    predictions(&sandbox, "b.csv", ["nv", "mel"], 120, |i| ((i as f64 + 0.5) / 120.0).powi(3));
    let args = ["drift", "--reference-predictions", "a.csv", "--current-predictions", "b.csv", "--out", "report", "--fail-on-drift"];
    sandbox.derm(args).exits(3);
    let report: serde_json::Value = serde_json::from_str(&sandbox.read("report/drift.json")).unwrap();
    let column = |name: &str| report["columns"].as_array().unwrap().iter().find(|c| c["name"] == name).unwrap().clone();
    // Current tables list `nv` first with the cubed values, so `mel` rises.
    assert!(column("p_mel")["effect"].as_f64().unwrap() > 0.5);
    assert_eq!(column("predicted")["test"], "chi-square");
    assert_eq!(report["levels"].as_array().unwrap().len(), 1);
}

#[test]
fn settings_come_from_a_file_and_flags_win() {
    let sandbox = Sandbox::empty();
    predictions(&sandbox, "a.csv", ["mel", "nv"], 80, |i| i as f64 / 80.0);
    sandbox.write("params.yaml", "drift:\n  q: 0.01\n  splits: 20\n  min_shift: 0.3\n");
    let args = ["drift", "--reference-predictions", "a.csv", "--current-predictions", "a.csv", "--params", "params.yaml:drift"];
    let answer = sandbox.derm([&args[..], &["--min-shift", "0.2", "--out", "r", "--json"]].concat()).success().json();
    assert_eq!((answer["settings"]["q"].as_f64(), answer["settings"]["min_shift"].as_f64()), (Some(0.01), Some(0.2)));
    assert_eq!(answer["false_alarms"]["splits"], 20);
}

mod bad_input {
    use super::*;

    #[test]
    fn too_few_images_get_no_verdict() {
        let sandbox = Sandbox::empty();
        photos(&sandbox, "before", 40, 1, false);
        photos(&sandbox, "after", 12, 2, true);
        let args = ["drift", "--reference", "before", "--current", "after", "--out", "report", "--fail-on-drift"];
        let ran = sandbox.derm(args).success();
        assert!(ran.stdout.contains("not enough data") && ran.stdout.contains("only 12 images"), "{}", ran.stdout);
    }

    #[test]
    fn a_missing_folder_an_empty_one_and_a_file() {
        let sandbox = Sandbox::empty();
        photos(&sandbox, "before", 3, 1, false);
        fs::create_dir(sandbox.path("empty")).unwrap();
        sandbox.write("file", "x");
        for (current, why) in [("nowhere", "`nowhere` does not exist"), ("empty", "holds no images"), ("file", "`file` is not a folder")] {
            sandbox.derm(["drift", "--reference", "before", "--current", current, "--out", "r"]).exits(2).complains([why, "hint"]);
        }
        assert!(!sandbox.path("r").exists());
    }

    #[test]
    fn unreadable_images_are_named_and_the_rest_is_compared() {
        let sandbox = Sandbox::empty();
        photos(&sandbox, "before", 40, 1, false);
        photos(&sandbox, "after", 40, 2, false);
        sandbox.write("after/broken.jpg", "no image");
        let ran = sandbox.derm(["drift", "--reference", "before", "--current", "after", "--splits", "0", "--out", "r"]).success();
        ran.complains(["broken.jpg"]);
        assert!(sandbox.read("r/drift.json").contains("broken.jpg"));
    }

    #[test]
    fn nothing_readable_at_all() {
        let sandbox = Sandbox::empty();
        photos(&sandbox, "before", 3, 1, false);
        sandbox.write("after/a.jpg", "no image");
        sandbox.write("after/b.png", "nor this");
        let ran = sandbox.derm(["drift", "--reference", "before", "--current", "after", "--out", "r"]);
        ran.exits(1).complains(["none of the 2 images", "hint"]);
    }

    #[test]
    fn predictions_about_other_classes_or_images() {
        let sandbox = Sandbox::empty();
        predictions(&sandbox, "a.csv", ["mel", "nv"], 40, |_| 0.5);
        predictions(&sandbox, "b.csv", ["mel", "bcc"], 40, |_| 0.5);
        let args = ["drift", "--reference-predictions", "a.csv", "--current-predictions", "b.csv", "--out", "r"];
        sandbox.derm(args).exits(2).complains(["other classes", "`mel` and `nv`", "`mel` and `bcc`"]);
        photos(&sandbox, "photos", 3, 1, false);
        fs::rename(sandbox.path("photos"), sandbox.path("before")).unwrap();
        fs::create_dir(sandbox.path("after")).unwrap();
        fs::rename(sandbox.path("before/000.png"), sandbox.path("after/other.png")).unwrap();
        let both = ["--reference-predictions", "a.csv", "--current-predictions", "a.csv"];
        let args = [&["drift", "--reference", "before", "--current", "after", "--out", "r"][..], &both].concat();
        sandbox.derm(args).exits(2).complains(["none of the 1 images is among the 40 predictions"]);
    }

    #[test]
    fn settings_out_of_range_or_unknown() {
        let sandbox = Sandbox::empty();
        predictions(&sandbox, "a.csv", ["mel", "nv"], 40, |_| 0.5);
        let args = ["drift", "--reference-predictions", "a.csv", "--current-predictions", "a.csv", "--out", "r"];
        sandbox.derm([&args[..], &["--q", "1.5"]].concat()).exits(2).complains(["`--q` must lie between 0 and 1"]);
        sandbox.write("params.yaml", "q: 0.05\nmin_shfit: 0.2\n");
        sandbox.derm([&args[..], &["--params", "params.yaml"]].concat()).exits(2).complains(["params.yaml:2", "min_shfit", "min_shift"]);
        sandbox.write("params.yaml", "q: 7\n");
        sandbox.derm([&args[..], &["--params", "params.yaml"]].concat()).exits(2).complains(["params.yaml:1", "between 0 and 1"]);
        sandbox.derm(["drift", "--out", "r"]).exits(2);
    }

    #[test]
    fn a_plain_folder_has_no_subsets() {
        let sandbox = Sandbox::empty();
        photos(&sandbox, "before", 3, 1, false);
        sandbox.write("split.csv", "image,split\n000.png,train\n");
        let args =
            ["drift", "--reference", "before", "--reference-subset", "train", "--current", "before", "--split", "split.csv", "--out", "r"];
        sandbox.derm(args).exits(2).complains(["plain folder", "derm data ingest"]);
    }
}
