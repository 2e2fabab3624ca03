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
    assert_eq!(shown["files"], serde_json::json!(["reports/e/metrics.json", "reports/e/predictions.csv", "reports/e/report.html"]));
    let metrics: serde_json::Value = serde_json::from_str(&sandbox.read("reports/e/metrics.json")).unwrap();
    for found in [&shown, &metrics] {
        assert_eq!(found["schema"], 1);
        assert_eq!(found["n"], 4);
        assert_eq!(found["groups"], 3);
        assert_eq!(found["accuracy"], 0.75);
        assert_eq!(found["balanced_accuracy"], 0.75);
        assert_eq!(found["macro_auc"], 0.75);
        assert_eq!(found["per_class"]["mel"]["recall"], 1.0);
        assert_eq!(found["per_class"]["nv"]["specificity"], 1.0);
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
    for file in ["metrics.json", "predictions.csv", "report.html"] {
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
    assert_eq!(sandbox.read("one/metrics.json"), sandbox.read("three/metrics.json"));
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
        sandbox.derm(["evaluate", "--predictions", "p.csv", "--out", "out"]).exits(1).complains(["cannot make the folder `out`"]);
        assert_eq!(sandbox.read("out"), "mine");
    }
}
