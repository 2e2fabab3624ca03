//! Expansion and paths. The names and commands on the right are what DVC 3.67.1 makes of the same files.

use super::{actions, project, repro};
use crate::support::Sandbox;

/// The commands of all stages by name, as a run records them.
#[track_caller]
fn recorded(sandbox: &Sandbox, lock: &str) -> Vec<String> {
    repro(sandbox, []).success();
    let text = sandbox.read(lock);
    let lines: Vec<&str> = text.lines().collect();
    let name = |at: usize| lines[..at].iter().rev().find(|line| line.starts_with("  ") && !line.starts_with("   ")).unwrap().trim();
    let cmds = lines.iter().enumerate().filter_map(|(at, line)| line.strip_prefix("    cmd: ").map(|cmd| format!("{} {cmd}", name(at))));
    cmds.collect()
}

#[test]
fn foreach_takes_lists_maps_and_references() {
    let sandbox = project(
        "vars:\n- models: {small: {n: 1}, big: {n: 2}}\nstages:\n  plain:\n    foreach: [x, 2, true]\n    do:\n      cmd: echo ${item}\n  maps:\n    foreach: [{a: 1}, {a: 2}]\n    do:\n      cmd: echo ${item.a}\n  keyed:\n    foreach: {k: v}\n    do:\n      cmd: echo ${key} ${item}\n  named:\n    foreach: ${models}\n    do:\n      cmd: echo ${key} ${item.n}\n",
    );
    assert_eq!(
        recorded(&sandbox, "pipelines/p.lock"),
        [
            "keyed@k: echo k v",
            "maps@0: echo 1",
            "maps@1: echo 2",
            "named@big: echo big 2",
            "named@small: echo small 1",
            "plain@2: echo 2",
            "plain@true: echo true",
            "plain@x: echo x",
        ]
    );
    assert_eq!(actions(&sandbox, ["maps"]), ["maps@0: ran", "maps@1: ran"]);
    assert_eq!(actions(&sandbox, ["maps@1"]), ["maps@1: ran"]);
}

#[test]
fn matrix_is_the_product_of_its_axes() {
    let sandbox =
        project("stages:\n  m:\n    matrix:\n      size: [1, 2]\n      opt: [{lr: 0.10}, sgd]\n    cmd: echo ${item.size} ${key}\n");
    assert_eq!(
        recorded(&sandbox, "pipelines/p.lock"),
        ["m@1-opt0: echo 1 1-opt0", "m@1-sgd: echo 1 1-sgd", "m@2-opt0: echo 2 2-opt0", "m@2-sgd: echo 2 2-sgd"]
    );
}

#[test]
fn maps_become_flags_in_commands() {
    let sandbox = project("stages:\n  s:\n    cmd: echo ${train}\n");
    sandbox.write("params.yaml", "train: {lr: 1e-5, deep: {er: true, off: false}, sizes: [1, 2], name: it's}\n");
    let expected = r#"s: echo --lr 1e-05 --deep.er --sizes 1 2 --name 'it'"'"'s'"#;
    assert_eq!(recorded(&sandbox, "pipelines/p.lock"), [expected]);
}

#[test]
fn nested_dvc_files_work_in_their_folder() {
    let sandbox = Sandbox::repository();
    sandbox.write(
        "sub/dvc.yaml",
        "vars: [more.yaml, \"extra.json:b\"]\nstages:\n  s:\n    wdir: inner\n    cmd: cat ../in.txt > out.txt; echo ${lr} ${m} ${b} >> out.txt\n    deps: [../in.txt, ../../top.txt]\n    params: [../params.yaml: [lr]]\n    outs: [out.txt/]\n",
    );
    sandbox.write("sub/params.yaml", "lr: 1\n");
    sandbox.write("sub/more.yaml", "m: yes\n");
    sandbox.write("sub/extra.json", "{\"a\": 1, \"b\": [2.50]}");
    sandbox.write("sub/in.txt", "in\n");
    sandbox.write("top.txt", "top\n");
    std::fs::create_dir_all(sandbox.path("sub/inner")).unwrap();
    let text = sandbox.read("sub/dvc.yaml");
    sandbox.derm(["repro"]).exits(2).complains(["sub/dvc.yaml:5:51", "`${b}` is a list"]);
    sandbox.write("sub/dvc.yaml", text.replace("${b}", "${b[0]}"));
    repro(&sandbox, []).success();
    assert_eq!(sandbox.read("sub/inner/out.txt"), "in\n1 yes 2.5\n");
    let lock = sandbox.read("sub/derm.lock");
    for line in ["    - path: sub/in.txt", "    - path: top.txt", "      sub/params.yaml:", "    - path: sub/inner/out.txt"] {
        assert!(lock.lines().any(|found| found == line), "{line} is not in\n{lock}");
    }
    let from_below = sandbox.command(["--json", "repro", "dvc.yaml:s"]).current_dir(sandbox.path("sub")).output().unwrap();
    assert!(String::from_utf8_lossy(&from_below.stdout).contains("\"fresh\""));
}

#[test]
fn equal_names_in_two_files_need_the_file() {
    let sandbox = project("stages:\n  s:\n    cmd: echo 1\n");
    sandbox.write("pipelines/q.yaml", "stages:\n  s:\n    cmd: echo 2\n");
    sandbox.derm(["repro", "s"]).exits(2).complains(["several pipelines", "`pipelines/p.yaml:s` and `pipelines/q.yaml:s`"]);
    sandbox.derm(["repro", "pipelines/q.yaml:s"]).success();
    sandbox.derm(["dag"]).success();
}

#[test]
fn anchors_merge_keys_and_stage_vars_are_understood() {
    let sandbox = project("base: &base {}\nstages: {}\n");
    sandbox.derm(["repro"]).exits(2).complains(["unknown key `base`"]);
    sandbox.write(
        "pipelines/p.yaml",
        "stages:\n  a: &a\n    cmd: echo ${x} > a.txt\n    vars: [{x: 1}]\n    outs: [a.txt]\n  b:\n    <<: *a\n    vars: [{x: 2}]\n    cmd: echo ${x} > b.txt\n    outs: [b.txt]\n",
    );
    assert_eq!(recorded(&sandbox, "pipelines/p.lock"), ["a: echo 1 > a.txt", "b: echo 2 > b.txt"]);
}

#[test]
fn what_dvc_dropped_is_accepted_with_a_warning() {
    let sandbox =
        project("stages:\n  s:\n    cmd: echo 1 > o.txt\n    live: {dvclive: {html: true}}\n    outs:\n    - o.txt: {checkpoint: true}\n");
    sandbox.derm(["repro"]).success().complains(["pipelines/p.yaml:4:5: `live` is gone", "`checkpoint` is gone"]);
    let empty = project("stages:\n");
    empty.derm(["status"]).success();
    empty.derm(["repro"]).exits(2).complains(["`pipelines/p.yaml` has no stages"]);
}

#[test]
fn constants_of_python_files_are_parameters() {
    let sandbox = project(
        "vars: [conf.py]\nstages:\n  s:\n    cmd: echo ${Train.lr} > x\n    params: [{conf.py: [SIZES, Train.steps]}]\n    outs: [x]\n",
    );
    let conf = "import os\nSIZES = (1, 2)  # a tuple\nclass Train:\n    lr: float = 1e-5\n    def __init__(self):\n        self.steps = 10\nOTHER = os.cpu_count()\n";
    sandbox.write("conf.py", conf);
    assert_eq!(actions(&sandbox, []), ["s: ran"]);
    assert_eq!(sandbox.read("x"), "1e-05\n");
    sandbox.write("conf.py", conf.replace("(1, 2)", "[1,2]").replace("OTHER", "ANOTHER"));
    assert_eq!(actions(&sandbox, []), ["s: fresh"]);
    sandbox.write("conf.py", conf.replace("10", "11"));
    assert_eq!(actions(&sandbox, []), ["s: ran"]);
    let shown = sandbox.derm(["--json", "params", "show"]).success().json();
    let steps = shown["params"].as_array().unwrap().iter().find(|param| param["key"] == "Train.steps").unwrap();
    assert_eq!((&steps["value"], &steps["line"]), (&serde_json::json!(11), &serde_json::json!(6)));
}

#[test]
fn settings_say_how_maps_become_flags() {
    let sandbox = project("stages:\n  s:\n    cmd: echo ${m} > x\n    outs: [x]\n");
    sandbox.write("params.yaml", "m: {off: false, l: [1, 2]}\n");
    sandbox.derm(["config", "parsing.bool", "boolean_optional"]).success();
    sandbox.derm(["config", "parsing.list", "append"]).success();
    sandbox.derm(["repro"]).success();
    assert_eq!(sandbox.read("x"), "--no-off --l 1 --l 2\n");
    sandbox.derm(["config", "parsing.list", "often"]).exits(2).complains(["it takes `nargs` or `append`"]);
}

#[test]
fn dates_are_texts_and_datasets_are_warned_about() {
    let sandbox = project("datasets:\n- {name: d, type: url, url: x}\nstages:\n  s:\n    cmd: echo ${when} > x\n    outs: [x]\n");
    sandbox.write("params.yaml", "when: 2020-01-01\n");
    sandbox.derm(["repro"]).success().complains(["pipelines/p.yaml:1:1: `datasets` has no effect"]);
    assert_eq!(sandbox.read("x"), "2020-01-01\n");
}
