//! Parameters, metrics and plots of several revisions: what is compared, what is shown, and what is wrong.

use serde_json::json;

use super::project;
use crate::support::Sandbox;

const PIPELINE: &str = "stages:\n  train:\n    cmd: mkdir -p logs && cp in/* . && mv loss.csv logs/\n    deps: [in]\n    params: [lr, model]\n    outs: []\n    metrics:\n    - kept.json: {cache: false}\n    - cached.json\n    plots:\n    - logs/loss.csv: {x: epoch, y: loss, title: Training}\n    - cam.png\nmetrics: [extra.toml]\nplots:\n- both:\n    template: simple\n    x: {logs/loss.csv: epoch}\n    y: {logs/loss.csv: [loss, acc]}\n";

/// A picture of one pixel.
const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU\x00\x00\x00\nIDATx\x9cc`\x00\x00\x00\x02\x00\x01H\xaf\xa4q\x00\x00\x00\x00IEND\xaeB`\x82";

fn write(sandbox: &Sandbox, lr: f64, cached: &str) {
    sandbox.write("params.yaml", format!("lr: {lr}  # how fast\nmodel:\n  depth: 18\n  sizes: [1, 2]\nunused: a\n"));
    sandbox.write("in/kept.json", format!("{{\"auc\": {{\"macro\": {}}}, \"n\": 3, \"list\": [1], \"on\": true}}", 0.5 + lr));
    sandbox.write("in/cached.json", cached);
    let rows: Vec<String> = (0..20).map(|i| format!("{i},{:.3},{:.3}\n", lr * f64::from(20 - i), f64::from(i) / 20.0)).collect();
    sandbox.write("in/loss.csv", format!("epoch,loss,acc\n{}", rows.concat()));
    sandbox.write("in/cam.png", PIXEL);
    sandbox.write("extra.toml", format!("[score]\nf1 = {lr}\n"));
}

fn commit(sandbox: &Sandbox, message: &str) {
    sandbox.derm(["repro"]).success();
    sandbox.git(["add", "-A"]);
    sandbox.git(["commit", "-qm", message]);
}

/// Two commits, tagged `v1` and `v2`, the first also the branch `old`.
fn history() -> Sandbox {
    let sandbox = project(PIPELINE);
    sandbox.git(["init", "-q"]);
    write(&sandbox, 0.25, "{\"loss\": 2.0, \"gone\": 1}");
    commit(&sandbox, "one");
    sandbox.git(["tag", "v1"]);
    sandbox.git(["branch", "old"]);
    write(&sandbox, 0.125, "{\"loss\": 1.5, \"fresh\": 7}");
    commit(&sandbox, "two");
    sandbox.git(["tag", "v2"]);
    sandbox
}

#[test]
fn parameters_are_compared_by_value_without_a_checkout() {
    let sandbox = history();
    let diff = sandbox.derm(["--json", "params", "diff", "v1"]).success().json();
    assert_eq!(diff["diff"], json!({"params.yaml": {"lr": {"old": 0.25, "new": 0.125, "diff": -0.125}}}));
    assert_eq!((&diff["old"], &diff["new"]), (&json!("v1"), &json!(null)));
    // Another comment and another way to write a number are no difference.
    sandbox.write("params.yaml", "lr: 0.1250\nmodel: {depth: 18, sizes: [1, 3]}\nunused: b\n");
    let shown = sandbox.derm(["params", "diff"]).success().stdout;
    let rows: Vec<Vec<&str>> =
        shown.lines().map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()).collect();
    assert_eq!(rows[0], ["file", "parameter", "HEAD", "workspace"]);
    assert_eq!(rows[1..], [["params.yaml", "model.sizes", "[1, 2]", "[1, 3]"], ["params.yaml", "unused", "a", "b"]]);
    // Stages read no `unused`.
    assert_eq!(sandbox.derm(["params", "diff", "--deps", "--no-path"]).success().stdout.lines().count(), 2);
    assert_eq!(sandbox.derm(["params", "diff", "v2", "v2"]).success().stdout, "no parameter differs\n");
    sandbox.derm(["params", "diff", "--exit-code"]).exits(3);
    let md = sandbox.derm(["params", "diff", "v1", "v2", "--md"]).success().stdout;
    assert_eq!(md, "| file | parameter | v1 | v2 |\n| --- | --- | --- | --- |\n| params.yaml | lr | 0.25 | 0.125 |\n");
}

#[test]
fn metrics_of_old_commits_come_from_git_and_from_the_cache() {
    let sandbox = history();
    let diff = sandbox.derm(["--json", "metrics", "diff", "v1", "v2"]).success().json();
    let cached = json!({"loss": {"old": 2.0, "new": 1.5, "diff": -0.5}, "gone": {"old": 1, "new": null}, "fresh": {"old": null, "new": 7}});
    assert_eq!(diff["diff"]["cached.json"], cached);
    assert_eq!(diff["diff"]["kept.json"], json!({"auc.macro": {"old": 0.75, "new": 0.625, "diff": -0.125}}));
    assert_eq!(diff["diff"]["extra.toml"]["score.f1"]["new"], 0.125);
    let shown = sandbox.derm(["metrics", "diff", "v1"]).success().stdout;
    assert!(shown.contains("▼ -0.5") && shown.contains("new") && shown.contains("gone"), "{shown}");
    let all = sandbox.derm(["--json", "metrics", "diff", "v1", "--all", "--targets", "kept.json"]).success().json();
    assert_eq!(all["diff"]["kept.json"]["n"], json!({"old": 3, "new": 3, "diff": 0}));
    assert_eq!(all["diff"]["kept.json"].get("list"), None);
    // An object that the cache lost is a remark: its values are unknown, not gone.
    std::fs::remove_dir_all(sandbox.path(".derm/cache/b3")).unwrap();
    let ran = sandbox.derm(["--json", "metrics", "diff", "v1"]).success().complains(["`cached.json` in `v1` is not in the cache"]);
    assert_eq!(ran.json()["diff"].get("cached.json"), None);
}

#[test]
fn branches_tags_and_commits_side_by_side() {
    let sandbox = history();
    let json = sandbox.derm(["--json", "metrics", "show", "-T"]).success().json();
    assert_eq!(json["revisions"]["v1"]["data"]["cached.json"]["data"], json!({"loss": 2.0, "gone": 1}));
    assert_eq!(json["revisions"]["workspace"]["data"]["kept.json"]["data"]["auc"]["macro"], 0.625);
    let shown = sandbox.derm(["metrics", "show", "-a", "--precision", "2"]).success().stdout;
    assert!(shown.lines().any(|line| line.starts_with("old") && line.contains("0.75")), "{shown}");
    assert_eq!(sandbox.derm(["--json", "params", "show", "-A"]).success().json()["revisions"].as_object().unwrap().len(), 3);
    let md = sandbox.derm(["params", "show", "--rev", "v1", "--md"]).success().stdout;
    assert!(md.contains("| params.yaml | lr | 0.125 | 0.25 |"), "{md}");
}

#[test]
fn one_broken_file_hides_nothing_else() {
    let sandbox = history();
    sandbox.write("kept.json", "{\"auc\": ");
    let ran = sandbox.derm(["metrics", "diff", "v1"]).exits(2).complains(["kept.json:1:8: not valid JSON"]);
    assert!(ran.stdout.contains("cached.json") && !ran.stdout.contains("kept.json"), "{}", ran.stdout);
    // What is wrong in an old commit is told with its name, as git writes it.
    sandbox.git(["add", "-A"]);
    sandbox.git(["commit", "-qm", "broken"]);
    sandbox.write("kept.json", "{}");
    sandbox.derm(["metrics", "diff", "HEAD"]).exits(2).complains(["HEAD:kept.json:1:8: not valid JSON"]);
    // A pipeline file of then that nobody understands: its lock and params.yaml still tell.
    sandbox.write("pipelines/p.yaml", "stages:\n  train: 3\n");
    sandbox.git(["add", "-A"]);
    sandbox.git(["commit", "-qm", "worse"]);
    sandbox.write("pipelines/p.yaml", PIPELINE);
    sandbox.write("params.yaml", "lr: 1.0\n");
    let ran = sandbox.derm(["--json", "params", "diff"]).exits(2).complains(["HEAD:pipelines/p.yaml:2"]);
    assert_eq!(ran.json()["diff"]["params.yaml"]["lr"]["old"], 0.125);
}

#[test]
fn what_cannot_be_compared_is_said() {
    let sandbox = project(PIPELINE);
    write(&sandbox, 0.5, "{\"x\": NaN}");
    for command in [["params", "diff"], ["metrics", "diff"], ["plots", "diff"]] {
        sandbox.derm(command).exits(2).complains(["git"]);
    }
    sandbox.git(["init", "-q"]);
    sandbox.derm(["params", "diff"]).exits(2).complains(["there is no commit yet"]);
    sandbox.git(["add", "-A"]);
    sandbox.git(["commit", "-qm", "one"]);
    sandbox.derm(["metrics", "diff", "nosuch"]).exits(2).complains(["`nosuch`", "no branch, tag or commit has this name"]);
    sandbox.derm(["metrics", "diff", "--targets", "away.json"]).exits(2).complains(["`away.json` does not exist"]);
    // Numbers that are none.
    sandbox.write("kept.json", "{}");
    sandbox.write("cached.json", "{}");
    sandbox.write("nan.yaml", "loss: .nan\nbest: .inf\n");
    sandbox.write("pipelines/q.yaml", "metrics: [nan.yaml]\n");
    let shown = sandbox.derm(["metrics", "show"]).success().stdout;
    assert!(shown.contains("nan") && shown.contains("inf"), "{shown}");
    sandbox.git(["add", "-A"]);
    sandbox.git(["commit", "-qm", "two"]);
    assert_eq!(sandbox.derm(["metrics", "diff"]).success().stdout, "no metric differs\n");
}

#[test]
fn plots_of_two_revisions_on_one_page() {
    let sandbox = history();
    let json = sandbox.derm(["--json", "plots", "diff", "v1"]).success().json();
    assert_eq!(json["revisions"], json!(["v1", "workspace"]));
    let plot = |id: &str| json["plots"].as_array().unwrap().iter().find(|plot| plot["id"] == id).unwrap().clone();
    let loss = plot("logs/loss.csv");
    assert_eq!(
        (loss["title"].as_str(), loss["x_label"].as_str(), loss["y_label"].as_str()),
        (Some("Training"), Some("epoch"), Some("loss"))
    );
    assert_eq!(loss["data"]["v1"][1], json!({"x": 1, "y": 4.75, "file": "logs/loss.csv", "field": "loss"}));
    assert_eq!(loss["data"]["workspace"].as_array().unwrap().len(), 20);
    assert_eq!(plot("both")["data"]["v1"].as_array().unwrap().len(), 40);
    assert_eq!(plot("cam.png")["data"]["v1"]["bytes"], PIXEL.len());
    assert!(!sandbox.path("plots.html").exists());

    let shown = sandbox.derm(["plots", "diff", "v1", "v2", "-o", "page.html"]).success().stdout;
    assert!(shown.contains("Training (logs/loss.csv)") && shown.contains('⠑') && shown.ends_with("3 plots in page.html\n"), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 100), "{shown}");
    let page = sandbox.read("page.html");
    for outside in ["http:", "https:", "src=\"//", "url(", "<script src"] {
        assert!(!page.replace("http-equiv", "").contains(outside), "{outside}");
    }
    assert!(page.contains("data:image/png;base64,") && page.matches("role=\"img\"").count() >= 2 && page.contains("prefers-color-scheme"));
    let md = sandbox.derm(["plots", "diff", "v1", "v2", "--md", "--targets", "logs/loss.csv"]).success().stdout;
    assert!(md.contains("| Training | v1 | █") && md.contains("| 20 | 5 | 0.25 | 0.25 | 5 |"), "{md}");
}

#[test]
fn templates_and_files_that_no_stage_names() {
    let sandbox = project(
        "stages: {}\nplots:\n- pairs.csv: {x: actual, y: predicted, template: confusion}\n- names.json: {x: share, y: name, template: bar_horizontal_sorted}\n- own.yaml: {template: mine}\n- folder\n",
    );
    sandbox.write("pairs.csv", "actual,predicted\nmel,mel\nmel,nv\nnv,nv\nnv,nv\n");
    sandbox.write("names.json", r#"{"a": 1, "deep": {"list": [{"name": "age", "share": 0.25}, {"name": "site", "share": 0.75}]}}"#);
    sandbox.write("own.yaml", "- {a: 1, b: 2}\n- {a: 2, b: 3}\n");
    sandbox.write("folder/one.tsv", "u\tv\n1\t2\n");
    sandbox.write("folder/deeper/two.tsv", "u\tv\n1\t2\n");
    let shown = sandbox.derm(["plots", "show"]).success().stdout;
    assert!(shown.find("site").unwrap() < shown.find("age ").unwrap(), "{shown}");
    let words =
        |start: &str| shown.lines().find(|line| line.starts_with(start)).unwrap().split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words("nv"), ["nv", "1", "2"]);
    assert!(shown.contains("folder/deeper/two.tsv") && shown.ends_with("5 plots in plots.html\n"), "{shown}");
    let page = sandbox.read("plots.html");
    assert!(page.contains("`mine` is not a template of derm&#39;s"));
    let one = sandbox.derm(["--json", "plots", "show", "folder"]).success().json();
    assert_eq!(one["plots"].as_array().unwrap().len(), 2);
    sandbox.write("free.csv", "a,b,c\n1,2,3\n4,5,6\n");
    let free = sandbox.derm(["--json", "plots", "show", "free.csv", "-x", "a", "-y", "b"]).success().json();
    assert_eq!(free["plots"][0]["data"]["workspace"][1]["y"], 5);
    // Numbers taken for classes.
    let many: String = (0..100).map(|i| format!("{i},{}\n", i * 7 % 100)).collect();
    sandbox.write("many.csv", format!("a,b\n{many}"));
    sandbox.derm(["plots", "show", "many.csv", "-x", "a", "--template", "confusion"]).success();
    assert!(sandbox.read("plots.html").contains("100 by 100 values are too many"));
    sandbox.derm(["plots", "show", "nowhere"]).exits(2).complains(["`nowhere` does not exist"]);
    sandbox.derm(["plots", "show", "free.csv", "-y", "d"]).exits(2).complains(["`free.csv` has no column `d`", "it has `a`, `b` and `c`"]);
}

#[test]
fn ragged_rows_are_told_and_the_others_are_drawn() {
    let sandbox = project("plots: [bad.csv, good.csv, away.csv, list.json, words.csv]\n");
    sandbox.write("bad.csv", "a,b\n1,2\n1,2,3\n");
    sandbox.write("good.csv", "a,b\n1,2\n2,1\n");
    sandbox.write("list.json", "[1, 2, 3]");
    sandbox.write("words.csv", "a,b\n1,high\n2,3\n3,\n");
    let ran = sandbox.derm(["plots", "show"]).exits(2);
    let ran = ran.complains([
        "bad.csv:3:5: this row has 3 fields, the others have 2",
        "`away.csv` does not exist",
        "list.json:1:1: holds no list of points",
    ]);
    assert!(ran.stdout.contains("good.csv") && ran.stdout.contains("3 values, 2 left out"), "{}", ran.stdout);
    let page = sandbox.read("plots.html");
    assert!(page.contains("bad.csv:3:5") && page.contains("2 values that are no numbers are left out"));
}

#[test]
fn a_hundred_thousand_points_are_thinned_and_said_so() {
    let sandbox = project("plots: [long.csv]\n");
    let rows: String = (0..100_000).map(|i| format!("{i},{}\n", if i == 54_321 { 99 } else { i % 7 })).collect();
    sandbox.write("long.csv", format!("step,loss\n{rows}"));
    let shown = sandbox.derm(["plots", "show"]).success().stdout;
    assert!(shown.contains("100000 values") || shown.contains("100,000 values"), "{shown}");
    let page = sandbox.read("plots.html");
    assert!(page.len() < 100_000, "{} bytes", page.len());
    assert!(page.contains("thinned from 100,000 values") && page.contains(">99<"));
}

#[test]
fn fifty_stages_are_drawn_where_they_fit_and_listed_with_lines_where_not() {
    let mut text = "stages:\n".to_owned();
    for layer in 0..5 {
        for place in 0..10 {
            let needs = if layer == 0 { String::new() } else { format!("o/{}-{place}, o/{}-{}", layer - 1, layer - 1, (place + 1) % 10) };
            text += &format!("  stage{layer}{place}:\n    cmd: x\n    deps: [{needs}]\n    outs: [o/{layer}-{place}]\n");
        }
    }
    let sandbox = project(&text);
    let at = |columns: &str| {
        let ran = sandbox.command(["dag"]).env("COLUMNS", columns).output().unwrap();
        String::from_utf8(ran.stdout).unwrap()
    };
    let wide = at("200");
    assert_eq!(wide.matches("| stage").count(), 50, "{wide}");
    assert!(wide.lines().all(|line| line.chars().count() <= 200));
    let narrow = at("80");
    assert_eq!(narrow.lines().count(), 50, "{narrow}");
    assert!(narrow.lines().all(|line| line.chars().count() <= 80 && line.contains('●') && line.contains(" stage")), "{narrow}");
}

#[test]
fn groups_are_one_box_and_a_page_tells_the_rest() {
    let sandbox = project(
        "stages:\n  get:\n    cmd: echo <get>\n    outs: [raw]\n    frozen: true\n  part:\n    foreach: [a, b, c]\n    do:\n      cmd: cut ${item}\n      deps: [raw]\n      outs: [\"p/${item}\"]\n  end:\n    cmd: join\n    deps: [p]\n    outs: [all]\n  aside:\n    cmd: rest\n    deps: [raw]\n    outs: [other]\n",
    );
    let drawn = sandbox.derm(["dag"]).success().stdout;
    assert!(drawn.contains("| part@… (3) |") && !drawn.contains("part@a"), "{drawn}");
    assert_eq!(sandbox.derm(["dag", "--expand"]).success().stdout.matches("| part@").count(), 3);
    assert!(!sandbox.derm(["dag", "end"]).success().stdout.contains("aside"));
    assert!(sandbox.derm(["dag", "end", "--full"]).success().stdout.contains("aside"));
    let md = sandbox.derm(["dag", "--md"]).success().stdout;
    assert!(md.starts_with("```mermaid\nflowchart TD\n") && md.ends_with("```\n") && md.contains("part@… (3)"), "{md}");
    let outs = sandbox.derm(["--json", "dag", "--outs"]).success().json();
    let end = outs["stages"].as_array().unwrap().iter().find(|node| node["stage"] == "all").unwrap();
    assert_eq!(end["needs"], json!(["p/a", "p/b", "p/c"]));
    sandbox.derm(["dag", "--html", "dag.html"]).success();
    let page = sandbox.read("dag.html");
    assert!(
        page.contains("echo &lt;get&gt;")
            && page.contains(">frozen<")
            && page.contains(">3 stale<")
            && page.contains("part@a, part@b, part@c")
    );
    assert!(!page.replace("http-equiv", "").contains("http") && !page.contains("<script"));
}

#[test]
fn groups_that_need_each_other_by_way_of_others_stay_apart() {
    let sandbox = project(
        "stages:\n  s:\n    foreach:\n      one: {in: start, out: a}\n      two: {in: b, out: c}\n    do:\n      cmd: x\n      deps: [\"${item.in}\"]\n      outs: [\"${item.out}\"]\n  between:\n    cmd: y\n    deps: [a]\n    outs: [b]\n",
    );
    let drawn = sandbox.derm(["dag"]).success().stdout;
    assert!(drawn.contains("| s@one |") && drawn.contains("| between |") && drawn.contains("| s@two |"), "{drawn}");
}
