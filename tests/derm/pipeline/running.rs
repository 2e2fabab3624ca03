//! How stages are run, and what is left when they fail.

use super::{actions, project, repro, until};
use crate::support::Sandbox;

#[test]
fn lines_run_one_by_one_each_in_a_new_shell() {
    let sandbox = project("stages:\n  s:\n    cmd: |\n      mkdir -p sub\n      cd sub\n      pwd > where.txt\n    outs: [where.txt]\n");
    repro(&sandbox, []).success();
    assert_eq!(sandbox.read("where.txt").trim(), sandbox.root().to_str().unwrap());
}

#[test]
fn the_environment_names_the_stage_and_finds_derm_first() {
    let sandbox = project(
        "stages:\n  s:\n    cmd: env > env.txt; command -v derm > derm.txt\n    env: {COLOUR: brown, N: 3}\n    outs: [env.txt, derm.txt]\n",
    );
    repro(&sandbox, []).success();
    let env = sandbox.read("env.txt");
    let root = sandbox.root();
    for line in ["DERM_STAGE=s", "DVC_STAGE=s", &format!("DVC_ROOT={}", root.display()), "COLOUR=brown", "N=3"] {
        assert!(env.lines().any(|found| found == line), "{line} is not in\n{env}");
    }
    assert_eq!(sandbox.read("derm.txt").trim(), crate::support::binary().to_str().unwrap());
}

#[test]
fn output_goes_to_stderr_and_json_is_one_document() {
    let sandbox = project("stages:\n  s:\n    cmd: echo to-stdout; echo to-stderr >&2\n");
    let ran = repro(&sandbox, []).success().complains(["to-stdout", "to-stderr"]);
    assert_eq!(ran.json()["stages"][0]["action"], "ran");
}

#[test]
fn stages_may_run_derm_themselves() {
    let sandbox =
        project("stages:\n  s:\n    cmd: derm add data && derm status --json > out.json\n    deps: [in.txt]\n    outs: [out.json]\n");
    sandbox.write("in.txt", "1");
    sandbox.write("data/x", "1");
    repro(&sandbox, []).success();
    let nested = project("stages:\n  s:\n    cmd: derm repro\n");
    nested.derm(["repro"]).exits(1).complains(["cannot run inside stage `s`"]);
}

#[test]
fn old_outputs_are_gone_while_a_stage_runs_and_back_after_it_failed() {
    let sandbox = project("stages:\n  s:\n    cmd: sh run.sh\n    deps: [run.sh]\n    outs: [out, one.txt]\n");
    sandbox.write("run.sh", "test ! -e out && mkdir out && echo good > out/x && echo 1 > one.txt");
    repro(&sandbox, []).success();
    let lock = sandbox.read("pipelines/p.lock");
    sandbox.write("run.sh", "test ! -e out && mkdir out && echo half > out/y && exit 7");
    sandbox.derm(["repro"]).exits(1).complains(["stage `s` failed: exit status 7"]);
    assert_eq!(sandbox.read("out/x"), "good\n");
    assert_eq!(sandbox.read("one.txt"), "1\n");
    assert!(!sandbox.path("out/y").exists());
    assert_eq!(sandbox.read("pipelines/p.lock"), lock);
}

#[test]
fn keep_going_runs_what_does_not_need_what_failed() {
    let sandbox = project(
        "stages:\n  bad:\n    cmd: exit 3\n    outs: [bad.txt]\n  after:\n    cmd: cp bad.txt after.txt\n    deps: [bad.txt]\n    outs: [after.txt]\n  other:\n    cmd: echo 1 > other.txt\n    outs: [other.txt]\n",
    );
    assert_eq!(repro(&sandbox, []).exits(1).json()["stages"][2]["action"], "skipped");
    assert_eq!(actions(&sandbox, ["-k"]), ["bad: failed", "after: skipped", "other: ran"]);
    let report = repro(&sandbox, ["-k"]).exits(1).json();
    assert_eq!(report["stages"][0]["error"]["exit_code"], 1);
}

#[test]
fn independent_stages_run_side_by_side_and_are_reported_in_order() {
    // Each waits for the other's mark: alone they would wait for ever.
    let wait = |mine: &str, other: &str| {
        format!("touch {mine}; for i in $(seq 1000); do test -e {other} && break; sleep 0.02; done; test -e {other} && echo 1 > {mine}.txt")
    };
    let text = format!(
        "stages:\n  b:\n    cmd: {}\n    outs: [b.mark.txt]\n  a:\n    cmd: {}\n    outs: [a.mark.txt]\n",
        wait("b.mark", "a.mark"),
        wait("a.mark", "b.mark")
    );
    let sandbox = project(&text);
    assert_eq!(actions(&sandbox, ["-j", "2"]), ["b: ran", "a: ran"]);
    let lock = sandbox.read("pipelines/p.lock");
    assert!(lock.find("  a:\n").unwrap() < lock.find("  b:\n").unwrap());
}

#[test]
fn a_failed_stage_is_tried_again_when_it_says_so() {
    let sandbox = project(
        "stages:\n  s:\n    cmd: echo x >> tries; test $(wc -l < tries) -ge 3 && echo 1 > out.txt\n    retry: 2\n    outs: [out.txt]\n",
    );
    repro(&sandbox, []).success().complains(["trying again (1 of 2)", "trying again (2 of 2)"]);
}

#[test]
fn a_stage_that_takes_too_long_is_ended() {
    let sandbox = project("stages:\n  s:\n    cmd: sleep 600\n    timeout: 0.2s\n");
    sandbox.derm(["repro"]).exits(1).complains(["stopped after its timeout of 200 ms"]);
}

fn process(sandbox: &Sandbox, file: &str) -> Option<rustix::process::Pid> {
    let text = std::fs::read_to_string(sandbox.path(file)).ok()?;
    rustix::process::Pid::from_raw(text.trim().parse().ok()?)
}

/// A stage that writes its process number and half of its output, then hangs.
fn hanging() -> Sandbox {
    let sandbox = project("stages:\n  s:\n    cmd: sh run.sh\n    deps: [run.sh]\n    outs: [out.txt]\n");
    sandbox.write("run.sh", "echo whole > out.txt\n");
    repro(&sandbox, []).success();
    sandbox.write("run.sh", "echo half > out.txt\necho $$ > pid.tmp\nmv pid.tmp pid\nexec sleep 600\n");
    sandbox
}

#[test]
fn an_interrupt_ends_the_stage_and_puts_everything_back() {
    let sandbox = hanging();
    let lock = sandbox.read("pipelines/p.lock");
    let mut child = sandbox.command(["repro", "-q"]).spawn().unwrap();
    until("the stage starts", || process(&sandbox, "pid").is_some());
    let derm = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(derm, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let stage = process(&sandbox, "pid").unwrap();
    until("the stage ends", || rustix::process::test_kill_process(stage).is_err());
    assert_eq!(sandbox.read("out.txt"), "whole\n");
    assert_eq!(sandbox.read("pipelines/p.lock"), lock);
}

#[test]
fn after_a_kill_everything_is_as_if_the_stage_had_not_started() {
    let sandbox = hanging();
    let lock = sandbox.read("pipelines/p.lock");
    let mut child = sandbox.command(["repro", "-q"]).spawn().unwrap();
    until("the stage starts", || process(&sandbox, "pid").is_some());
    child.kill().unwrap();
    child.wait().unwrap();
    let stage = process(&sandbox, "pid").unwrap();
    assert_eq!(sandbox.read("pipelines/p.lock"), lock);
    // The next run ends what the killed one left behind, puts the old output back, and goes on as always.
    sandbox.write("run.sh", "echo whole > out.txt\n");
    let ran = sandbox.derm(["repro"]).success().complains(["still running", "putting back the outputs"]);
    assert_eq!(ran.stdout, "everything is up to date (1 stage)\n");
    assert_eq!(sandbox.read("out.txt"), "whole\n");
    until("the stage ends", || rustix::process::test_kill_process(stage).is_err());
    let left: Vec<_> = std::fs::read_dir(sandbox.path(".derm/tmp/aside")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_killed_stage_is_no_mystery() {
    let sandbox = project("stages:\n  s:\n    cmd: echo before; kill -9 $$\n");
    sandbox.derm(["repro"]).exits(1).complains(["killed by signal 9 (SIGKILL)", "echo before; kill -9 $$", "before"]);
}

#[test]
fn runs_from_a_subfolder_mean_the_same() {
    let sandbox = project("stages:\n  s:\n    cmd: pwd > out/x.txt\n    outs: [out/x.txt]\n");
    std::fs::create_dir_all(sandbox.path("out")).unwrap();
    let ran = sandbox.command(["repro", "x.txt"]).current_dir(sandbox.path("out")).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(sandbox.read("out/x.txt").trim(), sandbox.root().to_str().unwrap());
}

#[test]
fn locks_of_two_stages_merge_without_conflict() {
    let text = "stages:\n  a:\n    cmd: echo ${a} > a.txt\n    outs: [a.txt]\n  m:\n    cmd: echo m > m.txt\n    outs: [m.txt]\n  z:\n    cmd: echo ${z} > z.txt\n    outs: [z.txt]\n";
    let sandbox = project(text);
    sandbox.git(["init", "-q"]);
    sandbox.write("params.yaml", "a: 1\n\n\n\n\nz: 1\n");
    let run_and_commit = |message: &'static str| {
        repro(&sandbox, []).success();
        sandbox.git(["add", "."]);
        sandbox.git(["commit", "-q", "-m", message]);
    };
    run_and_commit("base");
    sandbox.git(["checkout", "-q", "-b", "other"]);
    sandbox.write("params.yaml", "a: 2\n\n\n\n\nz: 1\n");
    run_and_commit("a");
    sandbox.git(["checkout", "-q", "main"]);
    sandbox.write("params.yaml", "a: 1\n\n\n\n\nz: 2\n");
    run_and_commit("z");
    sandbox.git(["merge", "-q", "-m", "merge", "other"]);
    assert_eq!(actions(&sandbox, []), ["a: restored", "m: fresh", "z: fresh"]);
}
