//! `resume: true`: what a try that did not succeed has left.

use super::{actions, project, repro, until};
use crate::support::Sandbox;

/// Adds a line to `model` for each epoch; stops after two while `stop` exists; ends after four.
fn training() -> Sandbox {
    let sandbox = project(
        "stages:\n  train:\n    cmd: sh train.sh\n    deps: [train.sh]\n    params: [lr]\n    outs:\n    - model: {resume: true}\n    - log\n",
    );
    sandbox.write(
        "train.sh",
        "echo ${LR} >> log\nwhile [ $(cat model 2>/dev/null | wc -l) -lt 4 ]; do\n  echo epoch >> model\n  if [ -e stop ] && [ $(wc -l < model) -ge 2 ]; then cat stop | sh; fi\ndone\n",
    );
    sandbox.write("params.yaml", "lr: 1\n");
    sandbox
}

#[test]
fn a_failed_try_is_gone_on_from() {
    let sandbox = training();
    sandbox.write("stop", "kill $PPID; exit 1");
    let failed = repro(&sandbox, []).exits(1).json();
    assert_eq!(failed["stages"][0]["undone"]["left"][0], "model");
    assert_eq!(failed["stages"][0]["undone"]["removed"][0], "log");
    assert_eq!(sandbox.read("model"), "epoch\nepoch\n");
    assert!(!sandbox.path("log").exists());
    assert_eq!(super::reasons(&sandbox, "train"), ["never run"]);
    std::fs::remove_file(sandbox.path("stop")).unwrap();
    sandbox.derm(["repro"]).success().complains(["goes on from what its last try left of `model`"]);
    assert_eq!(sandbox.read("model"), "epoch\n".repeat(4));
    assert_eq!(actions(&sandbox, []), ["train: fresh"]);
    // A success leaves nothing to go on from.
    let again = sandbox.derm(["repro", "-f"]).success();
    assert!(!again.stderr.contains("last try"), "{}", again.stderr);
}

#[test]
fn other_inputs_start_anew_and_the_remains_are_kept() {
    let sandbox = training();
    sandbox.write("stop", "kill $PPID");
    repro(&sandbox, []).exits(1);
    std::fs::remove_file(sandbox.path("stop")).unwrap();
    sandbox.write("params.yaml", "lr: 2\n");
    let ran = sandbox.derm(["repro"]).success().complains(["does not go on", "kept in the cache as"]);
    let id = blake3::hash(b"epoch\nepoch\n").to_hex().to_string();
    assert!(ran.stderr.contains(&id));
    assert_eq!(sandbox.read("model"), "epoch\n".repeat(4));
}

#[test]
fn an_old_result_is_not_what_a_try_left() {
    let sandbox = training();
    repro(&sandbox, []).success();
    // Before it touches the model.
    sandbox.write("train.sh", "exit 1\n");
    repro(&sandbox, []).exits(1);
    assert_eq!(sandbox.read("model"), "epoch\n".repeat(4), "the old one is back");
    sandbox.write("train.sh", "test ! -e model && echo new > model && echo > log\n");
    repro(&sandbox, []).success();
    assert_eq!(sandbox.read("model"), "new\n");
}

#[test]
fn a_try_that_was_stopped_or_killed_is_gone_on_from() {
    for signal in [rustix::process::Signal::INT, rustix::process::Signal::KILL] {
        let sandbox = training();
        sandbox.write("stop", "touch waiting; exec sleep 600");
        let mut child = sandbox.command(["repro", "-q"]).stderr(std::process::Stdio::null()).spawn().unwrap();
        until("the second epoch is done", || sandbox.path("waiting").exists());
        rustix::process::kill_process(rustix::process::Pid::from_child(&child), signal).unwrap();
        child.wait().unwrap();
        std::fs::remove_file(sandbox.path("stop")).unwrap();
        sandbox.derm(["repro"]).success().complains(["goes on from what its last try left of `model`"]);
        assert_eq!(sandbox.read("model"), "epoch\n".repeat(4));
        assert_eq!(actions(&sandbox, []), ["train: fresh"]);
    }
}

#[test]
fn force_starts_anew_and_retries_go_on() {
    let sandbox = training();
    sandbox.write("stop", "kill $PPID");
    repro(&sandbox, []).exits(1);
    std::fs::remove_file(sandbox.path("stop")).unwrap();
    let ran = sandbox.derm(["repro", "-f"]).success();
    assert!(!ran.stderr.contains("goes on from"), "{}", ran.stderr);
    let retried =
        project("stages:\n  s:\n    cmd: echo x >> out; test $(wc -l < out) -ge 3\n    retry: 5\n    outs:\n    - out: {resume: true}\n");
    repro(&retried, []).success();
    assert_eq!(retried.read("out"), "x\nx\nx\n");
}
