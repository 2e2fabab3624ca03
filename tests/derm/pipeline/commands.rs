//! What dag, params, metrics and status show.

use super::{actions, project};
use crate::support::Sandbox;

fn three() -> Sandbox {
    let sandbox = project(
        "stages:\n  ingest:\n    cmd: mkdir data && cp in.txt data/\n    deps: [in.txt]\n    outs: [data]\n  train:\n    cmd: cat data/in.txt > model\n    deps: [data]\n    params: [train]\n    outs: [model]\n  evaluate:\n    cmd: echo '{\"auc\":{\"macro\":0.875},\"n\":3}' > m.json\n    deps: [model, data/in.txt]\n    metrics:\n    - m.json: {cache: false}\n",
    );
    sandbox.write("in.txt", "1\n");
    sandbox.write("params.yaml", "train:\n  lr: 0.10\n  sizes: [1, 2]\nother: x\n");
    sandbox
}

#[test]
fn the_graph_as_drawing_dot_mermaid_list_and_json() {
    let sandbox = three();
    let drawn = sandbox.derm(["dag"]).success().stdout;
    // `evaluate` reads the data too, but that it comes after `ingest` follows from `train`.
    let expected = [
        " +--------+",
        " | ingest |",
        " +--------+",
        "      |",
        "      v",
        "  +-------+",
        "  | train |",
        "  +-------+",
        "      |",
        "      v",
        "+----------+",
        "| evaluate |",
        "+----------+",
    ];
    assert_eq!(drawn.lines().collect::<Vec<_>>(), expected);
    let dot = sandbox.derm(["dag", "--dot"]).success().stdout;
    assert!(dot.contains("\"ingest\" -> \"train\";") && dot.contains("\"train\" -> \"evaluate\";"), "{dot}");
    let mermaid = sandbox.derm(["dag", "--mermaid", "train"]).success().stdout;
    assert_eq!(mermaid, "flowchart TD\n  n0[\"ingest\"]\n  n1[\"train\"]\n  n0 --> n1\n");
    let list = sandbox.derm(["dag", "--list"]).success().stdout;
    assert_eq!(list, "ingest\n  train  <- ingest\n    evaluate  <- ingest, train\n");
    let json = sandbox.derm(["--json", "dag"]).success().json();
    assert_eq!(json["schema"], 1);
    assert_eq!(json["stages"][2]["needs"], serde_json::json!(["ingest", "train"]));
}

#[test]
fn thousands_of_stages_of_a_matrix_are_one_box() {
    let sandbox = project(
        "vars: [{n: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}]\nstages:\n  s:\n    matrix: {a: \"${n}\", b: \"${n}\", c: \"${n}\"}\n    cmd: echo ${item.a}\n    outs: [\"o/${key}\"]\n",
    );
    assert_eq!(sandbox.derm(["dag"]).success().stdout, "+------------+\n| s@… (1000) |\n+------------+\n");
    assert_eq!(sandbox.derm(["dag", "--expand"]).success().stdout.lines().count(), 1000);
}

#[test]
fn parameters_with_their_origin() {
    let sandbox = three();
    let shown = sandbox.derm(["params", "show", "--origin"]).success().stdout;
    let rows: Vec<Vec<&str>> = shown.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[1], ["params.yaml", "train.lr", "0.1", "params.yaml:2", "train"]);
    assert_eq!(rows[2], ["params.yaml", "train.sizes", "[1,", "2]", "params.yaml:3", "train"]);
    assert_eq!(rows[3], ["params.yaml", "other", "x", "params.yaml:4"]);
    let json = sandbox.derm(["--json", "params", "show"]).success().json();
    assert_eq!(json["kind"], "params");
    assert_eq!(json["params"][0]["value"], 0.1);
    assert_eq!(json["params"][0]["stages"], serde_json::json!(["train"]));
}

#[test]
fn metrics_of_all_formats_and_one_broken_file() {
    let sandbox = three();
    actions(&sandbox, []);
    sandbox.write("extra.toml", "[a]\nb = 2.5\n");
    sandbox.write("extra.yaml", "c: 1e-7\n");
    sandbox.write("broken.json", "{\"x\": 1,\n \"y\": }");
    let text = sandbox.read("pipelines/p.yaml");
    sandbox.write("pipelines/p.yaml", format!("{text}metrics: [extra.toml, extra.yaml, broken.json, gone.json]\n"));
    let ran = sandbox.derm(["metrics", "show"]).exits(2).complains(["broken.json:2:7: not valid JSON", "`gone.json` does not exist"]);
    let rows: Vec<Vec<&str>> = ran.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        rows[1..],
        [["extra.toml", "a.b", "2.5"], ["extra.yaml", "c", "1e-07"], ["m.json", "auc.macro", "0.875"], ["m.json", "n", "3"]]
    );
    let json = sandbox.derm(["--json", "metrics", "show", "m.json"]).success().json();
    assert_eq!(json["metrics"][0], serde_json::json!({"file": "m.json", "key": "auc.macro", "value": 0.875}));
    sandbox.derm(["metrics", "show", "away.json"]).exits(2).complains(["error: `away.json` does not exist"]);
    sandbox.write("mixed.json", "{\"schema\": 1, \"kind\": \"x\", \"list\": [1], \"a\": {\"b\": 0.123456789}}");
    let mixed = sandbox.derm(["metrics", "show", "mixed.json"]).success().stdout;
    assert_eq!(mixed.split_whitespace().collect::<Vec<_>>(), ["file", "metric", "value", "mixed.json", "a.b", "0.1235"]);
    let rounded = sandbox.derm(["metrics", "show", "--precision", "1", "m.json"]).success().stdout;
    assert!(rounded.contains("0.9"), "{rounded}");
}

#[test]
fn status_has_stages_and_data_and_an_exit_code() {
    let sandbox = three();
    sandbox.derm(["add", "in.txt"]).success();
    let ran = sandbox.derm(["status", "--exit-code"]).exits(3);
    assert!(ran.stdout.contains("ingest") && ran.stdout.contains("never run"), "{}", ran.stdout);
    actions(&sandbox, []);
    sandbox.derm(["status", "--exit-code"]).success();
    let json = sandbox.derm(["--json", "status"]).success().json();
    assert_eq!((&json["schema"], &json["kind"], &json["clean"]), (&1.into(), &"status".into(), &true.into()));
    assert_eq!(json["stages"][0], serde_json::json!({"stage": "ingest", "file": "pipelines/p.yaml", "state": "fresh", "reasons": []}));
    std::fs::remove_file(sandbox.path("in.txt")).unwrap();
    sandbox.write("in.txt", "2\n");
    let json = sandbox.derm(["--json", "status"]).success().json();
    assert_eq!(json["stages"][0]["reasons"][0]["kind"], "dep");
    assert_eq!(json["stages"][0]["reasons"][0]["change"], "modified");
    assert_eq!(json["stages"][1]["state"], "maybe");
    assert_eq!(json["data"][0]["path"], "in.txt");
}

#[test]
fn outputs_can_be_checked_out_and_compared() {
    let sandbox = three();
    sandbox.git(["init", "-q"]);
    actions(&sandbox, []);
    sandbox.git(["add", "."]);
    sandbox.git(["commit", "-q", "-m", "one"]);
    sandbox.write("in.txt", "two\n");
    actions(&sandbox, []);
    let json = sandbox.derm(["--json", "diff"]).success().json();
    let paths: Vec<&str> = json["changes"].as_array().unwrap().iter().map(|change| change["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["data/in.txt", "model"]);
    // Going back in git, then in data. A broken pipeline file is in nobody's way.
    sandbox.git(["checkout", "-q", "--", "pipelines/p.lock"]);
    sandbox.write("pipelines/p.yaml", "stages: [\n");
    sandbox.derm(["checkout"]).success();
    assert_eq!((sandbox.read("data/in.txt"), sandbox.read("model")), ("1\n".to_owned(), "1\n".to_owned()));
    std::fs::remove_file(sandbox.path("data/in.txt")).unwrap();
    sandbox.derm(["checkout", "data/in.txt"]).success();
    assert_eq!(sandbox.read("data/in.txt"), "1\n");
}
