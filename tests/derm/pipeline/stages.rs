//! Stages written, listed and frozen by command; locks shown and merged.

use super::{actions, project};
use crate::support::Sandbox;

#[test]
fn a_stage_is_added_into_the_only_pipeline() {
    let sandbox = project("# mine\nstages:\n  # first\n  a:\n    cmd: echo a > a.txt  # why\n    outs: [a.txt]\n\nparams: [p.yaml]\n");
    let added = ["stage", "add", "-n", "b", "-d", "a.txt", "-p", "train.lr,train.n", "-p", "conf.toml:", "-o", "b.txt", "-M", "m.json"];
    sandbox.derm(added.into_iter().chain(["--outs-persist", "log", "--desc", "copies", "--", "cp", "a b", "b.txt"])).success();
    let expected = "# mine\nstages:\n  # first\n  a:\n    cmd: echo a > a.txt  # why\n    outs: [a.txt]\n  b:\n    cmd: cp 'a b' b.txt\n    desc: copies\n    deps:\n    - a.txt\n    params:\n    - train.lr\n    - train.n\n    - conf.toml:\n    outs:\n    - b.txt\n    - log:\n        persist: true\n    metrics:\n    - m.json:\n        cache: false\n\nparams: [p.yaml]\n";
    assert_eq!(sandbox.read("pipelines/p.yaml"), expected);
    let listed = sandbox.derm(["--json", "stage", "list", "b"]).success().json();
    let stage = &listed["stages"][0];
    assert_eq!(stage["cmd"], "cp 'a b' b.txt");
    assert_eq!(
        stage["params"],
        serde_json::json!([{"file": "conf.toml", "keys": null}, {"file": "params.yaml", "keys": ["train.lr", "train.n"]}])
    );
    assert_eq!(sandbox.derm(["stage", "list", "--name-only"]).success().stdout, "a\nb\n");
}

#[test]
fn a_stage_is_added_where_one_stands() {
    let sandbox = Sandbox::repository();
    sandbox.write("sub/in.txt", "1\n");
    let sub = sandbox.path("sub").display().to_string();
    let add =
        |name: &str, cmd: &str| sandbox.derm(["--cd", &sub, "stage", "add", "--name", name, "--dep", "in.txt", "--out", "out.txt", cmd]);
    add("s", "cp in.txt out.txt").success();
    assert!(sandbox.read("pipelines/main.yaml").contains("    wdir: sub\n"));
    assert_eq!(actions(&sandbox, []), ["s: ran"]);
    assert_eq!(sandbox.read("sub/out.txt"), "1\n");
    // A dvc.yaml beside is nearer, and its paths start there.
    sandbox.write("other/dvc.yaml", "");
    let other = sandbox.path("other").display().to_string();
    sandbox.derm(["--cd", &other, "stage", "add", "-n", "t", "-o", "t.txt", "--run", "echo 2 > t.txt"]).success();
    assert_eq!(sandbox.read("other/dvc.yaml"), "stages:\n  t:\n    cmd: echo 2 > t.txt\n    outs:\n    - t.txt\n");
    assert_eq!(sandbox.read("other/t.txt"), "2\n");
}

#[test]
fn nothing_is_written_that_could_not_be_run() {
    let text = "stages:\n  a:\n    cmd: echo a > a.txt\n    outs: [a.txt]\n";
    let sandbox = project(text);
    let fails = |args: &[&str], texts: [&str; 1]| {
        sandbox.derm(["stage", "add"].iter().chain(args)).exits(2).complains(texts);
        assert_eq!(sandbox.read("pipelines/p.yaml"), text);
    };
    fails(&["-n", "a", "echo"], ["there is a stage `a` already"]);
    fails(&["-n", "b", "-o", "a.txt", "echo"], ["`a.txt` is an output of both `a` and `b`"]);
    fails(&["-n", "b", "-d", "x", "-o", "x", "echo"], ["stage `b` depends on its own output"]);
    fails(&["-n", "b", "-o", "../x", "echo"], ["path `../x` lies outside the repository"]);
    fails(&["-n", "b/c", "echo"], ["`b/c` is no name for a stage"]);
    fails(&["-n", "b", "--file", "x.yaml", "echo"], ["`x.yaml` is no pipeline file"]);
    sandbox.derm(["stage", "add", "-f", "-n", "a", "-o", "a.txt", "echo b > a.txt"]).success();
    assert_eq!(sandbox.read("pipelines/p.yaml"), "stages:\n  a:\n    cmd: echo b > a.txt\n    outs:\n    - a.txt\n");
    sandbox.write("pipelines/q.yaml", "");
    sandbox.derm(["stage", "add", "-n", "c", "echo"]).exits(2).complains(["there are several pipeline files", "--file pipelines/p.yaml"]);
}

#[test]
fn freezing_keeps_the_file_and_stops_the_stage() {
    let text = "stages:\n  a:  # first\n    cmd: cat in > a.txt\n    deps: [in]\n    outs: [a.txt]\n  g:\n    foreach: [1, 2]\n    do:\n      cmd: echo\n      deps: [in]\n";
    let sandbox = project(text);
    sandbox.write("in", "1");
    assert_eq!(actions(&sandbox, []), ["a: ran", "g@1: ran", "g@2: ran"]);
    sandbox.derm(["freeze", "a", "g"]).success();
    assert_eq!(
        sandbox.read("pipelines/p.yaml"),
        text.replace("    cmd: cat", "    frozen: true\n    cmd: cat").replace("      cmd: echo", "      frozen: true\n      cmd: echo")
    );
    sandbox.write("in", "2");
    assert_eq!(actions(&sandbox, []), ["a: fresh", "g@1: fresh", "g@2: fresh"]);
    assert!(sandbox.derm(["freeze", "a"]).success().stdout.contains("`a` is frozen already"));
    sandbox.derm(["unfreeze", "g@1"]).exits(2).complains(["`g@1` is one of the stages that one definition makes", "`g` names them all"]);
    sandbox.derm(["unfreeze", "a", "g"]).success();
    assert_eq!(sandbox.read("pipelines/p.yaml"), text);
    assert_eq!(actions(&sandbox, []), ["a: ran", "g@1: ran", "g@2: ran"]);
}

#[test]
fn locks_are_shown_and_merged_by_stage() {
    let stages = |a: &str, b: &str| {
        format!("stages:\n  a:\n    cmd: echo {a} > a\n    outs: [a]\n  b:\n    cmd: echo {b} > b\n    params: [lr]\n    outs: [b]\n")
    };
    let sandbox = project(&stages("1", "1"));
    sandbox.write("params.yaml", "lr: 0.5\n");
    let lock = |text: String| {
        sandbox.write("pipelines/p.yaml", text);
        actions(&sandbox, []);
        sandbox.read("pipelines/p.lock")
    };
    let base = lock(stages("1", "1"));
    let shown = sandbox.derm(["--json", "lock", "show", "b"]).success().json();
    assert_eq!(shown["stages"][0]["params"]["params.yaml"]["lr"], 0.5);
    assert_eq!(shown["stages"][0]["outs"][0]["path"], "b");
    assert!(sandbox.derm(["lock", "show"]).success().stdout.contains("params.yaml:lr"));
    sandbox.derm(["lock", "show", "bb"]).exits(2).complains(["is called `bb`"]);
    let (ours, theirs, both) = (lock(stages("2", "1")), lock(stages("1", "2")), lock(stages("2", "2")));
    let merge = |ours: &str, theirs: &str| {
        sandbox.write("base", &base);
        sandbox.write("ours", ours);
        sandbox.write("theirs", theirs);
        sandbox.derm(["lock", "merge", "base", "ours", "theirs"])
    };
    merge(&ours, &theirs).success();
    assert_eq!(sandbox.read("ours"), both);
    let other = lock(stages("3", "1"));
    merge(&ours, &other).exits(1).complains(["both sides changed stages of `ours`: `a`"]);
    assert!(sandbox.read("ours").contains("<<<<<<< ours"));
}
