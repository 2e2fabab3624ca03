//! Images with any number of labels: from a table to a model, and what is wrong on the way.

use serde_json::{Value, json};

use crate::support::{Ran, Sandbox, noise};

/// A training that learns the toy labels in a few seconds.
const EASY: [&str; 9] = ["--network", "resnet18", "--image-size", "32", "--epochs", "8", "--batch-size", "12", "--json"];

/// `src`: `n` pictures of which every second shows a dark spot and every third is red, and a table that says so.
fn source(n: usize) -> Sandbox {
    let sandbox = Sandbox::empty();
    std::fs::create_dir_all(sandbox.path(".derm")).unwrap();
    std::fs::create_dir_all(sandbox.path("src")).unwrap();
    let mut table = "image,labels,patient_id\n".to_owned();
    for i in 0..n {
        picture(i).save(sandbox.path(&format!("src/im{i:03}.png"))).unwrap();
        let labels: Vec<&str> = [(2, "spot"), (3, "red")].into_iter().filter(|(every, _)| i % every == 0).map(|(_, name)| name).collect();
        table.push_str(&format!("im{i:03}.png,{},p{}\n", labels.join(if i % 4 == 0 { " ; " } else { "|" }), i / 2));
    }
    sandbox.write("src/labels.csv", table);
    sandbox
}

fn picture(i: usize) -> image::RgbImage {
    let mut noise = noise(i);
    image::RgbImage::from_fn(32, 32, |x, y| {
        let spot = i.is_multiple_of(2) && (8..24).contains(&x) && (8..24).contains(&y);
        let red = if i.is_multiple_of(3) { 90 } else { 0 };
        let ground = if spot { 20 } else { 100 };
        image::Rgb([ground + red + noise(), ground + noise(), ground + noise()])
    })
}

fn ingested(n: usize) -> Sandbox {
    let sandbox = source(n);
    sandbox.derm(["data", "ingest", "src", "--out", "set"]).success();
    sandbox.derm(["data", "split", "set", "--out", "split.csv"]).success();
    sandbox
}

fn train(sandbox: &Sandbox, out: &str, more: &[&str]) -> Ran {
    let words = ["train", "--data", "set", "--split", "split.csv", "--out", out];
    sandbox.derm(words.iter().chain(&EASY).chain(more))
}

#[test]
fn a_table_of_labels_becomes_a_dataset_whose_split_deals_every_label() {
    let sandbox = source(120);
    let told = sandbox.derm(["data", "ingest", "src", "--out", "set", "--json"]).success().json();
    assert_eq!((&told["task"], &told["format"]), (&json!("multi-label"), &json!("label-table")));
    assert_eq!(told["classes"], json!([{"class": "red", "images": 40}, {"class": "spot", "images": 60}]));
    let manifest = sandbox.read("set/manifest.csv");
    let lines: Vec<&str> = manifest.lines().map(|line| line.rsplit_once(",32,32,").map_or(line, |(known, _)| known)).collect();
    assert_eq!(lines[..4], ["image,labels,patient,width,height,hash", "im000.png,red;spot,p0", "im001.png,,p0", "im002.png,spot,p1"]);

    let split = sandbox.derm(["data", "split", "set", "--out", "split.csv", "--json"]).success().json();
    // Of 40 red, 60 with a spot and 40 with neither, patients of two images each.
    for (class, total) in split["classes"].as_array().unwrap().iter().zip([40.0, 60.0, 40.0]) {
        for (count, share) in class["counts"].as_array().unwrap().iter().zip([0.7, 0.15, 0.15]) {
            assert!((count.as_f64().unwrap() - share * total).abs() <= 2.0, "{class}");
        }
    }
    assert_eq!(split["classes"][2]["of_none"], json!(true));
    let shown = sandbox.derm(["data", "split", "set", "--out", "split.csv"]).success().stdout;
    assert!(shown.contains("(none of them)"), "{shown}");
    let audit = sandbox.derm(["data", "audit", "set", "--split", "split.csv", "--fail-on", "leakage", "--json"]).success().json();
    assert_eq!((&audit["balance"][0]["images"], &audit["balance"][2]["images"]), (&json!(40), &json!(40)));
    let stats = sandbox.derm(["data", "stats", "set", "--json"]).success().json();
    assert_eq!(stats["labels_per_image"], json!({"0": 40, "1": 60, "2": 20}));
    assert_eq!(stats["classes"][1]["share"], json!(0.5));
    let folds = sandbox.derm(["data", "split", "set", "--out", "folds.csv", "--folds", "4", "--json"]).success().json();
    assert_eq!(folds["parts"].as_array().unwrap().len(), 5);
}

#[test]
fn two_labels_are_learnt_at_once_and_every_command_knows_them() {
    let sandbox = ingested(120);
    let ran = train(&sandbox, "model", &[]).success().json();
    assert_eq!((&ran["monitor"], &ran["classes"]), (&json!("macro_auc"), &json!(["red", "spot"])));
    let names: Vec<&String> = ran["val"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["log_loss", "macro_ap", "macro_auc", "macro_f1"]);
    assert!(ran["val"]["macro_auc"].as_f64().unwrap() > 0.95, "{ran:#}");
    let config: Value = serde_json::from_str(&sandbox.read("model/config.json")).unwrap();
    assert_eq!((&config["derm"]["format"], &config["derm"]["task"]), (&json!(2), &json!("multi-label")));
    let card = sandbox.read("model/README.md");
    assert!(card.contains("2 labels of skin lesions") && card.contains("| label | AUC | AP | recall | specificity | F1 |"), "{card}");

    let of_test = ["--model", "model", "--data", "set", "--split", "split.csv"];
    let predict = |more: &[&str]| sandbox.derm(["predict"].iter().chain(&of_test).chain(more)).success();
    predict(&["--out", "p.csv", "--tta"]);
    let table = sandbox.read("p.csv");
    assert!(table.starts_with("image,labels,predicted,p_red,p_spot\n"), "{table}");
    let said = predict(&["--json"]).json();
    for row in said["predictions"].as_array().unwrap() {
        let sure: Vec<&str> = ["red", "spot"]
            .into_iter()
            .zip(row["probabilities"].as_array().unwrap())
            .filter(|(_, p)| p.as_f64().unwrap() >= 0.5)
            .map(|(name, _)| name)
            .collect();
        assert_eq!((&row["labels"], &row["predicted"]), (&json!(sure), &json!(sure.join(";"))));
    }
    let both: Vec<f64> = said["predictions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["probabilities"].as_array().unwrap().iter().map(|p| p.as_f64().unwrap()).sum())
        .collect();
    assert!(both.iter().any(|sum| *sum > 1.05) && both.iter().any(|sum| *sum < 0.8), "each has a probability of its own: {both:?}");
    assert!(predict(&[]).stdout.lines().next().unwrap().contains("labels"));

    sandbox.derm(["export", "--model", "model", "--format", "onnx", "--out", "m.onnx", "--output", "probabilities"]).success();
    let onnx = std::fs::read(sandbox.path("m.onnx")).unwrap();
    let holds = |word: &[u8]| onnx.windows(word.len()).any(|window| window == word);
    assert!(holds(b"Sigmoid") && holds(b"multi-label") && !holds(b"Softmax"));
    let explained = sandbox.derm(["explain", "--model", "model", "--out", "why", "--class", "spot", "src/im002.png", "--json"]).success();
    assert!(explained.json()["images"][0]["probability"].as_f64().unwrap() > 0.5);
    sandbox.derm(["drift", "--reference", "set", "--current", "set", "--model", "model", "--out", "d"]).success();
}

#[test]
fn every_setting_that_makes_sense_works_and_threads_change_no_bit() {
    let sandbox = ingested(48);
    let more =
        ["--epochs", "2", "--class-weights", "balanced", "--mixup", "0.4", "--cutmix", "1", "--label-smoothing", "0.1", "--ema", "0.9"];
    let options: Vec<&str> = EASY.iter().copied().filter(|word| !["--epochs", "8"].contains(word)).chain(more).collect();
    let go = |out: &str, own: &[&str]| {
        let words = ["train", "--data", "set", "--split", "split.csv", "--out", out];
        sandbox.derm(words.iter().copied().chain(options.iter().copied()).chain(own.iter().copied()))
    };
    go("one", &[]).success();
    go("two", &["-j", "1", "--restart"]).success();
    assert_eq!(
        std::fs::read(sandbox.path("one/model.safetensors")).unwrap(),
        std::fs::read(sandbox.path("two/model.safetensors")).unwrap()
    );
    go("three", &["--monitor", "hamming_loss", "--recipe", "vit-finetune"]).success();
    sandbox.derm(["data", "split", "set", "--out", "split.csv", "--folds", "3"]).success();
    let fold = go("four", &["--fold", "1", "--freeze", "backbone"]).success().json();
    assert!(fold["val"]["macro_auc"].is_number(), "{fold:#}");
    for (flag, value) in [("--sampler", "balanced"), ("--focal-gamma", "2"), ("--dice-weight", "1")] {
        go("five", &["--fold", "1", flag, value]).exits(2).complains([&flag[2..].replace('-', "_"), "left out"]);
    }
    go("five", &["--fold", "1", "--monitor", "accuracy"]).exits(2).complains(["`accuracy`", "macro_auc", "hamming_loss"]);
}

#[test]
fn bad_cells_have_their_line_and_column() {
    let wrong = |rows: &str, texts: [&str; 2]| {
        let sandbox = source(4);
        sandbox.write("src/labels.csv", format!("image,labels\nim000.png,red\nim001.png,\n{rows}"));
        let ran = sandbox.derm(["data", "ingest", "src", "--out", "set"]);
        assert_ne!(ran.code, 0);
        ran.complains(texts);
        assert!(!sandbox.path("set").exists());
    };
    wrong("im002.png,spot;;red\nim003.png,spot\n", ["labels.csv:4:11", "lacks a label"]);
    wrong("im002.png,spot\nim003.png,\"red; red\"\n", ["labels.csv:5:11", "names `red` twice"]);
    wrong("im002.png,spot\nim003.png,Red\n", ["labels.csv:5:11", "`red` elsewhere"]);
    wrong("im002.png,red\nim003.png,red\n", ["single class", "`red`"]);

    let sandbox = ingested(24);
    let manifest = sandbox.read("set/manifest.csv");
    sandbox.write("set/manifest.csv", manifest.replacen("im002.png,spot", "im002.png,spto", 1));
    sandbox.derm(["data", "stats", "set"]).exits(2).complains(["manifest.csv:4:11", "`spto`", "did you mean `spot`?"]);
    sandbox.write("set/manifest.csv", manifest.replacen("image,labels", "image,label", 1));
    sandbox.derm(["data", "stats", "set"]).exits(2).complains(["manifest.csv:1:7", "`labels`"]);
    sandbox.write("set/manifest.csv", manifest);
    let info = sandbox.read("set/dataset.yaml");
    sandbox.write("set/dataset.yaml", info.replacen("multi-label", "classification", 1));
    sandbox.derm(["data", "stats", "set"]).exits(2).complains(["manifest.csv:1:7", "`multi-label`"]);
}

#[test]
fn columns_of_zeros_and_ones_are_read_where_they_are_asked_for() {
    let sandbox = source(6);
    let rows = "im000,1,1,50\nim001,0,0,\nim002,1.0,0,31\nim003,0,1,70\nim004,1,0,8\nim005,0,0,9\n";
    sandbox.write("src/labels.csv", format!("image,MEL,NV,age_approx\n{rows}"));
    let ran = sandbox.derm(["data", "ingest", "src", "--out", "set"]);
    assert_ne!(ran.code, 0);
    ran.complains(["labels.csv:2:9", "a second 1", "--task multi-label"]);
    let told = sandbox.derm(["data", "ingest", "src", "--out", "set", "--task", "multi-label", "--json"]).success().json();
    assert_eq!(told["format"], json!("one-hot"));
    assert_eq!(told["classes"], json!([{"class": "MEL", "images": 3}, {"class": "NV", "images": 2}]));
    assert!(sandbox.read("set/manifest.csv").contains("im000.png,MEL;NV,50"));
    sandbox.write("src/labels.csv", format!("image,MEL,NV,age_approx\n{}", rows.replacen("im003,0,1", "im003,0,2", 1)));
    let ran = sandbox.derm(["data", "ingest", "src", "--out", "other", "--task", "multi-label"]);
    assert_ne!(ran.code, 0);
    ran.complains(["labels.csv:5:9", "`2` is neither 0 nor 1"]);
    sandbox.derm(["data", "ingest", "src", "--out", "other", "--task", "multi-label", "--format", "isic2019"]).exits(2).complains([
        "`isic2019`",
        "no more than one label",
        "--format one-hot",
    ]);
    sandbox.derm(["data", "ingest", "synthetic", "--out", "other", "--task", "multi-label"]).exits(2).complains(["one label each"]);
}

/// Five images of two labels: one image shows both, one neither.
const TABLE: &str = "image,labels,p_dots,p_streaks,lesion_id
a.jpg,dots;streaks,0.9,0.6,L1
b.jpg,dots,0.8,0.2,L2
c.jpg,,0.6,0.1,L3
d.jpg,streaks,0.3,0.4,L1
e.jpg,?,0.5,0.5,L4
";

#[test]
fn anybodys_table_of_labels_is_evaluated() {
    let sandbox = Sandbox::empty();
    sandbox.write("p.csv", TABLE);
    let shown = sandbox.derm(["evaluate", "--predictions", "p.csv", "--out", "e", "--json"]).success().json();
    assert_eq!(shown["kind"], "label-evaluation");
    let read = |name: &str| serde_json::from_str::<Value>(&sandbox.read(&format!("e/{name}"))).unwrap();
    for found in [&shown, &read("metrics.json"), &read("evaluation.json")] {
        assert_eq!((&found["n"], &found["groups"]), (&json!(4), &json!(3)));
        // Dots: a and b are above c and d. Streaks: a is above all, d above b and c.
        assert_eq!((&found["macro_auc"], &found["macro_ap"]), (&json!(1.0), &json!(1.0)));
        // Of the eight answers c's dots and d's streaks are wrong.
        assert_eq!((&found["subset_accuracy"], &found["hamming_loss"]), (&json!(0.5), &json!(0.25)));
        assert_eq!((&found["per_class"]["dots"]["recall"], &found["per_class"]["dots"]["specificity"]), (&json!(1.0), &json!(0.5)));
        assert_eq!((&found["per_class"]["streaks"]["recall"], &found["per_class"]["streaks"]["precision"]), (&json!(0.5), &json!(1.0)));
        assert!((found["macro_f1"].as_f64().unwrap() - (0.8 + 2.0 / 3.0) / 2.0).abs() < 1e-12);
    }
    assert_eq!((&shown["unlabelled"], &shown["labels_per_image"]), (&json!(1), &json!([1.0, 1.0])));
    let page = sandbox.read("e/report.html");
    for text in ["Macro average precision", "All labels right", "Per label", "Worst mistakes", "dots", "is not there"] {
        assert!(page.contains(text), "{text}");
    }
    assert!(!page.contains("NaN") && !page.contains("https://"));
    assert_eq!(sandbox.read("e/predictions.csv").lines().nth(2), Some("b.jpg,dots,dots,0.8,0.2,L2"));
    sandbox.derm(["evaluate", "--predictions", "e/predictions.csv", "--out", "again"]).success();
    assert_eq!(sandbox.read("e/evaluation.json"), sandbox.read("again/evaluation.json"));
    let text = sandbox.derm(["evaluate", "--predictions", "p.csv", "--out", "e"]).success().stdout;
    assert!(text.contains("Hamming loss") && text.contains("label"), "{text}");

    sandbox.write("p.csv", TABLE.replacen("dots;streaks", "dots;strakes", 1));
    sandbox.derm(["evaluate", "--predictions", "p.csv", "--out", "x"]).exits(2).complains(["p.csv:2:7", "did you mean `streaks`?"]);
    sandbox.write("one.csv", "image,label,p_dots,p_streaks\na.jpg,dots,0.9,0.1\n");
    sandbox.write("several.csv", TABLE);
    sandbox.derm(["ensemble", "one.csv", "several.csv", "--out", "x.csv", "--any"]).exits(2).complains(["any number of labels"]);
    sandbox.derm(["ensemble", "several.csv", "several.csv", "--out", "x.csv", "--mean", "geometric"]).success();
    assert!(sandbox.read("x.csv").starts_with("image,labels,predicted,p_dots,p_streaks,group\na.jpg,dots;streaks,dots;streaks,0."));
}

#[test]
fn models_and_datasets_of_another_kind_are_refused() {
    let sandbox = ingested(48);
    train(&sandbox, "model", &["--freeze", "backbone"]).success();
    let evaluated = sandbox
        .derm(["evaluate", "--model", "model", "--data", "set", "--split", "split.csv", "--out", "e", "--resamples", "50", "--json"])
        .success()
        .json();
    assert!(evaluated["per_class"]["spot"]["auc"].is_number() && evaluated["n"].as_u64().unwrap() > 4, "{evaluated:#}");
    // A table that says nothing of labels takes the dataset's.
    let table = sandbox.read("e/predictions.csv");
    let bare: Vec<String> = table
        .lines()
        .map(|line| line.split(',').enumerate().filter(|(at, _)| *at != 1).map(|(_, cell)| cell).collect::<Vec<_>>().join(","))
        .collect();
    sandbox.write("bare.csv", bare.join("\n") + "\n");
    let words = ["evaluate", "--predictions", "bare.csv", "--data", "set", "--out", "b", "--json"];
    assert_eq!(sandbox.derm(words).success().json()["macro_auc"], evaluated["macro_auc"]);

    sandbox.derm(["data", "ingest", "synthetic", "--out", "single", "--images", "24", "--size", "48"]).success();
    sandbox
        .derm(["evaluate", "--model", "model", "--data", "single", "--out", "x"])
        .exits(2)
        .complains(["any number of labels", "one label"]);
    sandbox.write("p.csv", "image,labels,p_red,p_spot\nsynthetic_00001.jpg,?,0.5,0.5\n");
    sandbox.derm(["evaluate", "--predictions", "p.csv", "--data", "single", "--out", "x"]).exits(2).complains(["any number of labels"]);
}
