//! What the options of `derm repro` mean: as in DVC, where it has them.

use super::{actions, project, repro, until};
use crate::support::Sandbox;

/// `a` copies `in` to `a`, `b` its number of bytes to `b`, `c` copies `b`; `d` stands alone.
fn four() -> Sandbox {
    let sandbox = project(
        "stages:\n  a:\n    cmd: cp in a\n    deps: [in]\n    outs: [a]\n  b:\n    cmd: wc -c < a > b\n    deps: [a]\n    outs: [b]\n  c:\n    cmd: cp b c\n    deps: [b]\n    outs: [c]\n  d:\n    cmd: echo d > d\n    outs: [d]\n",
    );
    sandbox.write("in", "1");
    sandbox
}

fn prepared() -> Sandbox {
    let sandbox = four();
    repro(&sandbox, []).success();
    sandbox
}

#[test]
fn errors_that_are_ignored_keep_what_was_made_and_record_nothing() {
    let sandbox =
        project("stages:\n  a:\n    cmd: echo half > a; exit 3\n    outs: [a]\n  b:\n    cmd: cp a b\n    deps: [a]\n    outs: [b]\n");
    let ran = repro(&sandbox, ["--ignore-errors"]).success().complains(["stage `a` failed: exit status 3"]);
    let report = ran.json();
    assert_eq!(report["stages"][0]["action"], "failed");
    assert_eq!(report["stages"][1]["action"], "ran");
    assert_eq!(sandbox.read("b"), "half\n");
    assert!(!sandbox.read("pipelines/p.lock").contains("  a:\n"));
    sandbox.derm(["repro"]).exits(1);
    sandbox.derm(["repro", "--ignore-errors", "-k"]).exits(2);
}

#[test]
fn downstream_can_be_forced_although_nothing_changed_for_it() {
    let sandbox = prepared();
    sandbox.write("in", "2");
    assert_eq!(actions(&sandbox, []), ["a: ran", "b: ran", "c: fresh", "d: fresh"]);
    sandbox.write("in", "3");
    assert_eq!(actions(&sandbox, ["--dry", "--force-downstream"]), ["a: would-run", "b: would-run", "c: would-run", "d: fresh"]);
    assert_eq!(actions(&sandbox, ["--force-downstream"]), ["a: ran", "b: ran", "c: ran", "d: fresh"]);
    assert_eq!(actions(&sandbox, ["--force-downstream"]), ["a: fresh", "b: fresh", "c: fresh", "d: fresh"]);
}

#[test]
fn targets_can_be_patterns() {
    let sandbox = prepared();
    assert_eq!(actions(&sandbox, ["-f", "-s", "--glob", "[bd]"]), ["b: ran", "d: ran"]);
    sandbox.derm(["repro", "--glob", "x*"]).exits(2).complains(["x*"]);
    assert_eq!(actions(&sandbox, ["--downstream", "b"]), ["b: fresh", "c: fresh"]);
}

#[test]
fn the_run_cache_can_be_left_out() {
    let sandbox = prepared();
    sandbox.write("in", "two");
    repro(&sandbox, []).success();
    sandbox.write("in", "1");
    assert_eq!(actions(&sandbox, ["--no-run-cache", "a"]), ["a: ran"]);
    sandbox.write("in", "two");
    assert_eq!(actions(&sandbox, ["a"]), ["a: restored"]);
}

#[test]
fn what_is_not_committed_is_recorded_and_committed_later() {
    let sandbox = four();
    repro(&sandbox, ["--no-commit", "a"]).success();
    assert!(sandbox.read("pipelines/p.lock").contains("  a:\n"));
    assert!(!sandbox.path(".derm/cache/b3").exists());
    assert_eq!(super::reasons(&sandbox, "a"), ["output `a` is not in the cache"]);
    sandbox.derm(["commit", "a"]).success();
    assert_eq!(actions(&sandbox, ["a"]), ["a: fresh"]);
    std::fs::remove_file(sandbox.path("a")).unwrap();
    assert_eq!(actions(&sandbox, ["a"]), ["a: restored"]);
}

#[test]
fn missing_data_can_be_no_reason() {
    let sandbox = prepared();
    for path in ["a", "b", "c", "d"] {
        std::fs::remove_file(sandbox.path(path)).unwrap();
    }
    std::fs::remove_dir_all(sandbox.path(".derm/cache")).unwrap();
    assert_eq!(actions(&sandbox, ["--allow-missing"]), ["a: fresh", "b: fresh", "c: fresh", "d: fresh"]);
    sandbox.write("in", "another");
    assert_eq!(actions(&sandbox, ["--allow-missing", "--dry"]), ["a: would-run", "b: may-run", "c: may-run", "d: fresh"]);
    assert_eq!(actions(&sandbox, ["--allow-missing"]), ["a: ran", "b: ran", "c: ran", "d: fresh"]);
}

/// A clone of what git has, with nothing in the cache.
fn clone_of(sandbox: &Sandbox) -> Sandbox {
    let clone = Sandbox::empty();
    for path in [".derm/config", "pipelines/p.yaml", "pipelines/p.lock", "in", "data.derm", "params.yaml"] {
        if sandbox.path(path).exists() {
            clone.write(path, std::fs::read(sandbox.path(path)).unwrap());
        }
    }
    clone.derm(["init"]).success();
    clone
}

#[test]
fn missing_data_is_pulled_before_anything_runs() {
    let sandbox = project(
        "stages:\n  list:\n    cmd: ls data > list\n    deps: [data]\n    outs: [list]\n  count:\n    cmd: echo x >> ran; wc -l < list > count\n    deps: [list]\n    outs: [count]\n",
    );
    let remote = Sandbox::empty();
    sandbox.write("data/x", "1");
    sandbox.derm(["add", "data"]).success();
    repro(&sandbox, []).success();
    sandbox.derm(["remote", "add", "nas", remote.root().to_str().unwrap()]).success();
    sandbox.derm(["push"]).success();
    let clone = clone_of(&sandbox);
    clone.derm(["repro"]).exits(1);
    assert_eq!(actions(&clone, ["--pull"]), ["list: restored", "count: restored"]);
    assert_eq!(clone.read("count").trim(), "1");
    assert!(!clone.path("ran").exists());
    // Only what is needed: with `--allow-missing` nothing that is not to run comes.
    let lean = clone_of(&sandbox);
    assert_eq!(actions(&lean, ["--pull", "--allow-missing"]), ["list: fresh", "count: fresh"]);
    assert!(!lean.path("list").exists() && !lean.path("data").exists());
    lean.write("pipelines/p.yaml", lean.read("pipelines/p.yaml").replace("wc -l", "wc  -l"));
    assert_eq!(actions(&lean, ["--pull", "--allow-missing"]), ["list: fresh", "count: ran"]);
    assert!(!lean.path("data").exists());
}

#[test]
fn results_of_earlier_runs_travel_with_the_data() {
    let sandbox = project("stages:\n  s:\n    cmd: echo x >> ran; cp in out\n    deps: [in]\n    outs: [out]\n");
    let remote = Sandbox::empty();
    sandbox.derm(["remote", "add", "nas", remote.root().to_str().unwrap()]).success();
    for text in ["one", "two"] {
        sandbox.write("in", text);
        repro(&sandbox, []).success();
    }
    sandbox.derm(["push"]).success();
    let without = clone_of(&sandbox);
    without.write("in", "one");
    assert_eq!(actions(&without, ["--pull"]), ["s: ran"]);
    let report = sandbox.derm(["--json", "push", "--run-cache"]).success().json();
    assert_eq!(report["runs"], 2);
    assert_eq!(sandbox.derm(["--json", "push", "--run-cache"]).success().json()["runs"], 0);
    let clone = clone_of(&sandbox);
    clone.write("in", "one");
    assert_eq!(actions(&clone, ["--pull"]), ["s: restored"]);
    assert_eq!(clone.read("out"), "one");
    let other = clone_of(&sandbox);
    assert_eq!(other.derm(["--json", "fetch", "--run-cache"]).success().json()["runs"], 2);
    other.write("in", "one");
    assert_eq!(actions(&other, []), ["s: restored"]);
    // What gc removes is no result any more, here and there.
    sandbox.derm(["gc", "-w", "--grace", "0", "-r", "nas"]).success();
    let after = clone_of(&sandbox);
    assert_eq!(after.derm(["--json", "fetch", "--run-cache"]).success().json()["runs"], 1);
}

#[test]
fn every_verdict_is_explained() {
    let sandbox = prepared();
    sandbox.write("in", "2");
    sandbox.write("pipelines/p.yaml", sandbox.read("pipelines/p.yaml").replace("cp in a", "cp  in a"));
    let shown = sandbox.derm(["repro", "--dry", "--explain"]).success().stdout;
    for line in ["a would run", "  command changed from `cp in a` to `cp  in a`", "  dependency `in` was modified", "d is up to date"] {
        assert!(shown.lines().any(|found| found == line), "{line} is not in\n{shown}");
    }
    let ran = sandbox.derm(["repro", "--explain"]).success();
    assert!(ran.stderr.contains("  because dependency `in` was modified"), "{}", ran.stderr);
    assert!(ran.stdout.contains("c is up to date"), "{}", ran.stdout);
}

#[test]
fn output_of_several_stages_is_told_apart() {
    let text = "stages:\n  x:\n    cmd: echo one; echo two\n    outs: []\n    deps: [in]\n  y:\n    cmd: echo three\n    deps: [in]\n";
    let sandbox = project(text);
    sandbox.write("in", "1");
    let ran = sandbox.derm(["repro", "-f", "-j", "2"]).success().complains(["x | one\n", "x | two\n", "y | three\n"]);
    assert!(!ran.stderr.contains("\nthree\n"));
    sandbox.derm(["repro", "-f", "-j", "2", "--output", "grouped"]).success().complains(["\none\ntwo\n", "\nthree\n"]);
}

#[test]
fn stages_with_one_mutex_never_run_at_once() {
    // Each fails if the other's mark is there.
    let stage = |name: &str| {
        format!("  {name}:\n    cmd: mkdir busy && sleep 0.2 && rmdir busy && echo 1 > {name}\n    outs: [{name}]\n    mutex: db\n")
    };
    let sandbox = project(&format!("stages:\n{}{}{}", stage("a"), stage("b"), stage("c")));
    let mut other = sandbox.command(["repro", "-q", "-f", "-j", "3"]).spawn().unwrap();
    until("the first stage starts", || sandbox.path("busy").exists());
    repro(&sandbox, ["-j", "3"]).success();
    assert!(other.wait().unwrap().success());
    project("stages:\n  a:\n    cmd: echo\n    mutex: {a: 1}\n").derm(["repro"]).exits(2).complains(["mutex"]);
}

#[test]
fn gpus_are_divided_among_the_stages() {
    let stage = |name: &str| {
        format!("  {name}:\n    cmd: echo $CUDA_VISIBLE_DEVICES > {name}; sleep 0.1\n    outs: [{name}]\n    resources: {{gpus: 1}}\n")
    };
    let sandbox = project(&format!(
        "stages:\n{}{}{}",
        stage("a"),
        stage("b"),
        "  c:\n    cmd: echo $CUDA_VISIBLE_DEVICES > c\n    outs: [c]\n    resources: {gpus: 5}\n"
    ));
    repro(&sandbox, ["-j", "4", "--gpus", "2"]).success();
    let mut given = [sandbox.read("a"), sandbox.read("b")];
    given.sort();
    assert_eq!(given, ["0\n", "1\n"]);
    assert_eq!(sandbox.read("c"), "0,1\n");
}
