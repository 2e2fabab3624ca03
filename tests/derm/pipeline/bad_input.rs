//! Every kind of bad pipeline gets a clear error with its place, and nothing runs.

use super::{actions, project};
use crate::support::Sandbox;

/// `derm repro` of this file fails with exit code 2, naming all of `texts`; no command was run.
#[track_caller]
fn refused<const N: usize>(pipeline: &str, texts: [&str; N]) {
    let sandbox = project(pipeline);
    sandbox.write("params.yaml", "train:\n  lr: 0.1\n");
    sandbox.derm(["repro"]).exits(2).complains(texts);
    assert!(!sandbox.path("ran").exists());
    assert!(!sandbox.path("pipelines/p.lock").exists());
}

#[test]
fn tabs() {
    refused("stages:\n  s:\n\tcmd: touch ran\n", ["pipelines/p.yaml:3:1: a tab cannot indent YAML", "replace the tab", "3 |"]);
}

#[test]
fn duplicate_keys() {
    refused(
        "stages:\n  s:\n    cmd: touch ran\n    cmd: echo\n  s:\n    cmd: echo\n",
        ["pipelines/p.yaml:4:5: key `cmd` appears twice; first in line 3", "5:3: key `s` appears twice", "hint: keep one"],
    );
}

#[test]
fn unknown_keys_and_wrong_types_are_all_reported_at_once() {
    refused(
        "stages:\n  s:\n    cmd: touch ran\n    dep: [a]\n    outs: x\n    frozen: maybe\n    deps:\n  t:\n    deps: [a]\nplot: []\n",
        [
            "pipelines/p.yaml:4:5: unknown key `dep` in stage `s`",
            "did you mean `deps`?",
            "pipelines/p.yaml:5:11: `outs` must be a list, not a text",
            "pipelines/p.yaml:6:13: `frozen` must be true or false",
            "`deps` must be a list, not nothing",
            "stage `t` has no `cmd`",
            "unknown key `plot` in a pipeline file (did you mean `plots`?)",
        ],
    );
}

#[test]
fn undefined_values() {
    refused(
        "stages:\n  s:\n    cmd: >\n      touch ran &&\n      train --lr ${train.rate}\n",
        ["pipelines/p.yaml:5:18: `train.rate` is not defined", "`train` is a map with `lr`", "^"],
    );
    refused("stages:\n  s:\n    cmd: touch ran ${trian.lr}\n", ["3:20: `trian.lr` is not defined", "did you mean `train`?"]);
}

#[test]
fn a_broken_parameter_file_is_all_that_is_said() {
    let sandbox = project("stages:\n  s:\n    cmd: touch ran ${lr}\n    frozen: ${lr}\n");
    for (params, text) in
        [("lr: 1\nlr: 2\n", "params.yaml:2:1: key `lr` appears twice; first in line 1"), ("a:\n\tlr: 1\n", "params.yaml:2:1: a tab cannot")]
    {
        sandbox.write("params.yaml", params);
        let ran = sandbox.derm(["repro"]).exits(2).complains([text, "2 |", "hint:"]);
        assert!(!ran.stderr.contains("not defined") && !ran.stderr.contains("p.yaml:"), "{}", ran.stderr);
    }
}

#[test]
fn a_brace_that_is_not_closed() {
    refused("stages:\n  s:\n    cmd: touch ran; echo ${l\n", ["pipelines/p.yaml:3:26: `${` is not closed", "3 |", "close it with `}`"]);
    let sandbox = project("stages:\n  s:\n    cmd: l=5; echo \\${l} $l $(echo 6) > x\n    outs: [x]\n");
    sandbox.derm(["repro"]).success();
    assert_eq!(sandbox.read("x"), "5 5 6\n");
}

#[test]
fn files_without_stages() {
    refused("\tstages:\n", ["pipelines/p.yaml:1:1: a tab cannot indent YAML", "1 |", "replace the tab"]);
    for text in ["", "stages:\n", "# nothing\n"] {
        refused(text, ["`pipelines/p.yaml` has no stages"]);
    }
}

#[test]
fn a_failed_stage_is_told_in_full_beside_json() {
    let sandbox = project("stages:\n  s:\n    cmd: echo last words; exit 5\n");
    let ran = super::repro(&sandbox, []).exits(1);
    assert_eq!(ran.json()["stages"][0]["error"]["exit_code"], 1);
    ran.complains(["error: stage `s` failed: exit status 5", "cause: the command was", "hint: nothing was recorded"]);
}

#[test]
fn text_that_is_no_yaml() {
    refused("stages: [\n", ["pipelines/p.yaml:", "not valid YAML"]);
    refused("stages:\n  s:\n    cmd: touch ran\n    deps: [a/${x}]\n", ["not valid YAML", "put texts with `${…}` in quotes"]);
    refused("- a\n- b\n", ["a pipeline file must be a map, not a list"]);
    let sandbox = project("");
    sandbox.write("pipelines/p.yaml", b"stages:\n  \xff\xfe: 1\n");
    sandbox.derm(["repro"]).exits(2).complains(["pipelines/p.yaml:2:3: not UTF-8 text", "save the file as UTF-8"]);
}

#[test]
fn circles() {
    refused(
        "stages:\n  a:\n    cmd: touch ran\n    deps: [c.txt]\n    outs: [a.txt]\n  b:\n    cmd: echo\n    deps: [a.txt]\n    outs: [b]\n  c:\n    cmd: echo\n    deps: [b/x]\n    outs: [c.txt]\n",
        ["pipelines/p.yaml:2:3", "in a circle: `a` needs `c` needs `b` needs `a`", "hint: take one of these"],
    );
    refused("stages:\n  a:\n    cmd: touch ran\n    deps: [x]\n    outs: [x]\n", ["stage `a` depends on its own output"]);
}

#[test]
fn overlapping_outputs() {
    refused(
        "stages:\n  a:\n    cmd: touch ran\n    outs: [data]\n  b:\n    cmd: echo\n    outs: [data/x]\n",
        ["pipelines/p.yaml:7:12", "`data/x` of `b`", "`data` of `a`", "pipelines/p.yaml:4:12", "lie inside each other"],
    );
    refused(
        "stages:\n  a:\n    cmd: touch ran\n    outs: [x]\n  b:\n    cmd: echo\n    metrics: [./x/]\n",
        ["`x` is an output of both `a` and `b`"],
    );
}

#[test]
fn paths_outside_the_repository() {
    refused("stages:\n  a:\n    cmd: touch ran\n    deps: [../secret]\n", ["4:12", "`../secret` lies outside the repository"]);
    refused("stages:\n  a:\n    cmd: touch ran\n    outs: [/tmp/x]\n", ["`/tmp/x` lies outside", "inside the repository"]);
    refused("stages:\n  a:\n    cmd: touch ran\n    deps: [\"s3://bucket/x\"]\n", ["is an address, not a path in the repository"]);
    refused("stages:\n  a:\n    cmd: touch ran\n    outs: [.derm/x]\n", ["`.derm/x` cannot be an output"]);
}

#[test]
fn what_is_not_supported_is_refused() {
    refused("stages:\n  a:\n    cmd: touch ran\n    executor: kubernetes\n", ["4:15: `executor` must be `local`, `slurm`"]);
    refused("stages:\n  a@b:\n    cmd: touch ran\n", ["may not hold `@`"]);
    refused(
        "stages:\n  a:\n    cmd: touch ran\n    timeout: soon\n    retry: -1\n",
        ["`soon` is no time", "`retry` must be from 0 to 100"],
    );
}

#[test]
fn bombs_are_refused_quickly() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    refused(&bomb, ["expands to more than 2000000 values"]);
    refused(&format!("stages: {}", "[".repeat(5000)), ["recursion limit"]);
    let deep: String = (0..3000).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    refused(&deep, ["levels deep"]);
}

#[test]
fn a_stage_that_fails() {
    let sandbox = project("stages:\n  s:\n    cmd: echo some words; echo the last word >&2; exit 5\n    outs: [x]\n");
    sandbox.derm(["repro"]).exits(1).complains([
        "stage `s` failed: exit status 5",
        "the command was",
        "some words",
        "the last word",
        "nothing was recorded",
    ]);
    assert!(!sandbox.path("pipelines/p.lock").exists());
    sandbox.write("pipelines/p.yaml", "stages:\n  s:\n    cmd: no-such-program\n");
    sandbox.derm(["repro"]).exits(1).complains(["exit status 127", "did not find the program"]);
    sandbox.write("pipelines/p.yaml", "stages:\n  s:\n    cmd: echo\n    wdir: nowhere\n");
    sandbox.derm(["repro"]).exits(1).complains(["cannot start stage `s`", "nowhere"]);
}

#[test]
fn a_stage_that_makes_no_output() {
    let sandbox = project("stages:\n  s:\n    cmd: echo hello; touch other\n    outs: [missing.txt, other]\n");
    sandbox.derm(["repro"]).exits(1).complains(["`s` succeeded but did not make `missing.txt`", "hello", "echo hello; touch other"]);
    assert!(!sandbox.path("other").exists() && !sandbox.path("pipelines/p.lock").exists());
}

#[test]
fn inputs_that_are_not_there() {
    let sandbox = project("stages:\n  s:\n    cmd: echo\n    deps: [data]\n");
    sandbox.derm(["repro"]).exits(1).complains(["stage `s` depends on `data`, which does not exist"]);
    sandbox.write("pipelines/p.yaml", "stages:\n  s:\n    cmd: echo\n    params: [train.rate]\n");
    sandbox.write("params.yaml", "train: {rates: 1}\n");
    sandbox.derm(["repro"]).exits(2).complains(["`train.rate`, which `params.yaml` does not hold", "did you mean `train.rates`?"]);
    sandbox.write("params.yaml", "a: 1\n\tb: 2\n");
    sandbox.derm(["repro"]).exits(2).complains(["params.yaml:2:1: a tab cannot indent YAML"]);
}

#[test]
fn unknown_targets() {
    let sandbox = project("stages:\n  train:\n    cmd: echo\n    outs: [models/skin]\n");
    sandbox.derm(["repro", "trian"]).exits(2).complains(["no stage, pipeline file or output is called `trian`", "did you mean `train`?"]);
    sandbox.derm(["repro", "../elsewhere"]).exits(2);
}

#[test]
fn locks_that_cannot_be_understood() {
    let sandbox = project("stages:\n  s:\n    cmd: echo 1 > x\n    outs: [x]\n");
    actions(&sandbox, []);
    let good = sandbox.read("pipelines/p.lock");
    sandbox.write("pipelines/p.lock", format!("<<<<<<< HEAD\n{good}=======\n{good}>>>>>>> other\n"));
    sandbox.derm(["repro"]).exits(2).complains(["pipelines/p.lock:1:1: the marks of an unresolved merge", "keep either side"]);
    sandbox.write("pipelines/p.lock", good.replace("schema: 1", "schema: 2"));
    sandbox.derm(["status"]).exits(2).complains(["schema 2 is not known"]);
    sandbox.write("pipelines/p.lock", good.replace("hash: ", "hash: zz"));
    sandbox.derm(["status"]).exits(2).complains(["pipelines/p.lock:8:13", "is not a content hash"]);
    sandbox.write("pipelines/p.lock", good);
    assert_eq!(actions(&sandbox, []), ["s: fresh"]);
}

#[test]
fn a_read_only_folder() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = project("stages:\n  s:\n    cmd: echo 1 > x.txt\n    outs: [x.txt]\n");
    let folder = sandbox.path("pipelines");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o555)).unwrap();
    if std::fs::write(folder.join("probe"), "").is_err() {
        sandbox.derm(["repro"]).exits(1).complains(["cannot write", "pipelines/p.lock"]);
    }
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    sandbox.derm(["repro"]).success();
}

#[test]
fn outside_a_repository() {
    let sandbox = Sandbox::empty();
    for command in ["repro", "dag", "status"] {
        sandbox.derm([command]).exits(2).complains(["not inside a derm repository", "derm init"]);
    }
}

#[test]
fn every_problem_names_the_keys_that_lead_to_it() {
    refused(
        "stages:\n  s:\n    cmd: touch ran\n    deps:\n    - a\n    - [b]\n    outs:\n      o: {}\n    metrics:\n    - m:\n        cahce: true\n",
        [
            "pipelines/p.yaml:6:7: a path must be a text, not a list (at `stages.s.deps[1]`)",
            "8:7: `outs` must be a list, not a map (at `stages.s.outs`)",
            "11:9: unknown key `cahce` in the flags of `m` (at `stages.s.metrics[0].m.cahce`) (did you mean `cache`?)",
        ],
    );
    refused("stages:\n  s:\n    deps: [a]\n", ["stage `s` has no `cmd` (at `stages.s`)"]);
}

#[test]
fn values_of_the_wrong_type() {
    let wrong = |line: &str, params: &str, text: &str| {
        let sandbox = project(&format!("stages:\n  s:\n    cmd: touch ran\n    {line}\n"));
        sandbox.write("params.yaml", params);
        sandbox.derm(["repro"]).exits(2).complains(["pipelines/p.yaml:4:", text, "4 |"]);
        assert!(!sandbox.path("ran").exists());
    };
    wrong("deps: ['x-${m}']", "m: {a: 1}\n", "`${m}` is a map, which cannot stand inside a text (at `stages.s.deps[0]`)");
    wrong("deps: ['${m}']", "m: {a: 1}\n", "a path must be a text, not a map");
    wrong("desc: about ${l}", "l: [1]\n", "`${l}` is a list, which cannot stand inside a text");
    wrong("frozen: ${t}", "t: 'yes'\n", "`frozen` must be true or false, not a text");
    wrong("wdir: ${n}", "n: null\n", "a path must be a text, not nothing");
}

#[test]
fn vars_are_not_defined_twice() {
    let head = |vars: &str| format!("vars: {vars}\nstages:\n  s:\n    cmd: touch ran\n");
    refused(&head("[{train: {lr: 1}}]"), ["pipelines/p.yaml:1:8: `train.lr` is defined already", "(at `vars[0]`)"]);
    refused(&head("['params.yaml:train']"), ["`params.yaml` is taken in whole already"]);
    refused(&head("[{a: '${train.lr}'}]"), ["`vars` cannot hold `${…}`"]);
    refused(&head("[never.yaml]"), ["there is no file `never.yaml`"]);
    let sandbox = project(&head("[params.yaml, o.yaml, o.yaml, empty.yaml]"));
    sandbox.write("params.yaml", "a: 1\n");
    sandbox.write("o.yaml", "b: 1\n");
    sandbox.write("empty.yaml", "");
    sandbox.derm(["repro"]).success();
}

#[test]
fn groups_that_cannot_be_made() {
    refused("stages:\n  s:\n    foreach: [1]\n    cmd: touch ran\n", ["stage `s` has `foreach` but no `do`"]);
    refused("stages:\n  s:\n    matrix: {}\n    cmd: touch ran\n", ["`matrix` of stage `s` has no axes"]);
    refused("stages:\n  s:\n    matrix: {x: 1}\n    cmd: touch ran\n", ["axis `x` of stage `s` must be a list, not a whole number"]);
    refused(
        "stages:\n  s:\n    foreach: ${train.lr}\n    do: {cmd: touch ran}\n",
        ["`foreach` of stage `s` must be a list or a map, not a number"],
    );
    refused("stages:\n  a@b:\n    cmd: touch ran\n", ["`a@b` is no name for a stage: it may not hold `@` or `:`"]);
}

#[test]
fn plots_and_artifacts_are_checked() {
    refused("plots:\n- p: {z: a}\nstages: {s: {cmd: touch ran}}\n", ["unknown key `z` in plot `p`"]);
    refused("artifacts:\n  m: {type: model}\nstages: {s: {cmd: touch ran}}\n", ["artifact `m` has no `path`"]);
}

#[test]
fn python_files_that_cannot_be_cut_into_statements() {
    let sandbox = project("stages:\n  s:\n    cmd: touch ran\n    params: [{p.py: [a]}]\n");
    sandbox.write("p.py", "x = 1\na = 'open\n");
    sandbox.derm(["repro"]).exits(2).complains(["p.py:2:5: not valid Python: the text that begins here is not closed", "2 |"]);
    assert!(!sandbox.path("ran").exists());
}
