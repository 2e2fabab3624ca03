//! Several `derm repro` at once, and what a run that was killed has written down.

use std::process::{Child, Stdio};

use super::{actions, project, repro, until};
use crate::support::Sandbox;

/// A chain and two stages beside it; each notes in `ran` that it ran, and waits until `go` exists.
fn slow() -> Sandbox {
    let stage = |name: &str, dep: &str| {
        format!(
            "  {name}:\n    cmd: echo {name} >> $LOG/ran; while ! test -e $LOG/go; do sleep 0.02; done; cp {dep} {name}\n    deps: [{dep}]\n    outs: [{name}]\n"
        )
    };
    let stages: String = [("a", "in"), ("b", "a"), ("c", "in"), ("d", "c")].map(|(name, dep)| stage(name, dep)).concat();
    let sandbox = project(&format!("stages:\n{stages}"));
    sandbox.write("in", "1");
    sandbox
}

fn start(sandbox: &Sandbox, log: &Sandbox, args: &[&str]) -> Child {
    let mut command = sandbox.command(["repro", "--json"].iter().chain(args));
    command.env("LOG", log.root()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn ran(log: &Sandbox) -> Vec<String> {
    let mut lines: Vec<String> = std::fs::read_to_string(log.path("ran")).unwrap_or_default().lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

fn finish(child: Child) -> serde_json::Value {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn runs_at_once_divide_the_stages() {
    let (sandbox, log) = (slow(), Sandbox::empty());
    let runs: Vec<Child> = (0..3).map(|_| start(&sandbox, &log, &[])).collect();
    // Two stages can run at once: two of the three derms run one each.
    until("two stages run", || ran(&log).len() == 2);
    log.write("go", "");
    let reports: Vec<_> = runs.into_iter().map(finish).collect();
    assert_eq!(ran(&log), ["a", "b", "c", "d"], "each once");
    for report in &reports {
        let stages = report["stages"].as_array().unwrap();
        assert!(stages.iter().all(|stage| stage["action"] == "ran" || stage["action"] == "fresh"), "{report}");
    }
    assert_eq!(actions(&sandbox, []), ["a: fresh", "b: fresh", "c: fresh", "d: fresh"]);
    let lock = sandbox.read("pipelines/p.lock");
    assert!(["a", "b", "c", "d"].iter().all(|name| lock.contains(&format!("  {name}:\n"))), "{lock}");
    assert!(!sandbox.path(".derm/tmp/journal").exists());
    assert_eq!(std::fs::read_dir(sandbox.path(".derm/tmp/stages")).unwrap().count(), 0);
}

#[test]
fn worktrees_with_one_cache_run_a_stage_once() {
    let (one, two, log) = (slow(), slow(), Sandbox::empty());
    two.write(".derm/config.local", format!("[cache]\ndir = {:?}\n", one.path(".derm/cache")));
    let first = start(&one, &log, &["a"]);
    until("the stage runs", || ran(&log).len() == 1);
    let second = start(&two, &log, &["a"]);
    log.write("go", "");
    assert_eq!(finish(first)["stages"][0]["action"], "ran");
    assert_eq!(finish(second)["stages"][0]["action"], "restored");
    assert_eq!(ran(&log), ["a"]);
    assert_eq!(two.read("a"), "1");
}

#[test]
fn what_one_finished_counts_when_it_is_killed_and_others_go_on() {
    let (sandbox, log) = (slow(), Sandbox::empty());
    log.write("go", "");
    start(&sandbox, &log, &["a"]).wait().unwrap();
    std::fs::remove_file(log.path("go")).unwrap();
    // `c` is written down while `b` hangs.
    let text = sandbox.read("pipelines/p.yaml");
    sandbox.write("pipelines/p.yaml", text.replace("cmd: echo c >> $LOG/ran; while ! test -e $LOG/go; do sleep 0.02; done;", "cmd: "));
    let mut killed = start(&sandbox, &log, &["-j", "2", "b", "c"]);
    until("`b` runs and `c` is written down", || ran(&log).len() == 2 && sandbox.path(".derm/tmp/journal").exists());
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(!sandbox.read("pipelines/p.lock").contains("  c:\n"));
    // Whoever reads the locks next merges.
    assert!(super::reasons(&sandbox, "c").is_empty());
    assert!(sandbox.read("pipelines/p.lock").contains("  c:\n"));
    assert!(!sandbox.path(".derm/tmp/journal").exists());
    log.write("go", "");
    let report = finish(start(&sandbox, &log, &[]));
    let done: Vec<&str> = report["stages"].as_array().unwrap().iter().map(|stage| stage["action"].as_str().unwrap()).collect();
    assert_eq!(done, ["fresh", "ran", "fresh", "ran"]);
}

#[test]
fn a_journal_of_another_branch_changes_nothing() {
    let sandbox = project("stages:\n  s:\n    cmd: cp in out\n    deps: [in]\n    outs: [out]\n");
    sandbox.write("in", "1");
    repro(&sandbox, []).success();
    let lock = sandbox.read("pipelines/p.lock");
    let line =
        serde_json::json!({"lock": "pipelines/p.lock", "stage": "s", "was": "0".repeat(64), "now": lock.replace("cp in out", "other")});
    sandbox.write(".derm/tmp/journal", format!("{line}\n{{\"lock\": \"pipelines/p.lo"));
    assert_eq!(actions(&sandbox, []), ["s: fresh"]);
    assert_eq!(sandbox.read("pipelines/p.lock"), lock);
    assert!(!sandbox.path(".derm/tmp/journal").exists());
}

#[test]
fn entries_of_removed_stages_leave() {
    let sandbox = project("stages:\n  old:\n    cmd: echo 1 > old\n    outs: [old]\n  new:\n    cmd: echo 1 > new\n    outs: [new]\n");
    repro(&sandbox, []).success();
    sandbox.write("pipelines/p.yaml", "stages:\n  new:\n    cmd: echo 2 > new\n    outs: [new]\n");
    repro(&sandbox, []).success();
    let lock = sandbox.read("pipelines/p.lock");
    assert!(lock.contains("  new:\n") && !lock.contains("  old:\n"), "{lock}");
}

#[test]
fn gc_and_commit_wait_for_runs_and_runs_for_them() {
    let (sandbox, log) = (slow(), Sandbox::empty());
    let run = start(&sandbox, &log, &[]);
    until("a stage runs", || !ran(&log).is_empty());
    let gc = sandbox.command(["gc", "-w", "--grace", "0"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    log.write("go", "");
    finish(run);
    let gc = gc.wait_with_output().unwrap();
    assert!(gc.status.success(), "{}", String::from_utf8_lossy(&gc.stderr));
    assert_eq!(actions(&sandbox, []), ["a: fresh", "b: fresh", "c: fresh", "d: fresh"]);
}
