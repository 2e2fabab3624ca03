//! `derm evaluate`: a table in, numbers, a table and a page out.

use crate::support::Sandbox;

/// Four images of two classes, of which three are right.
const TABLE: &str = "image,label,p_mel,p_nv,lesion_id
a.jpg,mel,0.9,0.1,L1
b.jpg,nv,0.2,0.8,L2
c.jpg,nv,0.7,0.3,L3
d.jpg,mel,0.6,0.4,L1
";

fn table(rows: usize) -> String {
    let mut text = String::from("image,label,p_akiec,p_mel,p_nv\n");
    for i in 0..rows {
        let label = ["akiec", "mel", "nv", "nv"][i % 4];
        let p = [0.1 + ((i * 37) % 50) as f64 / 100.0, 0.1 + ((i * 11) % 30) as f64 / 100.0];
        text += &format!("img{i:05}.jpg,{label},{:?},{:?},{:?}\n", p[0], p[1], 1.0 - p[0] - p[1]);
    }
    text
}

#[test]
fn numbers_by_hand_in_json_and_in_the_files() {
    let sandbox = Sandbox::empty();
    sandbox.write("p.csv", TABLE);
    let ran = sandbox.derm(["evaluate", "--predictions", "p.csv", "--out", "reports/e", "--json"]).success();
    let shown = ran.json();
    assert_eq!(shown["kind"], "evaluation");
    assert_eq!(
        shown["files"],
        serde_json::json!(["metrics.json", "evaluation.json", "predictions.csv", "report.html"].map(|name| format!("reports/e/{name}")))
    );
    let read = |name: &str| serde_json::from_str::<serde_json::Value>(&sandbox.read(&format!("reports/e/{name}"))).unwrap();
    for found in [&shown, &read("metrics.json"), &read("evaluation.json")] {
        assert_eq!(found["schema"], 1);
        assert_eq!(found["n"], 4);
        assert_eq!(found["groups"], 3);
        assert_eq!(found["accuracy"], 0.75);
        assert_eq!(found["balanced_accuracy"], 0.75);
        assert_eq!(found["macro_auc"], 0.75);
        assert_eq!(found["per_class"]["mel"]["recall"], 1.0);
        assert_eq!(found["per_class"]["nv"]["specificity"], 1.0);
        assert_eq!(found["undefined"], serde_json::json!([]));
    }
    for found in [&shown, &read("evaluation.json")] {
        assert_eq!(found["confusion"], serde_json::json!([[2, 0], [1, 1]]));
        assert_eq!(found["intervals"]["headline"]["accuracy"], serde_json::Value::Null);
    }
    let csv = sandbox.read("reports/e/predictions.csv");
    assert_eq!(csv.lines().next(), Some("image,label,predicted,confidence,p_mel,p_nv,group"));
    assert_eq!(csv.lines().nth(3), Some("c.jpg,nv,mel,0.7,0.7,0.3,L3"));
}

#[test]
fn the_page_is_complete_small_and_the_same_every_time() {
    let sandbox = Sandbox::empty();
    sandbox.write("p.csv", table(2000));
    sandbox.derm(["evaluate", "--predictions", "p.csv", "--out", "one"]).success();
    sandbox.derm(["evaluate", "--predictions", "p.csv", "--out", "two", "-j", "1"]).success();
    for file in ["metrics.json", "evaluation.json", "predictions.csv", "report.html"] {
        assert_eq!(sandbox.read(&format!("one/{file}")), sandbox.read(&format!("two/{file}")), "{file}");
    }
    let page = sandbox.read("one/report.html");
    assert!(page.len() < 500_000, "{} bytes", page.len());
    for text in
        ["Balanced accuracy", "Lowest recall", "Reliability", "ROC", "Worst mistakes", "BLAKE3 of the predictions", "default-src 'none'"]
    {
        assert!(page.contains(text), "{text}");
    }
    for text in ["http://", "https://", "src=\"//", "NaN", sandbox.root().to_str().unwrap()] {
        assert!(!page.contains(text), "{text}");
    }
    // Its own table evaluates to the same numbers.
    sandbox.derm(["evaluate", "--predictions", "one/predictions.csv", "--out", "three"]).success();
    assert_eq!(sandbox.read("one/evaluation.json"), sandbox.read("three/evaluation.json"));
}

#[test]
fn the_terminal_shows_intervals_and_what_has_no_value() {
    let sandbox = Sandbox::empty();
    sandbox.write("p.csv", table(80).replace("akiec,0", "nv,0"));
    let ran = sandbox.derm(["evaluate", "--predictions", "p.csv", "--out", "out"]).success();
    for text in ["balanced accuracy", "95 % interval", " to ", "per_class.akiec.recall: no rows", "wrote out/report.html"] {
        assert!(ran.stdout.contains(text), "{text}\n{}", ran.stdout);
    }
    assert!(!ran.stdout.contains('\u{1b}'));
}

#[test]
fn names_that_look_like_markup_stay_text() {
    let sandbox = Sandbox::empty();
    sandbox.write("p.csv", "image,label,p_<b>x</b>,p_b&c\n<img src=x>.jpg,<b>x</b>,0.1,0.9\n\"q\"\".jpg\",b&c,0.1,0.9\n");
    sandbox.derm(["evaluate", "--predictions", "p.csv", "--out", "out"]).success();
    let page = sandbox.read("out/report.html");
    assert!(!page.contains("<img src=x>") && !page.contains("<b>x") && page.contains("&lt;img src=x&gt;.jpg"));
}

#[test]
fn settings_come_from_the_file_and_the_command_line_wins() {
    let sandbox = Sandbox::empty();
    sandbox.write("p.csv", table(60));
    sandbox.write("params.yaml", "evaluate:\n  seed: 7\n  resamples: 30\n");
    let base = ["evaluate", "--predictions", "p.csv", "--out", "out", "--params", "params.yaml:evaluate", "--json"];
    let from_file = sandbox.derm(base).success().json();
    assert_eq!((&from_file["intervals"]["seed"], &from_file["intervals"]["resamples"]), (&7.into(), &30.into()));
    let typed = sandbox.derm(base.iter().copied().chain(["--seed", "8"])).success().json();
    assert_eq!((&typed["intervals"]["seed"], &typed["intervals"]["resamples"]), (&8.into(), &30.into()));
    assert_eq!(typed["balanced_accuracy"], from_file["balanced_accuracy"]);
    assert_ne!(typed["intervals"]["headline"]["log_loss"], from_file["intervals"]["headline"]["log_loss"]);
}

#[test]
fn an_evaluation_in_a_repository_is_a_run() {
    let sandbox = Sandbox::repository();
    sandbox.write("p.csv", TABLE);
    let shown = sandbox.derm(["evaluate", "--predictions", "p.csv", "--out", "out", "--experiment", "theirs", "--json"]).success().json();
    let run = shown["run"].as_str().expect("a run's id");
    let record: serde_json::Value = serde_json::from_str(&sandbox.read(&format!(".derm/runs/theirs/{run}/run.json"))).unwrap();
    assert_eq!(record["status"], "finished");
    assert_eq!(record["metrics"]["balanced_accuracy"]["last"], 0.75);
    let kept = format!(".derm/runs/theirs/{run}/artifacts/metrics.json");
    assert_eq!(sandbox.read(&kept), sandbox.read("out/metrics.json"));
}

mod with_a_model {
    use super::*;
    use std::sync::OnceLock;

    /// A repository with `d`, a dataset of noise that nothing can be learnt from, so that there are mistakes, its split and
    /// a model trained for an epoch.
    fn trained() -> &'static Sandbox {
        static TRAINED: OnceLock<Sandbox> = OnceLock::new();
        TRAINED.get_or_init(|| {
            let sandbox = Sandbox::repository();
            let (mut manifest, mut split) = ("image,label,group,hash\n".to_owned(), "image,split\n".to_owned());
            std::fs::create_dir_all(sandbox.path("d/images")).unwrap();
            for i in 0..48u32 {
                let picture = image::RgbImage::from_fn(40, 30, |x, y| image::Rgb([x, y, i].map(|v| (v * 2_654_435_761 + i * 97) as u8)));
                let file = sandbox.path(&format!("d/images/im{i:02}.png"));
                picture.save(&file).unwrap();
                let hash = derm::digest::ObjectId::of_file(&file).unwrap();
                manifest += &format!("im{i:02}.png,{},L{},{hash}\n", ["mel", "nv"][(i / 2 % 2) as usize], i / 2);
                split += &format!("im{i:02}.png,{}\n", ["train", "train", "val", "test"][(i / 2 % 4) as usize].replace("val", "train"));
            }
            sandbox.write(
                "d/dataset.yaml",
                "schema: 1\ntask: classification\nclasses: [mel, nv]\nimages: 48\nformat: class-folders\nsource: noise\nlicence: CC0\n",
            );
            sandbox.write("d/manifest.csv", manifest);
            // Pairs 1 and 3 of four are `nv`: let some of the first become test images too.
            sandbox.write("s.csv", split.replace("im00.png,train", "im00.png,test").replace("im01.png,train", "im01.png,test"));
            let tiny = ["--network", "squeezenet1_1", "--image-size", "32", "--epochs", "1", "--batch-size", "8"];
            sandbox.derm(["train", "--data", "d", "--split", "s.csv", "--out", "m"].iter().chain(&tiny)).success();
            sandbox
        })
    }

    fn evaluate<const N: usize>(out: &str, more: [&str; N]) -> crate::support::Ran {
        let base = ["evaluate", "--model", "m", "--data", "d", "--resamples", "50", "--json", "--out", out];
        trained().derm(base.iter().chain(&more)).success()
    }

    #[test]
    fn the_test_images_are_predicted_and_the_mistakes_are_shown() {
        let sandbox = trained();
        let shown = evaluate("r/test", ["--split", "s.csv"]).json();
        assert_eq!((&shown["n"], &shown["groups"]), (&14.into(), &7.into()));
        assert_eq!(shown["title"], "Evaluation of m on d (test)");
        let page = sandbox.read("r/test/report.html");
        for text in ["data:image/jpeg;base64,", "squeezenet1_1", "BLAKE3 of the weights", "BLAKE3 of the split", "CC0"] {
            assert!(page.contains(text), "{text}");
        }
        assert!(!page.contains("learnt from"), "these images are new to the model");
        let run: serde_json::Value =
            serde_json::from_str(&sandbox.read(&format!(".derm/runs/evaluation/{}/run.json", shown["run"].as_str().unwrap()))).unwrap();
        assert_eq!((&run["tags"]["kind"], &run["datasets"][0]["counts"]["test"]), (&"evaluation".into(), &14.into()));
        assert_eq!(run["tags"]["model"].as_str().map(str::len), Some(64));
    }

    #[test]
    fn its_table_gives_the_same_numbers_and_takes_labels_and_pictures_from_the_dataset() {
        let sandbox = trained();
        evaluate("r/once", ["--split", "s.csv"]);
        let table = sandbox.read("r/once/predictions.csv");
        let bare: String = table
            .lines()
            .map(|line| {
                line.split(',').enumerate().filter(|(i, _)| ![1, 6].contains(i)).map(|(_, cell)| cell).collect::<Vec<_>>().join(",") + "\n"
            })
            .collect();
        assert!(bare.starts_with("image,predicted,confidence,p_mel,p_nv\n"), "{bare}");
        sandbox.write("bare.csv", bare);
        let args = ["evaluate", "--predictions", "bare.csv", "--data", "d", "--resamples", "50", "--out", "r/twice"];
        sandbox.derm(args).success().complains(["took 14 labels and 14 groups from `d`"]);
        assert_eq!(sandbox.read("r/once/evaluation.json"), sandbox.read("r/twice/evaluation.json"));
        assert!(sandbox.read("r/twice/report.html").contains("data:image/jpeg;base64,"));
        sandbox.write("foreign.csv", "image,p_a,p_b\nelsewhere.jpg,0.1,0.9\n");
        let args = ["evaluate", "--predictions", "foreign.csv", "--data", "d", "--out", "r/foreign"];
        sandbox.derm(args).exits(2).complains(["none of the predicted images", "`elsewhere.jpg`"]);
    }

    #[test]
    fn images_that_the_model_learnt_from_are_called_so() {
        evaluate("r/train", ["--split", "s.csv", "--subset", "train"]).complains(["learnt from these very images"]);
        evaluate("r/all", []).complains(["trained on images of this dataset"]);
        assert!(trained().read("r/all/report.html").contains("trained on images of this dataset"));
    }

    #[test]
    fn a_subset_without_images_and_a_model_that_is_none() {
        let sandbox = trained();
        let base = ["evaluate", "--data", "d", "--split", "s.csv", "--out", "r/none"];
        sandbox.derm(base.iter().chain(&["--model", "m", "--subset", "val"])).exits(2).complains(["`val`"]);
        let ran = sandbox.derm(base.iter().chain(&["--model", "d"]));
        assert!(matches!(ran.code, 1 | 2), "{ran:?}");
        assert!(!sandbox.path("r/none").exists());
    }
}

mod bad_input {
    use super::*;

    /// Exit code 2, the place, the reason, and nothing written.
    #[track_caller]
    fn refused<const N: usize>(content: &[u8], texts: [&str; N]) {
        let sandbox = Sandbox::empty();
        sandbox.write("p.csv", content);
        sandbox.derm(["evaluate", "--predictions", "p.csv", "--out", "out"]).exits(2).complains(texts);
        assert!(!sandbox.path("out").exists());
    }

    #[test]
    fn a_cell_that_is_no_number() {
        refused(b"image,label,p_a,p_b\nx,a,0.5,half\n", ["p.csv:2:9", "`half` in column `p_b` is not a number", "hint:"]);
        refused(b"image,label,p_a,p_b\nx,a,nan,0.5\n", ["p.csv:2:5", "`nan`"]);
        refused(b"image,label,p_a,p_b\nx,a,\"0,5\",0.5\n", ["p.csv:2:5", "write a point for the decimal sign"]);
    }

    #[test]
    fn logits_instead_of_probabilities() {
        refused(b"image,label,p_a,p_b\nx,a,2.31,-1.2\n", ["p.csv:2:5", "2.31", "not in [0, 1]", "softmax"]);
    }

    #[test]
    fn a_label_that_is_no_class() {
        refused(b"image,label,p_mel,p_nv\nx,nevus,0.5,0.5\n", ["p.csv:2:3", "`nevus`", "`mel` and `nv`"]);
        refused(b"image,label,p_mel,p_nv\nx,MEL,0.5,0.5\n", ["p.csv:2:3", "`MEL`"]);
    }

    #[test]
    fn an_image_twice() {
        refused(b"image,label,p_a,p_b\nx,a,0.5,0.5\ny,a,0.5,0.5\nx,b,0.5,0.5\n", ["p.csv:4:1", "`x` is already on line 2"]);
    }

    #[test]
    fn columns_that_are_missing() {
        refused(b"name,label,p_a,p_b\nx,a,0.5,0.5\n", ["p.csv:1:1", "no `image` column", "`name`"]);
        refused(b"image,label,p_a\nx,a,0.5\n", ["p.csv:1:1", "two are needed"]);
        refused(b"image;label;p_a;p_b\nx;a;0.5;0.5\n", ["p.csv:1:1", "commas"]);
        refused(b"", ["p.csv:1:1", "empty"]);
    }

    #[test]
    fn a_row_of_another_width_and_bytes_that_are_no_text() {
        refused(b"image,label,p_a,p_b\nx,a,0.5\n", ["p.csv:2:5", "3 cells", "4"]);
        refused(b"image,label,p_a,p_b\nx\xff,a,0.5,0.5\n", ["p.csv:2:2", "not UTF-8"]);
    }

    #[test]
    fn no_label_at_all_and_no_row_at_all() {
        refused(b"image,p_a,p_b\nx,0.5,0.5\n", ["no row has a label", "--data"]);
        refused(b"image,label,p_a,p_b\n", ["no row has a label"]);
    }

    #[test]
    fn a_file_that_is_not_there_and_options_that_do_not_fit() {
        let sandbox = Sandbox::empty();
        sandbox.derm(["evaluate", "--predictions", "none.csv", "--out", "out"]).exits(2).complains(["cannot read `none.csv`"]);
        sandbox.derm(["evaluate", "--out", "out"]).exits(2).complains(["--predictions", "--model"]);
        sandbox.derm(["evaluate", "--predictions", "a", "--model", "b", "--out", "out"]).exits(2);
        sandbox.derm(["evaluate", "--model", "b", "--out", "out"]).exits(2).complains(["--data"]);
        sandbox.write("p.csv", TABLE);
        sandbox.write("params.yaml", "sede: 1\n");
        let args = ["evaluate", "--predictions", "p.csv", "--out", "out", "--params", "params.yaml"];
        sandbox.derm(args).exits(2).complains(["params.yaml:1:1", "`sede`", "`seed`"]);
    }

    #[test]
    fn an_out_that_is_a_file() {
        let sandbox = Sandbox::empty();
        sandbox.write("p.csv", TABLE);
        sandbox.write("out", "mine");
        sandbox.derm(["evaluate", "--predictions", "p.csv", "--out", "out"]).exits(2).complains(["`out` is a file"]);
        assert_eq!(sandbox.read("out"), "mine");
    }
}

#[test]
fn an_ensemble_is_a_table_that_can_be_evaluated() {
    let sandbox = Sandbox::empty();
    sandbox.write("one.csv", "image,label,p_mel,p_nv\na,mel,0.9,0.1\nb,nv,0.6,0.4\n");
    sandbox.write("two.csv", "image,p_nv,p_mel\nb,0.8,0.2\na,0.3,0.7\n");
    let report = sandbox.derm(["ensemble", "one.csv", "two.csv", "--out", "mean.csv", "--json"]).success().json();
    assert_eq!((report["images"].as_u64(), report["tables"].as_array().unwrap().len()), (Some(2), 2));
    let judged = sandbox.derm(["evaluate", "--predictions", "mean.csv", "--out", "report", "--json"]).success().json();
    assert_eq!(judged["accuracy"].as_f64(), Some(1.0), "{judged:#}");
    // 0.4 and 0.6 of `b`: means of 0.6 and 0.2, 0.4 and 0.8.
    let mean = std::fs::read_to_string(sandbox.path("mean.csv")).unwrap();
    assert!(
        mean.contains("p_mel") && mean.lines().any(|line| line.starts_with("b,") && line.contains("0.4") && line.contains("0.6")),
        "{mean}"
    );
    sandbox.derm(["ensemble", "one.csv", "two.csv", "--weights", "1", "--out", "x.csv"]).exits(2).complains(["1 weight for 2 tables"]);
    sandbox.derm(["ensemble", "one.csv", "two.csv", "--weights", "1,0", "--out", "x.csv"]).exits(2).complains(["must be above 0"]);
    sandbox.write("three.csv", "image,p_mel,p_nv\nc,0.5,0.5\n");
    sandbox.derm(["ensemble", "one.csv", "three.csv", "--out", "x.csv"]).exits(2).complains(["not in `one.csv`", "--any"]);
    sandbox.derm(["ensemble", "one.csv", "three.csv", "--any", "--out", "x.csv"]).success();
}
