//! See `main.rs`.

use std::collections::BTreeMap;

use derm::tracking::{RunWriter, Start, Status};
use derm::workspace::Workspace;

use crate::support::Sandbox;

/// A run with the loss falling over three steps to `loss`, trained at rate `lr`.
fn run(sandbox: &Sandbox, experiment: &str, lr: f64, loss: f64) -> RunWriter {
    let workspace = Workspace::discover(&sandbox.root()).unwrap();
    let params = BTreeMap::from([("lr".to_owned(), lr.into()), ("epochs".to_owned(), 3.into())]);
    let command = ["derm", "train"].map(str::to_owned).to_vec();
    let run = RunWriter::start(&workspace, Start { experiment: experiment.into(), command, params, ..Start::default() });
    for step in 1..=3 {
        run.metrics(step, &[("val/loss", loss + (3 - step) as f64), ("val/accuracy", 1.0 - loss / 2.0), ("train/lr", lr)]);
    }
    run
}

fn finished(sandbox: &Sandbox, experiment: &str, lr: f64, loss: f64) -> String {
    let run = run(sandbox, experiment, lr, loss);
    run.finish(Status::Finished, None);
    assert_eq!(run.problems(), Vec::<String>::new());
    run.id().to_string()
}

#[test]
fn without_runs_the_list_says_how_to_make_one() {
    let sandbox = Sandbox::repository();
    assert!(sandbox.derm(["runs", "list"]).success().stdout.contains("no runs yet"));
    assert_eq!(sandbox.derm(["runs", "list", "--json"]).success().json()["runs"], serde_json::json!([]));
    sandbox.derm(["runs", "show", "last"]).exits(1).complains(["no runs yet", "hint:"]);
}

#[test]
fn lists_newest_first_and_sorts_by_the_best_value() {
    let sandbox = Sandbox::repository();
    let ids = [finished(&sandbox, "skin", 0.1, 0.5), finished(&sandbox, "skin", 0.2, 0.25), finished(&sandbox, "other", 0.3, 0.75)];
    let list = |args: &[&str]| {
        let ran = sandbox.derm(["runs", "list", "-q"].iter().chain(args)).success();
        ran.stdout.lines().map(|id| ids.iter().position(|known| known == id).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(list(&[]), [2, 1, 0]);
    assert_eq!(list(&["--sort", "val/loss"]), [1, 0, 2]);
    assert_eq!(list(&["--sort", "val/accuracy", "--reverse"]), [2, 0, 1]);
    assert_eq!(list(&["--sort", "lr", "-n", "2"]), [0, 1]);
    assert_eq!(list(&["--experiment", "skin"]), [1, 0]);
    assert_eq!(list(&["--status", "failed"]), [0usize; 0]);
    let page = sandbox.derm(["runs", "list", "--columns", "lr"]).success().stdout;
    assert!(page.lines().next().unwrap().ends_with("duration   lr"), "{page}");
    sandbox.derm(["runs", "list", "--sort", "val/los"]).exits(2).complains(["no run has a metric or parameter `val/los`", "`val/loss`"]);
}

#[test]
fn the_list_as_json_holds_every_field() {
    let sandbox = Sandbox::repository();
    let id = finished(&sandbox, "skin", 0.1, 0.5);
    let json = sandbox.derm(["runs", "list", "--json"]).success().json();
    assert_eq!((json["schema"].as_u64(), json["kind"].as_str()), (Some(1), Some("runs")));
    let run = &json["runs"][0];
    assert_eq!((run["id"].as_str(), run["status"].as_str()), (Some(id.as_str()), Some("finished")));
    assert_eq!(run["metrics"]["val/loss"]["min"], 0.5);
    assert_eq!(run["metrics"]["val/loss"]["max_step"], 1);
    assert_eq!(run["params"]["lr"], 0.1);
}

#[test]
fn shows_one_run_by_the_start_of_its_id() {
    let sandbox = Sandbox::repository();
    finished(&sandbox, "skin", 0.1, 0.5);
    let id = finished(&sandbox, "skin", 0.2, 0.25);
    let ran = sandbox.derm(["runs", "show", "last", "--history", "val/loss"]).success();
    for part in [id.as_str(), "experiment", "skin", "finished", "derm train", "Parameters", "val/loss", "0.2500", "2.2500"] {
        assert!(ran.stdout.contains(part), "`{part}` is missing:\n{}", ran.stdout);
    }
    let json = sandbox.derm(["runs", "show", &id, "--json"]).success().json();
    assert_eq!(json["run"]["id"], id.as_str());
    assert_eq!(json["folder"], format!(".derm/runs/skin/{id}"));
    assert_eq!(json["environment"]["derm"], env!("CARGO_PKG_VERSION"));
    sandbox.derm(["runs", "show", "ffff"]).exits(1).complains(["no run has an id that starts with `ffff`", "derm runs list"]);
    sandbox.derm(["runs", "show", "0"]).exits(1).complains(["`0` is the start of 2 runs' ids", &id]);
    sandbox.derm(["runs", "show", "last", "--history", "val/los"]).exits(2).complains(["no metric `val/los`", "`val/loss`"]);
}

#[test]
fn compares_what_differs_and_marks_the_best() {
    let sandbox = Sandbox::repository();
    let (a, b) = (finished(&sandbox, "skin", 0.1, 0.5), finished(&sandbox, "skin", 0.2, 0.25));
    let page = sandbox.derm(["runs", "compare", &a, &b]).success().stdout;
    assert!(page.contains("0.2500*") && page.contains("val/loss, best"), "{page}");
    assert!(page.lines().any(|line| line.starts_with("lr ")) && !page.contains("epochs"), "{page}");
    assert!(sandbox.derm(["runs", "compare", &a, &b, "--all"]).success().stdout.contains("epochs"));
    let json = sandbox.derm(["runs", "compare", &a, "last", "--json"]).success().json();
    assert_eq!(json["params"], serde_json::json!({ "lr": [0.1, 0.2] }));
    assert_eq!(json["metrics"]["val/loss"][1]["min"], 0.25);
    assert_eq!(json["runs"][0]["id"], a.as_str());
    sandbox.derm(["runs", "compare", &a, &a]).exits(2).complains(["named twice"]);
    sandbox.derm(["runs", "compare", &a]).exits(2);
}

#[test]
fn a_run_without_its_process_is_crashed_and_a_live_one_is_running() {
    let sandbox = Sandbox::repository();
    let live = run(&sandbox, "skin", 0.1, 0.5);
    let status = || sandbox.derm(["runs", "show", "last", "--json"]).success().json()["run"]["status"].clone();
    assert_eq!(status(), "running");
    drop(live);
    assert_eq!(status(), "crashed");
    let page = sandbox.derm(["runs", "list", "--status", "crashed"]).success().stdout;
    assert!(page.contains("crashed") && page.contains("0.5000"), "{page}");
}

#[test]
fn a_damaged_run_is_reported_and_the_others_are_listed() {
    let sandbox = Sandbox::repository();
    let (bad, good) = (finished(&sandbox, "skin", 0.1, 0.5), finished(&sandbox, "skin", 0.2, 0.25));
    sandbox.write(&format!(".derm/runs/skin/{bad}/run.json"), "{\"schema\": 1, \"id\"");
    let ran = sandbox.derm(["runs", "list", "-q"]).success().complains(["warning: cannot read the run in", &bad]);
    assert_eq!(ran.stdout.trim(), good);
    let json = sandbox.derm(["runs", "list", "--json"]).success().json();
    assert_eq!(json["broken"][0]["path"], format!(".derm/runs/skin/{bad}"));
    sandbox.derm(["runs", "show", &bad]).exits(1).complains(["cannot understand", "run.json", "cause:", "hint:"]);
    sandbox.write(&format!(".derm/runs/skin/{good}/metrics.log"), "garbage\n1700000000000\t1\tval/loss\t0.5\n17000");
    let ran = sandbox.derm(["runs", "show", "last", "--history", "val/loss"]).success();
    ran.complains(["2 lines of", "metrics.log"]);
}

#[test]
fn a_run_is_watched_until_it_ends() {
    let (sandbox, trained) = crate::training::trained();
    let trained = trained.json();
    let run = trained["run"].as_str().unwrap();
    let ran = sandbox.derm(["runs", "watch", run, "--metrics", "train_loss,val_balanced_accuracy"]).success();
    let lines: Vec<Vec<&str>> = ran.stdout.lines().map(|line| line.split('\t').collect()).collect();
    // Five epochs of 54 images in batches of 12.
    assert_eq!(lines.iter().filter(|line| line[1] == "train_loss").count(), 25, "{}", ran.stdout);
    assert_eq!(lines.iter().filter(|line| line[1] == "val_balanced_accuracy").count(), 5);
    assert!(lines.windows(2).all(|two| two[0][0].parse::<u64>().unwrap() <= two[1][0].parse::<u64>().unwrap()));
    let report = sandbox.derm(["runs", "watch", run, "--once", "--json"]).success().json();
    assert_eq!(report["metrics"]["train_loss"].as_array().unwrap().len(), 25);
    sandbox.derm(["runs", "watch", run, "--metrics", "train_los"]).exits(2).complains(["no metric `train_los`", "`train_loss`"]);
    sandbox.derm(["runs", "watch", run, "--every", "0"]).exits(2);
}
